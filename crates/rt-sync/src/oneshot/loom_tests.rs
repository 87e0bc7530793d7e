//! The Claims of one message, over every interleaving.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use rt_task::base::shim::{Arc, UnsafeCell, model, thread};
use rt_task::block_on;

use super::{Receiver, Sender, channel};

/// A value that tells if it is dropped twice, or never: the model counts it.
type Value = Arc<UnsafeCell<u32>>;

fn value() -> Value {
    let value = Arc::new(UnsafeCell::new(0));
    // SAFETY: nobody else has it yet.
    value.with_mut(|place| unsafe { *place = 7 });
    value
}

fn read(value: &Value) {
    // SAFETY: written before it was sent, or the model fails.
    value.with(|place| assert_eq!(unsafe { *place }, 7));
}

fn poll<T>(receiver: &mut Receiver<T>) -> Poll<Option<T>> {
    let mut cx = Context::from_waker(Waker::noop());
    Pin::new(receiver).poll(&mut cx).map(Result::ok)
}

#[test]
fn a_receiver_is_woken() {
    model(|| {
        let (sender, receiver) = channel();
        let other = thread::spawn(move || assert!(sender.send(Sent(value())).is_ok()));
        read(&block_on(receiver).unwrap().0);
        other.join().unwrap();
    });
}

#[test]
fn a_receiver_is_woken_by_a_sender_that_goes() {
    model(|| {
        let (sender, receiver) = channel::<()>();
        let other = thread::spawn(move || drop(sender));
        assert!(block_on(receiver).is_err());
        other.join().unwrap();
    });
}

/// Under a waker of its own first, then under the block's: the one is taken out, or woken.
#[test]
fn a_receiver_that_changes_its_task_is_woken() {
    model(|| {
        let (sender, mut receiver) = channel();
        let other = thread::spawn(move || assert!(sender.send(Sent(value())).is_ok()));
        if poll(&mut receiver).map(|sent| read(&sent.unwrap().0)).is_pending() {
            read(&block_on(receiver).unwrap().0);
        }
        other.join().unwrap();
    });
}

#[test]
fn a_sender_is_woken() {
    model(|| {
        let (mut sender, mut receiver) = channel::<()>();
        let other = thread::spawn(move || {
            receiver.close();
            receiver
        });
        block_on(sender.closed());
        assert!(sender.send(()).is_err());
        drop(other.join().unwrap());
    });
}

#[test]
fn a_receiver_that_leaves_while_it_is_sent_to() {
    model(|| {
        let (sender, mut receiver) = channel();
        let other = thread::spawn(move || {
            if let Err(Sent(value)) = sender.send(Sent(value())) {
                read(&value);
            }
        });
        if let Poll::Ready(Some(Sent(value))) = poll(&mut receiver) {
            read(&value);
        }
        drop(receiver);
        other.join().unwrap();
    });
}

#[test]
fn a_sender_that_leaves_while_it_is_closed() {
    model(|| {
        let (mut sender, mut receiver) = channel::<Sent>();
        let other = thread::spawn(move || {
            let _ = poll(&mut receiver).is_ready();
            receiver.close();
            let _ = receiver.try_recv();
        });
        let mut cx = Context::from_waker(Waker::noop());
        let _ = sender.poll_closed(&mut cx);
        match sender.is_closed() {
            true => drop(sender),
            false => drop(sender.send(Sent(value()))),
        }
        other.join().unwrap();
    });
}

/// What came before the close is seen by who learns of it. The other thread has to go first, which the
/// model does not try of itself.
#[test]
fn a_close_publishes() {
    model(|| {
        let shared = value();
        let (sender, mut receiver) = channel::<()>();
        let other = {
            let shared = Sent(shared.clone());
            thread::spawn(move || {
                let Sent(shared) = { shared };
                // SAFETY: the other thread reads after the close.
                shared.with_mut(|place| unsafe { *place += 1 });
                receiver.close();
                receiver
            })
        };
        thread::yield_now();
        if sender.is_closed() {
            // SAFETY: written before the close, or the model fails.
            shared.with(|place| assert_eq!(unsafe { *place }, 8));
        }
        drop(other.join().unwrap());
        drop(sender);
    });
}

/// Under a waker of its own first, then under the block's.
#[test]
fn a_sender_that_changes_its_task_is_woken() {
    model(|| {
        let (mut sender, receiver) = channel::<()>();
        let other = thread::spawn(move || drop(receiver));
        let mut cx = Context::from_waker(Waker::noop());
        if sender.poll_closed(&mut cx).is_pending() {
            block_on(sender.closed());
        }
        drop(sender);
        other.join().unwrap();
    });
}

/// A waker is dropped by who took it, after the last touch: it may end the other half.
#[test]
fn a_waker_that_holds_the_other_half() {
    struct Holder(
        #[expect(dead_code, reason = "dropped with the waker")]
        std::sync::Mutex<Option<Sender<()>>>,
    );
    impl std::task::Wake for Holder {
        fn wake(self: std::sync::Arc<Self>) {}
    }
    model(|| {
        let (sender, mut receiver) = channel();
        let holder = std::sync::Arc::new(Holder(std::sync::Mutex::new(Some(sender))));
        let waker = Waker::from(holder);
        let mut cx = Context::from_waker(&waker);
        assert!(Pin::new(&mut receiver).poll(&mut cx).is_pending());
        drop(waker);
        let other = thread::spawn(move || drop(receiver));
        other.join().unwrap();
    });
}

/// `UnsafeCell` under an `Arc`, watched by the model.
struct Sent(Value);
// SAFETY: the model watches every access.
unsafe impl Send for Sent {}
