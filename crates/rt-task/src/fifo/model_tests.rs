//! The intrusive queue against a `VecDeque`.

use alloc::collections::VecDeque;
use core::future::pending;
use proptest::prelude::*;

use super::*;
use crate::TaskId;
use crate::kit::*;

#[derive(Clone, Copy, Debug)]
enum Op {
    PushBack,
    PushFront,
    Pop,
    /// Appends a queue of so many.
    Append(usize),
    /// Appends to a queue of so many, which takes its place.
    AppendTo(usize),
    /// Pops one, gives it up to a link and makes it again.
    Link,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        Just(Op::PushBack),
        Just(Op::PushFront),
        Just(Op::Pop),
        (0..4_usize).prop_map(Op::Append),
        (0..4_usize).prop_map(Op::AppendTo),
        Just(Op::Link),
    ]
}

proptest! {
    #[test]
    fn behaves_as_a_vec_deque(ops in prop::collection::vec(op(), 0..60)) {
        let (scheduler, drops) = (Queue::new(), Drops::default());
        let spawned = core::cell::Cell::new(0);
        let task = || -> (TaskId, Runnable<Queue>) {
            spawned.set(spawned.get() + 1);
            let inside = drops.value();
            let future = async move {
                let _inside = inside;
                pending::<()>().await;
            };
            let (runnable, handle) = crate::spawn(future, scheduler.clone());
            (handle.id(), runnable)
        };
        let (mut fifo, mut model) = (Fifo::default(), VecDeque::new());
        for op in ops {
            match op {
                Op::PushBack => {
                    let (id, runnable) = task();
                    fifo.push_back(runnable);
                    model.push_back(id);
                }
                Op::PushFront => {
                    let (id, runnable) = task();
                    fifo.push_front(runnable);
                    model.push_front(id);
                }
                Op::Pop => {
                    let popped = fifo.pop_front();
                    prop_assert_eq!(popped.map(|runnable| runnable.id()), model.pop_front());
                }
                Op::Append(count) => {
                    let mut other = Fifo::new();
                    for _ in 0..count {
                        let (id, runnable) = task();
                        other.push_back(runnable);
                        model.push_back(id);
                    }
                    fifo.append(&mut other);
                    prop_assert!(other.is_empty() && other.pop_front().is_none());
                }
                Op::AppendTo(count) => {
                    let mut other = Fifo::new();
                    for _ in 0..count {
                        let (id, runnable) = task();
                        other.push_front(runnable);
                        model.push_front(id);
                    }
                    other.append(&mut fifo);
                    fifo = other;
                }
                Op::Link => {
                    if let Some(runnable) = fifo.pop_front() {
                        let link = runnable.into_link();
                        // SAFETY: it comes from `as_ptr`.
                        let link = unsafe { Link::from_ptr(link.as_ptr()) };
                        // SAFETY: we own the `Runnable` that it stands for.
                        let next = unsafe { link.replace_next(None) };
                        prop_assert!(next.is_none(), "a popped task has no next");
                        // SAFETY: it comes from `into_link`, above, and is used up.
                        fifo.push_front(unsafe { Runnable::from_link(link) });
                    }
                }
            }
            prop_assert_eq!((fifo.len(), fifo.is_empty()), (model.len(), model.is_empty()));
        }
        prop_assert_eq!(drops.count(), spawned.get() - model.len(), "who was popped was dropped");
        drop(fifo);
        prop_assert_eq!(drops.count(), spawned.get());
    }
}
