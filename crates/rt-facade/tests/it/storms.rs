//! Much at once: aborts, closures that block, tasks of every kind, and a runtime dropped where it hurts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::task::{Context, Wake, Waker};
use std::thread;

use rt_facade::net::UdpSocket;
use rt_facade::task::yield_now;
use rt_facade::time::{Duration, sleep};

use crate::support::{
    CountsDrops, Gate, block_until, flavors, for_each_flavor, hold, multi, panic_message, receive,
    until,
};

#[test]
fn ten_thousand_tasks_aborted_by_several_threads_as_they_run() {
    const TASKS: usize = 10_000;
    const THREADS: usize = 4;
    for_each_flavor(|runtime| {
        let drops = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..TASKS)
            .map(|n| {
                let guard = CountsDrops(drops.clone());
                runtime.spawn(async move {
                    let _guard = guard;
                    loop {
                        match n % 3 {
                            0 => yield_now().await,
                            1 => sleep(Duration::from_millis(1)).await,
                            _ => sleep(Duration::from_secs(3600)).await,
                        }
                    }
                })
            })
            .collect();
        let aborts: Vec<_> = tasks.iter().map(|task| task.abort_handle()).collect();
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let aborts = &aborts;
                scope.spawn(move || {
                    // Each of them aborts all, from a place of its own on.
                    let from = thread * TASKS / THREADS;
                    aborts[from..].iter().chain(&aborts[..from]).for_each(|task| task.abort());
                });
            }
            runtime.block_on(async {
                for task in tasks {
                    let error = task.await.unwrap_err();
                    assert!(error.is_cancelled(), "{error}");
                }
            });
        });
        assert_eq!(drops.load(SeqCst), TASKS);
        block_until(|| runtime.metrics().alive_tasks == 0); // counted a moment after the output is there
    });
}

#[test]
fn a_pool_full_of_sleepers_stops_nobody_else() {
    for build in flavors() {
        let runtime = build().enable_all().max_blocking_threads(4).build().unwrap();
        let (let_go, held): (Vec<_>, Vec<_>) = (0..4).map(|_| hold()).unzip();
        let (starts, started) = mpsc::channel();
        for held in held {
            let starts = starts.clone();
            drop(runtime.spawn_blocking(move || {
                starts.send(()).unwrap();
                held.stay();
            }));
        }
        (0..4).for_each(|_| receive(&started));
        let queued: Vec<_> = (0..100).map(|n| runtime.spawn_blocking(move || n)).collect();
        runtime.block_on(async {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let task = rt_facade::spawn(async move {
                sleep(Duration::from_millis(2)).await;
                socket.send_to(b"x", socket.local_addr().unwrap()).await.unwrap();
                socket.recv(&mut [0; 1]).await.unwrap()
            });
            assert_eq!(task.await.unwrap(), 1);
        });
        assert_eq!(runtime.metrics().blocking_queue_depth, 100);
        let report = runtime.shutdown_report(Duration::from_millis(20));
        assert!(!report.is_complete(), "{report}");
        assert_eq!(
            (report.blocking.cancelled, report.blocking.running.len()),
            (100, 4),
            "{report}"
        );
        for queued in queued {
            assert!(rt_task::block_on(queued).unwrap_err().is_cancelled());
        }
        drop(let_go);
    }
}

#[test]
fn a_million_queued_closures_take_bounded_memory_and_are_run_or_cancelled() {
    const CLOSURES: usize = 1_000_000;
    for runs in [true, false] {
        let runtime = multi(2).max_blocking_threads(2).build().unwrap();
        let (let_go, held): (Vec<_>, Vec<_>) = (0..2).map(|_| hold()).unzip();
        let (starts, started) = mpsc::channel();
        for held in held {
            let starts = starts.clone();
            drop(runtime.spawn_blocking(move || {
                starts.send(()).unwrap();
                held.stay();
            }));
        }
        (0..2).for_each(|_| receive(&started));
        let (ran, drops) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let resident = resident_bytes();
        for _ in 0..CLOSURES {
            let (ran, guard) = (ran.clone(), CountsDrops(drops.clone()));
            drop(runtime.spawn_blocking(move || {
                let _guard = guard;
                ran.fetch_add(1, SeqCst);
            }));
        }
        if let (Some(before), Some(now)) = (resident, resident_bytes()) {
            let each = now.saturating_sub(before) / CLOSURES;
            assert!(each < 1024, "{each} bytes for each closure");
        }
        assert_eq!(runtime.metrics().blocking_queue_depth, CLOSURES);
        match runs {
            true => {
                drop(let_go);
                block_until(|| ran.load(SeqCst) == CLOSURES);
                drop(runtime);
            }
            false => {
                runtime.shutdown_background();
                block_until(|| drops.load(SeqCst) == CLOSURES);
                assert_eq!(ran.load(SeqCst), 0, "none started");
                drop(let_go);
            }
        }
        assert_eq!(drops.load(SeqCst), CLOSURES);
    }
}

/// What this process holds in memory, where the system tells.
fn resident_bytes() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: usize = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[test]
fn a_runtime_dropped_by_a_task_of_its_own_says_that_it_cannot_wait() {
    for workers in [1, 2, 4] {
        let runtime = multi(workers).enable_all().build().unwrap();
        let drops = Arc::new(AtomicUsize::new(0));
        for _ in 0..10 {
            let guard = CountsDrops(drops.clone());
            drop(runtime.spawn(async move {
                let _guard = guard;
                sleep(Duration::from_secs(3600)).await;
            }));
        }
        let (says, said) = mpsc::channel();
        let task = runtime.handle().clone().spawn(async move {
            says.send(panic_message(|| drop(runtime))).unwrap();
            // Another worker may run this once more, before it sees that all is over.
            std::future::pending::<()>().await;
        });
        assert!(rt_task::block_on(task).unwrap_err().is_cancelled());
        let message = receive(&said);
        assert!(message.contains("one of its own threads"), "{message}");
        assert!(message.contains("shutdown_background"), "{message}");
        block_until(|| drops.load(SeqCst) == 10);
    }
}

#[test]
fn a_runtime_dropped_by_a_closure_of_its_own_pool_waits_for_all_but_that() {
    for build in flavors() {
        let runtime = build().enable_all().build().unwrap();
        let drops = Arc::new(AtomicUsize::new(0));
        for _ in 0..10 {
            let guard = CountsDrops(drops.clone());
            drop(runtime.spawn(async move {
                let _guard = guard;
                sleep(Duration::from_secs(3600)).await;
            }));
        }
        let (handle, counted) = (runtime.handle().clone(), drops.clone());
        let closure = handle.spawn_blocking(move || {
            drop(runtime);
            counted.load(SeqCst)
        });
        assert_eq!(rt_task::block_on(closure).unwrap(), 10, "every task is dropped by then");
    }
}

/// A waker that panics when it wakes, or when it is dropped.
struct Bomb {
    in_drop: bool,
}

impl Wake for Bomb {
    fn wake(self: Arc<Self>) {
        assert!(self.in_drop, "a waker's wake");
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(!self.in_drop, "a waker's drop");
    }
}

/// Leaves the waker in what pends.
fn poll_with_bomb<F: Future>(future: Pin<&mut F>, in_drop: bool) {
    let waker = Waker::from(Arc::new(Bomb { in_drop }));
    let _ = future.poll(&mut Context::from_waker(&waker));
    // Woken by now, on a slow machine: then this is the last of it.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(waker)));
}

#[test]
fn a_waker_that_panics_takes_no_worker_away() {
    for_each_flavor(|runtime| {
        for round in 0..4 * runtime.metrics().workers {
            let in_drop = round % 2 == 0;
            let gate = Gate::new();
            let passed = gate.passed();
            let mut task = Box::pin(runtime.spawn(passed));
            let mut timer = {
                let _entered = runtime.enter();
                Box::pin(sleep(Duration::from_millis(20)))
            };
            poll_with_bomb(task.as_mut(), in_drop);
            poll_with_bomb(timer.as_mut(), in_drop);
            gate.open();
            runtime.block_on(async {
                until(|| task.is_finished() && timer.is_elapsed()).await;
                let tasks: Vec<_> = (0..10).map(|n| rt_facade::spawn(async move { n })).collect();
                for (n, task) in tasks.into_iter().enumerate() {
                    assert_eq!(task.await.unwrap(), n);
                }
            });
        }
    });
}

#[test]
fn runtimes_come_and_go() {
    for build in flavors() {
        for n in 0..100 {
            let runtime = build().enable_all().build().unwrap();
            if n % 2 == 0 {
                drop(runtime.spawn(yield_now()));
            }
            drop(runtime);
        }
    }
}
