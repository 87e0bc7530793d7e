use std::boxed::Box;
use std::format;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::vec::Vec;

use crate::kit::{Polled, Task};
use crate::{Notify, futures};

#[test]
fn a_permit_is_left_and_taken_once() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_one(); // no second permit
    let mut first = Polled::new(notify.notified());
    let mut second = Polled::new(notify.notified());
    assert!(first.is_ready());
    assert!(!second.is_ready());
    notify.notify_one();
    assert_eq!(second.wakes(), 1);
    assert!(second.is_ready());
    assert!(second.is_ready(), "ready once, ready for good");
}

#[test]
fn those_that_wait_are_told_in_their_order() {
    let notify = Notify::new();
    let mut waits: Vec<_> = (0..4).map(|_| Polled::new(notify.notified())).collect();
    assert!(waits.iter_mut().all(|wait| !wait.is_ready()));
    let woken = |waits: &Vec<Polled<futures::Notified<'_>>>| {
        waits.iter().map(Polled::wakes).collect::<Vec<_>>()
    };
    notify.notify_one();
    assert_eq!(woken(&waits), [1, 0, 0, 0]);
    notify.notify_last();
    assert_eq!(woken(&waits), [1, 0, 0, 1]);
    notify.notify_one();
    notify.notify_one();
    assert_eq!(woken(&waits), [1, 1, 1, 1]);
    assert!(waits.iter_mut().all(Polled::is_ready));
    assert!(!Polled::new(notify.notified()).is_ready(), "no permit is left");
}

#[test]
fn a_wait_told_and_dropped_hands_on() {
    for last in [false, true] {
        let notify = Notify::new();
        let mut waits: Vec<_> = (0..3).map(|_| Polled::new(notify.notified())).collect();
        assert!(waits.iter_mut().all(|wait| !wait.is_ready()));
        if last {
            notify.notify_last();
            waits.pop();
            assert_eq!([waits[0].wakes(), waits[1].wakes()], [0, 1]);
            waits.pop();
        } else {
            notify.notify_one();
            waits.remove(0);
            assert_eq!([waits[0].wakes(), waits[1].wakes()], [1, 0]);
            waits.remove(0);
        }
        assert_eq!(waits[0].wakes(), 1);
        drop(waits);
        assert!(Polled::new(notify.notified()).is_ready(), "the last one leaves a permit");
    }
}

#[test]
fn a_wait_that_has_said_so_hands_nothing_on() {
    let notify = Notify::new();
    let mut wait = Polled::new(notify.notified());
    assert!(!wait.is_ready());
    notify.notify_one();
    assert!(wait.is_ready());
    drop(wait);
    assert!(!Polled::new(notify.notified()).is_ready());
}

#[test]
fn a_dropped_wait_is_passed_over() {
    let notify = Notify::new();
    let mut dropped = Polled::new(notify.notified());
    let mut kept = Polled::new(notify.notified());
    assert!(!dropped.is_ready() && !kept.is_ready());
    drop(dropped);
    notify.notify_one();
    assert!(kept.is_ready());
}

#[test]
fn all_are_told_polled_or_not_and_no_permit_is_left() {
    let notify = Notify::new();
    let mut fresh = Polled::new(notify.notified());
    let mut waits: Vec<_> = (0..100).map(|_| Polled::new(notify.notified())).collect();
    assert!(waits.iter_mut().all(|wait| !wait.is_ready()));
    notify.notify_waiters();
    assert!(waits.iter().all(|wait| wait.wakes() == 1));
    assert!(waits.iter_mut().all(Polled::is_ready));
    assert!(fresh.is_ready());
    assert!(!Polled::new(notify.notified()).is_ready());
}

#[test]
fn a_permit_outlives_a_call_to_all() {
    let notify = Notify::new();
    let mut made_before = Polled::new(notify.notified());
    notify.notify_one();
    notify.notify_waiters();
    assert!(made_before.is_ready(), "by the call to all");
    assert!(Polled::new(notify.notified()).is_ready(), "by the permit");
}

#[test]
fn who_was_told_with_all_hands_nothing_on() {
    let notify = Notify::new();
    let mut wait = Polled::new(notify.notified());
    assert!(!wait.is_ready());
    notify.notify_waiters();
    notify.notify_one(); // nobody waits: a permit
    drop(wait);
    assert!(Polled::new(notify.notified()).is_ready());
    assert!(!Polled::new(notify.notified()).is_ready());
}

#[test]
fn enabled_waits_without_a_poll() {
    let notify = Notify::new();
    let mut wait = Polled::new(notify.notified());
    assert!(!wait.future().enable());
    assert!(!wait.future().enable());
    notify.notify_one();
    assert_eq!(wait.wakes(), 0, "it left no waker");
    let mut other = Polled::new(notify.notified());
    assert!(!other.is_ready(), "the notification was the first one's");
    assert!(wait.is_ready());
    assert!(wait.future().enable());
}

#[test]
fn enabled_takes_the_permit() {
    let notify = Notify::new();
    notify.notify_one();
    let mut first = Polled::new(notify.notified());
    let mut second = Polled::new(notify.notified());
    assert!(first.future().enable());
    assert!(!second.future().enable());
    assert!(!second.is_ready());
    assert!(!second.future().enable(), "and keeps its waker");
    notify.notify_one();
    assert_eq!(second.wakes(), 1);
}

#[test]
fn the_waker_of_the_last_poll_is_woken() {
    let notify = Notify::new();
    let mut wait = Polled::new(notify.notified());
    let first = Task::new();
    assert!(first.enter(|cx| wait.future().poll(cx)).is_pending());
    assert!(!wait.is_ready());
    notify.notify_one();
    assert_eq!((first.wakes(), wait.wakes()), (0, 1));
}

#[test]
fn an_owned_wait_does_the_same() {
    let notify = Arc::new(Notify::const_new());
    let mut waits: Vec<_> = (0..3).map(|_| Polled::new(notify.clone().notified_owned())).collect();
    assert!(!waits[0].is_ready());
    assert!(!waits[1].future().enable());
    notify.notify_one();
    drop(waits.remove(0));
    assert!(waits[0].is_ready(), "handed on");
    notify.notify_waiters();
    assert!(waits[1].is_ready(), "made before the call");
    drop(waits);
    assert_eq!(Arc::strong_count(&notify), 1);
}

/// Does something when dropped, as a task's waker may.
struct OnDrop(Arc<Notify>);

impl Wake for OnDrop {
    fn wake(self: Arc<Self>) {}
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_waiters();
        self.0.notify_one();
    }
}

#[test]
fn an_owned_wait_that_is_enabled_takes_the_permit() {
    let notify = Arc::new(Notify::new());
    let mut owned = Box::pin(notify.clone().notified_owned());
    assert!(!owned.as_mut().enable());
    notify.notify_one();
    assert!(owned.as_mut().enable());
}

#[test]
fn a_waker_may_call_back_when_dropped() {
    let notify = Arc::new(Notify::new());
    let poll = |wait: &mut Polled<futures::OwnedNotified>| {
        let waker: Waker = Arc::new(OnDrop(notify.clone())).into();
        wait.future().poll(&mut Context::from_waker(&waker))
    };
    let mut wait = Polled::new(notify.clone().notified_owned());
    assert!(poll(&mut wait).is_pending());
    assert!(poll(&mut wait).is_ready(), "the first waker's end has told it");
    let mut wait = Polled::new(notify.clone().notified_owned());
    let _ = poll(&mut wait);
    notify.notify_waiters();
    drop(wait);
    let mut wait = Polled::new(notify.clone().notified_owned());
    let _ = poll(&mut wait);
    drop(wait);
}

/// Panics when woken.
struct Breaks;

impl Wake for Breaks {
    fn wake(self: Arc<Self>) {
        panic!("a waker that breaks");
    }
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_from_being_told() {
    let notify = Notify::new();
    let mut broken = Polled::new(notify.notified());
    let waker: Waker = Arc::new(Breaks).into();
    assert!(broken.future().poll(&mut Context::from_waker(&waker)).is_pending());
    let mut sound = Polled::new(notify.notified());
    assert!(!sound.is_ready());
    notify.notify_waiters();
    assert_eq!(sound.wakes(), 1);
    assert!(broken.is_ready());

    let mut broken = Polled::new(notify.notified());
    assert!(broken.future().poll(&mut Context::from_waker(&waker)).is_pending());
    let woken = std::panic::catch_unwind(|| notify.notify_one());
    assert!(woken.is_err(), "one waker's panic is its caller's");
    assert!(broken.is_ready());
    notify.notify_one();
    assert!(Polled::new(notify.notified()).is_ready());
}

#[test]
fn nobody_is_said_to_wait_once_all_are_told_or_have_left() {
    let notify = Notify::new();
    let says_so = || format!("{notify:?}").contains("has_waiters: true");
    for is_told in [true, false] {
        let mut waits = Polled::new(notify.notified());
        waits.pends();
        assert!(says_so());
        if is_told {
            notify.notify_one();
            waits.ready();
        }
        drop(waits);
        assert!(!says_so());
    }
}

#[test]
fn it_shows_itself() {
    let notify = Notify::default();
    notify.notify_one();
    assert_eq!(format!("{notify:?}"), "Notify { has_permit: true, has_waiters: false }");
    let wait = notify.notified();
    assert_eq!(format!("{wait:?}"), "Notified { is_enabled: false, is_notified: false, .. }");
}

#[test]
fn all_may_be_sent_and_shared() {
    fn sent<T: Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    fn shared<T: Send + Sync>() {}
    sent::<Notify>();
    shared::<futures::Notified<'static>>();
    shared::<futures::OwnedNotified>();
}

/// Every wait ends: as many notifications as waits, one after the other, some waits given up on the way.
#[test]
fn threads_pass_a_turn_around() {
    const THREADS: usize = 4;
    const TURNS: usize = 2_000;
    let turn = Notify::new();
    let turns = AtomicUsize::new(0);
    turn.notify_one();
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (turn, turns) = (&turn, &turns);
            scope.spawn(move || {
                for round in 0..TURNS {
                    if round % 3 == number % 3 {
                        // Comes to wait and leaves: what it may have been told goes to the next.
                        let mut given_up = Box::pin(turn.notified());
                        given_up.as_mut().enable().then(|| turn.notify_one());
                    }
                    rt_task::block_on(turn.notified());
                    turns.fetch_add(1, Relaxed);
                    turn.notify_one();
                }
            });
        }
    });
    assert_eq!(turns.load(Relaxed), THREADS * TURNS);
}

#[test]
fn threads_all_see_each_call() {
    const THREADS: usize = 3;
    const CALLS: usize = 500;
    let (calls, arrived) = (Notify::new(), Notify::new());
    let made = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..CALLS {
                    let mut call = pin!(calls.notified());
                    made.fetch_add(1, Relaxed);
                    arrived.notify_one();
                    rt_task::block_on(call.as_mut());
                }
            });
        }
        for round in 1..=CALLS {
            while made.load(Relaxed) < round * THREADS {
                rt_task::block_on(arrived.notified());
            }
            calls.notify_waiters();
        }
    });
}
