//! The inbox against a `VecDeque`, over random operations.

use super::*;
use crate::{TaskId, Why};
use proptest::prelude::*;
use std::collections::VecDeque;

#[derive(Clone, Copy)]
struct Nowhere;

impl Schedule for Nowhere {
    fn schedule(&self, _runnable: Runnable<Self>, _why: Why) {
        unreachable!("no task here is woken");
    }
}

#[derive(Clone, Debug)]
enum Op {
    Push,
    Take,
    Close,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![4 => Just(Op::Push), 2 => Just(Op::Take), 1 => Just(Op::Close)]
}

proptest! {
    #[test]
    fn behaves_as_a_queue(ops in prop::collection::vec(op(), 0..64)) {
        let inbox = Inbox::<Nowhere>::new();
        let mut model: VecDeque<TaskId> = VecDeque::new();
        let mut closed = false;
        for op in ops {
            match op {
                Op::Push => {
                    let task = crate::spawn(async {}, Nowhere).0;
                    let id = task.id();
                    match inbox.push(task) {
                        Ok(was_empty) => {
                            prop_assert!(!closed);
                            prop_assert_eq!(was_empty, model.is_empty());
                            model.push_back(id);
                        }
                        Err(Closed(task)) => {
                            prop_assert!(closed);
                            prop_assert_eq!(task.id(), id);
                        }
                    }
                }
                Op::Take => {
                    let mut out = Fifo::new();
                    prop_assert_eq!(inbox.take_into(&mut out), model.len());
                    while let Some(task) = out.pop_front() {
                        prop_assert_eq!(Some(task.id()), model.pop_front());
                    }
                }
                Op::Close => {
                    closed |= model.is_empty();
                    prop_assert_eq!(inbox.close(), closed);
                }
            }
            prop_assert_eq!(inbox.is_empty(), model.is_empty());
        }
        inbox.take_into(&mut Fifo::new());
    }
}
