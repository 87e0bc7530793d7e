//! Random operations beside a plain model: what each member did, and who has ended in which order.

use alloc::collections::VecDeque;
use core::task::Waker;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::kit::Queue;

#[derive(Clone, Copy, Debug)]
enum Op {
    /// A task that yields so often, then ends.
    Spawn(u8),
    /// Polls the first task of the queue.
    Step,
    /// Aborts a member.
    Abort(usize),
    Try,
    /// Polls for the next; the waker is checked by the one after.
    Poll,
    AbortAll,
    DetachAll,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0..4_u8).prop_map(Op::Spawn),
        12 => Just(Op::Step),
        3 => any::<usize>().prop_map(Op::Abort),
        4 => Just(Op::Try),
        4 => Just(Op::Poll),
        1 => Just(Op::AbortAll),
        1 => Just(Op::DetachAll),
    ]
}

/// A member as the model sees it.
struct Member {
    number: usize,
    abort: AbortHandle,
    aborted: bool,
}

#[derive(Default)]
struct Model {
    members: Vec<Member>,
    /// By number, in the order of their ends; whether by abort.
    ended: VecDeque<(usize, bool)>,
    spawned: usize,
}

impl Model {
    /// After anything that may have ended members: at most one, as one task is polled at a time.
    fn note_ends(&mut self) {
        let mut n = 0;
        while n < self.members.len() {
            match self.members[n].abort.is_finished() {
                true => {
                    let member = self.members.remove(n);
                    self.ended.push_back((member.number, member.aborted));
                }
                false => n += 1,
            }
        }
    }

    fn check(&mut self, result: Option<Result<usize, JoinError>>) {
        match (result, self.ended.pop_front()) {
            (None, None) => {}
            (Some(Ok(number)), Some((ended, false))) => assert_eq!(number, ended),
            (Some(Err(error)), Some((_, true))) => assert!(error.is_cancelled()),
            (result, ended) => panic!("{result:?} came, and {ended:?} was next"),
        }
    }
}

proptest! {
    #[test]
    fn a_set_does_as_its_model(ops in proptest::collection::vec(op(), 1..200)) {
        let queue = Queue::new();
        let mut set = JoinSet::new();
        let mut model = Model::default();
        for op in ops {
            match op {
                Op::Spawn(yields) => {
                    let number = model.spawned;
                    model.spawned += 1;
                    let abort = set.insert(queue.spawn(async move {
                        for _ in 0..yields {
                            crate::coop::yield_now().await;
                        }
                        number
                    }));
                    model.members.push(Member { number, abort, aborted: false });
                }
                Op::Step => {
                    queue.step();
                }
                Op::Abort(n) if !model.members.is_empty() => {
                    let n = n % model.members.len();
                    model.members[n].abort.abort();
                    model.members[n].aborted = true;
                }
                Op::Abort(_) => {}
                Op::Try => model.check(set.try_join_next()),
                Op::Poll => {
                    let polled = set.poll_join_next(&mut Context::from_waker(Waker::noop()));
                    match polled {
                        Poll::Ready(result) => model.check(result),
                        Poll::Pending => {
                            assert!(model.ended.is_empty() && !model.members.is_empty());
                        }
                    }
                }
                Op::AbortAll => {
                    set.abort_all();
                    model.members.iter_mut().for_each(|member| member.aborted = true);
                }
                Op::DetachAll => {
                    set.detach_all();
                    model.members.clear();
                    model.ended.clear();
                }
            }
            model.note_ends();
            prop_assert_eq!(set.len(), model.members.len() + model.ended.len());
        }
        drop(set);
        queue.run();
        assert!(model.members.iter().all(|member| member.abort.is_finished()));
    }
}
