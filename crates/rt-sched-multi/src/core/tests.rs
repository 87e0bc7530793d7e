//! The order of picks, told step by step.

use std::iter;
use std::task::Poll;

use rt_task::coop::{consume_budget, yield_now};

use crate::Builder;
use crate::core::{PICKS_FIRST, SLOT_RUNS_MAX, Step};
use crate::kit::{Bell, Log, rig, run};
use crate::worker::LOCAL_MAX;

/// Intervals so long that they are over in no test.
fn plain(workers: usize) -> Builder {
    Builder::new(workers).event_interval(10_000).global_interval(10_000)
}

#[test]
fn what_is_spawned_on_a_worker_runs_in_that_order() {
    rig(plain(1), 0, |rig| {
        let log = Log::default();
        let mut core = rig.at(0);
        for n in 0..10 {
            let (log, bell) = (log.clone(), n + 10);
            drop(rig.spawner.spawn(async move {
                log.tell(n);
                yield_now().await;
                log.tell(bell);
            }));
        }
        run(&mut core);
        assert_eq!(log.take(), (0..20).collect::<Vec<_>>());
    });
}

/// A chain of tasks, of which each wakes the next, and one that is queued behind the first. Returns the
/// order; the queued one is 100.
fn chain(builder: Builder, len: usize) -> Vec<usize> {
    let mut order = Vec::new();
    rig(builder, 0, |rig| {
        let log = Log::default();
        let bells: Vec<_> = (0..=len).map(|_| Bell::default()).collect();
        let mut core = rig.at(0);
        for n in 0..len {
            let (log, own, next) = (log.clone(), bells[n].clone(), bells[n + 1].clone());
            drop(rig.spawner.spawn(async move {
                own.await;
                log.tell(n);
                next.ring();
            }));
        }
        run(&mut core);
        assert_eq!(log.take(), [] as [usize; 0], "all wait");
        let first = bells[0].clone();
        drop(rig.spawner.spawn(async move { first.ring() }));
        drop(log.spawn(&rig.spawner, 100));
        run(&mut core);
        order = log.take();
    });
    order
}

#[test]
fn what_is_woken_runs_next_three_times_in_a_row() {
    assert_eq!(SLOT_RUNS_MAX, 3);
    assert_eq!(chain(plain(1), 8), [0, 1, 2, 100, 3, 4, 5, 6, 7]);
}

#[test]
fn with_the_slot_off_all_run_in_the_order_of_their_wakes() {
    assert_eq!(chain(plain(1).disable_slot(), 4), [100, 0, 1, 2, 3]);
}

#[test]
fn of_two_that_are_woken_the_last_runs_next() {
    rig(plain(1), 0, |rig| {
        let log = Log::default();
        let mut core = rig.at(0);
        let bells = [(); 2].map(|()| Bell::default());
        for (n, bell) in bells.iter().enumerate() {
            let (log, bell) = (log.clone(), bell.clone());
            drop(rig.spawner.spawn(async move {
                bell.await;
                log.tell(n);
            }));
        }
        run(&mut core);
        drop(rig.spawner.spawn(async move { bells.iter().for_each(Bell::ring) }));
        drop(log.spawn(&rig.spawner, 100));
        run(&mut core);
        assert_eq!(log.take(), [1, 100, 0], "what is displaced goes to the end of the queue");
    });
}

/// Tasks 0 to 3 ring the same bell, whose owner tells 100 each time it hears something. Returns the order.
fn gathering(each_ends: bool) -> Vec<usize> {
    let mut order = Vec::new();
    rig(plain(1), 0, |rig| {
        let log = Log::default();
        let mut core = rig.at(0);
        let bells: Vec<_> = (0..4).map(|_| Bell::default()).collect();
        let (owner, heard) = (log.clone(), bells.clone());
        drop(rig.spawner.spawn(async move {
            let mut heard: Vec<_> = heard.into_iter().map(Box::pin).collect();
            while !heard.is_empty() {
                std::future::poll_fn(|cx| {
                    let before = heard.len();
                    heard.retain_mut(|bell| bell.as_mut().poll(cx).is_pending());
                    match heard.len() < before {
                        true => Poll::Ready(()),
                        false => Poll::Pending,
                    }
                })
                .await;
                owner.tell(100);
            }
        }));
        run(&mut core);
        for (n, bell) in bells.into_iter().enumerate() {
            let log = log.clone();
            drop(rig.spawner.spawn(async move {
                log.tell(n);
                bell.ring();
                if !each_ends {
                    yield_now().await;
                }
            }));
        }
        run(&mut core);
        order = log.take();
    });
    order
}

#[test]
fn who_waits_for_many_that_end_takes_what_they_bring_in_one_go() {
    assert_eq!(gathering(true), [0, 100, 1, 2, 3, 100]);
    assert_eq!(
        gathering(false),
        [0, 100, 1, 100, 2, 100, 3, 100],
        "of those that go on, one by one"
    );
}

#[test]
fn what_is_woken_with_the_budget_spent_waits_for_its_turn() {
    rig(plain(1), 0, |rig| {
        let log = Log::default();
        let mut core = rig.at(0);
        let bell = Bell::default();
        let (told, waits) = (log.clone(), bell.clone());
        drop(rig.spawner.spawn(async move {
            waits.await;
            told.tell(0);
        }));
        run(&mut core);
        drop(rig.spawner.spawn(async move {
            for _ in 0..128 {
                consume_budget().await;
            }
            bell.ring();
        }));
        drop(log.spawn(&rig.spawner, 100));
        run(&mut core);
        assert_eq!(log.take(), [100, 0]);
    });
}

#[test]
fn the_shared_queue_comes_first_once_in_an_interval() {
    rig(plain(1).global_interval(4), 0, |rig| {
        let log = Log::default();
        let mut core = rig.at(0);
        let spawned: Vec<_> = (0..17).map(|n| log.spawn(&rig.spawner, n)).collect();
        let steps = |core: &mut crate::core::Core<'_, _, _>, count: usize| {
            (0..count).for_each(|_| assert!(matches!(core.step(), Step::Ran(_))));
            log.take()
        };
        assert_eq!(steps(&mut core, PICKS_FIRST as usize), [0, 1, 2, 3]);
        assert_eq!(core.step(), Step::Turned, "the first time, soon");
        assert_eq!(steps(&mut core, 1), [4]);
        // From here on the shared queue is never empty.
        for round in 0..3 {
            rig.leave();
            drop(log.spawn(&rig.spawner, 100 + round));
            drop(rig.at(0));
            assert_eq!(steps(&mut core, 4).iter().filter(|n| **n >= 100).count(), 1);
        }
        drop(spawned);
    });
}

#[test]
fn the_driver_is_turned_once_in_an_interval() {
    rig(plain(1).event_interval(5), 0, |rig| {
        let log = Log::default();
        let mut core = rig.at(0);
        (0..12).for_each(|n| drop(log.spawn(&rig.spawner, n)));
        let turned: Vec<_> =
            iter::repeat_with(|| core.step()).take(14).map(|step| step == Step::Turned).collect();
        assert_eq!(turned.iter().filter(|turned| **turned).count(), 2);
        assert!(turned[PICKS_FIRST as usize] && turned[PICKS_FIRST as usize + 6], "{turned:?}");
        assert_eq!(rig.spawner.worker_metrics(0).turns, 2);
    });
}

/// What it writes, say, is read by somebody who only hears of it by the driver.
#[test]
fn the_driver_is_turned_when_one_task_alone_has_used_its_budget() {
    async fn busy() {
        loop {
            consume_budget().await;
        }
    }
    rig(plain(1), 0, |rig| {
        let mut core = rig.at(0);
        drop(rig.spawner.spawn(busy()));
        let mut turned = |steps| {
            let turns = || rig.spawner.worker_metrics(0).turns;
            let before = turns();
            (0..steps).for_each(|_| assert!(matches!(core.step(), Step::Ran(_))));
            turns() - before
        };
        assert_eq!(turned(2), 2);
        drop(rig.spawner.spawn(busy()));
        assert_eq!(turned(2), 0, "each of the two may be whom the other waits for");
    });
}

#[test]
fn a_full_queue_moves_its_older_half() {
    rig(plain(1), 0, |rig| {
        let log = Log::default();
        let mut core = rig.at_length_at(0);
        (0..=LOCAL_MAX).for_each(|n| drop(log.spawn(&rig.spawner, n)));
        let metrics = rig.spawner.worker_metrics(0);
        assert_eq!((metrics.overflows, metrics.local_queue_depth), (1, LOCAL_MAX / 2 + 1));
        assert_eq!(rig.spawner.metrics().global_queue_depth, LOCAL_MAX / 2);
        run(&mut core);
        let expected = (LOCAL_MAX / 2..=LOCAL_MAX).chain(0..LOCAL_MAX / 2);
        assert_eq!(log.take(), expected.collect::<Vec<_>>());
        assert_eq!(rig.spawner.metrics().global_queue_depth, 0);
    });
}

#[test]
fn what_comes_from_outside_runs_in_that_order() {
    rig(plain(1), 0, |rig| {
        let log = Log::default();
        let mut core = rig.at_length_at(0);
        rig.leave();
        (0..3 * LOCAL_MAX).for_each(|n| drop(log.spawn(&rig.spawner, n)));
        assert_eq!(rig.spawner.metrics().global_queue_depth, 3 * LOCAL_MAX);
        drop(rig.at(0));
        run(&mut core);
        assert_eq!(log.take(), (0..3 * LOCAL_MAX).collect::<Vec<_>>());
        assert_eq!(rig.spawner.worker_metrics(0).from_global, 3 * LOCAL_MAX as u64);
    });
}

#[test]
fn what_comes_from_outside_is_not_kept_waiting_by_more_tasks_than_fit_into_a_queue() {
    const CROWD: usize = 3 * LOCAL_MAX;
    rig(Builder::new(1).global_interval(2), 0, |rig| {
        let log = Log::default();
        let mut core = rig.at(0);
        for _ in 0..CROWD {
            drop(rig.spawner.spawn(async {
                loop {
                    yield_now().await;
                }
            }));
        }
        (0..CROWD).for_each(|_| _ = core.step());
        rig.leave();
        drop(log.spawn(&rig.spawner, 1));
        let mut core = rig.at(0);
        (0..2 * CROWD).for_each(|_| _ = core.step());
        assert_eq!(log.take(), [1]);
    });
}

#[test]
fn a_thief_takes_the_older_half() {
    rig(plain(2), 0, |rig| {
        let log = Log::default();
        drop(rig.at(0));
        (0..8).for_each(|n| drop(log.spawn(&rig.spawner, n)));
        let mut thief = rig.at(1);
        assert!(matches!(thief.step(), Step::Ran(_)));
        assert_eq!(log.take(), [0]);
        let depths = [0, 1].map(|worker| rig.spawner.worker_metrics(worker).local_queue_depth);
        assert_eq!(depths, [4, 3]);
        let metrics = rig.spawner.worker_metrics(1);
        assert_eq!((metrics.steals, metrics.steal_operations), (4, 1));
        run(&mut thief);
        assert_eq!(log.take(), (1..8).collect::<Vec<_>>());
        assert!(!rig.shared.idle.glance(0).is_closed());
    });
}

/// Whom one thief robs, each time that it has nothing.
fn victims(seed: u64) -> Vec<usize> {
    let mut order = Vec::new();
    rig(plain(5), seed, |rig| {
        let log = Log::default();
        for worker in 1..5 {
            drop(rig.at(worker));
            drop(log.spawn(&rig.spawner, worker));
        }
        run(&mut rig.at(0));
        order = log.take();
    });
    order
}

#[test]
fn victims_are_chosen_by_the_seed() {
    let all: Vec<_> = (0..20).map(victims).collect();
    for (seed, order) in all.iter().enumerate() {
        assert_eq!(*order, victims(seed as u64), "seed {seed}");
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [1, 2, 3, 4]);
    }
    assert!((1..5).all(|first| all.iter().any(|order| order[0] == first)), "{all:?}");
}

#[test]
fn a_worker_takes_its_own_before_what_others_have() {
    rig(plain(2), 0, |rig| {
        let log = Log::default();
        let mut core = rig.at_length_at(0);
        rig.leave();
        (0..2).for_each(|n| drop(log.spawn(&rig.spawner, 10 + n)));
        drop(rig.at(1));
        (0..2).for_each(|n| drop(log.spawn(&rig.spawner, 20 + n)));
        drop(rig.at(0));
        (0..2).for_each(|n| drop(log.spawn(&rig.spawner, n)));
        run(&mut core);
        assert_eq!(log.take(), [0, 1, 10, 11, 20, 21], "own, shared, another's");
    });
}
