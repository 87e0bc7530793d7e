//! `OnceCell` against a queue and an option, under random operations.

use core::task::Poll;
use proptest::prelude::*;
use std::boxed::Box;
use std::cell::Cell;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::vec::Vec;

use crate::kit::Polled;
use crate::{OnceCell, SetError};

#[derive(Clone, Copy, Debug)]
enum Op {
    Ask,
    /// The next poll that makes a value ends so.
    Answer(Result<u8, ()>),
    Poll(usize),
    Drop(usize),
    Set(u8),
    Take,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => Just(Op::Ask),
        1 => any::<u8>().prop_map(|value| Op::Answer(Ok(value))),
        1 => Just(Op::Answer(Err(()))),
        6 => (0..9_usize).prop_map(Op::Poll),
        2 => (0..9_usize).prop_map(Op::Drop),
        1 => any::<u8>().prop_map(Op::Set),
        1 => Just(Op::Take),
    ]
}

type Ask<'a> = Pin<Box<dyn Future<Output = Result<&'a u8, ()>> + 'a>>;

/// In the list of those that wait; the first of it has the turn, if `turn` is taken.
#[derive(Default)]
struct Model {
    value: Option<u8>,
    waits: VecDeque<usize>,
    /// Who makes it, or was given the turn to.
    turn: Option<usize>,
}

impl Model {
    fn pass_on(&mut self) {
        self.turn = self.waits.pop_front();
    }

    fn poll(&mut self, ask: usize, answer: Option<Result<u8, ()>>) -> Poll<Result<u8, ()>> {
        if let (Some(value), false) = (self.value, self.turn == Some(ask)) {
            self.waits.retain(|&other| other != ask);
            return Poll::Ready(Ok(value));
        }
        if self.turn.is_none() {
            self.turn = Some(ask);
        }
        if self.turn != Some(ask) {
            if !self.waits.contains(&ask) {
                self.waits.push_back(ask);
            }
            return Poll::Pending;
        }
        match answer {
            None => Poll::Pending,
            Some(Ok(value)) => {
                self.value = Some(value);
                self.turn = None;
                Poll::Ready(Ok(value))
            }
            Some(Err(())) => {
                self.pass_on();
                Poll::Ready(Err(()))
            }
        }
    }

    fn drop(&mut self, ask: usize) {
        self.waits.retain(|&other| other != ask);
        if self.turn == Some(ask) {
            self.pass_on();
        }
    }

    fn set(&mut self, value: u8) -> Result<(), SetError<u8>> {
        match (self.value, self.turn) {
            (Some(_), _) => Err(SetError::AlreadyInitializedError(value)),
            (None, Some(_)) => Err(SetError::InitializingError(value)),
            (None, None) => {
                self.value = Some(value);
                Ok(())
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn as_the_model(ops in prop::collection::vec(op(), 1..80)) {
        let mut cell = OnceCell::new();
        let mut model = Model::default();
        let mut ops = ops.into_iter();
        let mut is_over = false;
        while !is_over {
            // Until the value is taken, which needs that nobody asks.
            let answer = Rc::new(Cell::new(None));
            let mut asks: Vec<(Polled<Ask<'_>>, usize)> = Vec::new();
            let mut asked = 0;
            is_over = true;
            for op in ops.by_ref() {
                let count = asks.len();
                match op {
                    Op::Ask => {
                        let answer = answer.clone();
                        let make = move || poll_fn(move |_| match answer.take() {
                            None => Poll::Pending,
                            Some(answer) => Poll::Ready(answer),
                        });
                        let ask: Ask<'_> = Box::pin(cell.get_or_try_init(make));
                        asks.push((Polled::new(ask), asked));
                        asked += 1;
                    }
                    Op::Answer(next) => answer.set(Some(next)),
                    Op::Poll(index) if count > 0 => {
                        let (ask, number) = &mut asks[index % count];
                        let expected = model.poll(*number, answer.get());
                        let came = ask.poll().map(|came| came.copied());
                        prop_assert_eq!(came, expected);
                        if came.is_ready() {
                            asks.remove(index % count);
                        }
                    }
                    Op::Drop(index) if count > 0 => {
                        let (ask, number) = asks.remove(index % count);
                        drop(ask);
                        model.drop(number);
                    }
                    Op::Set(value) => prop_assert_eq!(cell.set(value), model.set(value)),
                    Op::Take => {
                        is_over = false;
                        break;
                    }
                    Op::Poll(_) | Op::Drop(_) => {}
                }
                prop_assert_eq!(cell.get().copied(), model.value);
            }
            asks.into_iter().for_each(|(ask, _)| drop(ask));
            prop_assert_eq!(cell.take(), model.value);
            model = Model::default();
        }
    }
}
