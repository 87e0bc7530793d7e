//! What lies still: memory of tasks that wait, and a second of nothing.

use std::future::{Future, pending};
use std::hint::black_box;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{FAR, MANY, in_task};
use crate::meter::{Cost, Meter, cpu_ns, resident_bytes};
use crate::subject::Subject;

pub(super) fn memory_pending_root<S: Subject>(mut runtime: S, n: u64) -> Cost {
    runtime.block_on(memory::<S, _>(n, pending::<()>))
}

pub(super) fn memory_sleeping_root<S: Subject>(mut runtime: S, n: u64) -> Cost {
    runtime.block_on(memory::<S, _>(n, || S::sleep(FAR)))
}

pub(super) fn memory_pending<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, memory::<S, _>(n, pending::<()>))
}

pub(super) fn memory_sleeping<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, memory::<S, _>(n, || S::sleep(FAR)))
}

/// Fills memory with tasks that wait, once per process.
///
/// Their handles are kept, in memory that is resident before: a runtime may drop a task that
/// nobody holds and nobody can wake.
async fn memory<S: Subject, F: Future + Send + 'static>(n: u64, wait: fn() -> F) -> Cost {
    static POLLED: AtomicU64 = AtomicU64::new(0);
    static LOST: AtomicU64 = AtomicU64::new(0);
    /// Is in the task and has no bytes.
    struct Alive;
    impl Drop for Alive {
        fn drop(&mut self) {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
    }
    let all_polled = async |so_far: u64| {
        while POLLED.load(Ordering::Relaxed) < so_far {
            S::yield_now().await;
        }
    };
    let spawn = || {
        S::spawn(async move {
            let _alive = Alive;
            POLLED.fetch_add(1, Ordering::Relaxed);
            wait().await;
        })
    };
    let mut handles = Vec::new();
    handles.resize_with(n as usize, || None);
    for handle in &mut handles {
        // Written, not merely promised.
        black_box(handle);
    }
    let before = resident_bytes();
    let meter = Meter::start();
    for (task, handle) in handles.iter_mut().enumerate() {
        *handle = Some(spawn());
        // A queue that holds them all would be measured, too.
        if (task as u64).is_multiple_of(MANY) {
            all_polled(task as u64 + 1).await;
        }
    }
    all_polled(n).await;
    let cost = Cost { resident_bytes: resident_bytes() - before, ..meter.stop() };
    assert_eq!(LOST.load(Ordering::Relaxed), 0, "tasks that wait are there");
    // Nothing is measured of their end.
    mem::forget(handles);
    cost
}

pub(super) fn idle_root<S: Subject>(mut runtime: S, n: u64) -> Cost {
    runtime.block_on(sleep_seconds::<S>(n))
}

pub(super) fn idle<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, sleep_seconds::<S>(n))
}

async fn sleep_seconds<S: Subject>(n: u64) -> Cost {
    // The first sleep sets the timer up.
    S::sleep(Duration::from_millis(1)).await;
    let before = cpu_ns();
    for _ in 0..n {
        S::sleep(Duration::from_secs(1)).await;
    }
    Cost { cpu_ns: cpu_ns() - before, ..Cost::default() }
}
