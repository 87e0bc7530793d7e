//! Permits against a plain queue, under random operations.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use proptest::prelude::*;
use rt_task::wait::WaitKind;

use super::{Closed, Permits, TryTake};
use crate::base::acquire::{Acquire, Owner, Taken};

impl Owner for Arc<Permits> {
    const IS_KEPT: bool = true;
    fn permits(&self) -> &Permits {
        self
    }
}

#[derive(Clone, Debug)]
enum Step {
    TryTake(usize),
    Ask(usize),
    /// Polls one that waits.
    Poll(usize),
    /// Drops one that waits, told or not.
    Leave(usize),
    Give(usize),
    Forget(usize),
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..5_usize).prop_map(Step::TryTake),
        6 => (0..5_usize).prop_map(Step::Ask),
        4 => any::<usize>().prop_map(Step::Poll),
        3 => any::<usize>().prop_map(Step::Leave),
        6 => (0..5_usize).prop_map(Step::Give),
        1 => (0..3_usize).prop_map(Step::Forget),
        1 => Just(Step::Close),
    ];
    proptest::collection::vec(step, 1..60)
}

/// What it ought to be.
#[derive(Default)]
struct Model {
    free: usize,
    is_closed: bool,
    /// Those that wait, by number: asked for, and missing.
    queue: VecDeque<(usize, usize, usize)>,
    /// Those that were told, and were not polled since.
    told: Vec<(usize, usize, Result<(), usize>)>,
}

impl Model {
    fn give(&mut self, n: usize) {
        self.free += n;
        while let Some((number, asked, missing)) = self.queue.front_mut() {
            let given = self.free.min(*missing);
            *missing -= given;
            self.free -= given;
            if *missing > 0 {
                return;
            }
            self.told.push((*number, *asked, Ok(())));
            self.queue.pop_front();
        }
    }

    fn try_take(&mut self, n: usize) -> Result<(), TryTake> {
        match () {
            () if self.is_closed => Err(TryTake::Closed),
            () if n == 0 => Ok(()),
            () if !self.queue.is_empty() || self.free < n => Err(TryTake::NoPermits),
            () => {
                self.free -= n;
                Ok(())
            }
        }
    }

    fn close(&mut self) {
        self.is_closed = true;
        let gone =
            self.queue.drain(..).map(|(number, asked, missing)| (number, asked, Err(missing)));
        self.told.extend(gone);
    }
}

type Asking = Pin<Box<Acquire<Arc<Permits>>>>;

fn poll(asking: &mut Asking) -> Poll<Result<(), Closed>> {
    let polled = asking.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    polled.map(|got| got.map(Taken::forget))
}

proptest! {
    #[test]
    fn behaves_like_a_queue(free in 0..4_usize, steps in steps()) {
        let permits = Arc::new(Permits::new(free));
        let mut model = Model { free, ..Model::default() };
        let mut asking: Vec<(usize, Asking)> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::TryTake(n) => prop_assert_eq!(permits.try_take(n), model.try_take(n)),
                Step::Ask(n) => {
                    let mut new =
                        Box::pin(Acquire::new(permits.clone(), n, WaitKind::Permit, Location::caller()));
                    let got = poll(&mut new);
                    match model.try_take(n) {
                        Ok(()) => prop_assert_eq!(got, Poll::Ready(Ok(()))),
                        Err(TryTake::Closed) => prop_assert_eq!(got, Poll::Ready(Err(Closed))),
                        Err(TryTake::NoPermits) => {
                            prop_assert_eq!(got, Poll::Pending);
                            model.queue.push_back((number, n, n));
                            model.give(0);
                            asking.push((number, new));
                        }
                    }
                }
                Step::Poll(which) if !asking.is_empty() => {
                    let at = which % asking.len();
                    let got = poll(&mut asking[at].1);
                    match model.told.iter().position(|(told, ..)| *told == asking[at].0) {
                        None => prop_assert_eq!(got, Poll::Pending),
                        Some(told) => {
                            let (_, asked, result) = model.told.remove(told);
                            drop(asking.remove(at));
                            prop_assert_eq!(got, Poll::Ready(result.map_err(|_| Closed)));
                            if let Err(missing) = result {
                                model.give(asked - missing);
                            }
                        }
                    }
                }
                Step::Leave(which) if !asking.is_empty() => {
                    let (number, left) = asking.remove(which % asking.len());
                    drop(left);
                    if let Some(told) = model.told.iter().position(|(told, ..)| *told == number) {
                        let (_, asked, result) = model.told.remove(told);
                        model.give(asked - result.err().unwrap_or(0));
                    } else {
                        let at = model.queue.iter().position(|(queued, ..)| *queued == number);
                        let (_, asked, missing) = model.queue.remove(at.unwrap()).unwrap();
                        model.give(asked - missing);
                    }
                }
                Step::Poll(_) | Step::Leave(_) => {}
                Step::Give(n) => {
                    permits.give(n);
                    model.give(n);
                }
                Step::Forget(n) => {
                    let gone = n.min(model.free);
                    model.free -= gone;
                    prop_assert_eq!(permits.forget(n), gone);
                }
                Step::Close => {
                    permits.close();
                    model.close();
                }
            }
            prop_assert_eq!(permits.free(), model.free);
            prop_assert_eq!(permits.is_closed(), model.is_closed);
        }
    }
}

#[test]
#[should_panic(expected = "Semaphore::MAX_PERMITS")]
fn more_than_the_maximum_is_refused() {
    Permits::new(Permits::MAX).give(1);
}

#[test]
fn what_is_refused_changes_nothing() {
    let permits = Permits::new(Permits::MAX - 1);
    let refused = std::panic::catch_unwind(|| permits.give(2));
    assert!(refused.is_err());
    assert_eq!(permits.free(), Permits::MAX - 1);
}

/// A lock that moved while a future that waits for it was forgotten: nothing dangles.
#[test]
fn a_forgotten_waiter_does_no_harm() {
    let permits = Arc::new(Permits::new(0));
    let mut forgotten =
        Box::pin(Acquire::new(permits.clone(), 1, WaitKind::Lock, Location::caller()));
    assert_eq!(poll(&mut forgotten), Poll::Pending);
    crate::kit::forget(forgotten);
    permits.give(1);
    assert_eq!(permits.free(), 0, "it went to the one that is first");
}
