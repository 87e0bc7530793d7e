//! The Claims of messages to all, over every interleaving.

use core::pin::pin;
use core::task::{Context, Waker};

use rt_task::base::shim::{Arc, UnsafeCell, model, thread};
use rt_task::block_on;

use super::channel;
use super::error::{RecvError, TryRecvError};

/// A message that writes to itself when it is cloned: the model fails where that is not alone. And it tells if
/// one is never dropped.
struct Shy(UnsafeCell<u32>, Arc<()>);

// SAFETY: one thread's at a time, or the model fails.
unsafe impl Send for Shy {}

impl Shy {
    fn new(number: u32) -> Self {
        Self(UnsafeCell::new(number), Arc::new(()))
    }

    fn number(&self) -> u32 {
        // SAFETY: nobody else has it.
        self.0.with(|place| unsafe { *place })
    }
}

impl Clone for Shy {
    fn clone(&self) -> Self {
        // SAFETY: alone with it, or the model fails.
        let number = self.0.with_mut(|place| unsafe { *place });
        Self(UnsafeCell::new(number), self.1.clone())
    }
}

#[test]
fn a_message_is_not_missed() {
    model(|| {
        let (sender, mut one) = channel(1);
        let mut two = sender.subscribe();
        let thread = thread::spawn(move || {
            assert!(sender.send(Shy::new(1)).is_ok());
        });
        for receiver in [&mut one, &mut two] {
            assert_eq!(block_on(receiver.recv()).ok().map(|one| one.number()), Some(1));
        }
        thread.join().unwrap();
    });
}

#[test]
fn a_message_is_cloned_by_one_at_a_time_and_taken_by_the_last() {
    model(|| {
        let (sender, mut one) = channel(1);
        let mut two = sender.subscribe();
        assert!(sender.send(Shy::new(1)).is_ok());
        let thread = thread::spawn(move || {
            assert_eq!(two.try_recv().ok().map(|one| one.number()), Some(1));
        });
        assert_eq!(one.try_recv().ok().map(|one| one.number()), Some(1));
        thread.join().unwrap();
        assert!(sender.is_empty());
    });
}

#[test]
fn messages_come_in_order() {
    model(|| {
        let (sender, mut receiver) = channel(2);
        let thread = thread::spawn(move || {
            assert!(sender.send(Shy::new(1)).is_ok());
            assert!(sender.send(Shy::new(2)).is_ok());
        });
        for number in 1..3 {
            assert_eq!(block_on(receiver.recv()).ok().map(|one| one.number()), Some(number));
        }
        assert!(matches!(block_on(receiver.recv()), Err(RecvError::Closed)));
        thread.join().unwrap();
    });
}

#[test]
fn senders_take_turns() {
    model(|| {
        let (sender, mut receiver) = channel(2);
        let other = sender.clone();
        let thread = thread::spawn(move || drop(other.send(Shy::new(1))));
        drop(sender.send(Shy::new(2)));
        thread.join().unwrap();
        let sum =
            receiver.try_recv().ok().unwrap().number() + receiver.try_recv().ok().unwrap().number();
        assert_eq!(sum, 3);
    });
}

#[test]
fn a_receiver_that_lags_is_told() {
    model(|| {
        let (sender, mut receiver) = channel(1);
        let thread = thread::spawn(move || {
            assert!(sender.send(Shy::new(1)).is_ok());
            assert!(sender.send(Shy::new(2)).is_ok());
            sender
        });
        thread::yield_now();
        let mut next = 1;
        let mut receive = || match receiver.try_recv() {
            Ok(message) => {
                assert_eq!(message.number(), next);
                next += 1;
            }
            Err(TryRecvError::Lagged(missed)) => {
                assert_eq!(missed, 1);
                next += 1;
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Closed) => panic!("there is a sender"),
        };
        receive();
        receive();
        let sender = thread.join().unwrap();
        receive();
        receive();
        assert_eq!(next, 3);
        drop(sender);
    });
}

#[test]
fn the_end_comes_after_all_messages() {
    model(|| {
        let (sender, mut receiver) = channel(2);
        let other = sender.clone();
        let thread = thread::spawn(move || {
            assert!(other.send(Shy::new(1)).is_ok());
        });
        let closer = thread::spawn(move || drop(sender));
        thread::yield_now();
        match receiver.try_recv() {
            Ok(message) => assert_eq!(message.number(), 1),
            Err(TryRecvError::Empty) => {
                assert_eq!(block_on(receiver.recv()).ok().map(|one| one.number()), Some(1));
            }
            Err(error) => panic!("{error}"),
        }
        thread.join().unwrap();
        closer.join().unwrap();
        assert!(matches!(receiver.try_recv(), Err(TryRecvError::Closed)));
    });
}

#[test]
fn a_receiver_that_goes_while_it_is_sent_to() {
    model(|| {
        let (sender, one) = channel(1);
        let mut two = sender.subscribe();
        let thread = thread::spawn(move || {
            assert!(sender.send(Shy::new(1)).is_ok());
            assert!(sender.send(Shy::new(2)).is_ok());
            sender
        });
        drop(one);
        let sender = thread.join().unwrap();
        assert!(matches!(two.try_recv(), Err(TryRecvError::Lagged(1))));
        assert!(!sender.is_empty());
        assert_eq!(two.try_recv().ok().map(|one| one.number()), Some(2));
        assert!(sender.is_empty());
    });
}

#[test]
fn a_wait_that_is_given_up_while_it_is_told() {
    model(|| {
        let (sender, mut receiver) = channel(2);
        let thread = thread::spawn(move || drop(sender.send(Shy::new(1))));
        let message = {
            let mut recv = pin!(receiver.recv());
            let mut cx = Context::from_waker(Waker::noop());
            match core::future::Future::poll(recv.as_mut(), &mut cx) {
                core::task::Poll::Ready(message) => message.ok(),
                core::task::Poll::Pending => None,
            }
        };
        let message = message.or_else(|| block_on(receiver.recv()).ok());
        assert_eq!(message.map(|one| one.number()), Some(1));
        thread.join().unwrap();
    });
}

#[test]
fn a_sender_learns_of_the_last_receiver() {
    model(|| {
        let (sender, one) = channel::<Shy>(1);
        let two = sender.subscribe();
        let thread = thread::spawn(move || drop(one));
        drop(two);
        block_on(sender.closed());
        assert_eq!(sender.receiver_count(), 0);
        thread.join().unwrap();
    });
}

#[test]
fn an_upgrade_and_the_last_sender() {
    model(|| {
        let (sender, mut receiver) = channel(1);
        let weak = sender.downgrade();
        let thread = thread::spawn(move || drop(sender));
        let revived = weak.upgrade();
        let sent = revived.is_some_and(|sender| sender.send(Shy::new(1)).is_ok());
        thread.join().unwrap();
        assert_eq!(receiver.try_recv().is_ok(), sent);
        assert!(receiver.is_closed() && weak.upgrade().is_none());
    });
}
