//! Tasks and who waits for them: a wait that is dropped takes no output along, and no task.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use rt_facade::sync::Semaphore;
use rt_facade::task::{
    self, JoinSet, LocalSet, coop, spawn_blocking, spawn_local, unconstrained, yield_now,
};
use rt_facade::{spawn, task_local};

use crate::support::{cancelled, forgotten, on_one_thread, turns};

// Covers rt-task::join::JoinHandle
#[test]
fn an_output_stays_until_it_is_taken() {
    cancelled(1, async |round| {
        let mut handle = spawn(async {
            turns(3).await;
            7
        });
        let joined = round.run(&mut handle).await;
        forgotten(&round).await;
        let joined = match joined {
            Ok(joined) => joined,
            Err(_) => handle.await,
        };
        assert_eq!(joined.unwrap(), 7);
    });
    // Of the blocking pool.
    cancelled(1, async |round| {
        let (go, goes) = std::sync::mpsc::channel();
        let mut handle = spawn_blocking(move || goes.recv().unwrap());
        let sends = async {
            turns(3).await;
            go.send(7).unwrap();
        };
        let (joined, ()) = rt_facade::join!(round.run(&mut handle), sends);
        let joined = match joined {
            Ok(joined) => joined,
            Err(_) => handle.await,
        };
        assert_eq!(joined.unwrap(), 7);
        forgotten(&round).await;
    });
    // The handle dropped itself lets the task go on, or its output be dropped.
    cancelled(1, async |round| {
        let (done, is_done) = rt_facade::sync::oneshot::channel();
        let handle = spawn(async {
            turns(3).await;
            done.send(()).unwrap();
        });
        let _ = round.run(handle).await;
        is_done.await.unwrap();
    });
    // An abort is told, to whoever asks.
    cancelled(1, async |round| {
        let mut handle = spawn(std::future::pending::<()>());
        let aborts = async {
            turns(3).await;
            handle.abort_handle().abort();
        };
        aborts.await;
        let joined = round.run(&mut handle).await;
        let joined = match joined {
            Ok(joined) => joined,
            Err(_) => handle.await,
        };
        assert!(joined.unwrap_err().is_cancelled());
    });
}

// Covers rt-task::join_set::JoinNext, rt-task::join_set::JoinNextWithId
#[test]
fn each_member_of_a_set_is_handed_out_once() {
    cancelled(1, async |round| {
        let mut set = JoinSet::new();
        for n in 0..4 {
            drop(set.spawn(async move {
                turns(2 * n + 2).await;
                n
            }));
        }
        let mut got = Vec::new();
        while got.len() < 4 {
            if let Ok(joined) = round.run(set.join_next()).await {
                got.push(joined.unwrap().unwrap());
            }
            forgotten(&round).await;
        }
        got.sort_unstable();
        assert_eq!((got, set.len()), (vec![0, 1, 2, 3], 0));
    });
    cancelled(1, async |round| {
        let mut set = JoinSet::new();
        let id = set.spawn(turns(3)).id();
        let joined = round.run(set.join_next_with_id()).await;
        let joined = match joined {
            Ok(joined) => joined,
            Err(_) => set.join_next_with_id().await,
        };
        assert_eq!(joined.unwrap().unwrap().0, id);
        forgotten(&round).await;
    });
}

// Covers rt-facade::task::join_all, rt-facade::task::shutdown
#[test]
fn a_set_that_is_dropped_on_the_way_leaves_no_task() {
    cancelled(1, async |round| {
        let (mut set, gate) = (JoinSet::new(), Arc::new(Semaphore::new(0)));
        for n in 0..3 {
            let gate = gate.clone();
            drop(set.spawn(async move {
                gate.acquire().await.unwrap().forget();
                n
            }));
        }
        let opens = async {
            turns(5).await;
            if !round.has_cancelled() {
                gate.add_permits(3);
            }
        };
        let (all, ()) = rt_facade::join!(round.run(set.join_all()), opens);
        assert!(all.is_err() || all.unwrap().into_iter().sum::<usize>() == 3);
        forgotten(&round).await;
    });
    cancelled(1, async |round| {
        let mut set = JoinSet::new();
        (0..3).for_each(|_| drop(set.spawn(std::future::pending::<()>())));
        yield_now().await;
        let _ = round.run(set.shutdown()).await;
        forgotten(&round).await;
        set.shutdown().await;
        assert!(set.is_empty());
    });
}

// Covers rt-facade::task::LocalSet, rt-sched-current::local_set::LocalSet, rt-sched-current::local_set::RunUntil
#[test]
fn a_local_set_keeps_its_tasks_until_it_is_polled_again() {
    cancelled(1, async |round| {
        let (mut set, done) = (LocalSet::new(), Rc::new(Cell::new(0)));
        for _ in 0..3 {
            let done = done.clone();
            drop(set.spawn_local(async move {
                turns(100).await;
                done.set(done.get() + 1);
            }));
        }
        let _ = round.run(&mut set).await;
        set.await; // whose it was all the time, so that it kept the waker
        assert_eq!(done.get(), 3);
        forgotten(&round).await;
    });
    cancelled(1, async |round| {
        let (set, done) = (LocalSet::new(), Rc::new(Cell::new(0)));
        let adds = done.clone();
        let runs = set.run_until(async move {
            let task = spawn_local(async move {
                turns(100).await;
                adds.set(adds.get() + 1);
            });
            task.await.unwrap();
        });
        let ran = round.run(runs).await;
        let was_polled = ran.is_ok() || ran.unwrap_err().at().is_some();
        forgotten(&round).await;
        set.await;
        assert_eq!(done.get(), u32::from(was_polled));
    });
}

// Covers rt-task::coop::YieldNow, rt-task::coop::ConsumeBudget, rt-task::coop::Coop, rt-task::coop::Unconstrained
#[test]
fn turns_that_are_given_up_cost_nobody_anything() {
    cancelled(2, async |round| {
        let _ = round
            .run(async {
                yield_now().await;
                coop::cooperative(yield_now()).await;
                unconstrained(yield_now()).await;
            })
            .await;
        forgotten(&round).await;
    });
    // A budget that is spent is waited for, too: in a task, which has one.
    on_one_thread(0, async |round| {
        let consumed = round
            .run(unconstrained(async {
                for _ in 0..300 {
                    task::consume_budget().await;
                }
            }))
            .await;
        assert!(consumed.is_ok() || round.has_cancelled());
    });
    on_one_thread(1, async |round| {
        let consumed = round
            .run(async {
                for _ in 0..300 {
                    task::consume_budget().await;
                }
            })
            .await;
        assert!(consumed.is_ok() || round.has_cancelled());
        forgotten(&round).await;
    });
}

task_local! {
    static NUMBER: Cell<u32>;
}

// Covers rt-task::task_local::TaskLocalFuture
#[test]
fn the_value_of_a_task_is_dropped_with_its_scope() {
    cancelled(2, async |round| {
        let scope = NUMBER.scope(Cell::new(1), async {
            for _ in 0..2 {
                yield_now().await;
                NUMBER.with(|number| number.set(number.get() + 1));
            }
            NUMBER.with(Cell::get)
        });
        let ran = round.run(scope).await;
        assert!(ran.is_err() || ran.unwrap() == 3);
        assert!(NUMBER.try_with(|_| ()).is_err());
    });
}

#[test]
fn what_a_select_did_not_choose_is_dropped_and_so_is_a_select() {
    use rt_facade::sync::mpsc;
    cancelled(2, async |round| {
        let (sends, mut receives) = mpsc::channel(4);
        let (sends_other, mut receives_other) = mpsc::channel(4);
        let sender = async {
            for message in 0..3 {
                turns(3).await;
                sends.send(message).await.unwrap();
                sends_other.send(message).await.unwrap();
            }
        };
        let receiver = async {
            let (mut got, mut got_other) = (Vec::new(), Vec::new());
            while got.len() + got_other.len() < 6 {
                let _ = round
                    .run(async {
                        rt_facade::select! {
                            message = receives.recv() => got.push(message.unwrap()),
                            message = receives_other.recv() => got_other.push(message.unwrap()),
                        }
                    })
                    .await;
            }
            (got, got_other)
        };
        let ((), (got, got_other)) = rt_facade::join!(sender, receiver);
        assert_eq!((got, got_other), (vec![0, 1, 2], vec![0, 1, 2]));
    });
    cancelled(3, async |round| {
        let joined = round.run(async { rt_facade::join!(turns(2), turns(3)) }).await;
        assert!(joined.is_ok() || round.has_cancelled());
        let tried = round.run(async {
            rt_facade::try_join!(
                async {
                    turns(3).await;
                    Ok::<_, u32>(1)
                },
                async {
                    turns(2).await;
                    Err::<u32, _>(2)
                },
            )
        });
        let tried = tried.await;
        assert!(tried.is_err() || tried.unwrap() == Err(2));
        forgotten(&round).await;
    });
}
