//! `Barrier` against a count, under random operations.

use core::task::Poll;
use proptest::prelude::*;
use std::vec::Vec;

use crate::Barrier;
use crate::futures::BarrierWait;
use crate::kit::Polled;

#[derive(Clone, Copy, Debug)]
enum Op {
    Make,
    Poll(usize),
    Drop(usize),
}

/// A wait, as it shall be: not come; come, in a round; over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    In(usize),
    Over,
}

proptest! {
    #[test]
    fn as_the_model(
        size in 0..5_usize,
        ops in prop::collection::vec(
            prop_oneof![
                1 => Just(Op::Make),
                3 => (0..9_usize).prop_map(Op::Poll),
                1 => (0..9_usize).prop_map(Op::Drop),
            ],
            1..100,
        ),
    ) {
        let barrier = Barrier::new(size);
        let mut waits: Vec<(Polled<BarrierWait<'_>>, State)> = Vec::new();
        let (mut round, mut come) = (0, 0);
        for op in ops {
            let count = waits.len();
            match op {
                Op::Make => waits.push((Polled::new(barrier.wait()), State::Fresh)),
                Op::Poll(index) if count > 0 => {
                    let (wait, state) = &mut waits[index % count];
                    let expected = match *state {
                        State::Fresh if come + 1 == size.max(1) => {
                            (round, come) = (round + 1, 0);
                            Some(true)
                        }
                        State::Fresh => {
                            come += 1;
                            *state = State::In(round);
                            None
                        }
                        State::In(at) => (at != round).then_some(false),
                        State::Over => continue,
                    };
                    let ended = match wait.poll() {
                        Poll::Ready(end) => Some(end.is_leader()),
                        Poll::Pending => None,
                    };
                    prop_assert_eq!(ended, expected);
                    if ended.is_some() {
                        *state = State::Over;
                    }
                }
                Op::Drop(index) if count > 0 => {
                    let (wait, state) = waits.remove(index % count);
                    come -= usize::from(state == State::In(round));
                    drop(wait);
                }
                Op::Poll(_) | Op::Drop(_) => {}
            }
            for (wait, state) in &waits {
                if let State::In(at) = state {
                    prop_assert_eq!(wait.is_woken(), *at != round, "woken when its round is over");
                }
            }
        }
    }
}
