use std::format;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::thread;
use std::vec::Vec;

use crate::Barrier;
use crate::kit::{Polled, Task, poll_once};

#[test]
fn of_none_or_one_lets_each_through() {
    for size in [0, 1] {
        let barrier = Barrier::new(size);
        for _ in 0..5 {
            assert!(Polled::new(barrier.wait()).ready().is_leader());
        }
    }
}

#[test]
fn the_waker_of_the_last_poll_is_woken() {
    let barrier = Barrier::new(2);
    let mut first = Polled::new(barrier.wait());
    let (one, other) = (Task::new(), Task::new());
    for task in [&one, &other] {
        assert!(task.enter(|cx| first.future().poll(cx)).is_pending());
    }
    assert!(poll_once(barrier.wait()).is_ready());
    assert_eq!((one.wakes(), other.wakes()), (0, 1));
}

#[test]
fn two_by_two() {
    let barrier = Barrier::new(2);
    for _ in 0..3 {
        let mut first = Polled::new(barrier.wait());
        first.pends();
        let mut second = Polled::new(barrier.wait());
        assert!(second.ready().is_leader());
        assert_eq!(first.wakes(), 1);
        assert!(!first.ready().is_leader());
    }
}

#[test]
fn many_with_a_later_round_behind_them() {
    const SIZE: usize = 100;
    let barrier = Barrier::new(SIZE);
    let mut waits: Vec<_> = (0..SIZE - 1).map(|_| Polled::new(barrier.wait())).collect();
    waits.iter_mut().for_each(Polled::pends);
    waits.iter_mut().for_each(Polled::pends); // counted once
    assert!(Polled::new(barrier.wait()).ready().is_leader());
    let mut later = Polled::new(barrier.wait());
    later.pends();
    assert!(waits.iter().all(|wait| wait.wakes() == 1));
    assert!(waits.iter_mut().all(|wait| !wait.ready().is_leader()));
    later.pends();
    assert_eq!(later.wakes(), 0);
}

#[test]
fn who_leaves_has_not_come() {
    let barrier = Barrier::new(2);
    let mut left = Polled::new(barrier.wait());
    left.pends();
    drop(left);
    let mut first = Polled::new(barrier.wait());
    first.pends();
    let unpolled = barrier.wait();
    drop(unpolled);
    assert!(Polled::new(barrier.wait()).ready().is_leader());
    drop(first); // its round is over: it takes nothing from the next
    let mut next = Polled::new(barrier.wait());
    next.pends();
    assert_eq!(format!("{barrier:?}"), "Barrier { size: 2, arrived: 1, .. }");
    assert!(Polled::new(barrier.wait()).ready().is_leader());
    assert!(!next.ready().is_leader());
}

#[test]
fn threads_go_in_step() {
    const THREADS: usize = 4;
    const ROUNDS: usize = 500;
    let barrier = Barrier::new(THREADS);
    let (come, leaders) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for round in 1..=ROUNDS {
                    come.fetch_add(1, Relaxed);
                    let end = rt_task::block_on(barrier.wait());
                    leaders.fetch_add(usize::from(end.is_leader()), Relaxed);
                    assert!(come.load(Relaxed) >= round * THREADS, "before all have come");
                    rt_task::block_on(barrier.wait());
                }
            });
        }
    });
    assert_eq!(leaders.load(Relaxed), ROUNDS);
}
