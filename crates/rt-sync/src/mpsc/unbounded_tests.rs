//! The situations of an unbounded channel, on one thread and between many.

use core::task::Poll;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::thread;
use std::vec::Vec;

use super::error::{SendError, TryRecvError};
use super::unbounded::unbounded_channel_at;
use super::{UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel};
use crate::kit::{Polled, Task, panic_of, poll_once};

const fn crosses<T: Send + Sync + Unpin>() {}
const fn unwinds<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
const _: () = crosses::<UnboundedSender<Cell<u8>>>();
const _: () = crosses::<WeakUnboundedSender<Cell<u8>>>();
const _: () = crosses::<UnboundedReceiver<Cell<u8>>>();
const _: () = unwinds::<UnboundedSender<*mut u8>>();
const _: () = unwinds::<UnboundedReceiver<*mut u8>>();

#[test]
fn messages_come_in_order_over_many_blocks() {
    let (sender, mut receiver) = unbounded_channel();
    for sent in 0..100 {
        for n in 0..sent {
            sender.send(n).unwrap();
            assert_eq!(receiver.len(), n + 1);
        }
        for n in 0..sent {
            assert_eq!(receiver.try_recv(), Ok(n));
        }
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        assert!(receiver.is_empty());
    }
    for n in 0..5000 {
        sender.send(n).unwrap();
    }
    drop(sender);
    for n in 0..5000 {
        assert_eq!(poll_once(receiver.recv()), Poll::Ready(Some(n)));
    }
    assert_eq!(poll_once(receiver.recv()), Poll::Ready(None));
}

#[test]
fn who_waits_is_woken_by_a_message_and_by_the_end() {
    let (sender, mut receiver) = unbounded_channel();
    let mut recv = Polled::new(receiver.recv());
    recv.pends();
    recv.pends();
    sender.send(1).unwrap();
    assert_eq!(recv.task().wakes(), 1);
    assert_eq!(recv.ready(), Some(1));
    drop(recv);
    let mut recv = Polled::new(receiver.recv());
    recv.pends();
    drop(sender);
    assert!(recv.is_woken());
    assert_eq!(recv.ready(), None);
}

#[test]
fn the_end_may_be_the_first_of_a_block() {
    let (sender, mut receiver) = unbounded_channel();
    for n in 0..32 {
        sender.send(n).unwrap();
    }
    drop(sender);
    assert_eq!(receiver.len(), 32);
    assert_eq!((0..).map_while(|_| receiver.try_recv().ok()).count(), 32);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn closed_it_gives_what_was_sent_and_then_the_end() {
    let (sender, mut receiver) = unbounded_channel();
    sender.send(1).unwrap();
    receiver.close();
    receiver.close();
    assert_eq!(sender.send(2), Err(SendError(2)));
    assert!(sender.is_closed() && receiver.is_closed());
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(poll_once(receiver.recv()), Poll::Ready(None));
    drop(sender);
    assert_eq!(poll_once(receiver.recv()), Poll::Ready(None));
}

#[test]
fn a_wait_from_before_the_close_ends_too() {
    let (_sender, mut receiver) = unbounded_channel::<()>();
    let task = Task::new();
    assert!(task.enter(|cx| receiver.poll_recv(cx)).is_pending());
    receiver.close();
    assert_eq!(task.enter(|cx| receiver.poll_recv(cx)), Poll::Ready(None));
    drop(receiver);
    assert_eq!(task.wakers_held(), 0);
}

#[test]
fn many_are_received_at_once() {
    let (sender, mut receiver) = unbounded_channel();
    let mut buffer = Vec::with_capacity(4);
    let mut many = Polled::new(receiver.recv_many(&mut buffer, 100));
    many.pends();
    for n in 0..70 {
        sender.send(n).unwrap();
    }
    assert_eq!(many.ready(), 70);
    drop(many);
    assert_eq!(buffer, (0..70).collect::<Vec<_>>());
    receiver.close();
    assert_eq!(poll_once(receiver.recv_many(&mut buffer, 10)), Poll::Ready(0));
}

#[test]
fn the_rest_is_dropped_when_a_message_panics() {
    struct Counts<'a>(&'a AtomicUsize, bool);
    impl Drop for Counts<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Relaxed);
            assert!(!self.1, "no");
        }
    }
    for panics in [0, 31, 32, 99] {
        let dropped = AtomicUsize::new(0);
        let (sender, receiver) = unbounded_channel();
        for n in 0..100 {
            assert!(sender.send(Counts(&dropped, n == panics)).is_ok());
        }
        assert!(panic_of(|| drop(receiver)).is_some());
        assert_eq!(dropped.load(Relaxed), 100, "by the receiver, with a sender there");
        drop(sender);
        assert_eq!(dropped.load(Relaxed), 100);
    }
}

#[test]
fn a_weak_sender_keeps_nothing_open() {
    let (sender, mut receiver) = unbounded_channel();
    let weak = sender.downgrade();
    weak.upgrade().unwrap().send(1).unwrap();
    let second = sender.clone();
    assert!(sender.same_channel(&second) && !sender.same_channel(&unbounded_channel().0));
    assert_eq!((sender.strong_count(), sender.weak_count()), (2, 1));
    drop(sender);
    assert_eq!((weak.strong_count(), weak.weak_count()), (1, 1));
    drop(second);
    assert!(weak.upgrade().is_none() && receiver.is_closed());
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!((receiver.sender_strong_count(), receiver.sender_weak_count()), (0, 1));
    drop(weak.clone());
    drop(receiver);
    drop(weak);
}

#[test]
fn the_end_of_the_receiver_is_waited_for() {
    let (sender, receiver) = unbounded_channel::<()>();
    let mut closed = Polled::new(sender.closed());
    closed.pends();
    drop(receiver);
    assert!(closed.is_woken());
    closed.ready();
}

#[test]
fn positions_wrap_around() {
    let start = (u64::MAX >> 3) as rt_task::base::shim::RawWord & !31;
    let (sender, mut receiver) = unbounded_channel_at(start);
    for n in 0..100 {
        sender.send(n).unwrap();
        assert_eq!(receiver.len(), n + 1);
    }
    for n in 0..100 {
        assert_eq!(receiver.try_recv(), Ok(n));
    }
}

#[test]
fn large_messages_and_none() {
    let (sender, mut receiver) = unbounded_channel::<[u8; 4096]>();
    for n in 0..40 {
        sender.send([n; 4096]).unwrap();
    }
    for n in 0..40 {
        assert_eq!(receiver.try_recv(), Ok([n; 4096]));
    }
    let (sender, mut receiver) = unbounded_channel();
    for _ in 0..100 {
        sender.send(()).unwrap();
    }
    assert_eq!((0..).map_while(|_| receiver.try_recv().ok()).count(), 100);
}

#[test]
fn many_threads_send_and_each_message_arrives_once_and_in_order() {
    const SENDERS: usize = 4;
    const EACH: usize = 5000;
    let (sender, mut receiver) = unbounded_channel();
    thread::scope(|scope| {
        for who in 0..SENDERS {
            let sender = sender.clone();
            scope.spawn(move || (0..EACH).for_each(|n| sender.send((who, n)).unwrap()));
        }
        drop(sender);
        let mut next = [0; SENDERS];
        for turn in 0.. {
            let message = match turn % 2 {
                0 => receiver.blocking_recv(),
                _ => match receiver.try_recv() {
                    Ok(message) => Some(message),
                    Err(TryRecvError::Empty) => receiver.blocking_recv(),
                    Err(TryRecvError::Disconnected) => None,
                },
            };
            let Some((who, n)) = message else { break };
            assert_eq!(next[who], n);
            next[who] += 1;
        }
        assert_eq!(next, [EACH; SENDERS]);
    });
}

#[test]
fn a_receiver_goes_while_many_send() {
    for round in 0..50 {
        let (sender, mut receiver) = unbounded_channel();
        let message = Arc::new(());
        thread::scope(|scope| {
            for _ in 0..3 {
                let (sender, message) = (sender.clone(), message.clone());
                scope.spawn(move || while sender.send(message.clone()).is_ok() {});
            }
            for _ in 0..round * 5 {
                assert!(receiver.blocking_recv().is_some());
            }
            if round % 2 == 1 {
                receiver.close();
                while receiver.blocking_recv().is_some() {}
            }
            drop(receiver);
        });
        assert_eq!(Arc::strong_count(&message), 1);
    }
}

#[test]
fn halves_say_what_there_is() {
    let (sender, receiver) = unbounded_channel::<u8>();
    assert!(!sender.is_closed() && receiver.is_empty());
    sender.send(1).unwrap();
    assert!(!receiver.is_empty());
    let second = sender.clone();
    assert_eq!((sender.strong_count(), receiver.sender_strong_count()), (2, 2));
    let weak = [sender.downgrade(), second.downgrade()];
    assert_eq!(
        (sender.weak_count(), weak[0].weak_count(), receiver.sender_weak_count()),
        (2, 2, 2)
    );
}

#[test]
fn many_are_received_by_a_thread() {
    let (sender, mut receiver) = unbounded_channel();
    (0..5).for_each(|n| sender.send(n).unwrap());
    let mut taken = Vec::new();
    assert_eq!(receiver.blocking_recv_many(&mut taken, 3), 3);
    assert_eq!(receiver.blocking_recv_many(&mut taken, 3), 2);
    drop(sender);
    assert_eq!((receiver.blocking_recv_many(&mut taken, 3), taken), (0, [0, 1, 2, 3, 4].into()));
}
