//! Taking, giving, waiting, leaving and closing, in all orders.

use rt_task::base::shim::{Arc, UnsafeCell, model, thread};
use std::boxed::Box;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::{Closed, Permits, TryTake};
use crate::base::acquire::{Acquire, Owner, Taken};
use rt_task::block_on;
use rt_task::wait::WaitKind;

/// Permits, and what they guard.
struct Guarded {
    permits: Permits,
    value: UnsafeCell<usize>,
}

// SAFETY: `value` is touched by who has the one permit.
unsafe impl Sync for Guarded {}
// SAFETY: as above.
unsafe impl Send for Guarded {}

impl Owner for Arc<Guarded> {
    const IS_KEPT: bool = true;
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

impl Guarded {
    fn new(free: usize) -> Arc<Self> {
        Arc::new(Self { permits: Permits::new(free), value: UnsafeCell::new(0) })
    }

    fn add_one(&self) {
        // SAFETY: the caller has the permit.
        self.value.with_mut(|value| unsafe { *value += 1 });
    }
}

fn acquire(guarded: &Arc<Guarded>, n: usize) -> Acquire<Arc<Guarded>> {
    Acquire::new(guarded.clone(), n, WaitKind::Lock, Location::caller())
}

fn poll_once(future: Pin<&mut Acquire<Arc<Guarded>>>) -> Poll<Result<(), Closed>> {
    let polled = future.poll(&mut Context::from_waker(Waker::noop()));
    polled.map(|got| got.map(Taken::forget))
}

#[test]
fn one_holds_it() {
    model(|| {
        let guarded = Guarded::new(1);
        let work = |guarded: Arc<Guarded>| {
            let _taken = block_on(acquire(&guarded, 1)).unwrap();
            guarded.add_one();
        };
        let other = {
            let guarded = guarded.clone();
            thread::spawn(move || work(guarded))
        };
        work(guarded.clone());
        other.join().unwrap();
        assert_eq!(guarded.permits.try_take(1), Ok(()), "it came back");
        guarded.value.with(|value| {
            // SAFETY: this thread has the permit.
            assert_eq!(unsafe { *value }, 2);
        });
    });
}

/// One that never waits, against one that does: the first gives through the list.
#[test]
fn who_tries_sees_what_was_done_before() {
    model(|| {
        let guarded = Guarded::new(1);
        let other = {
            let guarded = guarded.clone();
            thread::spawn(move || {
                if guarded.permits.try_take(1).is_ok() {
                    guarded.add_one();
                    guarded.permits.give(1);
                }
            })
        };
        let taken = block_on(acquire(&guarded, 1)).unwrap();
        guarded.add_one();
        drop(taken);
        other.join().unwrap();
        assert_eq!(guarded.permits.free(), 1);
    });
}

#[test]
fn what_the_list_leaves_is_given_on() {
    model(|| {
        let guarded = Guarded::new(0);
        let mut waits = Box::pin(acquire(&guarded, 1));
        assert!(poll_once(waits.as_mut()).is_pending());
        let taker = {
            let guarded = guarded.clone();
            thread::spawn(move || {
                if guarded.permits.try_take(1).is_ok() {
                    guarded.add_one();
                }
            })
        };
        guarded.add_one();
        guarded.permits.give(2);
        taker.join().unwrap();
    });
}

#[test]
fn a_waiter_that_leaves_takes_nothing_along() {
    model(|| {
        let guarded = Guarded::new(1);
        guarded.permits.try_take(1).unwrap();
        guarded.add_one();
        let mut first = Box::pin(acquire(&guarded, 2));
        let mut second = Box::pin(acquire(&guarded, 1));
        assert!(poll_once(first.as_mut()).is_pending());
        assert!(poll_once(second.as_mut()).is_pending());
        let giver = {
            let guarded = guarded.clone();
            thread::spawn(move || guarded.permits.give(1))
        };
        drop(first);
        giver.join().unwrap();
        // Whether the first was given the permit, or not.
        assert!(poll_once(second.as_mut()).is_ready());
        guarded.add_one();
        assert_eq!(guarded.permits.free(), 0);
    });
}

#[test]
fn a_waiter_that_was_told_and_leaves_takes_nothing_along() {
    model(|| {
        let guarded = Guarded::new(0);
        let mut first = Box::pin(acquire(&guarded, 1));
        assert!(poll_once(first.as_mut()).is_pending());
        let giver = {
            let guarded = guarded.clone();
            thread::spawn(move || {
                guarded.add_one();
                guarded.permits.give(1);
            })
        };
        drop(first);
        if guarded.permits.try_take(1).is_ok() {
            guarded.add_one();
            guarded.permits.give(1);
        }
        giver.join().unwrap();
        assert_eq!(guarded.permits.free(), 1);
    });
}

#[test]
fn closing_meets_waiting() {
    model(|| {
        let guarded = Guarded::new(0);
        let other = {
            let guarded = guarded.clone();
            thread::spawn(move || {
                guarded.permits.give(1);
                guarded.permits.close();
            })
        };
        let mut waits = Box::pin(acquire(&guarded, 2));
        let before = poll_once(waits.as_mut());
        other.join().unwrap();
        match before {
            Poll::Ready(got) => assert_eq!(got.err(), Some(Closed)),
            Poll::Pending => {
                assert_eq!(poll_once(waits.as_mut()).map(Result::err), Poll::Ready(Some(Closed)))
            }
        }
        drop(waits);
        assert_eq!(guarded.permits.free(), 1, "what a waiter had by then came back");
        assert_eq!(guarded.permits.try_take(1), Err(TryTake::Closed));
    });
}

/// Two that wait for the first time at once: they find one queue.
#[test]
fn one_queue_is_made() {
    model(|| {
        let guarded = Guarded::new(0);
        let other = {
            let guarded = guarded.clone();
            thread::spawn(move || {
                let mut waits = Box::pin(acquire(&guarded, 1));
                assert!(poll_once(waits.as_mut()).is_pending());
                waits
            })
        };
        let mut waits = Box::pin(acquire(&guarded, 1));
        assert!(poll_once(waits.as_mut()).is_pending());
        let mut others = other.join().unwrap();
        guarded.permits.give(2);
        assert!(poll_once(waits.as_mut()).is_ready());
        assert!(poll_once(others.as_mut()).is_ready());
        assert_eq!(guarded.permits.free(), 0);
    });
}

/// The only one that waits leaves, and gives one; the other gives, too, or closes: nothing that is given is lost.
#[test]
fn what_is_given_while_the_last_waiter_leaves_is_there() {
    for is_closed in [false, true] {
        model(move || {
            let guarded = Guarded::new(0);
            let mut waits = Box::pin(acquire(&guarded, 1));
            assert!(poll_once(waits.as_mut()).is_pending());
            let other = {
                let guarded = guarded.clone();
                thread::spawn(move || match is_closed {
                    true => guarded.permits.close(),
                    false => guarded.permits.give(1),
                })
            };
            drop(waits);
            guarded.permits.give(1);
            other.join().unwrap();
            assert_eq!(guarded.permits.free(), 2 - usize::from(is_closed));
            assert_eq!(guarded.permits.is_closed(), is_closed);
        });
    }
}
