//! The situations of one message, on one thread and between two.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;
use std::sync::Arc;
use std::vec::Vec;

use rt_task::wait::observe;

use super::error::{RecvError, TryRecvError};
use super::{Receiver, Sender, channel};
use crate::kit::{Polled, Task, panic_of, poll_once, waker_that_is_not_cloned, waker_that_panics};

const fn crosses<T: Send + Sync + Unpin>() {}
const _: () = crosses::<Sender<core::cell::Cell<u8>>>();
const _: () = crosses::<Receiver<core::cell::Cell<u8>>>();
const _: () = crosses::<super::Closed<'static, core::cell::Cell<u8>>>();

fn poll_rx<T>(task: &Task, receiver: &mut Receiver<T>) -> Poll<Result<T, RecvError>> {
    task.enter(|cx| Pin::new(receiver).poll(cx))
}

fn poll_tx<T>(task: &Task, sender: &mut Sender<T>) -> Poll<()> {
    task.enter(|cx| sender.poll_closed(cx))
}

#[test]
fn a_value_that_is_waited_for() {
    let (sender, receiver) = channel();
    let mut receiver = Polled::new(receiver);
    receiver.pends();
    assert_eq!(receiver.task().wakers_held(), 1);
    sender.send(Box::new(1)).unwrap();
    assert!(receiver.is_woken());
    assert_eq!(receiver.task().wakers_held(), 0, "it was woken by value");
    assert_eq!(*receiver.ready().unwrap(), 1);
}

#[test]
fn a_value_that_is_there() {
    let (sender, receiver) = channel();
    sender.send(Box::new(1)).unwrap();
    assert_eq!(*rt_task::block_on(receiver).unwrap(), 1);
    let (sender, receiver) = channel();
    sender.send(2).unwrap();
    assert_eq!(receiver.blocking_recv(), Ok(2));
}

#[test]
fn a_sender_that_goes() {
    let (sender, receiver) = channel::<i32>();
    let mut receiver = Polled::new(receiver);
    receiver.pends();
    drop(sender);
    assert!(receiver.is_woken());
    assert!(receiver.ready().is_err());
    let (sender, mut receiver) = channel::<i32>();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    drop(sender);
    assert!(!receiver.is_terminated());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    assert!(receiver.is_terminated());
}

#[test]
fn a_receiver_that_goes() {
    let (sender, receiver) = channel();
    drop(receiver);
    assert!(sender.is_closed());
    assert_eq!(sender.send(1), Err(1));

    let (mut sender, receiver) = channel();
    let task = Task::new();
    assert!(poll_tx(&task, &mut sender).is_pending());
    assert!(poll_tx(&task, &mut sender).is_pending());
    assert!(!sender.is_closed());
    drop(receiver);
    assert_eq!(task.wakes(), 1);
    assert!(sender.is_closed());
    assert!(poll_tx(&task, &mut sender).is_ready());
    assert!(poll_once(sender.closed()).is_ready());
    assert_eq!(sender.send(Box::new(1)), Err(Box::new(1)));
}

#[test]
fn a_close_keeps_what_was_sent() {
    let (sender, mut receiver) = channel();
    sender.send(1).unwrap();
    receiver.close();
    assert_eq!(rt_task::block_on(&mut receiver), Ok(1));

    let (sender, mut receiver) = channel();
    sender.send(1).unwrap();
    receiver.close();
    receiver.close();
    assert_eq!(receiver.try_recv(), Ok(1));
    receiver.close();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn a_close_tells_the_sender() {
    for sends in [true, false] {
        let (mut sender, mut receiver) = channel();
        let task = Task::new();
        assert!(poll_tx(&task, &mut sender).is_pending());
        receiver.close();
        assert_eq!(task.wakes(), 1);
        assert!(sender.is_closed());
        assert!(poll_tx(&task, &mut sender).is_ready());
        if sends {
            assert_eq!(sender.send(1), Err(1));
        }
        assert!(rt_task::block_on(&mut receiver).is_err());
    }
    let (sender, mut receiver) = channel();
    receiver.close();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    assert!(sender.is_closed());
    assert_eq!(sender.send(1), Err(1));
}

#[test]
fn a_result_is_given_once() {
    let (sender, mut receiver) = channel::<i32>();
    receiver.close();
    receiver.try_recv().unwrap_err();
    let text = panic_of(|| poll_once(&mut receiver)).expect("a panic");
    assert!(text.contains(file!()) && text.contains("is_terminated"), "{text}");
    drop(sender);
    let (sender, mut receiver) = channel();
    sender.send(1).unwrap();
    assert_eq!(poll_once(&mut receiver), Poll::Ready(Ok(1)));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    assert!(receiver.is_terminated() && receiver.is_empty());
}

#[test]
fn wakers_go_with_the_halves() {
    let (mut sender, mut receiver) = channel::<i32>();
    let (tx, rx) = (Task::new(), Task::new());
    assert!(poll_tx(&tx, &mut sender).is_pending());
    assert!(poll_rx(&rx, &mut receiver).is_pending());
    assert_eq!((tx.wakers_held(), rx.wakers_held()), (1, 1));
    drop(sender);
    assert_eq!(rx.wakes(), 1);
    drop(receiver);
    assert_eq!((tx.wakers_held(), rx.wakers_held()), (0, 0));
    assert_eq!(tx.wakes(), 0);

    let (mut sender, mut receiver) = channel::<i32>();
    assert!(poll_tx(&tx, &mut sender).is_pending());
    assert!(poll_rx(&rx, &mut receiver).is_pending());
    drop(receiver);
    assert_eq!((tx.wakers_held(), rx.wakers_held()), (0, 0));
    assert_eq!((tx.wakes(), rx.wakes()), (1, 1), "the receiver's own is not woken");
    drop(sender);
}

#[test]
fn a_receiver_that_changes_its_task() {
    let (sender, mut receiver) = channel();
    let (one, two) = (Task::new(), Task::new());
    assert!(poll_rx(&one, &mut receiver).is_pending());
    assert!(poll_rx(&two, &mut receiver).is_pending());
    assert_eq!((one.wakers_held(), two.wakers_held()), (0, 1));
    sender.send(1).unwrap();
    assert_eq!((one.wakes(), two.wakes()), (0, 1));
    assert_eq!(poll_rx(&two, &mut receiver), Poll::Ready(Ok(1)));
}

#[test]
fn a_sender_that_changes_its_task() {
    let (mut sender, receiver) = channel::<i32>();
    let (one, two) = (Task::new(), Task::new());
    assert!(poll_tx(&one, &mut sender).is_pending());
    assert!(poll_tx(&two, &mut sender).is_pending());
    assert_eq!((one.wakers_held(), two.wakers_held()), (0, 1));
    drop(receiver);
    assert_eq!((one.wakes(), two.wakes()), (0, 1));
    assert!(poll_tx(&two, &mut sender).is_ready());
}

#[test]
fn empty_is_what_cannot_be_received_now() {
    let (sender, mut receiver) = channel();
    assert!(receiver.is_empty());
    sender.send(1).unwrap();
    assert!(!receiver.is_empty());
    receiver.close();
    assert!(!receiver.is_empty());
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(receiver.is_empty());
    let (sender, receiver) = channel::<i32>();
    drop(sender);
    assert!(receiver.is_empty());
}

#[test]
fn a_value_nobody_receives_is_dropped_once() {
    let value = Arc::new(());
    let (sender, receiver) = channel();
    sender.send(value.clone()).unwrap();
    drop(receiver);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn a_cancelled_wait_loses_nothing() {
    let (sender, mut receiver) = channel();
    assert!(poll_once(&mut receiver).is_pending());
    sender.send(1).unwrap();
    assert_eq!(poll_once(&mut receiver), Poll::Ready(Ok(1)));
    let (mut sender, mut receiver) = channel::<i32>();
    assert!(poll_once(sender.closed()).is_pending());
    assert!(poll_once(&mut receiver).is_pending());
    receiver.close();
    assert!(poll_once(sender.closed()).is_ready());
}

#[test]
fn a_value_whose_drop_panics_frees_the_channel() {
    struct Loud;
    impl Drop for Loud {
        fn drop(&mut self) {
            panic!("loud");
        }
    }
    let (sender, receiver) = channel();
    assert!(sender.send(Loud).is_ok());
    assert_eq!(panic_of(|| drop(receiver)).as_deref(), Some("loud"));
}

#[test]
fn wakers_that_panic() {
    let (mut sender, mut receiver) = channel();
    let bad = waker_that_is_not_cloned();
    let mut cx = Context::from_waker(&bad);
    assert!(panic_of(|| Pin::new(&mut receiver).poll(&mut cx)).is_some());
    assert!(panic_of(|| sender.poll_closed(&mut cx)).is_some());
    let task = Task::new();
    assert!(poll_rx(&task, &mut receiver).is_pending());
    assert!(poll_tx(&task, &mut sender).is_pending());
    // Over one that is there: that stays.
    assert!(panic_of(|| Pin::new(&mut receiver).poll(&mut cx)).is_some());
    sender.send(Box::new(1)).unwrap();
    assert_eq!((task.wakes(), task.wakers_held()), (1, 1));
    assert_eq!(poll_rx(&task, &mut receiver), Poll::Ready(Ok(Box::new(1))));
    assert_eq!(task.wakers_held(), 0);

    let loud = waker_that_panics();
    let mut cx = Context::from_waker(&loud);
    let (sender, mut receiver) = channel();
    assert!(Pin::new(&mut receiver).poll(&mut cx).is_pending());
    assert_eq!(panic_of(|| sender.send(Box::new(1))).as_deref(), Some("in the wake"));
    assert_eq!(receiver.try_recv(), Ok(Box::new(1)));
    let (mut sender, mut receiver) = channel();
    assert!(sender.poll_closed(&mut cx).is_pending());
    assert!(poll_rx(&task, &mut receiver).is_pending());
    assert_eq!(panic_of(|| drop(receiver)).as_deref(), Some("in the wake"));
    assert_eq!(task.wakers_held(), 0);
    assert_eq!(sender.send(Box::new(1)), Err(Box::new(1)));
}

#[test]
fn it_blocks_no_thread_that_drives() {
    use rt_task::base::context::{Env, drive};
    let (_sender, receiver) = channel::<i32>();
    let text = panic_of(|| drive(Env::new(), |_| receiver.blocking_recv())).expect("a panic");
    assert!(text.contains("oneshot::Receiver::blocking_recv"), "{text}");
}

#[test]
fn debug_tells_how_far_it_is() {
    let (sender, receiver) = channel::<core::cell::Cell<u8>>();
    assert_eq!(std::format!("{sender:?}"), "Sender { is_closed: false, .. }");
    assert_eq!(
        std::format!("{receiver:?}"),
        "Receiver { is_terminated: false, is_empty: true, .. }"
    );
}

/// Two threads and every way for the halves to end, many times over.
#[test]
fn halves_on_two_threads() {
    const ROUNDS: usize = if cfg!(miri) { 50 } else { 4_000 };
    let (to_sender, senders) = std::sync::mpsc::sync_channel::<(usize, Sender<Box<usize>>)>(1);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut refused = 0;
            for (round, mut sender) in senders {
                match round % 4 {
                    0 => drop(sender),
                    1 => rt_task::block_on(sender.closed()),
                    _ => refused += usize::from(sender.send(Box::new(round)).is_err()),
                }
            }
            assert!(refused < ROUNDS);
        });
        let results = Vec::from_iter((0..ROUNDS).map(|round| {
            let (sender, mut receiver) = channel();
            to_sender.send((round, sender)).unwrap();
            let waits = round % 3 == 0;
            match (round % 4, waits) {
                (1, _) => None, // the sender waits for the end of this one
                (_, true) => Some(rt_task::block_on(receiver).map(|value| *value)),
                (_, false) => {
                    _ = poll_once(&mut receiver);
                    None
                }
            }
        }));
        drop(to_sender);
        for (round, result) in results.into_iter().enumerate() {
            match (round % 4, result) {
                (_, None) => {}
                (0, Some(result)) => assert!(result.is_err()),
                (_, Some(result)) => assert_eq!(result, Ok(round)),
            }
        }
    });
}

#[test]
fn a_receiver_that_closes_and_goes_wants_no_value() {
    let (sender, mut receiver) = channel();
    receiver.close();
    drop(receiver);
    assert!(sender.is_closed());
    assert_eq!(sender.send(1), Err(1));
}

#[test]
fn who_waits_tells_for_which_channel() {
    let objects = |(mut sender, mut receiver): (Sender<u8>, Receiver<u8>)| {
        let task = Task::new();
        let (_, value) = observe(|| poll_rx(&task, &mut receiver));
        let (_, end) = observe(|| poll_tx(&task, &mut sender));
        ([value.unwrap().object, end.unwrap().object], (sender, receiver))
    };
    let (one, _kept) = objects(channel());
    let (other, _kept) = objects(channel());
    assert!(one[0] != other[0] && one[1] != other[1]);
}
