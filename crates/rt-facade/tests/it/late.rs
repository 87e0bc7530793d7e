//! What is left in somebody's hands when the runtime is gone does nothing, and harms nothing.

use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;

use rt_facade::time::{Duration, sleep};

use crate::support::{CountsDrops, block_until, flavors, panic_message, receive};

/// A future that gives its waker away, and pends.
async fn give_away(wakers: Arc<Mutex<Vec<Waker>>>) {
    poll_fn(|cx| {
        wakers.lock().unwrap().push(cx.waker().clone());
        Poll::<()>::Pending
    })
    .await
}

#[test]
fn a_waker_that_outlives_its_runtime_wakes_nobody() {
    for build in flavors() {
        let wakers = Arc::new(Mutex::new(Vec::new()));
        let drops = Arc::new(AtomicUsize::new(0));
        let runtime = build().enable_all().build().unwrap();
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let (wakers, guard) = (wakers.clone(), CountsDrops(drops.clone()));
                runtime.spawn(async move {
                    let _guard = guard;
                    give_away(wakers).await;
                })
            })
            .collect();
        runtime.block_on(crate::support::until(|| wakers.lock().unwrap().len() == 10));
        drop(runtime);
        assert_eq!(drops.load(SeqCst), 10);
        let wakers = std::mem::take(&mut *wakers.lock().unwrap());
        thread::scope(|scope| {
            for _ in 0..4 {
                let wakers = wakers.clone();
                scope.spawn(move || {
                    for waker in wakers {
                        waker.wake_by_ref();
                        drop(waker.clone());
                        assert!(waker.will_wake(&waker.clone()));
                        waker.wake();
                    }
                });
            }
        });
        drop(wakers);
        for task in tasks {
            task.abort();
            assert!(rt_task::block_on(task).unwrap_err().is_cancelled());
        }
    }
}

#[test]
fn wakes_at_full_rate_do_no_harm_while_the_runtime_works_and_ends() {
    for build in flavors() {
        for _ in 0..10 {
            let wakers = Arc::new(Mutex::new(Vec::new()));
            let runtime = build().enable_all().build().unwrap();
            let woken = wakers.clone();
            let target = runtime.spawn(async move {
                give_away(woken).await;
            });
            runtime.block_on(crate::support::until(|| !wakers.lock().unwrap().is_empty()));
            let waker = wakers.lock().unwrap()[0].clone();
            let stop = AtomicBool::new(false);
            let rounds = AtomicUsize::new(0);
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        while !stop.load(SeqCst) {
                            waker.wake_by_ref();
                            rounds.fetch_add(1, SeqCst);
                        }
                    });
                }
                runtime.block_on(async {
                    for n in 0..20 {
                        assert_eq!(rt_facade::spawn(async move { n }).await.unwrap(), n);
                    }
                    rt_facade::spawn(sleep(Duration::from_millis(1))).await.unwrap();
                });
                drop(runtime);
                // A few more, with nobody there.
                let before = rounds.load(SeqCst);
                block_until(|| rounds.load(SeqCst) > before + 100);
                stop.store(true, SeqCst);
            });
            assert!(rt_task::block_on(target).unwrap_err().is_cancelled());
        }
    }
}

#[test]
fn what_is_spawned_from_everywhere_during_the_shutdown_ends() {
    for build in flavors() {
        for _ in 0..20 {
            let runtime = build().enable_all().build().unwrap();
            let (spawned, drops) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
            let stop = AtomicBool::new(false);
            thread::scope(|scope| {
                for _ in 0..3 {
                    let handle = runtime.handle().clone();
                    scope.spawn(|| {
                        let handle = handle; // gone before the count is looked at
                        while !stop.load(SeqCst) {
                            let guard = CountsDrops(drops.clone());
                            spawned.fetch_add(1, SeqCst);
                            let inner = handle.clone();
                            drop(handle.spawn(async move {
                                let _guard = guard;
                                drop(inner.spawn(async {}));
                                pending::<()>().await;
                            }));
                        }
                    });
                }
                block_until(|| spawned.load(SeqCst) > 50);
                drop(runtime);
                stop.store(true, SeqCst);
            });
            assert_eq!(drops.load(SeqCst), spawned.load(SeqCst));
        }
    }
}

#[test]
fn a_sleep_whose_runtime_ends_meanwhile_says_so() {
    for build in flavors() {
        let runtime = build().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        let (starts, started) = mpsc::channel();
        let waits = thread::Builder::new().spawn(move || {
            panic_message(|| {
                handle.block_on(async move {
                    let mut sleep = Box::pin(sleep(Duration::from_secs(3600)));
                    poll_fn(|cx| {
                        let polled = Pin::new(&mut sleep).poll(cx);
                        let _ = starts.send(());
                        polled
                    })
                    .await;
                })
            })
        });
        receive(&started);
        drop(runtime);
        let message = waits.unwrap().join().unwrap();
        assert!(message.contains("shut down") && message.contains(file!()), "{message}");
    }
}
