//! How members end, and how that is told.

use std::future::{pending, poll_fn};
use std::panic::panic_any;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};

use rt_facade::task::{JoinSet, yield_now};
use rt_facade::time::{Duration, sleep, timeout};
use rt_task::wait::WaitKind;

use crate::support::{
    CountsDrops, Gate, for_each_flavor, for_each_flavor_paused, hold, panic_message, until,
};

#[test]
fn members_come_in_the_order_in_which_they_end() {
    for_each_flavor_paused(|runtime| {
        runtime.block_on(async {
            let mut set = JoinSet::new();
            for n in [30, 10, 20] {
                set.spawn(async move {
                    sleep(Duration::from_secs(n)).await;
                    n
                });
            }
            assert_eq!(set.join_all().await, [10, 20, 30]);
        });
    });
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let mut set = JoinSet::new();
            let gates: Vec<_> = (0..10).map(|_| Gate::new()).collect();
            for (n, gate) in gates.iter().enumerate() {
                let passed = gate.passed();
                set.spawn(async move {
                    passed.await;
                    n
                });
            }
            for n in [3, 1, 4, 0, 9] {
                gates[n].open();
                assert_eq!(set.join_next().await.unwrap().unwrap(), n);
            }
            assert!(set.try_join_next().is_none());
            assert_eq!(set.len(), 5);
        });
    });
}

#[test]
fn dropping_a_wait_loses_nothing() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let mut set = JoinSet::new();
            for n in 0..100 {
                set.spawn(async move {
                    yield_now().await;
                    n
                });
            }
            let mut all = Vec::new();
            while all.len() < 100 {
                // Polled once and dropped, ready or not.
                let polled = {
                    let mut next = pin!(set.join_next());
                    poll_fn(|cx| Poll::Ready(next.as_mut().poll(cx))).await
                };
                match polled {
                    Poll::Ready(output) => all.push(output.unwrap().unwrap()),
                    Poll::Pending => yield_now().await,
                }
            }
            all.sort_unstable();
            assert_eq!(all, (0..100).collect::<Vec<_>>());
        });
    });
}

#[test]
fn an_aborted_member_says_cancelled_after_it_was_dropped() {
    for_each_flavor(|runtime| {
        let drops = Arc::new(AtomicUsize::new(0));
        runtime.block_on(async {
            let mut set = JoinSet::new();
            let aborts: Vec<_> = (0..16)
                .map(|_| {
                    let guard = CountsDrops(drops.clone());
                    set.spawn(async move {
                        let _guard = guard;
                        pending::<()>().await;
                    })
                })
                .collect();
            yield_now().await;
            aborts[..4].iter().for_each(|abort| abort.abort());
            for n in 1..=4 {
                assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
                assert!(drops.load(SeqCst) >= n);
            }
            set.abort_all();
            for _ in 4..8 {
                assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
            }
            set.shutdown().await;
            assert!(set.is_empty());
            assert_eq!(drops.load(SeqCst), 16);
        });
    });
}

#[test]
fn aborting_all_leaves_outputs_of_members_that_have_ended() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let mut set = JoinSet::new();
            let ended = set.spawn(async { 1 });
            until(|| ended.is_finished()).await;
            set.spawn(pending());
            set.abort_all();
            assert_eq!(set.join_next().await.unwrap().unwrap(), 1);
            assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
            assert!(set.join_next().await.is_none());
        });
    });
}

#[test]
fn a_drop_aborts_and_a_detach_does_not() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let gate = Gate::new();
            let (mut dropped, mut detached) = (JoinSet::new(), JoinSet::new());
            let drops = Arc::new(AtomicUsize::new(0));
            let member = || {
                let (guard, passed) = (CountsDrops(drops.clone()), gate.passed());
                async move {
                    let _guard = guard;
                    passed.await;
                }
            };
            let first = dropped.spawn(member());
            let second = detached.spawn(member());
            detached.detach_all();
            assert!(detached.is_empty() && detached.join_next().await.is_none());
            drop((dropped, detached));
            until(|| first.is_finished()).await;
            assert!(!second.is_finished());
            assert_eq!(drops.load(SeqCst), 1);
            gate.open();
            until(|| second.is_finished()).await;
        });
    });
}

#[test]
fn a_panic_is_the_members_own() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let mut set = JoinSet::new();
            let panics = set.spawn(async { panic_any("word") });
            let error = set.join_next_with_id().await.unwrap().unwrap_err();
            assert_eq!(error.id(), panics.id());
            assert_eq!(*error.into_panic().downcast::<&str>().unwrap(), "word");
            set.spawn(async { 1 });
            assert_eq!(set.join_next().await.unwrap().unwrap(), 1);
        });
    });
}

#[test]
fn join_all_panics_with_a_member_and_aborts_the_rest() {
    for_each_flavor(|runtime| {
        let drops = Arc::new(AtomicUsize::new(0));
        let guard = CountsDrops(drops.clone());
        let message = panic_message(|| {
            runtime.block_on(async {
                let mut set = JoinSet::new();
                set.spawn(async move {
                    let _guard = guard;
                    pending::<()>().await;
                });
                set.spawn(async { panic!("one of them") });
                set.join_all().await
            })
        });
        assert_eq!(message, "one of them");
        runtime.block_on(until(|| drops.load(SeqCst) == 1));
        let message = panic_message(|| {
            runtime.block_on(async {
                let mut set = JoinSet::new();
                set.spawn(pending::<()>()).abort();
                set.join_all().await
            })
        });
        assert!(message.contains("was cancelled") && message.contains("ends.rs"), "{message}");
    });
}

#[test]
fn a_started_closure_ends_though_aborted() {
    for_each_flavor(|runtime| {
        let (let_go, held) = hold();
        runtime.block_on(async {
            let mut set = JoinSet::new();
            let gate = Gate::new();
            let started = gate.clone();
            set.spawn_blocking(move || {
                started.open();
                held.stay();
                5
            });
            gate.passed().await;
            set.abort_all();
            let waits = timeout(Duration::from_millis(1), set.join_next()).await;
            assert!(waits.is_err(), "it runs on");
            let_go.go();
            assert_eq!(set.join_next().await.unwrap().unwrap(), 5);
        });
    });
}

#[test]
fn a_set_outlives_its_runtime() {
    for build in crate::support::flavors() {
        let runtime = build().enable_all().build().unwrap();
        let mut set = JoinSet::new();
        set.spawn_on(pending(), runtime.handle());
        let ends = set.spawn_on(async { 3 }, runtime.handle());
        runtime.block_on(until(|| ends.is_finished()));
        drop(runtime);
        let mut ended: Vec<_> = std::iter::from_fn(|| set.try_join_next()).collect();
        assert_eq!(ended.len(), 2);
        assert!(ended.pop().unwrap().unwrap_err().is_cancelled());
        assert_eq!(ended.pop().unwrap().unwrap(), 3);
    }
}

#[test]
fn a_wait_is_shown_as_a_join() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let mut set = JoinSet::<()>::new();
            let member = set.spawn(pending());
            let line = line!() + 2;
            let waits = rt_facade::spawn(async move {
                drop(set.join_next().await);
            });
            until(|| waits.info().wait.is_some()).await;
            let (wait, pended) = waits.info().wait.unwrap();
            assert_eq!((wait.kind, wait.site.line(), pended), (WaitKind::JoinSet, line, 1));
            let shown = runtime.handle().dump().to_string();
            assert!(shown.contains("join of a set"), "{shown}");
            waits.abort();
            assert!(waits.await.unwrap_err().is_cancelled());
            until(|| member.is_finished()).await; // the set was dropped
        });
    });
}

#[test]
fn a_set_that_is_always_ready_lets_others_run() {
    for_each_flavor(|runtime| {
        let taken = runtime.block_on(async {
            let mut set = JoinSet::new();
            for _ in 0..1000 {
                set.spawn(async {});
            }
            let taken = Arc::new(AtomicUsize::new(0));
            let counted = taken.clone();
            // The root is no task, but has a budget for each poll as well.
            let first_poll = {
                let mut all = pin!(async {
                    while let Some(ended) = set.join_next().await {
                        ended.unwrap();
                        counted.fetch_add(1, SeqCst);
                    }
                });
                until(|| runtime.metrics().alive_tasks == 0).await;
                poll_fn(|cx| {
                    let polled = all.as_mut().poll(cx);
                    Poll::Ready((polled.is_ready(), taken.load(SeqCst)))
                })
                .await
            };
            drop(set);
            first_poll
        });
        assert!(!taken.0 && taken.1 <= 128, "{taken:?}");
    });
}

#[test]
fn only_the_members_that_have_ended_cost_anything() {
    const MEMBERS: usize = 100_000;
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let mut set = JoinSet::new();
            for n in 0..MEMBERS {
                match n % 1000 {
                    0 => set.spawn(async move { n }),
                    _ => set.spawn(pending()),
                };
            }
            let mut ended = Vec::new();
            while ended.len() < MEMBERS / 1000 {
                ended.push(set.join_next().await.unwrap().unwrap());
            }
            ended.sort_unstable();
            assert!(ended.iter().enumerate().all(|(n, ended)| *ended == n * 1000));
            assert!(set.poll_join_next(&mut Context::from_waker(Waker::noop())).is_pending());
            set.shutdown().await;
        });
    });
}

#[test]
fn members_that_end_on_all_threads_at_once_are_all_told() {
    for_each_flavor(|runtime| {
        let rounds = runtime.spawn(async {
            for round in 0..50 {
                let mut set = JoinSet::new();
                for n in 0..64 {
                    set.spawn(async move {
                        if n % 3 == 0 {
                            yield_now().await;
                        }
                        round
                    });
                    if n % 7 == 0 {
                        let _ = set.try_join_next();
                    }
                }
                while let Some(told) = set.join_next().await {
                    assert_eq!(told.unwrap(), round);
                }
            }
        });
        runtime.block_on(rounds).unwrap();
    });
}
