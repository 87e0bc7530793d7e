//! The Claims of the crew, over every interleaving of whole schedulers of one or two workers.
//!
//! The model queues tell when two threads are at home at one worker, or one does not see what the one
//! before did; the checker tells when somebody waits for ever.

use std::future::pending;

use rt_task::base::shim::{stop_exploring, thread};
use rt_task::{JoinHandle, block_on};

use crate::models::{Flag, both_ways, deeply, eventful, in_part, not_started, pool};

/// A task gives its worker away, with another in the queue, and takes it back if it can.
#[test]
fn one_at_home() {
    both_ways(|turn| {
        let pool = pool(1);
        let spawner = pool.spawner().clone();
        let task = pool.spawn(async move {
            let other = spawner.spawn(async {});
            spawner.block_in_place(|| ());
            // On the worker, or on a thread that is none any more.
            let third = spawner.spawn(async {});
            (other, third)
        });
        turn();
        let (other, third) = block_on(task).unwrap();
        block_on(other).unwrap();
        block_on(third).unwrap();
        stop_exploring(); // the end has models of its own
    });
}

/// What blocks waits for what is queued behind it: twice, so that the second offer may find a standby
/// on its way, or back.
#[test]
fn somebody_comes() {
    both_ways(|turn| {
        let pool = pool(1);
        let spawner = pool.spawner().clone();
        let task = pool.spawn(async move {
            for _ in 0..2 {
                let other = spawner.spawn(async {});
                spawner.block_in_place(|| block_on(other)).unwrap();
            }
        });
        turn();
        block_on(task).unwrap();
        stop_exploring();
    });
}

/// As above, with a first offer that is taken back at once.
#[test]
fn somebody_comes_after_an_offer_in_vain() {
    both_ways(|turn| {
        let pool = pool(1);
        let spawner = pool.spawner().clone();
        let task = pool.spawn(async move {
            spawner.block_in_place(|| ());
            let other = spawner.spawn(async {});
            spawner.block_in_place(|| block_on(other)).unwrap();
        });
        turn();
        block_on(task).unwrap();
        stop_exploring();
    });
}

/// A worker that was given away, given on and taken back is called where its thread is now.
#[test]
fn a_worker_taken_back_is_called() {
    in_part(|turn| {
        let pool = pool(1);
        let spawner = pool.spawner().clone();
        let flag = Flag::new();
        let raised = flag.clone();
        let task = pool.spawn(async move {
            // Runs on the standby, which gives the worker on, until the first has it back or not.
            let inner = spawner.clone();
            let other = spawner.spawn(async move {
                inner.block_in_place(|| block_on(raised.wait()));
            });
            spawner.block_in_place(thread::yield_now);
            flag.raise();
            (other,)
        });
        turn();
        let (other,) = block_on(task).unwrap();
        block_on(other).unwrap();
        block_on(pool.spawn(async {})).unwrap();
    });
}

/// Whatever becomes of a task, it has ended when the drop returns.
fn is_over(pool: impl Sized, task: &JoinHandle<()>) {
    drop(pool);
    assert!(task.is_finished(), "every task has ended before the drop returns");
}

/// A spawn from elsewhere meets the shutdown.
#[test]
fn nothing_is_left() {
    both_ways(|turn| {
        let pool = pool(1);
        let spawner = pool.spawner().clone();
        let other = thread::spawn(move || spawner.spawn(async {}));
        turn();
        drop(pool);
        assert!(other.join().unwrap().is_finished());
    });
}

/// The same before it was started.
#[test]
fn nothing_is_left_of_what_never_started() {
    both_ways(|turn| {
        let pool = not_started(1);
        let spawner = pool.spawner().clone();
        let other = thread::spawn(move || spawner.spawn(async {}));
        turn();
        drop(pool);
        assert!(other.join().unwrap().is_finished());
    });
}

/// A wake from elsewhere meets the shutdown.
#[test]
fn nothing_is_left_that_is_woken() {
    both_ways(|turn| {
        let pool = pool(1);
        let flag = Flag::new();
        let task = pool.spawn(flag.clone().wait());
        let other = thread::spawn(move || flag.raise());
        turn();
        is_over(pool, &task);
        other.join().unwrap();
    });
}

/// An abort from elsewhere meets the shutdown.
#[test]
fn nothing_is_left_that_is_aborted() {
    both_ways(|turn| {
        let pool = pool(1);
        let task = pool.spawn(pending::<()>());
        let abort = task.abort_handle();
        let other = thread::spawn(move || abort.abort());
        turn();
        is_over(pool, &task);
        other.join().unwrap();
    });
}

/// A task ends on a thread that gave its worker away, while the scheduler shuts down.
#[test]
fn nothing_is_left_that_ends_elsewhere() {
    both_ways(|turn| {
        let pool = pool(1);
        let spawner = pool.spawner().clone();
        let task = pool.spawn(async move { spawner.block_in_place(|| ()) });
        turn();
        is_over(pool, &task);
    });
}

/// The same with one that pends there.
#[test]
fn nothing_is_left_that_pends_elsewhere() {
    both_ways(|turn| {
        let pool = pool(1);
        let spawner = pool.spawner().clone();
        let task = pool.spawn(async move {
            spawner.block_in_place(|| ());
            pending::<()>().await;
        });
        turn();
        is_over(pool, &task);
    });
}

/// The same with one that yields there.
#[test]
fn nothing_is_left_that_yields_elsewhere() {
    both_ways(|turn| {
        let pool = pool(1);
        let spawner = pool.spawner().clone();
        let task = pool.spawn(async move {
            spawner.block_in_place(|| ());
            rt_task::coop::yield_now().await;
        });
        turn();
        is_over(pool, &task);
    });
}

/// Two workers leave at a time, one of them in the middle of a poll that spawns.
#[test]
fn nothing_is_left_by_two() {
    in_part(|turn| {
        let pool = pool(2);
        let spawner = pool.spawner().clone();
        let task = pool.spawn(async move { drop(spawner.spawn(async {})) });
        turn();
        is_over(pool, &task);
    });
}

/// A task that runs elsewhere spawns another, which is refused: that one's end is not taken for its.
#[test]
fn nothing_is_left_behind_a_refused_spawn() {
    deeply(|| {
        let (pool, event) = eventful(1);
        let spawner = pool.spawner().clone();
        let task = pool.spawn(async move {
            spawner.block_in_place(|| ());
            drop(spawner.spawn(async {}));
            assert!(!event.is_gone(), "this task has not ended");
        });
        thread::yield_now(); // the other end shows nothing
        is_over(pool, &task);
        if let Err(error) = block_on(task) {
            assert!(error.is_cancelled(), "{error}");
        }
    });
}
