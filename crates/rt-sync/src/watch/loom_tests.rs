//! The Claims of a value that changes, over every interleaving.

use core::pin::pin;
use core::task::{Context, Waker};

use rt_task::base::shim::{Arc, UnsafeCell, model, thread};
use rt_task::block_on;

use super::channel;

/// A number that is no atomic: the model fails where two threads get at it unordered.
struct Data(UnsafeCell<u32>);

// SAFETY: the model watches every access.
unsafe impl Sync for Data {}
// SAFETY: as above.
unsafe impl Send for Data {}

impl Data {
    fn new() -> Arc<Self> {
        Arc::new(Self(UnsafeCell::new(0)))
    }

    fn add(&self) {
        // SAFETY: alone, or the model fails.
        self.0.with_mut(|data| unsafe { *data += 1 });
    }

    fn read(&self) -> u32 {
        // SAFETY: nobody writes, or the model fails.
        self.0.with(|data| unsafe { *data })
    }
}

#[test]
fn a_change_is_not_missed() {
    model(|| {
        let (sender, mut receiver) = channel(0);
        let mut other = receiver.clone();
        let thread = thread::spawn(move || {
            sender.send(1).unwrap();
            sender.send(2).unwrap();
        });
        block_on(receiver.changed()).unwrap();
        assert_ne!(*receiver.borrow(), 0);
        block_on(other.wait_for(|value| *value == 2)).unwrap();
        thread.join().unwrap();
        assert!(block_on(other.changed()).is_err());
    });
}

#[test]
fn a_change_publishes() {
    model(|| {
        let (sender, receiver) = channel(0);
        let data = Data::new();
        let thread = {
            let data = data.clone();
            thread::spawn(move || {
                data.add();
                sender.send(1).unwrap();
                sender
            })
        };
        thread::yield_now();
        if receiver.has_changed().unwrap() {
            assert_eq!(data.read(), 1);
        }
        drop(thread.join().unwrap());
    });
}

#[test]
fn a_close_publishes() {
    model(|| {
        let (sender, receiver) = channel(0);
        let data = Data::new();
        let thread = {
            let data = data.clone();
            thread::spawn(move || {
                data.add();
                drop(sender);
            })
        };
        thread::yield_now();
        if receiver.is_closed() {
            assert_eq!(data.read(), 1);
        }
        thread.join().unwrap();
    });
}

#[test]
fn the_last_sender_closes_after_all_changes() {
    model(|| {
        let (sender, mut receiver) = channel(0);
        let data = Data::new();
        let other = sender.clone();
        let thread = {
            let data = data.clone();
            thread::spawn(move || {
                other.send(1).unwrap();
                data.add();
                drop(other);
            })
        };
        let closer = thread::spawn(move || drop(sender));
        assert!(block_on(receiver.changed()).is_ok());
        assert!(block_on(receiver.changed()).is_err());
        assert_eq!((*receiver.borrow(), data.read()), (1, 1));
        thread.join().unwrap();
        closer.join().unwrap();
    });
}

#[test]
fn a_wait_that_is_given_up_while_it_is_told() {
    model(|| {
        let (sender, mut receiver) = channel(0);
        let mut other = receiver.clone();
        let thread = thread::spawn(move || sender.send(1).unwrap());
        {
            let mut changed = pin!(receiver.changed());
            let mut cx = Context::from_waker(Waker::noop());
            let _ = core::future::Future::poll(changed.as_mut(), &mut cx);
        }
        assert!(block_on(other.changed()).is_ok());
        thread.join().unwrap();
    });
}

#[test]
fn a_sender_learns_of_the_last_receiver() {
    model(|| {
        let (sender, receiver) = channel(0);
        let other = receiver.clone();
        let thread = thread::spawn(move || drop(other));
        drop(receiver);
        block_on(sender.closed());
        assert!(sender.is_closed());
        thread.join().unwrap();
    });
}
