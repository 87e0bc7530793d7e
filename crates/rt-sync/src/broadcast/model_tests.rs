//! Random operations beside a plain model: a list of all messages ever sent, and where each receiver is.

use core::task::Poll;
use std::boxed::Box;
use std::sync::Arc;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::error::{RecvError, TryRecvError};
use super::{Receiver, Sender, channel};
use crate::kit::{Polled, poll_once};

#[derive(Clone, Copy, Debug)]
enum Op {
    Send,
    Subscribe,
    Resubscribe(usize),
    Drop(usize),
    DropSender,
    TryRecv(usize),
    /// Polls for a message; given up if it pends.
    Recv(usize),
    /// The same, and it stays until a message comes.
    Wait(usize),
    GiveUp(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let n = any::<usize>;
    prop_oneof![
        16 => Just(Op::Send),
        3 => Just(Op::Subscribe),
        3 => n().prop_map(Op::Resubscribe),
        3 => n().prop_map(Op::Drop),
        1 => Just(Op::DropSender),
        12 => n().prop_map(Op::TryRecv),
        6 => n().prop_map(Op::Recv),
        8 => n().prop_map(Op::Wait),
        2 => n().prop_map(Op::GiveUp),
    ]
}

type Message = Arc<usize>;
type Wait =
    core::pin::Pin<Box<dyn Future<Output = (Receiver<Message>, Result<Message, RecvError>)>>>;

/// A receiver, in the future that waits with it or not.
struct One {
    receiver: Option<Receiver<Message>>,
    wait: Option<Polled<Wait>>,
    next: usize,
}

fn wait(mut receiver: Receiver<Message>) -> Wait {
    Box::pin(async move {
        let result = receiver.recv().await;
        (receiver, result)
    })
}

struct Model {
    capacity: usize,
    sender: Option<Sender<Message>>,
    /// Whatever was sent, and how many were to have it.
    sent: usize,
    all: Vec<One>,
}

impl Model {
    fn pick(&mut self, n: usize) -> Option<&mut One> {
        let mut free = Vec::from_iter(self.all.iter_mut().filter(|one| one.receiver.is_some()));
        let len = free.len();
        (len > 0).then(|| free.swap_remove(n % len))
    }

    fn end_waits(&mut self) {
        let (sent, capacity, is_closed) = (self.sent, self.capacity, self.sender.is_none());
        for one in &mut self.all {
            let Some(mut wait) = one.wait.take() else { continue };
            assert!(wait.is_woken());
            let (receiver, result) = wait.ready();
            assert_eq!(plain(result), receive(&mut one.next, sent, capacity, is_closed));
            one.receiver = Some(receiver);
        }
    }
}

/// What a receive gives.
fn receive(
    next: &mut usize,
    sent: usize,
    capacity: usize,
    is_closed: bool,
) -> Result<usize, TryRecvError> {
    let oldest = sent.saturating_sub(capacity);
    match () {
        () if *next == sent && is_closed => Err(TryRecvError::Closed),
        () if *next == sent => Err(TryRecvError::Empty),
        () if *next < oldest => {
            let missed = oldest - *next;
            *next = oldest;
            Err(TryRecvError::Lagged(missed as u64))
        }
        () => {
            *next += 1;
            Ok(*next - 1)
        }
    }
}

fn plain(result: Result<Message, RecvError>) -> Result<usize, TryRecvError> {
    match result {
        Ok(message) => Ok(*message),
        Err(RecvError::Closed) => Err(TryRecvError::Closed),
        Err(RecvError::Lagged(missed)) => Err(TryRecvError::Lagged(missed)),
    }
}

proptest! {
    #[test]
    fn like_the_model(asked in 1_usize..5, ops in proptest::collection::vec(op(), 0..80)) {
        let (sender, receiver) = channel(asked);
        let capacity = asked.next_power_of_two();
        let first = One { receiver: Some(receiver), wait: None, next: 0 };
        let mut model = Model { capacity, sender: Some(sender), sent: 0, all: vec![first] };
        let mut kept = Vec::new();
        for op in ops {
            let (sent, is_closed) = (model.sent, model.sender.is_none());
            match op {
                Op::Send => if let Some(sender) = &model.sender {
                    let message = Arc::new(sent);
                    let result = sender.send(message.clone());
                    prop_assert_eq!(result.ok(), (!model.all.is_empty()).then_some(model.all.len()));
                    if !model.all.is_empty() {
                        kept.push(Arc::downgrade(&message));
                        drop(message);
                        model.sent += 1;
                        model.end_waits();
                    }
                },
                Op::Subscribe => if let Some(sender) = &model.sender {
                    let receiver = Some(sender.subscribe());
                    model.all.push(One { receiver, wait: None, next: sent });
                },
                Op::Resubscribe(n) => if let Some(one) = model.pick(n) {
                    let receiver = one.receiver.as_ref().map(Receiver::resubscribe);
                    model.all.push(One { receiver, wait: None, next: sent });
                },
                Op::Drop(n) => if !model.all.is_empty() {
                    let n = n % model.all.len();
                    model.all.swap_remove(n);
                },
                Op::DropSender => if model.sender.take().is_some() {
                    model.end_waits();
                },
                Op::TryRecv(n) => if let Some(one) = model.pick(n) {
                    let result = one.receiver.as_mut().unwrap().try_recv().map(|message| *message);
                    prop_assert_eq!(result, receive(&mut one.next, sent, capacity, is_closed));
                },
                Op::Recv(n) => if let Some(one) = model.pick(n) {
                    let expected = receive(&mut one.next, sent, capacity, is_closed);
                    match poll_once(one.receiver.as_mut().unwrap().recv()) {
                        Poll::Pending => prop_assert_eq!(expected, Err(TryRecvError::Empty)),
                        Poll::Ready(result) => prop_assert_eq!(plain(result), expected),
                    }
                },
                Op::Wait(n) => if let Some(one) = model.pick(n) {
                    let expected = receive(&mut one.next, sent, capacity, is_closed);
                    let mut polled = Polled::new(wait(one.receiver.take().unwrap()));
                    match polled.poll() {
                        Poll::Pending => {
                            prop_assert_eq!(expected, Err(TryRecvError::Empty));
                            one.wait = Some(polled);
                        }
                        Poll::Ready((receiver, result)) => {
                            one.receiver = Some(receiver);
                            prop_assert_eq!(plain(result), expected);
                        }
                    }
                },
                Op::GiveUp(n) => {
                    // The receiver goes with it.
                    let waits = Vec::from_iter((0..model.all.len()).filter(|&at| model.all[at].wait.is_some()));
                    if !waits.is_empty() {
                        model.all.swap_remove(waits[n % waits.len()]);
                    }
                },
            }
            // A message is kept as long as it is in the ring, and somebody has not had it.
            let oldest = model.sent.saturating_sub(capacity);
            let behind = model.all.iter().map(|one| one.next).min().unwrap_or(model.sent);
            for (number, message) in kept.iter().enumerate() {
                prop_assert_eq!(message.strong_count() > 0, number >= oldest.max(behind), "message {}", number);
            }
            if let Some(sender) = &model.sender {
                prop_assert_eq!(sender.receiver_count(), model.all.len());
                prop_assert_eq!(sender.len(), model.sent - oldest.max(behind));
                prop_assert_eq!(sender.is_empty(), behind == model.sent);
            }
            for one in &model.all {
                if let Some(receiver) = &one.receiver {
                    prop_assert_eq!(receiver.len(), model.sent - one.next);
                    prop_assert_eq!(receiver.is_closed(), model.sender.is_none());
                }
                if let Some(wait) = &one.wait {
                    prop_assert!(!wait.is_woken());
                }
            }
        }
    }
}
