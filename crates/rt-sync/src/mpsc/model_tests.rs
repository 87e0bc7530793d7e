//! Random operations beside a queue: what is received, who waits, who is woken, what is dropped.

use core::future::Future;
use core::task::Poll;
use std::boxed::Box;
use std::collections::VecDeque;
use std::sync::Arc;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::error::{SendError, TryRecvError, TrySendError};
use super::{OwnedPermit, Receiver, Sender, UnboundedReceiver, UnboundedSender};
use super::{channel, unbounded_channel};
use crate::kit::{Polled, Task};

#[derive(Clone, Debug)]
enum Op {
    TrySend,
    /// Begins to wait for room, for a message of its own.
    Send,
    /// Begins to wait for room to keep.
    Reserve,
    /// Polls one of those that wait, chosen by this.
    PollSender(usize),
    /// Gives one of them up.
    DropSend(usize),
    TryReserve,
    /// Sends into room that was kept, or gives it back.
    UsePermit(usize, bool),
    /// By which of two tasks.
    Poll(bool),
    PollMany(bool, usize),
    TryRecv,
    Close,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => Just(Op::TrySend),
        3 => Just(Op::Send),
        2 => Just(Op::Reserve),
        4 => any::<usize>().prop_map(Op::PollSender),
        1 => any::<usize>().prop_map(Op::DropSend),
        2 => Just(Op::TryReserve),
        4 => any::<(usize, bool)>().prop_map(|(which, sends)| Op::UsePermit(which, sends)),
        5 => any::<bool>().prop_map(Op::Poll),
        2 => (any::<bool>(), 0_usize..50).prop_map(|(which, limit)| Op::PollMany(which, limit)),
        4 => Just(Op::TryRecv),
        1 => prop_oneof![9 => Just(Op::TryRecv), 1 => Just(Op::Close)],
    ]
}

/// A message counts itself by its `Arc`.
type Message = (u32, Arc<()>);
type Sends = Box<dyn Future<Output = Result<Option<OwnedPermit<Message>>, ()>> + Unpin>;

/// Who waits for room.
struct Waiting {
    polled: Polled<Sends>,
    /// What it sends; `None` if it keeps the room.
    sends: Option<u32>,
    state: Place,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    New,
    InLine,
    HasRoom,
    /// It was closed while it was in line.
    Failed,
}

/// A bounded channel and what is known of it.
struct Bounded {
    sender: Sender<Message>,
    receiver: Receiver<Message>,
    all: Arc<()>,
    next: u32,
    max: usize,
    // The model:
    free: usize,
    queue: VecDeque<u32>,
    waits: Vec<Waiting>,
    permits: Vec<OwnedPermit<Message>>,
    closed: bool,
    tasks: [Task; 2],
    receives: Option<bool>,
    wakes: [usize; 2],
}

impl Bounded {
    fn new(max: usize) -> Self {
        let (sender, receiver) = channel(max);
        Self {
            sender,
            receiver,
            all: Arc::default(),
            next: 0,
            max,
            free: max,
            queue: VecDeque::new(),
            waits: Vec::new(),
            permits: Vec::new(),
            closed: false,
            tasks: [Task::new(), Task::new()],
            receives: None,
            wakes: [0; 2],
        }
    }

    fn message(&mut self) -> Message {
        self.next += 1;
        (self.next, self.all.clone())
    }

    fn give(&mut self) {
        let first = self.waits.iter_mut().find(|waiting| waiting.state == Place::InLine);
        match first {
            Some(waiting) if !self.closed => {
                waiting.state = Place::HasRoom;
                assert!(waiting.polled.is_woken());
            }
            _ => self.free += 1,
        }
        self.wake_if_done();
    }

    fn wake_if_done(&mut self) {
        if self.closed && self.free == self.max {
            self.wake_receiver();
        }
    }

    fn wake_receiver(&mut self) {
        if let Some(which) = self.receives.take() {
            self.wakes[usize::from(which)] += 1;
        }
    }

    fn pushed(&mut self, n: u32) {
        self.queue.push_back(n);
        self.wake_receiver();
    }

    fn look(&mut self) -> Result<u32, TryRecvError> {
        match self.queue.pop_front() {
            Some(n) => Ok(n),
            None if self.closed && self.free == self.max => Err(TryRecvError::Disconnected),
            None => Err(TryRecvError::Empty),
        }
    }

    /// What a poll of the one at `at` does.
    fn poll_sender(&mut self, at: usize) {
        let in_line = self.waits.iter().any(|waiting| waiting.state == Place::InLine);
        let waiting = &mut self.waits[at];
        let polled = waiting.polled.poll();
        let before = waiting.state;
        let expected = match before {
            Place::New if self.closed => Place::Failed,
            Place::New if self.free > 0 && !in_line => {
                self.free -= 1;
                Place::HasRoom
            }
            Place::New => Place::InLine,
            state => state,
        };
        waiting.state = expected;
        if expected == Place::InLine {
            assert!(polled.is_pending());
            if before == Place::New {
                let last = self.waits.remove(at);
                self.waits.push(last); // those in line stand here in their order
            }
            return;
        }
        let Poll::Ready(output) = polled else { panic!("{expected:?}, and it pends") };
        let waiting = self.waits.remove(at);
        match (expected, output, waiting.sends) {
            (Place::Failed, Err(()), _) => {}
            (Place::HasRoom, Ok(Some(permit)), None) => self.permits.push(permit),
            (Place::HasRoom, Ok(None), Some(n)) => self.pushed(n),
            (expected, output, _) => panic!("{expected:?}, and it says {:?}", output.is_ok()),
        }
    }

    fn run(&mut self, op: Op) {
        match op {
            Op::TrySend => {
                let in_line = self.waits.iter().any(|waiting| waiting.state == Place::InLine);
                let message = self.message();
                let n = message.0;
                match self.sender.try_send(message) {
                    Ok(()) => {
                        assert!(!self.closed && !in_line && self.free > 0);
                        self.free -= 1;
                        self.pushed(n);
                    }
                    Err(TrySendError::Full(_)) => {
                        assert!(!self.closed && (in_line || self.free == 0));
                    }
                    Err(TrySendError::Closed(_)) => assert!(self.closed),
                }
            }
            Op::Send => {
                let (sender, message) = (self.sender.clone(), self.message());
                let n = message.0;
                let sends: Sends = Box::new(Box::pin(async move {
                    sender.send(message).await.map(|()| None).map_err(|SendError(_)| ())
                }));
                let polled = Polled::new(sends);
                self.waits.push(Waiting { polled, sends: Some(n), state: Place::New });
            }
            Op::Reserve => {
                let sender = self.sender.clone();
                let sends: Sends = Box::new(Box::pin(async move {
                    sender.reserve_owned().await.map(Some).map_err(drop)
                }));
                let polled = Polled::new(sends);
                self.waits.push(Waiting { polled, sends: None, state: Place::New });
            }
            Op::PollSender(which) if !self.waits.is_empty() => {
                self.poll_sender(which % self.waits.len());
            }
            Op::DropSend(which) if !self.waits.is_empty() => {
                let waiting = self.waits.remove(which % self.waits.len());
                let had_room = waiting.state == Place::HasRoom;
                drop(waiting);
                if had_room {
                    self.give();
                }
            }
            Op::TryReserve => {
                if let Ok(permit) = self.sender.clone().try_reserve_owned() {
                    self.free -= 1;
                    self.permits.push(permit);
                }
            }
            Op::UsePermit(which, sends) if !self.permits.is_empty() => {
                let permit = self.permits.swap_remove(which % self.permits.len());
                if sends {
                    let message = self.message();
                    let n = message.0;
                    permit.send(message);
                    self.pushed(n);
                } else {
                    drop(permit);
                    self.give();
                }
            }
            Op::Poll(which) => {
                let receiver = &mut self.receiver;
                let polled = self.tasks[usize::from(which)].enter(|cx| receiver.poll_recv(cx));
                let expected = self.look();
                match polled {
                    Poll::Ready(Some((n, _))) => {
                        assert_eq!(expected, Ok(n));
                        self.give();
                    }
                    Poll::Ready(None) => assert_eq!(expected, Err(TryRecvError::Disconnected)),
                    Poll::Pending => {
                        assert_eq!(expected, Err(TryRecvError::Empty));
                        self.receives = Some(which);
                    }
                }
            }
            Op::PollMany(which, limit) => {
                let (receiver, mut buffer) = (&mut self.receiver, Vec::new());
                let task = &self.tasks[usize::from(which)];
                let polled = task.enter(|cx| receiver.poll_recv_many(cx, &mut buffer, limit));
                let received: Vec<_> = buffer.iter().map(|message: &Message| message.0).collect();
                match polled {
                    Poll::Ready(count) => {
                        assert_eq!(count, received.len());
                        assert_eq!(count, limit.min(self.queue.len()));
                        if count == 0 && limit > 0 {
                            assert_eq!(self.look(), Err(TryRecvError::Disconnected));
                        }
                    }
                    Poll::Pending => {
                        assert_eq!(self.look(), Err(TryRecvError::Empty));
                        self.receives = Some(which);
                    }
                }
                for n in received {
                    assert_eq!(self.look(), Ok(n));
                    self.give();
                }
            }
            Op::TryRecv => {
                let received = self.receiver.try_recv().map(|message| message.0);
                assert_eq!(received, self.look());
                if received.is_ok() {
                    self.give();
                }
            }
            Op::Close => {
                self.receiver.close();
                self.closed = true;
                for waiting in &mut self.waits {
                    if waiting.state == Place::InLine {
                        waiting.state = Place::Failed;
                        assert!(waiting.polled.is_woken());
                    }
                }
                self.wake_if_done();
            }
            Op::PollSender(_) | Op::DropSend(_) | Op::UsePermit(..) => {}
        }
        self.check();
    }

    fn check(&self) {
        assert_eq!(self.sender.capacity(), self.free);
        assert_eq!(self.receiver.len(), self.queue.len());
        assert_eq!(self.receiver.is_empty(), self.queue.is_empty());
        assert_eq!(self.receiver.is_closed(), self.closed);
        assert_eq!(self.tasks.each_ref().map(Task::wakes), self.wakes);
        let unsent = self.waits.iter().filter(|waiting| waiting.sends.is_some()).count();
        assert_eq!(Arc::strong_count(&self.all), 1 + self.queue.len() + unsent);
    }
}

#[derive(Clone, Debug)]
enum Plain {
    Send(u8),
    Poll(bool),
    PollMany(bool, usize),
    TryRecv(u8),
    Clone,
    DropSender,
    Upgrade,
    Close,
}

fn plain() -> impl Strategy<Value = Plain> {
    prop_oneof![
        8 => (1_u8..80).prop_map(Plain::Send),
        4 => any::<bool>().prop_map(Plain::Poll),
        2 => (any::<bool>(), 0_usize..100).prop_map(|(which, limit)| Plain::PollMany(which, limit)),
        6 => (1_u8..80).prop_map(Plain::TryRecv),
        2 => Just(Plain::Clone),
        2 => Just(Plain::DropSender),
        1 => Just(Plain::Upgrade),
        1 => prop_oneof![4 => Just(Plain::Clone), 1 => Just(Plain::Close)],
    ]
}

/// An unbounded channel and what is known of it.
struct Unbounded {
    senders: Vec<UnboundedSender<Message>>,
    receiver: UnboundedReceiver<Message>,
    all: Arc<()>,
    next: u32,
    queue: VecDeque<u32>,
    closed: bool,
    tasks: [Task; 2],
    receives: Option<bool>,
    wakes: [usize; 2],
}

impl Unbounded {
    fn wake_receiver(&mut self) {
        if let Some(which) = self.receives.take() {
            self.wakes[usize::from(which)] += 1;
        }
    }

    fn look(&mut self) -> Result<u32, TryRecvError> {
        match self.queue.pop_front() {
            Some(n) => Ok(n),
            None if self.closed || self.senders.is_empty() => Err(TryRecvError::Disconnected),
            None => Err(TryRecvError::Empty),
        }
    }

    fn pends(&mut self, which: bool) {
        assert_eq!(self.look(), Err(TryRecvError::Empty));
        self.receives = Some(which);
    }

    fn run(&mut self, op: Plain, weak: &super::WeakUnboundedSender<Message>) {
        match op {
            Plain::Send(times) => {
                for _ in 0..times {
                    let Some(sender) = self.senders.last() else { break };
                    self.next += 1;
                    let sent = sender.send((self.next, self.all.clone()));
                    assert_eq!(sent.is_err(), self.closed);
                    if sent.is_ok() {
                        self.queue.push_back(self.next);
                        self.wake_receiver();
                    }
                }
            }
            Plain::Poll(which) => {
                let receiver = &mut self.receiver;
                match self.tasks[usize::from(which)].enter(|cx| receiver.poll_recv(cx)) {
                    Poll::Ready(Some((n, _))) => assert_eq!(self.look(), Ok(n)),
                    Poll::Ready(None) => assert_eq!(self.look(), Err(TryRecvError::Disconnected)),
                    Poll::Pending => self.pends(which),
                }
            }
            Plain::PollMany(which, limit) => {
                let (receiver, mut buffer) = (&mut self.receiver, Vec::new());
                let task = &self.tasks[usize::from(which)];
                match task.enter(|cx| receiver.poll_recv_many(cx, &mut buffer, limit)) {
                    Poll::Ready(count) => assert_eq!(count, limit.min(self.queue.len())),
                    Poll::Pending => self.pends(which),
                }
                for (n, _) in buffer {
                    assert_eq!(self.look(), Ok(n));
                }
            }
            Plain::TryRecv(times) => {
                for _ in 0..times {
                    let received = self.receiver.try_recv().map(|message| message.0);
                    assert_eq!(received, self.look());
                }
            }
            Plain::Clone => self.senders.extend(self.senders.first().cloned()),
            Plain::DropSender => {
                if self.senders.pop().is_some() && self.senders.is_empty() {
                    self.wake_receiver();
                }
            }
            Plain::Upgrade => {
                let upgraded = weak.upgrade();
                assert_eq!(upgraded.is_some(), !self.senders.is_empty());
                self.senders.extend(upgraded);
            }
            Plain::Close => {
                self.receiver.close();
                self.closed = true;
                // One who waits is not woken: it closed the channel itself.
            }
        }
        assert_eq!(self.receiver.len(), self.queue.len());
        assert_eq!(self.receiver.is_closed(), self.closed || self.senders.is_empty());
        assert_eq!(weak.strong_count(), self.senders.len());
        assert_eq!(self.tasks.each_ref().map(Task::wakes), self.wakes);
        assert_eq!(Arc::strong_count(&self.all), 1 + self.queue.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_bounded_channel_behaves_like_a_queue_with_a_line(
        max in 1_usize..5,
        ops in proptest::collection::vec(op(), 0..200),
        receiver_first in any::<bool>(),
    ) {
        let mut channel = Bounded::new(max);
        for op in ops {
            channel.run(op);
        }
        let Bounded { sender, receiver, all, waits, permits, .. } = channel;
        if receiver_first {
            drop(receiver);
            let unsent = waits.iter().filter(|waiting| waiting.sends.is_some()).count();
            assert_eq!(Arc::strong_count(&all), 1 + unsent);
            drop((sender, waits, permits));
        } else {
            drop((sender, waits, permits));
            drop(receiver);
        }
        assert_eq!(Arc::strong_count(&all), 1);
    }

    #[test]
    fn an_unbounded_channel_behaves_like_a_queue(
        ops in proptest::collection::vec(plain(), 0..100),
    ) {
        let (sender, receiver) = unbounded_channel();
        let weak = sender.downgrade();
        let mut channel = Unbounded {
            senders: vec![sender],
            receiver,
            all: Arc::default(),
            next: 0,
            queue: VecDeque::new(),
            closed: false,
            tasks: [Task::new(), Task::new()],
            receives: None,
            wakes: [0; 2],
        };
        for op in ops {
            channel.run(op, &weak);
        }
        let Unbounded { receiver, all, .. } = channel;
        drop(receiver);
        assert_eq!(Arc::strong_count(&all), 1);
    }
}
