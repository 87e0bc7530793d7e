//! A mutex and an `RwLock` against a queue of those that ask, under random operations.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::Poll;

use proptest::prelude::*;

use super::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, ReadOwned, RwLock, WriteOwned};
use crate::kit::Polled;

#[derive(Clone, Debug)]
enum Step {
    Read,
    Write,
    TryRead,
    TryWrite,
    /// Polls one that waits.
    Poll(usize),
    /// One that waits gives up, whether its turn has come or not.
    GiveUp(usize),
    /// One that holds it lets go.
    LetGo(usize),
    /// A writer becomes a reader.
    Downgrade(usize),
}

enum Guard {
    Reads(OwnedRwLockReadGuard<u32>),
    Writes(OwnedRwLockWriteGuard<u32>),
}

enum Asks {
    Read(Polled<ReadOwned<u32>>),
    Write(Polled<WriteOwned<u32>>),
}

impl Asks {
    fn poll(&mut self) -> Poll<Guard> {
        match self {
            Self::Read(asks) => asks.poll().map(Guard::Reads),
            Self::Write(asks) => asks.poll().map(Guard::Writes),
        }
    }
}

/// Who holds it and who waits, by number and whether to write.
struct Model {
    readers_max: usize,
    readers: usize,
    is_written: bool,
    value: u32,
    queue: VecDeque<(usize, bool)>,
    /// Those whose turn has come, and that were not polled since.
    let_in: Vec<(usize, bool)>,
}

impl Model {
    fn fits(&self, writes: bool) -> bool {
        !self.is_written && if writes { self.readers == 0 } else { self.readers < self.readers_max }
    }

    fn take(&mut self, writes: bool) {
        if writes { self.is_written = true } else { self.readers += 1 }
    }

    fn try_take(&mut self, writes: bool) -> bool {
        let fits = self.queue.is_empty() && self.fits(writes);
        if fits {
            self.take(writes);
        }
        fits
    }

    fn let_go(&mut self, writes: bool) {
        if writes {
            self.is_written = false
        } else {
            self.readers -= 1
        }
        self.let_in();
    }

    fn let_in(&mut self) {
        while let Some(&(number, writes)) =
            self.queue.front().filter(|(_, writes)| self.fits(*writes))
        {
            self.take(writes);
            self.queue.pop_front();
            self.let_in.push((number, writes));
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Read),
        4 => Just(Step::Write),
        1 => Just(Step::TryRead),
        1 => Just(Step::TryWrite),
        4 => any::<usize>().prop_map(Step::Poll),
        3 => any::<usize>().prop_map(Step::GiveUp),
        6 => any::<usize>().prop_map(Step::LetGo),
        2 => any::<usize>().prop_map(Step::Downgrade),
    ];
    proptest::collection::vec(step, 1..80)
}

proptest! {
    /// With one reader at most, it is a mutex.
    #[test]
    fn it_is_had_in_order_by_many_or_one(readers_max in 1..4_u32, steps in steps()) {
        let lock = Arc::new(RwLock::with_max_readers(0_u32, readers_max));
        let mut model = Model {
            readers_max: readers_max as usize,
            readers: 0,
            is_written: false,
            value: 0,
            queue: VecDeque::new(),
            let_in: Vec::new(),
        };
        let mut guards: Vec<Guard> = Vec::new();
        let mut asking: Vec<(usize, Asks)> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Read | Step::Write => {
                    let writes = matches!(step, Step::Write);
                    let mut asks = match writes {
                        true => Asks::Write(Polled::new(lock.clone().write_owned())),
                        false => Asks::Read(Polled::new(lock.clone().read_owned())),
                    };
                    match (asks.poll(), model.try_take(writes)) {
                        (Poll::Ready(guard), true) => guards.push(guard),
                        (Poll::Pending, false) => {
                            model.queue.push_back((number, writes));
                            asking.push((number, asks));
                        }
                        (got, had) => prop_assert!(false, "{} but {had}", got.is_ready()),
                    }
                }
                Step::TryRead => {
                    let got = lock.clone().try_read_owned();
                    prop_assert_eq!(got.is_ok(), model.try_take(false));
                    guards.extend(got.ok().map(Guard::Reads));
                }
                Step::TryWrite => {
                    let got = lock.clone().try_write_owned();
                    prop_assert_eq!(got.is_ok(), model.try_take(true));
                    guards.extend(got.ok().map(Guard::Writes));
                }
                Step::Poll(which) if !asking.is_empty() => {
                    let at = which % asking.len();
                    let place = model.let_in.iter().position(|(n, _)| *n == asking[at].0);
                    match (asking[at].1.poll(), place) {
                        (Poll::Ready(guard), Some(place)) => {
                            model.let_in.remove(place);
                            drop(asking.remove(at));
                            guards.push(guard);
                        }
                        (Poll::Pending, None) => {}
                        (got, had) => prop_assert!(false, "{} but {had:?}", got.is_ready()),
                    }
                }
                Step::GiveUp(which) if !asking.is_empty() => {
                    let (number, asks) = asking.remove(which % asking.len());
                    drop(asks);
                    model.queue.retain(|(n, _)| *n != number);
                    match model.let_in.iter().position(|(n, _)| *n == number) {
                        Some(place) => {
                            let (_, writes) = model.let_in.remove(place);
                            model.let_go(writes);
                        }
                        None => model.let_in(),
                    }
                }
                Step::LetGo(which) if !guards.is_empty() => {
                    let guard = guards.swap_remove(which % guards.len());
                    let (value, writes) = match &guard {
                        Guard::Reads(reads) => (**reads, false),
                        Guard::Writes(writes) => (**writes, true),
                    };
                    prop_assert_eq!(value, model.value);
                    drop(guard);
                    model.let_go(writes);
                }
                Step::Downgrade(which) if !guards.is_empty() => {
                    let guard = guards.swap_remove(which % guards.len());
                    guards.push(match guard {
                        Guard::Writes(mut writes) => {
                            *writes += 1;
                            model.value += 1;
                            model.is_written = false;
                            model.readers += 1;
                            model.let_in();
                            Guard::Reads(writes.downgrade())
                        }
                        reads => reads,
                    });
                }
                _ => {}
            }
        }
        drop((guards, asking));
        prop_assert!(lock.try_write().is_ok(), "it is free in the end");
    }
}
