//! What a set promises, one behaviour a test.

use alloc::format;
use alloc::sync::Arc;
use core::task::Waker;
use std::vec::Vec;

use super::*;
use crate::kit::{Drops, Faulty, Panics, Queue, caught, panic_word, panics};

fn next<T>(set: &mut JoinSet<T>, waker: &Waker) -> Poll<Option<Result<T, JoinError>>> {
    set.poll_join_next(&mut Context::from_waker(waker))
}

fn ready<T>(set: &mut JoinSet<T>) -> T {
    match next(set, Waker::noop()) {
        Poll::Ready(Some(result)) => result.unwrap(),
        Poll::Ready(None) => panic!("the set is empty"),
        Poll::Pending => panic!("nobody has ended"),
    }
}

#[test]
fn members_come_in_the_order_in_which_they_end() {
    let queue = Queue::new();
    let mut set = JoinSet::new();
    assert!(matches!(next(&mut set, Waker::noop()), Poll::Ready(None)));
    for n in 0..5 {
        set.insert(queue.spawn(async move {
            for _ in 0..(5 - n) {
                crate::coop::yield_now().await;
            }
            n
        }));
    }
    assert_eq!(set.len(), 5);
    assert!(next(&mut set, Waker::noop()).is_pending());
    queue.run();
    let came: Vec<_> = (0..5).map(|_| ready(&mut set)).collect();
    assert_eq!(came, [4, 3, 2, 1, 0]);
    assert!(set.is_empty() && set.try_join_next().is_none());
}

#[test]
fn a_task_that_has_ended_may_still_come_in() {
    let queue = Queue::new();
    let handle = queue.spawn(async { 1 });
    let mut waited = queue.spawn(async { 2 });
    assert!(crate::kit::poll(&mut waited, Waker::noop()).is_pending());
    queue.run();
    let mut set = JoinSet::new();
    set.insert(handle);
    set.insert(waited);
    assert_eq!([ready(&mut set), ready(&mut set)], [1, 2]);
}

#[test]
fn a_handle_whose_output_was_taken_may_not() {
    let queue = Queue::new();
    let mut handle = queue.spawn(async { 1 });
    queue.run();
    assert!(crate::kit::poll(&mut handle, Waker::noop()).is_ready());
    let mut set = JoinSet::new();
    assert_eq!(caught(|| set.insert(handle)), "the output of this task was taken before");
    assert!(set.is_empty());
}

#[test]
fn a_handle_that_somebody_waited_with_belongs_to_the_set_then() {
    let faulty = Arc::new(Faulty::default());
    let queue = Queue::new();
    let mut handle = queue.spawn(async {});
    assert!(crate::kit::poll(&mut handle, &faulty.lend()).is_pending());
    let mut set = JoinSet::new();
    set.insert(handle);
    assert_eq!(faulty.alive(), 0, "the waker before is dropped");
    queue.run();
    ready(&mut set);
    assert_eq!(faulty.wakes.load(core::sync::atomic::Ordering::Relaxed), 0);
}

#[test]
fn who_waits_is_woken_once_by_a_burst_and_keeps_no_waker() {
    let faulty = Arc::new(Faulty::default());
    let queue = Queue::new();
    let mut set = JoinSet::new();
    for _ in 0..10 {
        set.insert(queue.spawn(async {}));
    }
    let waker = faulty.lend();
    assert!(next(&mut set, &waker).is_pending());
    assert!(next(&mut set, &waker).is_pending());
    assert_eq!(faulty.alive(), 1, "cloned once");
    queue.run();
    assert_eq!(faulty.wakes.load(core::sync::atomic::Ordering::Relaxed), 1);
    assert_eq!(faulty.alive(), 0);
    (0..10).for_each(|_| ready(&mut set));
    assert!(matches!(next(&mut set, &waker), Poll::Ready(None)));
}

#[test]
fn the_last_waker_is_the_one_that_counts() {
    let (first, second) = (Arc::new(Faulty::default()), Arc::new(Faulty::default()));
    let queue = Queue::new();
    let mut set = JoinSet::new();
    set.insert(queue.spawn(async {}));
    assert!(next(&mut set, &first.lend()).is_pending());
    assert!(next(&mut set, &second.lend()).is_pending());
    assert_eq!((first.alive(), second.alive()), (0, 1));
    queue.run();
    assert_eq!(second.wakes.load(core::sync::atomic::Ordering::Relaxed), 1);
}

#[test]
fn wakers_that_panic_harm_nobody() {
    let queue = Queue::new();
    let mut set = JoinSet::new();
    set.insert(queue.spawn(async { 1 }));
    let clone_panics = Arc::new(Faulty { clone_panics: true, ..Faulty::default() });
    assert_eq!(caught(|| next(&mut set, &clone_panics.lend())), "the waker's clone");
    let wake_panics = Arc::new(Faulty { wake_panics: true, ..Faulty::default() });
    assert!(next(&mut set, &wake_panics.lend()).is_pending());
    queue.run();
    assert_eq!(ready(&mut set), 1);
    set.insert(queue.spawn(async { 2 }));
    let drop_panics = Arc::new(Faulty { drop_panics: true, ..Faulty::default() });
    assert!(next(&mut set, &drop_panics.lend()).is_pending());
    assert_eq!(caught(|| next(&mut set, Waker::noop())), "the waker's drop");
    queue.run();
    assert_eq!(ready(&mut set), 2);
}

#[test]
fn a_panic_and_an_abort_are_told_with_the_id() {
    let queue = Queue::new();
    let mut set = JoinSet::new();
    let panicked = set.insert(queue.spawn(async { panics("word") }));
    let aborted = set.insert(queue.spawn(async { 1 }));
    let fine = set.insert(queue.spawn(async { 2 }));
    aborted.abort();
    queue.run();
    let error = set.try_join_next_with_id().unwrap().unwrap_err();
    assert_eq!((error.id(), panic_word(error)), (panicked.id(), "word"));
    let error = set.try_join_next_with_id().unwrap().unwrap_err();
    assert!(error.is_cancelled() && error.id() == aborted.id());
    assert_eq!(set.try_join_next_with_id().unwrap().unwrap(), (fine.id(), 2));
    assert!(set.try_join_next_with_id().is_none());
}

#[test]
fn a_drop_aborts_and_a_detach_does_not() {
    for detached in [false, true] {
        let (queue, drops) = (Queue::new(), Drops::default());
        let mut set = JoinSet::new();
        let ended = set.insert(queue.spawn(async {}));
        queue.run();
        let guard = drops.value();
        let waits = set.insert(queue.spawn(async move {
            let _guard = guard;
            crate::coop::yield_now().await;
        }));
        queue.step();
        if detached {
            set.detach_all();
            assert!(set.is_empty() && set.try_join_next().is_none());
            let late = set.insert(queue.spawn(async {}));
            queue.run();
            assert!(late.is_finished() && set.try_join_next().unwrap().is_ok());
        }
        drop(set);
        let polls = waits.info().polls;
        queue.run();
        assert!(ended.is_finished() && waits.is_finished());
        assert_eq!(drops.count(), 1);
        assert_eq!(waits.info().polls, if detached { 2 } else { polls });
    }
}

#[test]
fn outputs_that_nobody_takes_are_dropped_with_the_set() {
    let (queue, drops) = (Queue::new(), Drops::default());
    let mut set = JoinSet::new();
    for value in [drops.value(), drops.panicking("an output"), drops.value()] {
        set.insert(queue.spawn(async move { value }));
    }
    queue.run();
    drop(ready(&mut set));
    drop(set);
    assert_eq!(drops.count(), 3);
}

#[test]
fn members_may_end_after_their_set_is_gone() {
    let queue = Queue::new();
    let mut set = JoinSet::new();
    let ends = set.insert(queue.spawn(async {}));
    queue.panic_next(Panics::AfterStoring); // nothing here schedules
    set.detach_all();
    drop(set);
    queue.run();
    assert!(ends.is_finished());
}

#[test]
fn places_are_used_again() {
    let queue = Queue::new();
    let mut set = JoinSet::new();
    for round in 0..100 {
        for n in 0..7 {
            set.insert(queue.spawn(async move { round * 7 + n }));
        }
        queue.run();
        (0..7).for_each(|n| assert_eq!(ready(&mut set), round * 7 + n));
    }
    assert!(set.members.len() <= 8, "{}", set.members.len());
}

#[test]
fn it_says_how_many_there_are() {
    let queue = Queue::new();
    let mut set = JoinSet::default();
    set.insert(queue.spawn(async {}));
    assert_eq!(format!("{set:?}"), "JoinSet { len: 1 }");
    queue.run();
}

#[test]
fn a_set_that_waits_says_so_in_its_tasks_wait_slot() {
    let _entered = crate::base::context::enter(crate::base::context::Env::new());
    let queue = Queue::new();
    let mut set = JoinSet::<()>::new();
    set.insert(queue.spawn(core::future::pending()));
    let line = line!() + 1;
    let waits = queue.spawn(async move { set.join_next().await.unwrap().unwrap() });
    queue.run();
    let (wait, pended) = waits.info().wait.unwrap();
    assert_eq!((wait.kind, pended, wait.site.line()), (WaitKind::JoinSet, 1, line));
    let other = JoinSet::<()>::new();
    assert!(wait.object % align_of::<usize>() == 0 && wait.object != other.ready.address());
    waits.abort(); // and with it the set and its member
    queue.run();
    assert!(waits.is_finished() && queue.len() == 0);
}

#[test]
fn a_poll_tells_the_id_where_it_is_asked_to() {
    let queue = Queue::new();
    let mut set = JoinSet::new();
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(set.poll_join_next_with_id(&mut cx).map(|next| next.is_none()), Poll::Ready(true));
    let handle = queue.spawn(async { 7 });
    let id = handle.id();
    set.insert(handle);
    assert!(set.poll_join_next_with_id(&mut cx).is_pending());
    queue.run();
    let Poll::Ready(Some(ended)) = set.poll_join_next_with_id(&mut cx) else { panic!("it has") };
    assert_eq!(ended.unwrap(), (id, 7));
}
