//! `Notify` against a plain list, under random operations.

use proptest::prelude::*;
use std::collections::VecDeque;
use std::vec::Vec;

use crate::Notify;
use crate::futures::Notified;
use crate::kit::Polled;

#[derive(Clone, Copy, Debug)]
enum Op {
    Make,
    Poll(usize),
    Enable(usize),
    Drop(usize),
    One,
    Last,
    All,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => Just(Op::Make),
        4 => (0..8_usize).prop_map(Op::Poll),
        1 => (0..8_usize).prop_map(Op::Enable),
        2 => (0..8_usize).prop_map(Op::Drop),
        2 => Just(Op::One),
        1 => Just(Op::Last),
        1 => Just(Op::All),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Waits,
    /// Told, and may still hand on: to the first, or to the last.
    Told {
        to_last: bool,
    },
    ToldWithAll,
    Done,
}

/// What it shall do: waits by number, those that wait in their order, and the permit.
#[derive(Default)]
struct Model {
    states: Vec<State>,
    order: VecDeque<usize>,
    permit: bool,
}

impl Model {
    fn tell(&mut self, to_last: bool) {
        let told = if to_last { self.order.pop_back() } else { self.order.pop_front() };
        match told {
            Some(wait) => self.states[wait] = State::Told { to_last },
            None => self.permit = true,
        }
    }

    fn tell_all(&mut self) {
        self.order.clear();
        for state in &mut self.states {
            if matches!(state, State::Fresh | State::Waits) {
                *state = State::ToldWithAll;
            }
        }
    }

    fn poll(&mut self, wait: usize) -> bool {
        let state = &mut self.states[wait];
        match *state {
            State::Fresh if self.permit => {
                self.permit = false;
                *state = State::Done;
            }
            State::Fresh => {
                *state = State::Waits;
                self.order.push_back(wait);
            }
            State::Told { .. } | State::ToldWithAll => *state = State::Done,
            State::Waits | State::Done => {}
        }
        self.states[wait] == State::Done
    }

    fn drop(&mut self, wait: usize) {
        self.order.retain(|&other| other != wait);
        let state = std::mem::replace(&mut self.states[wait], State::Done);
        if let State::Told { to_last } = state {
            self.tell(to_last);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn as_the_model(ops in prop::collection::vec(op(), 1..80)) {
        let notify = Notify::new();
        let mut waits: Vec<Option<Polled<Notified<'_>>>> = Vec::new();
        let mut model = Model::default();
        for op in ops {
            let pick = |index: usize| {
                let alive: Vec<_> = (0..waits.len()).filter(|&at| waits[at].is_some()).collect();
                alive.get(index % alive.len().max(1)).copied()
            };
            match op {
                Op::Make => {
                    waits.push(Some(Polled::new(notify.notified())));
                    model.states.push(State::Fresh);
                }
                Op::Poll(index) => if let Some(at) = pick(index) {
                    let is_ready = waits[at].as_mut().unwrap().is_ready();
                    prop_assert_eq!(is_ready, model.poll(at), "poll of {}", at);
                },
                Op::Enable(index) => if let Some(at) = pick(index) {
                    let is_told = waits[at].as_mut().unwrap().future().enable();
                    prop_assert_eq!(is_told, model.poll(at), "enable of {}", at);
                },
                Op::Drop(index) => if let Some(at) = pick(index) {
                    waits[at] = None;
                    model.drop(at);
                },
                Op::One => {
                    notify.notify_one();
                    model.tell(false);
                }
                Op::Last => {
                    notify.notify_last();
                    model.tell(true);
                }
                Op::All => {
                    notify.notify_waiters();
                    model.tell_all();
                }
            }
        }
        for (at, wait) in waits.into_iter().enumerate() {
            if let Some(mut wait) = wait {
                prop_assert_eq!(wait.is_ready(), model.poll(at), "the end of {}", at);
                drop(wait);
                model.drop(at);
            }
        }
        prop_assert_eq!(Polled::new(notify.notified()).is_ready(), model.permit);
    }
}
