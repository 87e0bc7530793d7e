//! Random operations beside a plain model: what is there, who waits, who is woken.

use core::future::Future;
use core::pin::Pin;
use core::task::Poll;
use std::sync::Arc;

use proptest::prelude::*;

use super::error::TryRecvError;
use super::{Receiver, Sender, channel};
use crate::kit::Task;

#[derive(Clone, Copy, Debug)]
enum Op {
    Send,
    DropSender,
    /// By which of two tasks.
    PollClosed(bool),
    /// By which of two tasks.
    Poll(bool),
    TryRecv,
    Close,
    DropReceiver,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        1 => Just(Op::Send),
        1 => Just(Op::DropSender),
        4 => any::<bool>().prop_map(Op::PollClosed),
        4 => any::<bool>().prop_map(Op::Poll),
        2 => Just(Op::TryRecv),
        1 => Just(Op::Close),
        1 => Just(Op::DropReceiver),
    ]
}

/// What there should be.
#[derive(Default)]
struct Model {
    sent: bool,
    sender_gone: bool,
    closed: bool,
    /// The receiver gave its result, or is gone.
    ended: bool,
    rx_waits: Option<bool>,
    tx_waits: Option<bool>,
    wakes: [usize; 2],
}

impl Model {
    fn wake(&mut self, waits: fn(&mut Self) -> &mut Option<bool>) {
        if let Some(which) = waits(self).take() {
            self.wakes[usize::from(which)] += 1;
        }
    }

    /// What a look at the receiver gives.
    fn look(&mut self) -> Result<(), TryRecvError> {
        let result = match self {
            Self { ended: true, .. } => Err(TryRecvError::Closed),
            Self { sent: true, .. } => Ok(()),
            Self { sender_gone: true, .. } | Self { closed: true, .. } => Err(TryRecvError::Closed),
            _ => return Err(TryRecvError::Empty),
        };
        self.end();
        result
    }

    fn close(&mut self) {
        if !self.closed && !self.sender_gone {
            self.closed = true;
            self.rx_waits = None;
            self.wake(|model| &mut model.tx_waits);
        }
    }

    fn end(&mut self) {
        self.close();
        self.ended = true;
    }
}

proptest! {
    #[test]
    fn like_the_model(ops in proptest::collection::vec(op(), 0..24)) {
        let value = Arc::new(());
        let tasks = [Task::new(), Task::new()];
        let (sender, receiver) = channel();
        let (mut sender, mut receiver): (Option<Sender<_>>, Option<Receiver<_>>) = (Some(sender), Some(receiver));
        let mut model = Model::default();
        for op in ops {
            match op {
                Op::Send => if let Some(sender) = sender.take() {
                    prop_assert_eq!(sender.send(value.clone()).is_ok(), !model.closed);
                    model.sent = !model.closed;
                    model.sender_gone = true;
                    model.tx_waits = None;
                    model.wake(|model| &mut model.rx_waits);
                },
                Op::DropSender => if sender.take().is_some() {
                    model.sender_gone = true;
                    model.tx_waits = None;
                    model.wake(|model| &mut model.rx_waits);
                },
                Op::PollClosed(which) => if let Some(sender) = &mut sender {
                    let polled = tasks[usize::from(which)].enter(|cx| sender.poll_closed(cx));
                    prop_assert_eq!(polled.is_ready(), model.closed);
                    if polled.is_pending() {
                        model.tx_waits = Some(which);
                    }
                },
                Op::Poll(which) => if let Some(receiver) = receiver.as_mut().filter(|one| !one.is_terminated()) {
                    let polled = tasks[usize::from(which)].enter(|cx| Pin::new(receiver).poll(cx));
                    match (polled, model.look()) {
                        (Poll::Ready(Ok(_)), Ok(())) | (Poll::Ready(Err(_)), Err(TryRecvError::Closed)) => {}
                        (Poll::Pending, Err(TryRecvError::Empty)) => model.rx_waits = Some(which),
                        (polled, expected) => prop_assert!(false, "{polled:?}, and not {expected:?}"),
                    }
                },
                Op::TryRecv => if let Some(receiver) = &mut receiver {
                    prop_assert_eq!(receiver.try_recv().map(drop), model.look());
                },
                Op::Close => if let Some(receiver) = &mut receiver {
                    receiver.close();
                    model.close();
                },
                Op::DropReceiver => if receiver.take().is_some() {
                    model.end();
                },
            }
            prop_assert_eq!([tasks[0].wakes(), tasks[1].wakes()], model.wakes);
            if let Some(sender) = &sender {
                prop_assert_eq!(sender.is_closed(), model.closed);
            }
            if let Some(receiver) = &receiver {
                prop_assert_eq!(receiver.is_terminated(), model.ended);
                prop_assert_eq!(receiver.is_empty(), !model.sent || model.ended);
            }
        }
        drop((sender, receiver));
        prop_assert_eq!(Arc::strong_count(&value), 1);
        prop_assert_eq!([tasks[0].wakers_held(), tasks[1].wakers_held()], [0, 0]);
    }
}
