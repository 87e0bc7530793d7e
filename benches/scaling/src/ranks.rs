//! Which thread comes first: an order by chance, which changes at a few steps by chance.
//!
//! After Burckhardt, Kothari, Musuvathi and Nagarakatti (2010, *probabilistic concurrency testing*): a
//! bug that needs `d` steps in a certain order is found with a probability that depends on `d` and the
//! number of threads, and hardly on how long the program is. Plain chance needs to be lucky at each step.
//!
//! Two additions make it fit for programs that wait awake: who gives way, spinning or by a yield, falls to
//! the last place; and so does, now and then, who has long been first, as no system runs one thread for ever.

use std::cell::{Cell, RefCell};

use rt_task::base::rng::FastRng;
use rt_task::base::seam::{Choice, Choose};

#[derive(Debug)]
pub(crate) struct Ranks {
    rng: FastRng,
    /// Per thread; the greatest comes first.
    of: RefCell<Vec<i64>>,
    /// Steps at which whoever is first falls to the last place; the next one is the last of these.
    changes: RefCell<Vec<u64>>,
    step: Cell<u64>,
    lowest: Cell<i64>,
}

/// Steps after which a thread falls to the last place.
const SLICE: u64 = 1 << 14;

impl Ranks {
    /// With so many changes in the first so many steps.
    pub(crate) fn new(seed: u64, changes: u32, steps: u32) -> Self {
        let rng = FastRng::new(seed);
        let at = |_| u64::from(rng.below(steps, Choice::Tie));
        let mut changes: Vec<u64> = (0..changes).map(at).collect();
        changes.sort_unstable_by(|a, b| b.cmp(a));
        Self {
            rng,
            of: RefCell::default(),
            changes: RefCell::new(changes),
            step: Cell::new(0),
            lowest: Cell::new(0),
        }
    }

    /// There is another thread.
    pub(crate) fn start(&self) {
        self.of.borrow_mut().push(1 + i64::from(self.rng.next()));
    }

    pub(crate) fn of(&self, thread: usize) -> i64 {
        self.of.borrow()[thread]
    }

    /// That thread is the last from now on.
    pub(crate) fn lower(&self, thread: usize) {
        self.lowest.set(self.lowest.get() - 1);
        self.of.borrow_mut()[thread] = self.lowest.get();
    }

    /// That thread takes a step. Whether it has fallen to the last place.
    pub(crate) fn step(&self, thread: usize) -> bool {
        let step = self.step.get() + 1;
        self.step.set(step);
        let mut changes = self.changes.borrow_mut();
        let mut falls = step.is_multiple_of(SLICE);
        while changes.last().is_some_and(|at| *at < step) {
            changes.pop();
            falls = true;
        }
        if falls {
            self.lower(thread);
        }
        falls
    }
}

#[cfg(test)]
mod tests {
    use super::Ranks;

    #[test]
    fn the_order_changes_as_often_as_it_was_told() {
        let ranks = Ranks::new(7, 3, 1_000);
        (0..4).for_each(|_| ranks.start());
        let first = || (0..4).max_by_key(|thread| ranks.of(*thread)).expect("there are four");
        let falls = (0..1_000).filter(|_| ranks.step(first())).count();
        // Two may fall on one step.
        assert!((1..=3).contains(&falls), "{falls}");
    }

    #[test]
    fn who_gives_way_is_last() {
        let ranks = Ranks::new(0, 0, 1);
        (0..3).for_each(|_| ranks.start());
        ranks.lower(1);
        assert!(ranks.of(1) < ranks.of(0) && ranks.of(1) < ranks.of(2));
        ranks.lower(0);
        assert!(ranks.of(0) < ranks.of(1));
    }
}
