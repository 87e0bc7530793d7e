//! Whole schedulers and one foreign thread, over every interleaving: what is pushed, woken or ready is
//! run, whoever sleeps, searches or falls asleep just then.

use rt_task::base::shim::stop_exploring;
use rt_task::block_on;

use crate::models::{Flag, both_ways, eventful, in_part, pool};

#[test]
fn a_task_from_elsewhere_runs() {
    both_ways(|turn| {
        let pool = pool(1);
        turn();
        block_on(pool.spawn(async {})).unwrap();
        block_on(pool.spawn(async {})).unwrap();
    });
}

#[test]
fn a_task_woken_from_elsewhere_runs() {
    both_ways(|turn| {
        let pool = pool(1);
        let flag = Flag::new();
        let task = pool.spawn(flag.clone().wait());
        turn();
        flag.raise();
        block_on(task).unwrap();
    });
}

/// What a task on the worker spawns and wakes is run there.
#[test]
fn a_worker_runs_what_is_its_own() {
    both_ways(|turn| {
        let pool = pool(1);
        let spawner = pool.spawner().clone();
        let task = pool.spawn(async move {
            let flag = Flag::new();
            let waiter = spawner.spawn(flag.clone().wait());
            rt_task::coop::yield_now().await;
            flag.raise();
            waiter.await.unwrap();
        });
        turn();
        block_on(task).unwrap();
    });
}

/// More than a worker's queue holds: half of it goes where all find it.
#[test]
fn an_overflow_runs() {
    both_ways(|turn| {
        let pool = pool(1);
        let spawner = pool.spawner().clone();
        let task = pool.spawn(async move {
            let all = [(); 4].map(|()| spawner.spawn(async {}));
            for task in all {
                task.await.unwrap();
            }
        });
        turn();
        block_on(task).unwrap();
    });
}

#[test]
fn two_workers_overlook_no_push() {
    in_part(|turn| {
        let pool = pool(2);
        turn();
        block_on(pool.spawn(async {})).unwrap();
        stop_exploring(); // the end has models of its own
    });
}

/// An event is handed out although both workers fall asleep just then.
#[test]
fn two_workers_overlook_no_event() {
    in_part(|turn| {
        let (pool, event) = eventful(2);
        let task = pool.spawn(event.clone().wait());
        turn();
        event.happen();
        block_on(task).unwrap();
        stop_exploring();
    });
}

/// The same with one worker.
#[test]
fn an_event_is_handed_out() {
    both_ways(|turn| {
        let (pool, event) = eventful(1);
        let task = pool.spawn(event.clone().wait());
        turn();
        event.happen();
        block_on(task).unwrap();
    });
}
