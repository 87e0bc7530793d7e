//! Trees of tokens against a plain table of parents, under random operations.

use proptest::prelude::*;
use std::vec::Vec;

use crate::CancellationToken;
use crate::futures::WaitForCancellationFutureOwned;
use crate::kit::Polled;

#[derive(Clone, Copy, Debug)]
enum Op {
    New,
    Child(usize),
    Clone(usize),
    Drop(usize),
    Cancel(usize),
    Wait(usize),
    Leave(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        1 => Just(Op::New),
        5 => (0..20_usize).prop_map(Op::Child),
        1 => (0..20_usize).prop_map(Op::Clone),
        4 => (0..20_usize).prop_map(Op::Drop),
        1 => (0..20_usize).prop_map(Op::Cancel),
        2 => (0..20_usize).prop_map(Op::Wait),
        1 => (0..20_usize).prop_map(Op::Leave),
    ]
}

/// Each token's parent, and whether it is cancelled; for good, dropped or not.
#[derive(Default)]
struct Model {
    parents: Vec<Option<usize>>,
    cancelled: Vec<bool>,
}

impl Model {
    fn add(&mut self, parent: Option<usize>) -> usize {
        self.cancelled.push(parent.is_some_and(|parent| self.cancelled[parent]));
        self.parents.push(parent);
        self.parents.len() - 1
    }

    fn cancel(&mut self, token: usize) {
        for at in token..self.parents.len() {
            // Parents come before their children.
            let by_parent =
                self.parents[at].is_some_and(|parent| parent >= token && self.cancelled[parent]);
            self.cancelled[at] |= at == token || by_parent;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn as_the_model(ops in prop::collection::vec(op(), 1..120)) {
        let mut model = Model::default();
        let mut tokens = Vec::from([(CancellationToken::new(), model.add(None))]);
        let mut waits: Vec<(Polled<WaitForCancellationFutureOwned>, usize)> = Vec::new();
        for op in ops {
            let count = tokens.len();
            match op {
                Op::New => tokens.push((CancellationToken::new(), model.add(None))),
                Op::Child(index) if count > 0 => {
                    let (token, parent) = &tokens[index % count];
                    let child = (token.child_token(), model.add(Some(*parent)));
                    tokens.push(child);
                }
                Op::Clone(index) if count > 0 => tokens.push(tokens[index % count].clone()),
                Op::Drop(index) if count > 0 => drop(tokens.swap_remove(index % count)),
                Op::Cancel(index) if count > 0 => {
                    let (token, number) = &tokens[index % count];
                    token.cancel();
                    model.cancel(*number);
                }
                Op::Wait(index) if count > 0 => {
                    let (token, number) = &tokens[index % count];
                    let mut wait = Polled::new(token.clone().cancelled_owned());
                    prop_assert_eq!(wait.is_ready(), model.cancelled[*number]);
                    waits.push((wait, *number));
                }
                Op::Leave(index) if !waits.is_empty() => drop(waits.swap_remove(index % waits.len())),
                _ => {}
            }
            for (token, number) in &tokens {
                prop_assert_eq!(token.is_cancelled(), model.cancelled[*number], "token {}", number);
                // Of all tokens that are held, none has a tree of more than twice as many nodes.
                prop_assert!(token.handle.nodes() <= 2 * (tokens.len() + waits.len()));
            }
            for (wait, number) in &mut waits {
                if model.cancelled[*number] && wait.is_woken() {
                    wait.ready();
                }
                prop_assert!(wait.is_woken() || wait.is_ready() == model.cancelled[*number]);
            }
        }
    }
}
