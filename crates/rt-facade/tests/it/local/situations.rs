//! What people have met with sets: blocking inside, wakes in destructors, keeping one in a thread-local.

#![allow(clippy::disallowed_methods, reason = "the other threads of these tests are theirs")]

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::thread;

use futures_util::future::{join_all, select};
use rt_facade::runtime::{Builder, Runtime};
use rt_facade::task::{LocalSet, block_in_place, consume_budget, spawn_local, yield_now};
use rt_facade::time::{Duration, sleep};

use crate::support::{Gate, for_each_flavor, panic_message, until};

#[test]
fn blocking_in_place_inside_a_set_is_refused_on_every_flavour() {
    struct Blocks;
    impl Drop for Blocks {
        fn drop(&mut self) {
            block_in_place(|| ());
        }
    }
    let tells = |message: &str| {
        assert!(message.contains("`LocalSet`") && message.contains("spawn_blocking"), "{message}");
        assert!(message.contains("situations.rs"), "{message}");
    };
    for_each_flavor(|runtime| {
        let set = LocalSet::new();
        tells(&panic_message(|| set.block_on(runtime, async { block_in_place(|| ()) })));
        set.block_on(runtime, async {
            let task = spawn_local(async { block_in_place(|| ()) });
            let payload = task.await.unwrap_err().into_panic();
            tells(payload.downcast_ref::<String>().unwrap());
            let in_destructor = set.spawn_local(async {
                let _blocks = Blocks;
                pending::<()>().await;
            });
            yield_now().await;
            in_destructor.abort();
            let payload = in_destructor.await.unwrap_err().into_panic();
            tells(payload.downcast_ref::<String>().unwrap());
        });
    });
}

#[test]
fn tasks_that_wake_each_other_in_their_destructors_are_all_dropped() {
    /// Opens its gate when dropped.
    struct Opens(Gate);
    impl Drop for Opens {
        fn drop(&mut self) {
            self.0.open();
        }
    }
    for_each_flavor(|runtime| {
        let set = LocalSet::new();
        let gates: Vec<_> = (0..4).map(|_| Gate::new()).collect();
        for n in 0..4 {
            let (opens, passed) = (Opens(gates[n].clone()), gates[(n + 1) % 4].passed());
            drop(set.spawn_local(async move {
                let _opens = opens;
                passed.await;
                unreachable!("it is not polled any more");
            }));
        }
        set.block_on(runtime, yield_now());
        drop(set);
        assert!(gates.iter().all(Gate::is_open));
    });
}

#[test]
fn spawning_on_a_set_that_waits_wakes_who_polls_it() {
    for_each_flavor(|runtime| {
        let set = LocalSet::new();
        let spawned = runtime.block_on(async {
            let polls = pin!(set.run_until(pending::<()>()));
            let spawns = pin!(async {
                for _ in 0..3 {
                    yield_now().await; // the set has been polled, and waits
                }
                set.spawn_local(async { 9 }).await.unwrap()
            });
            match select(polls, spawns).await {
                futures_util::future::Either::Left(_) => unreachable!("it waits for ever"),
                futures_util::future::Either::Right((spawned, _)) => spawned,
            }
        });
        assert_eq!(spawned, 9);
    });
}

#[test]
fn a_root_beside_a_set_keeps_its_own_budget() {
    for_each_flavor(|runtime| {
        let counts = |polled: &mut u32| {
            *polled = 0;
            runtime.block_on(async {
                let mut busy = pin!(async {
                    loop {
                        consume_budget().await;
                        *polled += 1;
                    }
                });
                poll_fn(|cx| {
                    assert!(busy.as_mut().poll(cx).is_pending());
                    Poll::Ready(())
                })
                .await;
            });
        };
        let (mut alone, mut beside) = (0, 0);
        counts(&mut alone);
        let set = LocalSet::new();
        runtime.block_on(async {
            for _ in 0..10 {
                consume_budget().await;
            }
            let mut busy = pin!(set.run_until(async {
                loop {
                    consume_budget().await;
                    beside += 1;
                }
            }));
            poll_fn(|cx| {
                let polled: Poll<()> = busy.as_mut().poll(cx);
                assert!(polled.is_pending());
                Poll::Ready(())
            })
            .await;
        });
        assert_eq!(alone, beside + 10, "what was spent before the set is spent inside it");
    });
}

#[test]
fn many_local_tasks_are_joined_at_once() {
    for_each_flavor(|runtime| {
        LocalSet::new().block_on(runtime, async {
            let gates: Vec<_> = (0..32).map(|_| Gate::new()).collect();
            let tasks: Vec<_> = gates.iter().map(|gate| spawn_local(gate.passed())).collect();
            until(|| gates.iter().all(Gate::is_waited_for)).await;
            let opener = {
                let gates = gates.clone();
                thread::spawn(move || gates.iter().for_each(Gate::open))
            };
            assert!(join_all(tasks).await.iter().all(Result::is_ok));
            opener.join().unwrap();
        });
    });
}

#[test]
fn the_output_of_a_local_task_may_be_awaited_elsewhere() {
    for_each_flavor(|runtime| {
        let set = LocalSet::new();
        let local = set.spawn_local(async {
            sleep(Duration::from_millis(1)).await;
            *Rc::new(3)
        });
        let elsewhere = runtime.spawn(async { local.await.unwrap() });
        assert_eq!(set.block_on(runtime, elsewhere).unwrap(), 3);
    });
}

#[test]
fn a_runtime_and_its_set_may_live_in_a_thread_local() {
    struct Both {
        runtime: Runtime,
        set: LocalSet,
    }
    thread_local! {
        static BOTH: RefCell<Both> = RefCell::new(Both {
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            set: LocalSet::new(),
        });
    }
    for _ in 0..10 {
        let thread = thread::spawn(|| {
            BOTH.with_borrow(|Both { runtime, set }| {
                let left = set.block_on(runtime, async {
                    spawn_local(sleep(Duration::from_millis(1))).await.unwrap();
                    spawn_local(pending::<()>()).abort_handle()
                });
                assert!(!left.is_finished());
            });
        });
        thread.join().unwrap();
    }
}
