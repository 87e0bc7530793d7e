//! The Claim of the outer waker, over every interleaving.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};

use rt_task::base::park::ThreadPark;
use rt_task::base::shim::{Arc, AtomicBool, Mutex, Ordering::*, model, thread};

use crate::LocalSet;

/// A flag that wakes one waiter.
#[derive(Default)]
struct Flag {
    set: AtomicBool,
    waker: Mutex<Option<std::task::Waker>>,
}

impl Flag {
    fn wait(this: &Arc<Self>) -> impl Future<Output = ()> + use<> {
        let this = this.clone();
        std::future::poll_fn(move |cx| {
            *this.waker.lock().unwrap() = Some(cx.waker().clone());
            match this.set.load(Acquire) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
    }

    fn raise(&self) {
        self.set.store(true, Release);
        let waker = self.waker.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Polls the set when its waker is called, and hangs if it never is.
fn to_the_end(set: LocalSet) {
    let mut set = pin!(set);
    let park = ThreadPark::new();
    loop {
        // A new waker for each poll: the set must call the last one.
        let waker = park.unparker().into_waker();
        if set.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            return;
        }
        park.park();
    }
}

#[test]
fn no_lost_wake() {
    model(|| {
        let flag = Arc::new(Flag::default());
        let set = LocalSet::new();
        drop(set.spawn_local(Flag::wait(&flag)));
        let raiser = thread::spawn(move || flag.raise());
        to_the_end(set);
        raiser.join().unwrap();
    });
}

#[test]
fn two_callers_wake_it() {
    model(|| {
        let flags = [Arc::new(Flag::default()), Arc::new(Flag::default())];
        let set = LocalSet::new();
        flags.iter().for_each(|flag| drop(set.spawn_local(Flag::wait(flag))));
        let raisers = flags.map(|flag| thread::spawn(move || flag.raise()));
        to_the_end(set);
        raisers.into_iter().for_each(|raiser| raiser.join().unwrap());
    });
}

#[test]
fn a_drop_waits_for_a_push_in_flight() {
    model(|| {
        let flag = Arc::new(Flag::default());
        let mut set = Box::pin(LocalSet::new());
        let task = set.spawn_local(Flag::wait(&flag));
        assert!(set.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
        let raiser = thread::spawn(move || flag.raise());
        drop(set);
        assert!(task.is_finished(), "every task is dropped before the drop returns");
        raiser.join().unwrap();
    });
}
