//! Sleeps that never fire.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use super::{CROWD, FAR, WARM_UP, in_task};
use crate::meter::{Cost, Meter};
use crate::subject::Subject;

/// Polls a far sleep once and drops it, so many times.
async fn arm_and_drop<S: Subject>(n: u64) {
    for _ in 0..n {
        let mut sleep = pin!(S::sleep(FAR));
        poll_fn(|cx| {
            assert!(sleep.as_mut().poll(cx).is_pending(), "far is far");
            Poll::Ready(())
        })
        .await;
    }
}

pub(super) async fn measured<S: Subject>(n: u64) -> Cost {
    arm_and_drop::<S>(WARM_UP).await;
    let meter = Meter::start();
    arm_and_drop::<S>(n).await;
    meter.stop()
}

async fn measured_beside_one<S: Subject>(n: u64) -> Cost {
    let mut other = pin!(S::sleep(FAR / 2));
    poll_fn(|cx| Poll::Ready(other.as_mut().poll(cx).is_pending())).await;
    // The driver has to have seen it.
    S::sleep(Duration::from_millis(1)).await;
    measured::<S>(n).await
}

pub(super) fn sleep_drop_root<S: Subject>(mut runtime: S, n: u64) -> Cost {
    runtime.block_on(measured_beside_one::<S>(n))
}

pub(super) fn sleep_drop_alone_root<S: Subject>(mut runtime: S, n: u64) -> Cost {
    runtime.block_on(measured::<S>(n))
}

pub(super) fn sleep_drop<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, measured_beside_one::<S>(n))
}

pub(super) fn sleep_drop_alone<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, measured::<S>(n))
}

pub(super) fn sleep_drop_among<S: Subject>(runtime: S, n: u64) -> Cost {
    super::growth::arm_among(runtime, CROWD, n)
}

pub(super) fn timeout_yield<S: Subject>(runtime: S, n: u64) -> Cost {
    async fn times<S: Subject>(n: u64) {
        for _ in 0..n {
            let mut sleep = pin!(S::sleep(FAR));
            let far = poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx).is_pending())).await;
            assert!(far, "far is far");
            S::yield_now().await;
        }
    }
    in_task(runtime, async move {
        times::<S>(WARM_UP).await;
        let meter = Meter::start();
        times::<S>(n).await;
        meter.stop()
    })
}

pub(super) fn sleep_drop_from_two<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let meeting = Arc::new(AtomicU64::new(0));
        let half = |place| {
            let meeting = meeting.clone();
            S::spawn(async move {
                arm_and_drop::<S>(WARM_UP).await;
                on_a_thread_of_its_own::<S>(&meeting, place).await;
                arm_and_drop::<S>(n / 2).await;
            })
        };
        let meter = Meter::start();
        for task in [half(0), half(1)] {
            task.await.expect("the workload does not panic");
        }
        meter.stop()
    })
}

/// Yields until the other task is on another thread; gives up where there is but one worker.
async fn on_a_thread_of_its_own<S: Subject>(meeting: &AtomicU64, place: u32) {
    const YIELDS_MAX: u32 = 100_000;
    /// Threads are told apart by where they keep this.
    const HALF: u32 = 32;
    thread_local!(static HERE: u8 = const { 0 });
    for _ in 0..YIELDS_MAX {
        let here = HERE.with(|here| (&raw const *here).addr()) as u64 & u64::from(u32::MAX);
        let shift = HALF * place;
        let set = |word: u64| Some(word & !(u64::from(u32::MAX) << shift) | here << shift);
        let before = meeting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, set);
        let before = before.expect("there is always a new word");
        let other = before >> (HALF - shift) & u64::from(u32::MAX);
        if other != 0 && other != here {
            return;
        }
        S::yield_now().await;
    }
}
