//! Random operations beside a plain model: versions, who has seen which, who waits, who is woken.

use core::task::Poll;
use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::{Receiver, Sender, channel};
use crate::kit::{Polled, poll_once};

#[derive(Clone, Copy, Debug)]
enum Op {
    Send,
    SendIf(bool),
    Subscribe,
    Clone(usize),
    Drop(usize),
    DropSender,
    /// Polls for a change; given up if it pends.
    Changed(usize),
    /// The same, and it stays, to be looked at after the next send.
    Wait(usize),
    GiveUp(usize),
    Borrow(usize),
    Update(usize),
    MarkChanged(usize),
    MarkUnchanged(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let n = any::<usize>;
    prop_oneof![
        8 => Just(Op::Send),
        3 => any::<bool>().prop_map(Op::SendIf),
        4 => Just(Op::Subscribe),
        3 => n().prop_map(Op::Clone),
        2 => n().prop_map(Op::Drop),
        1 => Just(Op::DropSender),
        4 => n().prop_map(Op::Changed),
        8 => n().prop_map(Op::Wait),
        2 => n().prop_map(Op::GiveUp),
        2 => n().prop_map(Op::Borrow),
        3 => n().prop_map(Op::Update),
        1 => n().prop_map(Op::MarkChanged),
        1 => n().prop_map(Op::MarkUnchanged),
    ]
}

/// A receiver, in the future that waits with it or not.
struct One {
    receiver: Option<Receiver<usize>>,
    wait: Option<Polled<Wait>>,
    /// `None`: counts as changed, whatever the version.
    seen: Option<usize>,
}

type Wait = core::pin::Pin<Box<dyn Future<Output = (Receiver<usize>, bool)>>>;

fn wait(mut receiver: Receiver<usize>) -> Wait {
    Box::pin(async move {
        let is_ok = receiver.changed().await.is_ok();
        (receiver, is_ok)
    })
}

struct Model {
    sender: Option<Sender<usize>>,
    version: usize,
    value: usize,
    all: Vec<One>,
}

impl Model {
    fn pick(&mut self, n: usize) -> Option<&mut One> {
        let mut free = Vec::from_iter(self.all.iter_mut().filter(|one| one.receiver.is_some()));
        let len = free.len();
        (len > 0).then(|| free.swap_remove(n % len))
    }

    /// What waiting for a change gives.
    fn change(version: usize, is_closed: bool, seen: &mut Option<usize>) -> Poll<bool> {
        match *seen != Some(version) {
            true => {
                *seen = Some(version);
                Poll::Ready(true)
            }
            false if is_closed => Poll::Ready(false),
            false => Poll::Pending,
        }
    }

    /// After what ends waits: each was woken, and ends.
    fn end_waits(&mut self) {
        let (version, is_closed) = (self.version, self.sender.is_none());
        for one in &mut self.all {
            let Some(mut wait) = one.wait.take() else { continue };
            assert!(wait.is_woken());
            let (receiver, is_ok) = wait.ready();
            assert_eq!(Poll::Ready(is_ok), Self::change(version, is_closed, &mut one.seen));
            one.receiver = Some(receiver);
        }
    }
}

proptest! {
    #[test]
    fn like_the_model(ops in proptest::collection::vec(op(), 0..60)) {
        let (sender, receiver) = channel(0);
        let first = One { receiver: Some(receiver), wait: None, seen: Some(0) };
        let mut model = Model { sender: Some(sender), version: 0, value: 0, all: vec![first] };
        for op in ops {
            let (version, value, is_closed) = (model.version, model.value, model.sender.is_none());
            match op {
                Op::Send => if let Some(sender) = &model.sender {
                    prop_assert_eq!(sender.send(value + 1).is_ok(), !model.all.is_empty());
                    if !model.all.is_empty() {
                        model.value += 1;
                        model.version += 1;
                        model.end_waits();
                    }
                },
                Op::SendIf(modified) => if let Some(sender) = &model.sender {
                    sender.send_if_modified(|value| {
                        *value += 1;
                        modified
                    });
                    model.value += 1;
                    if modified {
                        model.version += 1;
                        model.end_waits();
                    }
                },
                Op::Subscribe => if let Some(sender) = &model.sender {
                    let receiver = Some(sender.subscribe());
                    model.all.push(One { receiver, wait: None, seen: Some(version) });
                },
                Op::Clone(n) => if let Some(one) = model.pick(n) {
                    let clone = One { receiver: one.receiver.clone(), wait: None, seen: one.seen };
                    model.all.push(clone);
                },
                Op::Drop(n) => if !model.all.is_empty() {
                    let n = n % model.all.len();
                    model.all.swap_remove(n);
                },
                Op::DropSender => if model.sender.take().is_some() {
                    model.end_waits();
                },
                Op::Changed(n) => if let Some(one) = model.pick(n) {
                    let polled = poll_once(one.receiver.as_mut().unwrap().changed());
                    prop_assert_eq!(polled.map(|result| result.is_ok()), Model::change(version, is_closed, &mut one.seen));
                },
                Op::Wait(n) => if let Some(one) = model.pick(n) {
                    let mut polled = Polled::new(wait(one.receiver.take().unwrap()));
                    match polled.poll() {
                        Poll::Pending => {
                            prop_assert_eq!(Poll::Pending, Model::change(version, is_closed, &mut one.seen));
                            one.wait = Some(polled);
                        }
                        Poll::Ready((receiver, is_ok)) => {
                            one.receiver = Some(receiver);
                            prop_assert_eq!(Poll::Ready(is_ok), Model::change(version, is_closed, &mut one.seen));
                        }
                    }
                },
                Op::GiveUp(n) => {
                    let waits = model.all.iter().filter(|one| one.wait.is_some()).count();
                    if waits > 0 {
                        // The receiver goes with it.
                        let n = model.all.iter().enumerate().filter(|(_, one)| one.wait.is_some()).nth(n % waits).unwrap().0;
                        model.all.swap_remove(n);
                    }
                },
                Op::Borrow(n) => if let Some(one) = model.pick(n) {
                    let seen = one.receiver.as_ref().unwrap().borrow();
                    prop_assert_eq!((*seen, seen.has_changed()), (value, one.seen != Some(version)));
                },
                Op::Update(n) => if let Some(one) = model.pick(n) {
                    let seen = one.receiver.as_mut().unwrap().borrow_and_update();
                    prop_assert_eq!((*seen, seen.has_changed()), (value, one.seen != Some(version)));
                    drop(seen);
                    one.seen = Some(version);
                },
                Op::MarkChanged(n) => if let Some(one) = model.pick(n) {
                    one.receiver.as_mut().unwrap().mark_changed();
                    one.seen = None;
                },
                Op::MarkUnchanged(n) => if let Some(one) = model.pick(n) {
                    one.receiver.as_mut().unwrap().mark_unchanged();
                    one.seen = Some(version);
                },
            }
            if let Some(sender) = &model.sender {
                prop_assert_eq!(sender.receiver_count(), model.all.len());
                prop_assert_eq!(*sender.borrow(), model.value);
            }
            for one in &model.all {
                if let Some(receiver) = &one.receiver {
                    prop_assert_eq!(receiver.is_closed(), model.sender.is_none());
                    match receiver.has_changed() {
                        Ok(changed) => prop_assert_eq!(changed, one.seen != Some(model.version)),
                        Err(_) => prop_assert!(model.sender.is_none()),
                    }
                }
                if let Some(wait) = &one.wait {
                    prop_assert!(!wait.is_woken());
                }
            }
        }
    }
}
