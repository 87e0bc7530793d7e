//! The situations of a value that is watched.

use core::future::Future;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::vec::Vec;

use super::{Changed, Closed, Receiver, Sender, channel};
use crate::kit::{Polled, panic_of, poll_once, waker_that_is_not_cloned, waker_that_panics};

const fn crosses<T: Send + Sync>() {}
const fn is_unpin<T: Unpin>() {}
const fn unwinds<T: core::panic::UnwindSafe + core::panic::RefUnwindSafe>() {}
const _: () = unwinds::<Sender<core::cell::Cell<u8>>>();
const _: () = unwinds::<Receiver<core::cell::Cell<u8>>>();
const _: () = crosses::<Sender<u8>>();
const _: () = crosses::<Receiver<u8>>();
const _: () = crosses::<Changed<'static, u8>>();
const _: () = crosses::<Closed<'static, u8>>();
const _: () = crosses::<super::WaitFor<'static, u8, fn(&u8) -> bool>>();
const _: () = is_unpin::<Receiver<u8>>();

#[test]
fn one_receiver() {
    let (sender, mut receiver) = channel("one");
    assert!(poll_once(receiver.changed()).is_pending());
    assert_eq!(*receiver.borrow(), "one");
    let mut changed = Polled::new(receiver.changed());
    changed.pends();
    sender.send("two").unwrap();
    assert!(changed.is_woken());
    changed.ready().unwrap();
    drop(changed);
    assert_eq!(*receiver.borrow(), "two");
    let mut changed = Polled::new(receiver.changed());
    changed.pends();
    drop(sender);
    assert!(changed.is_woken());
    changed.ready().unwrap_err();
    drop(changed);
    assert_eq!(*receiver.borrow(), "two");
}

#[test]
fn receivers_each_see_it() {
    let (sender, mut one) = channel("one");
    let mut two = one.clone();
    let mut second = Polled::new(two.changed());
    second.pends();
    for value in ["two", "three"] {
        let mut first = Polled::new(one.changed());
        first.pends();
        sender.send(value).unwrap();
        assert!(first.is_woken() && second.is_woken());
        first.ready().unwrap();
    }
    second.ready().unwrap();
    drop(second);
    assert_eq!((*one.borrow(), *two.borrow()), ("three", "three"));
    assert!(poll_once(one.changed()).is_pending());
    assert!(poll_once(two.changed()).is_pending());
    sender.send("four").unwrap();
    assert!(poll_once(one.changed()).is_ready());
    assert!(poll_once(two.changed()).is_ready());
}

#[test]
fn the_last_value_is_seen_before_the_end() {
    let (sender, mut receiver) = channel("one");
    drop(sender);
    assert!(matches!(poll_once(receiver.changed()), Poll::Ready(Err(_))));
    assert_eq!(*receiver.borrow(), "one");

    let (sender, mut receiver) = channel("one");
    sender.send("two").unwrap();
    assert!(matches!(poll_once(receiver.changed()), Poll::Ready(Ok(()))));
    let mut changed = Polled::new(receiver.changed());
    changed.pends();
    sender.send("three").unwrap();
    drop(sender);
    changed.ready().unwrap();
    drop(changed);
    assert_eq!(*receiver.borrow(), "three");
    assert!(receiver.is_closed());
    assert!(matches!(poll_once(receiver.changed()), Poll::Ready(Err(_))));
}

#[test]
fn senders_learn_of_the_last_receiver() {
    let (sender, receiver) = channel("one");
    let other = receiver.clone();
    let mut closed = Polled::new(sender.closed());
    closed.pends();
    drop(receiver);
    assert!(!closed.is_woken());
    closed.pends();
    drop(other);
    assert!(closed.is_woken());
    closed.ready();
    assert_eq!(sender.send("two").unwrap_err().0, "two");
    assert_eq!(*sender.borrow(), "one");
    assert_eq!(sender.send_replace("two"), "one");
    // One that came again before the sender looked keeps it waiting.
    let receiver = sender.subscribe();
    let mut closed = Polled::new(sender.closed());
    closed.pends();
    drop(receiver);
    let receiver = sender.subscribe();
    closed.pends();
    drop(receiver);
    closed.ready();
}

#[test]
fn what_counts_as_seen() {
    let (sender, mut receiver) = channel("one");
    assert!(!receiver.has_changed().unwrap());
    sender.send("two").unwrap();
    assert!(receiver.has_changed().unwrap());
    assert!(receiver.borrow().has_changed());
    assert!(poll_once(receiver.changed()).is_ready());
    assert!(poll_once(receiver.changed()).is_pending());
    assert!(!receiver.borrow().has_changed());
    sender.send("three").unwrap();
    let seen = receiver.borrow_and_update();
    assert!(seen.has_changed());
    assert_eq!(*seen, "three");
    drop(seen);
    assert!(poll_once(receiver.changed()).is_pending());
    receiver.mark_changed();
    assert!(receiver.has_changed().unwrap());
    assert!(poll_once(receiver.changed()).is_ready());
    sender.send("four").unwrap();
    receiver.mark_unchanged();
    assert!(!receiver.has_changed().unwrap());
    assert!(!sender.borrow().has_changed());
    drop(sender);
    assert!(receiver.has_changed().is_err());
    receiver.mark_changed();
    assert!(matches!(poll_once(receiver.changed()), Poll::Ready(Ok(()))));
    assert!(matches!(poll_once(receiver.changed()), Poll::Ready(Err(_))));
}

#[test]
fn a_clone_has_seen_what_its_original_has() {
    let (sender, mut one) = channel(0);
    sender.send(1).unwrap();
    let two = one.clone();
    assert!(two.has_changed().unwrap());
    one.mark_unchanged();
    assert!(!one.clone().has_changed().unwrap());
    assert!(!sender.subscribe().has_changed().unwrap());
    assert!(two.same_channel(&one));
    assert!(!two.same_channel(&channel(0).1));
}

#[test]
fn it_opens_again_by_a_new_receiver() {
    let (sender, receiver) = channel("one");
    assert_eq!(sender.receiver_count(), 1);
    for _ in 0..2 {
        assert!(!sender.is_closed());
        drop(sender.subscribe());
    }
    drop(receiver);
    assert!(sender.is_closed());
    let receiver = sender.subscribe();
    assert!(!sender.is_closed());
    drop(receiver);
    assert!(sender.is_closed());
}

#[test]
fn senders_are_counted() {
    let (one, mut receiver) = channel(0);
    let two = one.clone();
    assert_eq!(one.sender_count(), 2);
    assert!(one.same_channel(&two));
    let mut changed = Polled::new(receiver.changed());
    changed.pends();
    drop(one);
    assert!(!changed.is_woken());
    changed.pends();
    two.send(1).unwrap();
    drop(two);
    changed.ready().unwrap();
    drop(changed);
    let text = std::format!("{receiver:?}");
    assert!(text.contains("is_closed: true"), "{text}");
    assert_eq!(*Sender::<u8>::default().borrow(), 0);
    let (other, _receiver) = channel(1);
    assert!(other.same_channel(&other.clone()) && !other.same_channel(&channel(1).0));
}

#[test]
fn a_change_in_place() {
    let (sender, mut receiver) = channel(std::vec![1]);
    sender.send_modify(|all| all.push(2));
    assert!(poll_once(receiver.changed()).is_ready());
    assert!(!sender.send_if_modified(|all| {
        all.push(3);
        false
    }));
    assert!(poll_once(receiver.changed()).is_pending());
    assert!(sender.send_if_modified(|all| {
        all.push(4);
        true
    }));
    assert!(poll_once(receiver.changed()).is_ready());
    assert_eq!(*receiver.borrow(), [1, 2, 3, 4]);
    assert_eq!(sender.send_replace(Vec::new()), [1, 2, 3, 4]);
}

#[test]
fn a_change_that_panics() {
    let (sender, mut receiver) = channel("one");
    let mut changed = Polled::new(receiver.changed());
    changed.pends();
    let change = |value: &mut &str| {
        *value = "panicked";
        panic!("in the change");
    };
    assert_eq!(panic_of(|| sender.send_modify(change)).as_deref(), Some("in the change"));
    assert!(!changed.is_woken());
    changed.pends();
    assert_eq!(*sender.borrow(), "panicked");
    sender.send_modify(|value| *value = "two");
    changed.ready().unwrap();
    drop(changed);
    assert_eq!(*receiver.borrow_and_update(), "two");
}

#[test]
fn wait_for_asks_from_the_value_now_on() {
    let (sender, mut receiver) = channel(1);
    let found = poll_once(receiver.wait_for(|value| *value == 1));
    assert!(matches!(&found, Poll::Ready(Ok(value)) if **value == 1 && !value.has_changed()));
    drop(found);
    let asked = AtomicUsize::new(0);
    let mut found = Polled::new(receiver.wait_for(|value| {
        asked.fetch_add(1, Relaxed);
        *value > 2
    }));
    found.pends();
    found.pends();
    assert_eq!(asked.load(Relaxed), 1, "polled in vain, it asks nothing");
    sender.send(2).unwrap();
    assert!(found.is_woken());
    found.pends();
    sender.send(3).unwrap();
    let value = found.ready().unwrap();
    assert_eq!(*value, 3);
    drop(value);
    drop(found);
    assert_eq!(asked.load(Relaxed), 3);
    assert!(poll_once(receiver.changed()).is_pending(), "what was asked about is seen");
}

#[test]
fn wait_for_asks_about_the_last_value() {
    let (sender, mut receiver) = channel(1);
    let mut found = Polled::new(receiver.wait_for(|value| *value > 2));
    found.pends();
    sender.send(3).unwrap();
    drop(sender);
    assert_eq!(*found.ready().unwrap(), 3);
    drop(found);
    // Of a channel that is closed it asks once, about a value that was seen, too.
    let mut asked = 0;
    let ask = |_: &i32| {
        asked += 1;
        false
    };
    assert!(matches!(poll_once(receiver.wait_for(ask)), Poll::Ready(Err(_))));
    assert_eq!(asked, 1);
    assert!(matches!(poll_once(receiver.wait_for(|value| *value == 3)), Poll::Ready(Ok(_))));
}

#[test]
fn a_question_that_panics() {
    let (sender, mut receiver) = channel(1);
    let found = panic_of(|| poll_once(receiver.wait_for(|_| panic!("in the question"))).is_ready());
    assert_eq!(found.as_deref(), Some("in the question"));
    sender.send(2).unwrap();
    assert!(poll_once(receiver.wait_for(|value| *value == 2)).is_ready());
}

#[test]
fn a_cancelled_wait_loses_nothing() {
    let (sender, mut receiver) = channel(0);
    {
        let mut changed = Polled::new(receiver.changed());
        changed.pends();
        sender.send(1).unwrap();
        assert!(changed.is_woken());
    }
    assert!(matches!(poll_once(receiver.changed()), Poll::Ready(Ok(()))));
    {
        let mut found = Polled::new(receiver.wait_for(|value| *value == 2));
        found.pends();
        sender.send(2).unwrap();
    }
    assert!(matches!(poll_once(receiver.wait_for(|value| *value == 2)), Poll::Ready(Ok(_))));
    assert!(poll_once(sender.closed()).is_pending());
    drop(receiver);
    assert!(poll_once(sender.closed()).is_ready());
}

/// More than a batch of wakers, some of which are gone, and one of which waits again at once.
#[test]
fn a_crowd_is_woken_in_order() {
    let (sender, receiver) = channel(0);
    let mut receivers = Vec::from_iter((0..100).map(|_| receiver.clone()));
    let mut waits = Vec::from_iter(receivers.iter_mut().map(|one| Polled::new(one.changed())));
    waits.iter_mut().for_each(Polled::pends);
    let mut number = 0;
    waits.retain(|_| {
        number += 1;
        number % 3 != 0
    });
    sender.send(1).unwrap();
    for wait in &mut waits {
        assert!(wait.is_woken());
        assert_eq!(wait.task().wakers_held(), 0);
        wait.ready().unwrap();
    }
}

/// Who is woken waits again inside of the wake: the send ends all the same.
#[test]
fn a_send_ends_though_its_waiters_come_back() {
    use core::pin::Pin;
    use std::sync::Mutex;

    type Wait = Pin<std::boxed::Box<dyn Future<Output = ()> + Send>>;
    struct Back(Mutex<Wait>, AtomicUsize);
    impl std::task::Wake for Back {
        fn wake(self: Arc<Self>) {
            self.1.fetch_add(1, Relaxed);
            let waker = Waker::from(self.clone());
            let mut wait = self.0.lock().unwrap();
            assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
    }
    let (sender, receiver) = channel(0);
    let all = Vec::from_iter((0..40).map(|_| {
        let mut receiver = receiver.clone();
        let wait = async move { while receiver.changed().await.is_ok() {} };
        Arc::new(Back(Mutex::new(std::boxed::Box::pin(wait)), AtomicUsize::new(0)))
    }));
    all.iter().cloned().for_each(std::task::Wake::wake);
    for round in 2..5 {
        sender.send(round).unwrap();
        assert!(all.iter().all(|one| one.1.load(Relaxed) == round));
    }
    // The waits go before the channel, which their wakers would keep.
    all.iter().for_each(|one| *one.0.lock().unwrap() = std::boxed::Box::pin(async {}));
}

#[test]
fn wakers_that_panic() {
    let (sender, mut one) = channel(0);
    let (mut two, mut three) = (one.clone(), one.clone());
    let bad = waker_that_is_not_cloned();
    let mut first = std::boxed::Box::pin(one.changed());
    let poll = |wait: &mut core::pin::Pin<std::boxed::Box<Changed<'_, i32>>>, waker: &Waker| {
        wait.as_mut().poll(&mut Context::from_waker(waker)).is_ready()
    };
    assert!(panic_of(|| poll(&mut first, &bad)).is_some());
    let mut second = Polled::new(two.changed());
    second.pends();
    assert!(!poll(&mut first, &waker_that_panics()));
    assert!(panic_of(|| poll(&mut first, &bad)).is_some());
    let mut third = Polled::new(three.changed());
    third.pends();
    // A wake that panics takes no other with it.
    sender.send(1).unwrap();
    assert!(second.is_woken() && third.is_woken());
    assert!(poll(&mut first, &bad));
}

#[test]
fn a_wait_tells_what_it_waits_for() {
    let (sender, mut receiver) = channel(0);
    let text = std::format!("{:?} {:?}", receiver.changed(), sender.closed());
    assert_eq!(text, "Changed { .. } Closed { .. }");
}

/// Threads that watch while others send: each sees versions in order, and the last of all.
#[test]
fn senders_and_receivers_on_threads() {
    const SENDS: usize = if cfg!(miri) { 50 } else { 3_000 };
    let (sender, receiver) = channel((0, 0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let mut receiver = receiver.clone();
            scope.spawn(move || {
                let mut last = 0;
                rt_task::block_on(async {
                    while receiver.changed().await.is_ok() {
                        _ = poll_once(receiver.changed()); // a wait that is given up
                        receiver.mark_changed();
                        let value = receiver.borrow_and_update();
                        assert_eq!(value.0, value.1, "half of a change");
                        assert!(value.0 >= last);
                        last = value.0;
                    }
                });
                assert_eq!(last, 2 * SENDS);
            });
        }
        for sender in [sender.clone(), sender] {
            scope.spawn(move || {
                for _ in 0..SENDS {
                    sender.send_modify(|(one, two)| {
                        *one += 1;
                        *two += 1;
                    });
                }
            });
        }
        drop(receiver);
    });
}
