//! The situations of messages to all.

use core::cell::Cell;
use core::future::Future;
use core::task::Poll;
use std::boxed::Box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::vec::Vec;

use super::error::{RecvError, TryRecvError};
use super::{Closed, Receiver, Recv, Sender, WeakSender, channel};
use crate::kit::{Polled, Task, panic_of, poll_once};

const fn crosses<T: Send + Sync>() {}
const _: () = crosses::<Sender<Cell<u8>>>();
const _: () = crosses::<WeakSender<Cell<u8>>>();
const _: () = crosses::<Receiver<Cell<u8>>>();
const _: () = crosses::<Recv<'static, Cell<u8>>>();
const _: () = crosses::<Closed<'static, Cell<u8>>>();

const fn unwinds<T: core::panic::UnwindSafe + core::panic::RefUnwindSafe>() {}
const _: () = unwinds::<Sender<Cell<u8>>>();
const _: () = unwinds::<WeakSender<Cell<u8>>>();
const _: () = unwinds::<Receiver<Cell<u8>>>();

const EMPTY: TryRecvError = TryRecvError::Empty;
const CLOSED: TryRecvError = TryRecvError::Closed;
const fn lagged<T>(missed: u64) -> Result<T, TryRecvError> {
    Err(TryRecvError::Lagged(missed))
}

fn send_all<T>(sender: &Sender<T>, messages: impl IntoIterator<Item = T>) {
    for message in messages {
        assert!(sender.send(message).is_ok());
    }
}

#[test]
fn messages_come_to_each() {
    let (sender, mut one) = channel(16);
    assert_eq!(one.try_recv(), Err(EMPTY));
    assert_eq!(sender.send("hello").unwrap(), 1);
    assert_eq!(one.try_recv(), Ok("hello"));
    assert_eq!(one.try_recv(), Err(EMPTY));
    let mut two = sender.subscribe();
    assert_eq!(two.try_recv(), Err(EMPTY));
    assert_eq!(sender.send("both").unwrap(), 2);
    assert_eq!((one.try_recv(), two.try_recv()), (Ok("both"), Ok("both")));
    assert_eq!((one.try_recv(), two.try_recv()), (Err(EMPTY), Err(EMPTY)));
}

#[test]
fn those_that_wait_are_woken() {
    let (sender, mut one) = channel(16);
    let mut two = sender.subscribe();
    let (mut first, mut second) = (Polled::new(one.recv()), Polled::new(two.recv()));
    first.pends();
    second.pends();
    sender.send("hello").unwrap();
    assert!(first.is_woken() && second.is_woken());
    assert_eq!((first.ready(), second.ready()), (Ok("hello"), Ok("hello")));
    drop((first, second));
    let (mut first, mut second) = (Polled::new(one.recv()), Polled::new(two.recv()));
    first.pends();
    sender.send("world").unwrap();
    assert!(first.is_woken() && !second.is_woken());
    assert_eq!((first.ready(), second.ready()), (Ok("world"), Ok("world")));
}

#[test]
fn a_wait_that_changes_its_task() {
    let (sender, mut receiver) = channel(1);
    let mut recv = Box::pin(receiver.recv());
    let (one, two) = (Task::new(), Task::new());
    assert!(one.enter(|cx| recv.as_mut().poll(cx)).is_pending());
    assert!(two.enter(|cx| recv.as_mut().poll(cx)).is_pending());
    assert_eq!((one.wakers_held(), two.wakers_held()), (0, 1));
    sender.send("hello").unwrap();
    assert_eq!((one.wakes(), two.wakes()), (0, 1));
    assert_eq!(two.enter(|cx| recv.as_mut().poll(cx)), Poll::Ready(Ok("hello")));
}

#[test]
fn a_receiver_that_is_slow() {
    let (sender, mut quick) = channel(16);
    let mut slow = sender.subscribe();
    let mut wait = Polled::new(slow.recv());
    wait.pends();
    for message in ["one", "two", "three"] {
        let mut recv = Polled::new(quick.recv());
        recv.pends();
        sender.send(message).unwrap();
        assert!(recv.is_woken() && wait.is_woken());
        assert_eq!(recv.ready(), Ok(message));
    }
    assert_eq!(wait.ready(), Ok("one"));
    drop(wait);
    assert_eq!((slow.try_recv(), slow.try_recv()), (Ok("two"), Ok("three")));
}

#[test]
fn a_receiver_that_lags() {
    let (sender, mut one) = channel(2);
    let mut two = sender.subscribe();
    sender.send(1).unwrap();
    sender.send(2).unwrap();
    assert_eq!(one.try_recv(), Ok(1));
    sender.send(3).unwrap();
    assert_eq!(two.try_recv(), lagged(1));
    assert_eq!(two.try_recv(), Ok(2));
    assert_eq!((one.try_recv(), one.try_recv()), (Ok(2), Ok(3)));
    sender.send(4).unwrap();
    sender.send(5).unwrap();
    assert_eq!(two.try_recv(), lagged(1));
    sender.send(6).unwrap();
    assert_eq!(two.try_recv(), lagged(1));
    assert_eq!((two.try_recv(), two.try_recv()), (Ok(5), Ok(6)));
    assert_eq!(poll_once(one.recv()), Poll::Ready(Err(RecvError::Lagged(1))));
    assert_eq!(poll_once(one.recv()), Poll::Ready(Ok(5)));
}

#[test]
fn messages_are_kept_after_the_last_sender() {
    for (sent, missed) in [(1, 0), (2, 0), (3, 1), (4, 2)] {
        let (sender, mut receiver) = channel(2);
        send_all(&sender, 1..=sent);
        drop(sender);
        if missed > 0 {
            assert_eq!(receiver.try_recv(), lagged(missed));
        }
        for message in missed + 1..=sent {
            assert_eq!(receiver.try_recv(), Ok(message));
        }
        assert_eq!(receiver.try_recv(), Err(CLOSED));
        assert_eq!(poll_once(receiver.recv()), Poll::Ready(Err(RecvError::Closed)));
    }
}

#[test]
fn a_message_to_nobody_comes_back() {
    let (sender, receiver) = channel(16);
    drop(receiver);
    assert_eq!(sender.send("nobody").unwrap_err().0, "nobody");
    let mut receiver = sender.subscribe();
    assert_eq!(sender.send("somebody").unwrap(), 1);
    assert_eq!(receiver.try_recv(), Ok("somebody"));
    assert!(Sender::<u8>::new(4).send(1).is_err());
}

#[test]
fn a_capacity_that_cannot_be() {
    let text = panic_of(|| channel::<()>(0)).expect("a panic");
    assert!(text.contains("capacity 0"), "{text}");
    let text = panic_of(|| Sender::<()>::new(1 + (usize::MAX >> 1))).expect("a panic");
    assert!(text.contains("usize::MAX / 2"), "{text}");
}

#[test]
fn a_clone_that_panics() {
    #[derive(PartialEq, Debug)]
    struct Shy(usize);
    impl Clone for Shy {
        fn clone(&self) -> Self {
            assert_ne!(self.0, 0, "shy");
            Self(self.0)
        }
    }
    let (sender, mut one) = channel(2);
    let mut two = sender.subscribe();
    sender.send(Shy(0)).unwrap();
    sender.send(Shy(1)).unwrap();
    assert!(panic_of(|| drop(one.try_recv())).expect("a panic").contains("shy"));
    assert_eq!(one.try_recv(), Ok(Shy(1)));
    // Nothing is poisoned, and the last receiver clones nothing.
    assert_eq!((two.try_recv(), two.try_recv()), (Ok(Shy(0)), Ok(Shy(1))));
    assert!(sender.is_empty());
    send_all(&sender, (2..8).map(Shy));
    assert_eq!(one.try_recv(), lagged(4));
}

#[test]
fn the_last_receiver_gets_the_message_itself() {
    struct Counted<'a>(&'a Cell<usize>);
    impl Clone for Counted<'_> {
        fn clone(&self) -> Self {
            self.0.set(self.0.get() + 1);
            Self(self.0)
        }
    }
    let clones = Cell::new(0);
    let (sender, mut one) = channel(4);
    let mut two = sender.subscribe();
    let three = sender.subscribe();
    assert!(sender.send(Counted(&clones)).is_ok());
    assert!(one.try_recv().is_ok() && two.try_recv().is_ok());
    assert_eq!(clones.get(), 2);
    drop(three);
    drop(two);
    assert!(sender.send(Counted(&clones)).is_ok());
    assert!(one.try_recv().is_ok());
    assert_eq!(clones.get(), 2);
}

#[test]
fn receivers_learn_of_the_last_sender() {
    let (sender, mut one) = channel::<()>(16);
    let mut two = sender.subscribe();
    let other = sender.clone();
    let (mut first, mut second) = (Polled::new(one.recv()), Polled::new(two.recv()));
    first.pends();
    second.pends();
    drop(sender);
    first.pends();
    second.pends();
    drop(other);
    assert!(first.is_woken() && second.is_woken());
    assert_eq!((first.ready(), second.ready()), (Err(RecvError::Closed), Err(RecvError::Closed)));
}

#[test]
fn senders_learn_of_the_last_receiver() {
    let (sender, one) = channel::<()>(16);
    let two = one.resubscribe();
    let mut closed = Polled::new(sender.closed());
    closed.pends();
    drop(one);
    assert!(!closed.is_woken());
    drop(two);
    assert!(closed.is_woken());
    let three = sender.subscribe();
    closed.pends();
    drop(three);
    assert!(closed.is_woken());
    closed.ready();
    drop(closed);
    assert!(poll_once(Sender::<()>::new(1).closed()).is_ready());
}

#[test]
fn messages_that_nobody_had_go_with_the_last_receiver() {
    let message = Arc::new(());
    let (sender, one) = channel(4);
    let two = sender.subscribe();
    for _ in 0..6 {
        sender.send(message.clone()).unwrap();
    }
    assert_eq!(Arc::strong_count(&message), 5);
    drop(one);
    assert_eq!(Arc::strong_count(&message), 5);
    drop(two);
    assert_eq!(Arc::strong_count(&message), 1);
    assert_eq!((sender.len(), sender.is_empty()), (0, true));
    // Those of a channel that goes whole, too.
    let (sender, receiver) = channel(4);
    sender.send(message.clone()).unwrap();
    let weak = sender.downgrade();
    drop(sender);
    drop(receiver);
    assert_eq!(Arc::strong_count(&message), 1);
    drop(weak);
}

#[test]
fn a_message_whose_drop_panics() {
    #[derive(Clone)]
    struct Loud(bool);
    impl Drop for Loud {
        fn drop(&mut self) {
            assert!(!self.0, "loud");
        }
    }
    let (sender, receiver) = channel(2);
    let mut closed = Polled::new(sender.closed());
    closed.pends();
    assert!(sender.send(Loud(true)).is_ok());
    assert_eq!(panic_of(|| drop(receiver)).as_deref(), Some("loud"));
    assert!(closed.is_woken(), "senders are told all the same");
    closed.ready();
    drop(closed);
    let mut receiver = sender.subscribe();
    assert!(sender.send(Loud(false)).is_ok());
    assert!(receiver.try_recv().is_ok());
    // One that is overwritten: what overwrites it is sent.
    let mut behind = sender.subscribe();
    assert!(sender.send(Loud(true)).is_ok());
    assert!(sender.send(Loud(false)).is_ok());
    assert_eq!(panic_of(|| drop(sender.send(Loud(false)))).as_deref(), Some("loud"));
    assert!(matches!(behind.try_recv(), Err(TryRecvError::Lagged(1))));
    assert!(behind.try_recv().is_ok() && behind.try_recv().is_ok());
}

/// A message's drop may use the channel that it was in.
#[test]
fn a_message_whose_drop_sends() {
    #[derive(Clone)]
    struct Echo(Option<Sender<Echo>>);
    impl Drop for Echo {
        fn drop(&mut self) {
            if let Some(sender) = self.0.take() {
                _ = sender.send(Echo(None));
            }
        }
    }
    let (sender, mut receiver) = channel(1);
    assert!(sender.send(Echo(Some(sender.clone()))).is_ok());
    assert!(sender.send(Echo(None)).is_ok()); // overwrites it, and is overwritten by what it sends
    assert_eq!(receiver.len(), 3);
    assert!(matches!(receiver.try_recv(), Err(TryRecvError::Lagged(2))));
    assert!(receiver.try_recv().is_ok());
    assert!(sender.send(Echo(Some(sender.clone()))).is_ok());
    drop(receiver);
    assert!(sender.is_empty());
}

#[test]
fn lengths() {
    let (sender, mut one) = channel(3);
    let two = sender.subscribe();
    send_all(&sender, 0..4);
    assert_eq!((one.len(), one.is_empty(), sender.len()), (4, false, 4));
    assert_eq!(one.try_recv(), Ok(0));
    assert_eq!((one.len(), sender.len()), (3, 4));
    drop(two);
    assert_eq!((sender.len(), sender.is_empty()), (3, false));
    send_all(&sender, 4..6);
    assert_eq!((one.len(), sender.len()), (5, 4));
    assert_eq!(one.try_recv(), lagged(1));
    assert_eq!(one.len(), 4);
    while one.try_recv().is_ok() {}
    assert_eq!((one.len(), one.is_empty(), sender.len(), sender.is_empty()), (0, true, 0, true));
}

#[test]
fn receivers_are_counted() {
    let sender = Sender::<i32>::new(16);
    assert_eq!(sender.receiver_count(), 0);
    let one = sender.subscribe();
    let two = one.resubscribe();
    assert_eq!(sender.receiver_count(), 2);
    assert!(one.same_channel(&two) && !one.same_channel(&channel(1).1));
    assert!(sender.same_channel(&sender.clone()) && !sender.same_channel(&Sender::new(1)));
    drop(one);
    assert_eq!(sender.receiver_count(), 1);
    drop(two);
    assert_eq!(sender.receiver_count(), 0);
}

#[test]
fn senders_are_counted() {
    let (sender, receiver) = channel::<i32>(1);
    let second = sender.clone();
    assert_eq!((sender.strong_count(), receiver.sender_strong_count()), (2, 2));
    drop(second);
    assert_eq!((sender.strong_count(), receiver.sender_strong_count()), (1, 1));
    drop(sender);
    assert_eq!(receiver.sender_strong_count(), 0);
}

#[test]
fn a_resubscription_begins_now() {
    let (sender, mut one) = channel(4);
    sender.send(1).unwrap();
    let mut two = one.resubscribe();
    sender.send(2).unwrap();
    assert_eq!(two.try_recv(), Ok(2));
    assert_eq!((one.try_recv(), one.try_recv()), (Ok(1), Ok(2)));
    assert!(sender.is_empty());
}

#[test]
fn weak_senders() {
    let (sender, mut receiver) = channel(1);
    let (weak, other) = (sender.downgrade(), sender.clone().downgrade());
    let third = weak.clone();
    assert_eq!((sender.strong_count(), sender.weak_count()), (1, 3));
    assert_eq!((weak.strong_count(), weak.weak_count()), (1, 3));
    assert_eq!((receiver.sender_strong_count(), receiver.sender_weak_count()), (1, 3));
    drop(third);
    let revived = weak.upgrade().expect("there is one");
    drop(sender);
    assert_eq!(receiver.sender_strong_count(), 1);
    revived.send(7).unwrap();
    assert!(!receiver.is_closed());
    drop(revived);
    assert!(receiver.is_closed());
    assert!(weak.upgrade().is_none() && other.upgrade().is_none());
    assert_eq!((weak.strong_count(), weak.weak_count()), (0, 2));
    assert_eq!((receiver.try_recv(), receiver.try_recv()), (Ok(7), Err(CLOSED)));
}

#[test]
fn a_cancelled_wait_loses_nothing() {
    let (sender, mut receiver) = channel(4);
    {
        let mut recv = Polled::new(receiver.recv());
        recv.pends();
        sender.send(1).unwrap();
        assert!(recv.is_woken());
    }
    assert_eq!(poll_once(receiver.recv()), Poll::Ready(Ok(1)));
    assert!(poll_once(receiver.recv()).is_pending());
    assert!(poll_once(sender.closed()).is_pending());
    assert_eq!(sender.send(2).unwrap(), 1);
    assert_eq!(receiver.blocking_recv(), Ok(2));
    drop(receiver);
    assert!(poll_once(sender.closed()).is_ready());
}

#[test]
fn it_blocks_no_thread_that_drives() {
    use rt_task::base::context::{Env, drive};
    let (_sender, mut receiver) = channel::<i32>(1);
    let text = panic_of(|| drive(Env::new(), |_| receiver.blocking_recv())).expect("a panic");
    assert!(text.contains("broadcast::Receiver::blocking_recv"), "{text}");
}

#[test]
fn a_crowd_is_woken() {
    let (sender, receiver) = channel(8);
    let mut receivers = Vec::from_iter((0..100).map(|_| receiver.resubscribe()));
    let mut waits = Vec::from_iter(receivers.iter_mut().map(|one| Polled::new(one.recv())));
    for message in 0..3 {
        waits.iter_mut().for_each(Polled::pends);
        assert_eq!(sender.send(message).unwrap(), 101);
        assert!(waits.iter().all(Polled::is_woken));
        assert!(waits.iter_mut().all(|wait| wait.ready() == Ok(message)));
    }
    drop(receiver);
    drop(waits);
    assert!(sender.is_empty());
}

/// Threads that send and receive, lag, wait, give up, come and go: each gets each message once and in the
/// order of its sender, or is told.
#[test]
fn senders_and_receivers_on_threads() {
    const SENDS: usize = if cfg!(miri) { 50 } else { 3_000 };
    const SENDERS: usize = 2;
    let (sender, receiver) = channel(8);
    let alive = Arc::new(AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for number in 0..3 {
            let mut receiver = receiver.resubscribe();
            scope.spawn(move || {
                let (mut got, mut missed, mut last) = (0, 0, [0; SENDERS]);
                rt_task::block_on(async {
                    loop {
                        if (got + number) % 5 == 0 {
                            drop(receiver.resubscribe());
                        }
                        // One gives up now and then, maybe while it is told.
                        let polled = match number {
                            0 => poll_once(receiver.recv()),
                            _ => Poll::Pending,
                        };
                        let result = match polled {
                            Poll::Ready(result) => result,
                            Poll::Pending => receiver.recv().await,
                        };
                        match result {
                            Ok((from, _held, value)) => {
                                assert!(value > last[from], "out of order");
                                last[from] = value;
                                got += 1;
                            }
                            Err(RecvError::Lagged(n)) => missed += n,
                            Err(RecvError::Closed) => break,
                        }
                    }
                });
                assert_eq!(got as u64 + missed, (SENDERS * SENDS) as u64);
            });
        }
        drop(receiver);
        for (from, sender) in [sender.clone(), sender].into_iter().enumerate() {
            let alive = alive.clone();
            scope.spawn(move || {
                for value in 1..=SENDS {
                    sender.send((from, Held::new(&alive), value)).unwrap();
                }
            });
        }
    });
    assert_eq!(alive.load(Relaxed), 0, "messages were lost or dropped twice");
}

/// Counts those that are alive.
#[derive(Debug)]
struct Held(Arc<AtomicUsize>);

impl Held {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Relaxed);
        Self(alive.clone())
    }
}

impl Clone for Held {
    fn clone(&self) -> Self {
        Self::new(&self.0)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
