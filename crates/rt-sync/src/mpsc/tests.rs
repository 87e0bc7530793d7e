//! The situations of a bounded channel, on one thread and between many.

use core::task::Poll;
use std::boxed::Box;
use std::cell::Cell;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::vec::Vec;
use std::{format, thread, vec};

use rt_task::block_on;

use super::bounded::channel_at;
use super::error::{SendError, TryRecvError, TrySendError};
use super::{OwnedPermit, Permit, PermitIterator, Receiver, Sender, WeakSender, channel, futures};
use crate::kit::{Polled, Task, panic_of, poll_once};

const fn crosses<T: Send + Sync>() {}
const fn stays<T: Unpin + std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
const _: () = crosses::<Sender<Cell<u8>>>();
const _: () = crosses::<WeakSender<Cell<u8>>>();
const _: () = crosses::<Receiver<Cell<u8>>>();
const _: () = crosses::<Permit<'static, Cell<u8>>>();
const _: () = crosses::<PermitIterator<'static, Cell<u8>>>();
const _: () = crosses::<OwnedPermit<Cell<u8>>>();
const _: () = crosses::<futures::SendTimeout<'static, u8>>();
const _: () = crosses::<futures::Reserve<'static, Cell<u8>>>();
const _: () = crosses::<futures::Recv<'static, Receiver<Cell<u8>>>>();
const _: () = stays::<Sender<*mut u8>>();
const _: () = stays::<Receiver<*mut u8>>();
const _: () = stays::<WeakSender<*mut u8>>();

#[test]
fn messages_come_in_order_and_then_the_end() {
    let (sender, mut receiver) = channel(16);
    for n in 0..16 {
        assert_eq!(poll_once(sender.send(n)), Poll::Ready(Ok(())));
    }
    drop(sender);
    for n in 0..16 {
        assert_eq!(poll_once(receiver.recv()), Poll::Ready(Some(n)));
    }
    assert_eq!(poll_once(receiver.recv()), Poll::Ready(None));
    assert_eq!(poll_once(receiver.recv()), Poll::Ready(None), "and it stays the end");
}

#[test]
fn who_waits_for_a_message_is_woken_once() {
    let (sender, mut receiver) = channel(4);
    let mut recv = Polled::new(receiver.recv());
    recv.pends();
    sender.try_send(1).unwrap();
    sender.try_send(2).unwrap();
    assert_eq!(recv.task().wakes(), 1);
    assert_eq!(recv.task().wakers_held(), 0);
    assert_eq!(recv.ready(), Some(1));
    drop(recv);
    assert_eq!(receiver.try_recv(), Ok(2));
}

#[test]
fn a_wait_that_is_given_up_loses_nothing() {
    let (sender, mut receiver) = channel(4);
    let mut recv = Polled::new(receiver.recv());
    recv.pends();
    sender.try_send(1).unwrap();
    assert!(recv.is_woken());
    drop(recv);
    assert_eq!(poll_once(receiver.recv()), Poll::Ready(Some(1)));
}

#[test]
fn the_last_of_two_wakers_is_woken() {
    let (sender, mut receiver) = channel(4);
    let tasks = [Task::new(), Task::new()];
    for task in &tasks {
        assert!(task.enter(|cx| receiver.poll_recv(cx)).is_pending());
    }
    assert!(tasks[1].enter(|cx| receiver.poll_recv(cx)).is_pending());
    assert_eq!(tasks[0].wakers_held(), 0, "the first was let go");
    sender.try_send(1).unwrap();
    assert_eq!(tasks.each_ref().map(Task::wakes), [0, 1]);
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn who_finds_it_full_waits_for_room() {
    let (sender, mut receiver) = channel(1);
    sender.try_send(1).unwrap();
    assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
    let mut sends = Polled::new(sender.send(2));
    let mut last = Polled::new(sender.send(3));
    sends.pends();
    last.pends();
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(sends.is_woken() && !last.is_woken(), "the first comes first");
    assert_eq!(sender.try_send(9), Err(TrySendError::Full(9)), "nobody overtakes");
    sends.ready().unwrap();
    assert_eq!(receiver.try_recv(), Ok(2));
    last.ready().unwrap();
    assert_eq!(receiver.try_recv(), Ok(3));
    assert_eq!(sender.capacity(), 1);
}

#[test]
fn a_send_that_is_given_up_has_sent_nothing_and_hands_on_its_room() {
    let (sender, mut receiver) = channel(1);
    sender.try_send(1).unwrap();
    let mut gives_up = Polled::new(sender.send(2));
    let mut waits = Polled::new(sender.send(3));
    gives_up.pends();
    waits.pends();
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(gives_up.is_woken());
    drop(gives_up); // with the room that it was given
    assert!(waits.is_woken());
    waits.ready().unwrap();
    assert_eq!(receiver.try_recv(), Ok(3));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn many_are_received_at_once_up_to_the_limit() {
    let (sender, mut receiver) = channel(100);
    let mut buffer = vec![0];
    let mut many = Polled::new(receiver.recv_many(&mut buffer, 10));
    many.pends();
    for n in 1..=70 {
        sender.try_send(n).unwrap();
    }
    assert_eq!(many.ready(), 10);
    drop(many);
    assert_eq!(sender.capacity(), 40);
    assert_eq!(poll_once(receiver.recv_many(&mut buffer, 100)), Poll::Ready(60));
    assert_eq!(buffer, (0..=70).collect::<Vec<_>>());
    assert_eq!(sender.capacity(), 100);
    assert_eq!(poll_once(receiver.recv_many(&mut buffer, 0)), Poll::Ready(0));
    drop(sender);
    assert_eq!(poll_once(receiver.recv_many(&mut buffer, 1)), Poll::Ready(0));
    assert_eq!(buffer.len(), 71);
}

#[test]
fn room_is_kept_for_who_reserved_it() {
    let (sender, mut receiver) = channel(2);
    let first = sender.try_reserve().unwrap();
    let second = block_on(sender.reserve()).unwrap();
    assert_eq!(sender.try_reserve().unwrap_err(), TrySendError::Full(()));
    assert_eq!((sender.capacity(), receiver.capacity(), receiver.len()), (0, 0, 0));
    second.send(2);
    drop(first);
    assert_eq!(sender.capacity(), 1);
    assert_eq!(receiver.try_recv(), Ok(2));
    assert_eq!((sender.capacity(), sender.max_capacity()), (2, 2));
}

#[test]
fn room_for_many_is_sent_into_or_given_back() {
    let (sender, mut receiver) = channel(100);
    for n in 0..100 {
        let permits = block_on(sender.reserve_many(n)).unwrap();
        assert_eq!(permits.len(), n);
        for permit in permits {
            permit.send("hello");
        }
        for _ in 0..n {
            assert_eq!(receiver.try_recv(), Ok("hello"));
        }
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    }
    let mut permits = sender.try_reserve_many(50).unwrap();
    permits.next().unwrap().send("one");
    drop(permits);
    assert_eq!(sender.capacity(), 99);
}

#[test]
fn room_for_none_is_there_until_it_is_closed() {
    let (sender, receiver) = channel(1);
    sender.try_send(1).unwrap();
    assert_eq!(sender.try_reserve_many(0).unwrap().count(), 0);
    assert_eq!(block_on(sender.reserve_many(0)).unwrap().count(), 0);
    drop(receiver);
    assert_eq!(sender.try_reserve_many(0).unwrap_err(), TrySendError::Closed(()));
    assert_eq!(block_on(sender.reserve_many(0)).unwrap_err(), SendError(()));
}

#[test]
fn more_room_than_there_is_fails_at_once() {
    let (sender, _receiver) = channel::<()>(1);
    for n in [2, usize::MAX >> 3, usize::MAX] {
        assert_eq!(sender.try_reserve_many(n).unwrap_err(), TrySendError::Full(()));
        assert_eq!(block_on(sender.reserve_many(n)).unwrap_err(), SendError(()));
    }
}

#[test]
fn who_waits_for_much_gathers_it() {
    let (sender, mut receiver) = channel(3);
    sender.try_send(1).unwrap();
    sender.try_send(2).unwrap();
    let mut many = Polled::new(sender.reserve_many(3));
    many.pends();
    assert_eq!(sender.capacity(), 0, "it has what is there");
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(!many.is_woken());
    assert_eq!(receiver.try_recv(), Ok(2));
    assert!(many.is_woken());
    let permits = many.ready().unwrap();
    assert_eq!(permits.len(), 3);
    drop(permits);
    assert_eq!(sender.capacity(), 3);
}

#[test]
fn owned_room_goes_with_its_sender() {
    let (sender, mut receiver) = channel(1);
    let permit = block_on(sender.reserve_owned()).unwrap();
    assert!(!receiver.is_closed(), "the room has the sender");
    let sender = permit.send(1);
    let sender = match sender.try_reserve_owned() {
        Err(TrySendError::Full(sender)) => sender,
        other => panic!("{other:?}"),
    };
    assert_eq!(receiver.try_recv(), Ok(1));
    let permit = sender.clone().try_reserve_owned().unwrap();
    assert!(permit.same_channel_as_sender(&sender));
    let (other, _other_receiver) = channel::<i32>(1);
    assert!(!permit.same_channel(&other.try_reserve_owned().unwrap()));
    assert_eq!(sender.capacity(), 0);
    drop(permit.release());
    assert_eq!(sender.capacity(), 1);
    drop(sender.try_reserve_owned().unwrap());
    assert!(receiver.is_closed());
}

#[test]
fn a_wait_for_owned_room_that_is_given_up_drops_its_sender() {
    let (sender, mut receiver) = channel(1);
    sender.try_send(1).unwrap();
    let mut waits = Polled::new(sender.reserve_owned());
    waits.pends();
    drop(waits);
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn closed_with_nobody_inside_it_ends_at_once() {
    let (sender, mut receiver) = channel(10);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    receiver.close();
    assert_eq!(poll_once(receiver.recv()), Poll::Ready(None));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(poll_once(sender.send(1)), Poll::Ready(Err(SendError(1))));
    assert_eq!(sender.try_send(1), Err(TrySendError::Closed(1)));
    assert!(matches!(sender.try_reserve(), Err(TrySendError::Closed(()))));
    assert!(matches!(sender.try_reserve_owned(), Err(TrySendError::Closed(_))));
}

#[test]
fn a_wait_from_before_the_close_ends_too() {
    let (_sender, mut receiver) = channel::<()>(10);
    let task = Task::new();
    assert!(task.enter(|cx| receiver.poll_recv(cx)).is_pending());
    receiver.close();
    assert_eq!(task.enter(|cx| receiver.poll_recv(cx)), Poll::Ready(None));
}

#[test]
fn what_was_reserved_before_the_close_may_still_be_sent() {
    let (sender, mut receiver) = channel(1);
    let second = sender.clone();
    let permit = sender.try_reserve().unwrap();
    let mut waits = Polled::new(second.reserve());
    waits.pends();
    receiver.close();
    assert!(waits.is_woken());
    assert_eq!(waits.ready().unwrap_err(), SendError(()));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty), "one may come");
    let mut recv = Polled::new(receiver.recv());
    recv.pends();
    permit.send(123);
    assert!(recv.is_woken());
    assert_eq!(recv.ready(), Some(123));
    drop(recv);
    assert_eq!(poll_once(receiver.recv()), Poll::Ready(None));
}

/// What `reserve` has taken is given back by `give_back` after the close. The sender that stays is not what
/// tells of the end.
fn the_last_room_wakes<R>(
    reserve: impl FnOnce(&'static Sender<()>) -> R,
    give_back: impl FnOnce(R),
) {
    let (sender, mut receiver) = channel::<()>(2);
    let sender = Box::into_raw(Box::new(sender));
    // SAFETY: alive until it is dropped below, and what borrows it is gone by then.
    let reserved = reserve(unsafe { &*sender });
    receiver.close();
    let mut recv = Polled::new(receiver.recv());
    recv.pends();
    give_back(reserved);
    assert!(recv.is_woken());
    assert_eq!(recv.ready(), None);
    // SAFETY: from a box, above.
    drop(unsafe { Box::from_raw(sender) });
}

#[test]
fn the_last_room_that_is_given_back_wakes_who_has_closed() {
    the_last_room_wakes(|sender| sender.try_reserve().unwrap(), drop);
    the_last_room_wakes(|sender| sender.try_reserve_many(2).unwrap(), drop);
    the_last_room_wakes(
        |sender| sender.try_reserve_many(2).unwrap(),
        |mut permits| drop((permits.next(), permits)),
    );
    the_last_room_wakes(|sender| sender.clone().try_reserve_owned().unwrap(), drop);
    the_last_room_wakes(
        |sender| sender.clone().try_reserve_owned().unwrap(),
        |permit| drop(permit.release()),
    );
}

#[test]
fn a_wait_for_room_that_fails_gives_back_what_it_had_and_wakes_who_has_closed() {
    let (sender, mut receiver) = channel::<()>(2);
    let permit = sender.try_reserve().unwrap();
    let mut reserve = Polled::new(sender.reserve_many(2));
    reserve.pends();
    receiver.close();
    let mut recv = Polled::new(receiver.recv());
    recv.pends();
    drop(permit);
    assert!(!recv.is_woken(), "one is out still");
    reserve.ready().unwrap_err();
    assert!(recv.is_woken());
    assert_eq!(recv.ready(), None);
}

#[test]
fn a_wait_for_room_that_is_given_up_wakes_who_has_closed() {
    for is_owned in [false, true] {
        let (sender, mut receiver) = channel::<()>(1);
        let permit = sender.try_reserve().unwrap();
        let mut reserve = Polled::new({
            let sender = sender.clone();
            async move {
                match is_owned {
                    true => drop(sender.reserve_owned().await),
                    false => drop(sender.reserve().await),
                }
            }
        });
        reserve.pends();
        drop(permit);
        assert!(reserve.is_woken(), "it has the room");
        receiver.close();
        let mut recv = Polled::new(receiver.recv());
        recv.pends();
        drop(reserve);
        assert!(recv.is_woken());
        assert_eq!(recv.ready(), None);
    }
}

#[test]
fn a_dropped_receiver_fails_who_waits_and_drops_what_was_sent() {
    let (sender, receiver) = channel(2);
    let message = Arc::new(());
    sender.try_send(message.clone()).unwrap();
    let permit = sender.try_reserve().unwrap();
    let mut waits = Polled::new(sender.send(message.clone()));
    waits.pends();
    drop(receiver);
    assert!(waits.is_woken());
    assert!(waits.ready().is_err());
    drop(waits);
    assert_eq!(Arc::strong_count(&message), 1);
    permit.send(message.clone());
    assert_eq!(Arc::strong_count(&message), 1, "nobody will receive it");
    assert!(sender.is_closed());
}

#[test]
fn what_was_sent_into_many_blocks_is_dropped_with_the_receiver() {
    let message = Arc::new(());
    for (sent, received) in [(1, 0), (32, 0), (33, 0), (33, 33), (64, 32), (1000, 7), (1000, 999)] {
        let (sender, mut receiver) = channel(1000);
        for _ in 0..sent {
            sender.try_send(message.clone()).unwrap();
        }
        for _ in 0..received {
            drop(receiver.try_recv().unwrap());
        }
        drop(receiver);
        assert_eq!(Arc::strong_count(&message), 1, "{sent} sent, {received} received");
    }
}

#[test]
fn a_receivers_waker_goes_with_it() {
    let (_sender, mut receiver) = channel::<()>(1);
    let task = Task::new();
    assert!(task.enter(|cx| receiver.poll_recv(cx)).is_pending());
    assert_eq!(task.wakers_held(), 1);
    drop(receiver);
    assert_eq!(task.wakers_held(), 0);
}

#[test]
fn a_senders_waker_that_has_room_itself_is_dropped_with_no_lock_held() {
    struct Keeps(OwnedPermit<i32>);
    impl Wake for Keeps {
        fn wake(self: Arc<Self>) {
            assert!(format!("{:?}", self.0).contains("OwnedPermit"));
        }
    }
    let (sender, receiver) = channel(2);
    let permit = sender.clone().try_reserve_owned().unwrap();
    sender.try_send(1).unwrap();
    let mut reserve = Box::pin(sender.reserve());
    let waker = Waker::from(Arc::new(Keeps(permit)));
    assert!(reserve.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    drop(receiver);
    let polled = reserve.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Err(_))));
}

#[test]
fn a_waker_that_panics_loses_neither_message_nor_room() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("no");
        }
    }
    let (sender, mut receiver) = channel(1);
    let waker = Waker::from(Arc::new(Panics));
    assert!(receiver.poll_recv(&mut Context::from_waker(&waker)).is_pending());
    let permit = sender.try_reserve().unwrap();
    assert!(panic_of(|| permit.send(7)).is_some());
    assert_eq!((sender.capacity(), receiver.len()), (0, 1));
    assert_eq!(receiver.try_recv(), Ok(7));
    assert_eq!(sender.capacity(), 1);

    assert!(receiver.poll_recv(&mut Context::from_waker(&waker)).is_pending());
    assert!(panic_of(|| drop(sender)).is_some());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_buffer_that_cannot_grow_does_not_keep_room() {
    // One more does not fit: `push` panics. The message is lost, its room is not.
    let (sender, mut receiver) = channel(1);
    sender.try_send(()).unwrap();
    let mut buffer = vec![(); usize::MAX];
    assert!(panic_of(|| poll_once(receiver.recv_many(&mut buffer, 1))).is_some());
    assert_eq!(sender.capacity(), 1);
}

#[test]
fn the_end_of_the_receiver_is_waited_for() {
    let (sender, mut receiver) = channel::<()>(1);
    let second = sender.clone();
    let mut closed = Polled::new(sender.closed());
    let mut given_up = Polled::new(second.closed());
    closed.pends();
    given_up.pends();
    given_up.pends();
    assert_eq!(given_up.task().wakers_held(), 1);
    drop(given_up);
    receiver.close();
    assert!(closed.is_woken());
    closed.ready();
    assert!(sender.is_closed());
    assert!(poll_once(sender.closed()).is_ready());
}

#[test]
fn more_than_a_batch_waits_for_the_end() {
    let (sender, receiver) = channel::<()>(1);
    let mut all: Vec<_> = (0..100).map(|_| Polled::new(sender.closed())).collect();
    all.iter_mut().for_each(Polled::pends);
    drop(receiver);
    assert!(all.iter().all(Polled::is_woken));
    all.iter_mut().for_each(Polled::ready);
}

#[test]
fn whether_it_is_closed_and_what_is_inside() {
    let (sender, mut receiver) = channel(40);
    assert!(receiver.is_empty() && !receiver.is_closed());
    for n in 0..40 {
        sender.try_send(n).unwrap();
        assert_eq!((receiver.len(), receiver.is_empty()), (n + 1, false));
    }
    assert!(!receiver.is_closed());
    assert_eq!(receiver.try_recv(), Ok(0));
    let second = sender.clone();
    drop(sender);
    assert!(!receiver.is_closed());
    drop(second);
    assert!(receiver.is_closed(), "with messages in it");
    assert_eq!(receiver.len(), 39);
    while receiver.try_recv().is_ok() {}
    assert_eq!((receiver.len(), receiver.is_empty()), (0, true));
}

#[test]
fn a_weak_sender_is_a_sender_as_long_as_there_is_one() {
    let (sender, mut receiver) = channel(2);
    let weak = sender.downgrade();
    let counts = |weak: &WeakSender<i32>| (weak.strong_count(), weak.weak_count());
    assert_eq!(counts(&weak), (1, 1));
    let second = weak.clone();
    assert_eq!(counts(&weak), (1, 2));
    weak.upgrade().unwrap().try_send(1).unwrap();
    assert_eq!(counts(&weak), (1, 2));
    let upgraded = second.upgrade().unwrap();
    assert!(upgraded.same_channel(&sender));
    drop(second);
    assert_eq!((sender.strong_count(), sender.weak_count()), (2, 1));
    assert_eq!((receiver.sender_strong_count(), receiver.sender_weak_count()), (2, 1));
    drop(sender);
    let permit = upgraded.try_reserve_owned().unwrap();
    assert!(weak.upgrade().is_some(), "who has room is a sender");
    drop(permit);
    assert!(weak.upgrade().is_none());
    assert_eq!(counts(&weak), (0, 1));
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(receiver.is_closed());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    drop(receiver);
    assert_eq!(counts(&weak), (0, 1));
}

#[test]
fn an_actor_that_has_a_weak_sender_to_itself_ends() {
    let (sender, mut receiver) = channel(10);
    let weak = sender.downgrade();
    thread::scope(|scope| {
        let actor = scope.spawn(move || {
            let mut seen = 0;
            while let Some(message) = receiver.blocking_recv() {
                seen += message;
                if let (true, Some(own)) = (message > 0, weak.upgrade()) {
                    let _ = own.try_send(0);
                }
            }
            seen
        });
        for n in 1..=5 {
            sender.blocking_send(n).unwrap();
        }
        drop(sender);
        assert_eq!(actor.join().unwrap(), 15);
    });
}

#[test]
fn positions_wrap_around() {
    let start = (u64::MAX >> 3) as rt_task::base::shim::RawWord & !31;
    let (sender, mut receiver) = channel_at(100, start - 31);
    for round in 0..5 {
        for n in 0..50 {
            sender.try_send(round * 50 + n).unwrap();
            assert_eq!(receiver.len(), n + 1);
        }
        for n in 0..50 {
            assert_eq!(receiver.try_recv(), Ok(round * 50 + n));
        }
        assert!(receiver.is_empty());
    }
}

#[test]
fn threads_that_block_meet_each_other() {
    let (sender, mut receiver) = channel(1);
    thread::scope(|scope| {
        scope.spawn(move || {
            for n in 0..100 {
                sender.blocking_send(n).unwrap();
            }
        });
        let mut buffer = Vec::new();
        while receiver.blocking_recv_many(&mut buffer, 3) > 0 {}
        assert_eq!(buffer, (0..100).collect::<Vec<_>>());
    });
}

#[test]
fn blocking_is_refused_where_others_would_stand_still() {
    let (sender, mut receiver) = channel(1);
    let text = driven(|| panic_of(|| sender.blocking_send(1)).unwrap());
    assert!(text.contains("`Sender::blocking_send`") && text.contains("Use `send`"), "{text}");
    let text = driven(|| panic_of(|| receiver.blocking_recv()).unwrap());
    assert!(text.contains("`Receiver::blocking_recv`") && text.contains(file!()), "{text}");
    driven(|| panic_of(|| receiver.blocking_recv_many(&mut Vec::new(), 1)).unwrap());
}

/// Runs `f` as if a runtime were driven on this thread.
fn driven<R>(f: impl FnOnce() -> R) -> R {
    rt_task::base::context::drive(rt_task::base::context::Env::new(), |_| f()).unwrap()
}

#[test]
fn a_timeout_without_a_timer_names_the_fix() {
    let (sender, _receiver) = channel(1);
    let span = core::time::Duration::from_secs(1);
    let text = panic_of(|| drop(sender.send_timeout(1, span))).unwrap();
    assert!(text.contains("`Sender::send_timeout`") && text.contains(file!()), "{text}");
    assert!(text.contains("runtime"), "{text}");
}

#[test]
fn no_room_at_all_is_refused() {
    assert!(panic_of(|| channel::<()>(0)).unwrap().contains("buffer > 0"));
    assert!(panic_of(|| channel::<()>(usize::MAX)).unwrap().contains("MAX_PERMITS"));
}

#[test]
fn errors_say_what_is_wrong() {
    use super::error::SendTimeoutError;
    assert_eq!(format!("{} {:?}", SendError(1), SendError(1)), "channel closed SendError { .. }");
    assert_eq!(format!("{}", TrySendError::Full(1)), "no available capacity");
    assert_eq!(format!("{:?}", TrySendError::Closed(1)), "Closed(..)");
    assert_eq!(TrySendError::from(SendError(1)).into_inner(), 1);
    assert_eq!(SendTimeoutError::Timeout(1).into_inner(), 1);
    assert_eq!(format!("{}", SendTimeoutError::Closed(1)), "channel closed");
    assert_eq!(format!("{}", TryRecvError::Empty), "receiving on an empty channel");
}

#[test]
fn many_threads_send_and_each_message_arrives_once_and_in_order() {
    const SENDERS: usize = 4;
    const EACH: usize = 2000;
    let send = |sender: Sender<Box<(usize, usize)>>, who| {
        for n in 0..EACH {
            match n % 3 {
                0 => sender.blocking_send(Box::new((who, n))).unwrap(),
                1 => block_on(sender.reserve()).unwrap().send(Box::new((who, n))),
                _ => {
                    let _ = poll_once(sender.reserve_many(3)); // given up, often while it waits
                    block_on(sender.send(Box::new((who, n)))).unwrap();
                }
            }
        }
    };
    let (sender, mut receiver) = channel(7);
    thread::scope(|scope| {
        for who in 0..SENDERS {
            let sender = sender.clone();
            scope.spawn(move || send(sender, who));
        }
        drop(sender);
        let (mut next, mut buffer) = ([0; SENDERS], Vec::new());
        while receiver.blocking_recv_many(&mut buffer, 5) > 0 {
            if let Poll::Ready(Some(message)) = poll_once(receiver.recv()) {
                buffer.push(message);
            }
            for message in buffer.drain(..) {
                let (who, n) = *message;
                assert_eq!(next[who], n);
                next[who] += 1;
            }
        }
        assert_eq!(next, [EACH; SENDERS]);
    });
}

#[test]
fn a_receiver_goes_while_many_send() {
    for round in 0..50 {
        let (sender, mut receiver) = channel(40);
        let message = Arc::new(());
        thread::scope(|scope| {
            for _ in 0..3 {
                let (sender, message) = (sender.clone(), message.clone());
                scope.spawn(move || while sender.blocking_send(message.clone()).is_ok() {});
            }
            for _ in 0..round * 5 {
                assert!(receiver.blocking_recv().is_some());
            }
            drop(receiver);
        });
        assert_eq!(Arc::strong_count(&message), 1);
    }
}

#[test]
fn halves_say_what_there_is() {
    let (sender, receiver) = channel::<u8>(3);
    assert!(!sender.is_closed());
    assert_eq!((receiver.capacity(), receiver.max_capacity()), (3, 3));
    let permit = sender.try_reserve().unwrap();
    assert_eq!((receiver.capacity(), receiver.max_capacity()), (2, 3));
    drop(permit);
    let weak = [sender.downgrade(), sender.downgrade()];
    assert_eq!((sender.weak_count(), receiver.sender_weak_count()), (2, 2));
    drop(weak);
    assert_eq!((sender.weak_count(), receiver.sender_weak_count()), (0, 0));
    let other = channel::<u8>(3);
    let [one, two, else_where] =
        [&sender, &sender, &other.0].map(|sender| sender.clone().try_reserve_owned().unwrap());
    assert!(one.same_channel(&two) && !one.same_channel(&else_where));
}
