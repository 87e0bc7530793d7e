//! The Claims of the channels, over every interleaving. Blocks have two slots here.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use rt_task::base::shim::{Arc, model, thread};
use rt_task::block_on;
use std::boxed::Box;

use super::error::TryRecvError;
use super::{channel, unbounded_channel};
use crate::kit::Task;

/// Counts itself: loom tells of one that is never dropped.
type Message = Arc<usize>;

#[test]
fn what_is_sent_is_received_once() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel::<Message>();
        let others = [0, 1].map(|n| {
            let sender = sender.clone();
            thread::spawn(move || sender.send(Arc::new(n)).unwrap())
        });
        drop(sender);
        let mut sum = 0;
        for _ in 0..2 {
            sum += 1 + *block_on(receiver.recv()).unwrap();
        }
        assert_eq!(sum, 3);
        assert!(block_on(receiver.recv()).is_none());
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

#[test]
fn who_waits_sees_what_was_sent() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel::<Box<usize>>();
        let other = thread::spawn(move || {
            sender.send(Box::new(1)).unwrap();
            sender.send(Box::new(2)).unwrap();
            sender
        });
        assert_eq!(block_on(receiver.recv()), Some(Box::new(1)));
        assert_eq!(block_on(receiver.recv()), Some(Box::new(2)));
        drop(other.join().unwrap());
    });
}

#[test]
fn another_waker_takes_the_chair() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel::<usize>();
        let other = thread::spawn(move || sender.send(1).unwrap());
        let mut noop = Context::from_waker(Waker::noop());
        let first = receiver.poll_recv(&mut noop);
        let second = match first {
            Poll::Ready(message) => message,
            Poll::Pending => block_on(receiver.recv()), // with the thread's waker
        };
        assert_eq!(second, Some(1));
        other.join().unwrap();
    });
}

#[test]
fn blocks_are_reused() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel::<Box<usize>>();
        let second = sender.clone();
        let other = thread::spawn(move || {
            for n in 0..3 {
                second.send(Box::new(n)).unwrap();
            }
        });
        sender.send(Box::new(10)).unwrap();
        drop(sender);
        let mut next = 0;
        for _ in 0..4 {
            match *block_on(receiver.recv()).unwrap() {
                10 => {}
                n => {
                    assert_eq!(n, next, "one sender's messages come in order");
                    next += 1;
                }
            }
        }
        assert!(block_on(receiver.recv()).is_none());
        other.join().unwrap();
    });
}

#[test]
fn a_read_block_is_seen_empty_by_who_claims_in_it_next() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel::<Box<usize>>();
        // The first block is full, the second is begun: the first is a spare once it was read.
        for n in 0..3 {
            sender.send(Box::new(n)).unwrap();
        }
        let other = thread::spawn(move || {
            sender.send(Box::new(3)).unwrap(); // takes the spare, or a new one
            sender.send(Box::new(4)).unwrap();
        });
        for n in 0..5 {
            assert_eq!(block_on(receiver.recv()), Some(Box::new(n)));
        }
        other.join().unwrap();
    });
}

#[test]
fn a_message_meets_a_receiver_that_goes() {
    model(|| {
        let (sender, receiver) = unbounded_channel::<Message>();
        let message = Arc::new(1);
        let copy = message.clone();
        let other = thread::spawn(move || match sender.send(copy) {
            Ok(()) => {}
            Err(error) => assert_eq!(*error.0, 1),
        });
        drop(receiver);
        other.join().unwrap();
        assert_eq!(Arc::strong_count(&message), 1, "dropped once, by one of the two");
    });
}

#[test]
fn a_receiver_that_goes_leaves_blocks_that_are_written_to() {
    model(|| {
        let (sender, receiver) = unbounded_channel::<Message>();
        sender.send(Arc::new(0)).unwrap();
        let others = [sender.clone(), sender].map(|sender| {
            thread::spawn(move || drop(sender.send(Arc::new(1)))) // one of them links a block
        });
        drop(receiver);
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

#[test]
fn closing_tells_how_many_come() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel::<usize>();
        let other = thread::spawn(move || sender.send(1).is_ok());
        receiver.close();
        let received = block_on(receiver.recv());
        let is_sent = other.join().unwrap();
        assert_eq!(received.is_some(), is_sent);
        assert_eq!(block_on(receiver.recv()), None);
    });
}

#[test]
fn the_last_sender_ends_it() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel::<usize>();
        let second = sender.clone();
        let other = thread::spawn(move || second.send(1).unwrap());
        drop(sender);
        assert_eq!(block_on(receiver.recv()), Some(1));
        assert_eq!(block_on(receiver.recv()), None);
        other.join().unwrap();
    });
}

#[test]
fn the_last_of_two_that_fill_a_block_ends_it() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel::<usize>();
        let others =
            [sender.clone(), sender].map(|sender| thread::spawn(move || sender.send(1).unwrap()));
        while block_on(receiver.recv()).is_some() {}
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

#[test]
fn who_sees_no_sender_sees_what_they_sent() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel::<usize>();
        let other = thread::spawn(move || sender.send(1).unwrap());
        if receiver.is_closed() {
            assert_eq!(receiver.len(), 1);
            assert_eq!(receiver.try_recv(), Ok(1));
        }
        other.join().unwrap();
    });
}

#[test]
fn a_weak_sender_comes_in_time_or_not() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel::<usize>();
        let weak = sender.downgrade();
        let other = thread::spawn(move || match weak.upgrade() {
            Some(sender) => sender.send(1).is_ok(),
            None => false,
        });
        drop(sender);
        let received = block_on(receiver.recv());
        assert_eq!(received.is_some(), other.join().unwrap());
        assert_eq!(block_on(receiver.recv()), None);
    });
}

#[test]
fn a_try_is_never_told_empty_behind_one_that_is_being_sent() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel::<usize>();
        let second = sender.clone();
        let other = thread::spawn(move || second.send(1).unwrap());
        sender.send(2).unwrap();
        assert!(!receiver.is_empty());
        let first = receiver.try_recv().expect("one was sent by this thread");
        if first == 1 {
            assert_eq!(receiver.try_recv(), Ok(2));
        }
        other.join().unwrap();
    });
}

#[test]
fn a_try_that_takes_the_chair_wakes_who_sat_in_it() {
    model(|| {
        let (sender, mut receiver) = unbounded_channel::<usize>();
        let task = Task::new();
        assert!(task.enter(|cx| receiver.poll_recv(cx)).is_pending());
        let second = sender.clone();
        let other = thread::spawn(move || second.send(1).unwrap());
        sender.send(2).unwrap();
        receiver.try_recv().expect("one was sent by this thread");
        assert_eq!((task.wakes(), task.wakers_held()), (1, 0));
        other.join().unwrap();
    });
}

#[test]
fn who_waits_for_the_end_is_told() {
    model(|| {
        let (sender, receiver) = unbounded_channel::<usize>();
        let other = thread::spawn(move || drop(receiver));
        let closed = pin!(sender.closed());
        block_on(closed);
        assert!(sender.is_closed());
        other.join().unwrap();
    });
}

#[test]
fn a_wait_for_the_end_that_is_given_up_meets_the_end() {
    model(|| {
        let (sender, receiver) = unbounded_channel::<usize>();
        let other = thread::spawn(move || drop(receiver));
        let mut closed = Box::pin(sender.closed());
        let _ = closed.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        drop(closed);
        other.join().unwrap();
    });
}

#[test]
fn room_that_is_given_back_goes_to_who_waits() {
    model(|| {
        let (sender, mut receiver) = channel::<Box<usize>>(1);
        let other = thread::spawn(move || {
            block_on(sender.send(Box::new(1))).unwrap();
            block_on(sender.send(Box::new(2))).unwrap();
        });
        assert_eq!(block_on(receiver.recv()), Some(Box::new(1)));
        assert_eq!(block_on(receiver.recv()), Some(Box::new(2)));
        assert_eq!(block_on(receiver.recv()), None);
        other.join().unwrap();
    });
}

#[test]
fn the_last_room_that_is_given_back_ends_it() {
    model(|| {
        let (sender, mut receiver) = channel::<usize>(2);
        let permits = [sender.clone(), sender.clone()].map(|sender| {
            let permit = sender.try_reserve_owned().unwrap();
            // The senders stay, so that it is the room that tells.
            thread::spawn(move || permit.release())
        });
        receiver.close();
        assert_eq!(block_on(receiver.recv()), None);
        permits.into_iter().for_each(|permit| drop(permit.join().unwrap()));
        drop(sender);
    });
}

#[test]
fn who_gives_back_the_last_room_ends_it_behind_what_others_sent() {
    model(|| {
        let (sender, mut receiver) = channel::<usize>(2);
        let (sends, gives_back) = (sender.clone(), sender.clone());
        let permits = [sends, gives_back].map(|sender| sender.try_reserve_owned().unwrap());
        let [sends, gives_back] = permits;
        receiver.close();
        let sends = thread::spawn(move || sends.send(1));
        let gives_back = thread::spawn(move || gives_back.release());
        assert_eq!(block_on(receiver.recv()), Some(1));
        assert_eq!(block_on(receiver.recv()), None);
        drop((sends.join().unwrap(), gives_back.join().unwrap(), sender));
    });
}

#[test]
fn room_is_sent_into_or_given_back_while_it_is_closed() {
    model(|| {
        let (sender, mut receiver) = channel::<Box<usize>>(2);
        let second = sender.clone();
        let first = sender.clone().try_reserve_owned().unwrap();
        let other = thread::spawn(move || {
            let mut reserve = Box::pin(second.reserve());
            let got = reserve.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            drop(got);
            drop(reserve);
            (first.send(Box::new(1)), second)
        });
        receiver.close();
        assert_eq!(block_on(receiver.recv()), Some(Box::new(1)));
        assert_eq!(block_on(receiver.recv()), None);
        drop(other.join().unwrap());
        drop(sender);
    });
}

#[test]
fn a_wait_for_room_that_is_given_up_ends_it() {
    model(|| {
        let (sender, mut receiver) = channel::<usize>(1);
        let permit = sender.clone().try_reserve_owned().unwrap();
        let second = sender.clone();
        let other = thread::spawn(move || {
            let mut reserve = Box::pin(second.reserve());
            let got = reserve.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            drop(got);
            drop(reserve);
            second
        });
        drop(permit);
        receiver.close();
        assert_eq!(block_on(receiver.recv()), None);
        drop(other.join().unwrap());
        drop(sender);
    });
}

#[test]
fn room_meets_a_receiver_that_goes() {
    model(|| {
        let (sender, receiver) = channel::<Message>(1);
        let message = Arc::new(1);
        let copy = message.clone();
        let other = thread::spawn(move || drop(block_on(sender.send(copy))));
        drop(receiver);
        other.join().unwrap();
        assert_eq!(Arc::strong_count(&message), 1);
    });
}
