//! A task's id: known in its future, its closures, and whatever is dropped for it.

use std::collections::HashSet;
use std::future::pending;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use rt_facade::runtime::Handle;
use rt_facade::task::{Id, block_in_place, id, spawn_blocking, try_id, yield_now};

use crate::support::{
    Gate, for_each_flavor, for_workers, keep_workers, panic_message, receive, until,
};

/// Tells which task was current when it was dropped.
struct TellsId(Sender<Option<Id>>);

impl Drop for TellsId {
    fn drop(&mut self) {
        self.0.send(try_id()).unwrap();
    }
}

fn teller() -> (TellsId, Receiver<Option<Id>>) {
    let (tells, told) = mpsc::channel();
    (TellsId(tells), told)
}

#[test]
fn every_holder_tells_the_same_id_and_no_two_tasks_have_one() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let mut seen = HashSet::new();
            for _ in 0..100 {
                let task = rt_facade::spawn(async {
                    let first = id();
                    yield_now().await;
                    assert_eq!(first, id());
                    let inner = rt_facade::spawn(async { id() });
                    let inner_id = inner.id();
                    assert_eq!(inner.await.unwrap(), inner_id);
                    assert_eq!(first, id());
                    (first, inner_id)
                });
                let (outside, aborts) = (task.id(), task.abort_handle().id());
                let (inside, inner) = task.await.unwrap();
                assert_eq!((outside, outside), (inside, aborts));
                assert!(seen.insert(inside) && seen.insert(inner));
            }
            let closure = spawn_blocking(id);
            let outside = closure.id();
            assert_eq!(closure.await.unwrap(), outside);
            assert!(seen.insert(outside));
            let panics = rt_facade::spawn(async { panic!("it") });
            let outside = panics.id();
            assert_eq!(panics.await.unwrap_err().id(), outside);
        });
    });
}

#[test]
fn outside_a_task_there_is_none() {
    for_each_flavor(|runtime| {
        assert_eq!(try_id(), None);
        runtime.block_on(async {
            assert_eq!(try_id(), None, "the root is no task");
            let message = panic_message(id);
            assert!(message.contains("`task::id` needs a task"), "{message}");
        });
        let _entered = runtime.enter();
        assert_eq!(try_id(), None);
    });
}

#[test]
fn a_future_that_is_dropped_knows_its_task() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            // At its end.
            let (teller, told) = teller();
            let task = rt_facade::spawn(async move { drop(teller) });
            let expected = Some(task.id());
            task.await.unwrap();
            assert_eq!(receive(&told), expected);
            // Aborted, polled or not.
            for polled in [true, false] {
                let (teller, told) = self::teller();
                let gate = Gate::new();
                let workers = if polled { Vec::new() } else { keep_workers(runtime) };
                let passed = gate.passed();
                let task = rt_facade::spawn(async move {
                    let _teller = teller;
                    passed.await;
                    pending::<()>().await;
                });
                if polled {
                    until(|| gate.is_waited_for()).await;
                }
                let expected = Some(task.id());
                task.abort();
                drop(workers);
                assert!(task.await.unwrap_err().is_cancelled());
                assert_eq!(receive(&told), expected);
            }
        });
    });
}

#[test]
fn an_output_that_nobody_takes_knows_its_task() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            // The handle goes before the task ends.
            let (teller, told) = teller();
            let gate = Gate::new();
            let passed = gate.passed();
            let task = rt_facade::spawn(async move {
                passed.await;
                teller
            });
            let expected = Some(task.id());
            drop(task);
            gate.open();
            until(|| runtime.metrics().alive_tasks == 0).await;
            assert_eq!(receive(&told), expected);
            // After it; here, and in another task.
            let finished = || async {
                let (teller, told) = self::teller();
                let task = rt_facade::spawn(async move { teller });
                until(|| task.is_finished()).await;
                (task, told)
            };
            let (task, told) = finished().await;
            let expected = Some(task.id());
            drop(task);
            assert_eq!((receive(&told), try_id()), (expected, None));
            let (task, told) = finished().await;
            let expected = Some(task.id());
            let other = rt_facade::spawn(async move {
                let before = id();
                drop(task);
                assert_eq!(before, id());
            });
            other.await.unwrap();
            assert_eq!(receive(&told), expected);
            // One that was taken belongs to who took it.
            let (teller, told) = self::teller();
            drop(rt_facade::spawn(async move { teller }).await.unwrap());
            assert_eq!(receive(&told), None);
        });
    });
}

#[test]
fn the_output_of_a_closure_knows_it_too() {
    for_each_flavor(|runtime| {
        let (teller, told) = teller();
        let closure = runtime.spawn_blocking(move || teller);
        let expected = Some(closure.id());
        runtime.block_on(until(|| closure.is_finished()));
        let _entered = runtime.enter();
        drop(closure);
        assert_eq!(receive(&told), expected);
    });
}

#[test]
fn a_task_in_place_keeps_its_id() {
    for_workers([1, 2], |runtime| {
        let task = runtime.spawn(async {
            let own = id();
            let (inside, spawned) = block_in_place(|| {
                thread::yield_now();
                let inner = rt_facade::spawn(async { id() });
                (id(), Handle::current().block_on(inner).unwrap())
            });
            (own, inside, spawned, id())
        });
        let outside = task.id();
        let (own, inside, spawned, after) = runtime.block_on(task).unwrap();
        assert_eq!((own, inside, after), (outside, outside, outside));
        assert_ne!(spawned, outside);
    });
}
