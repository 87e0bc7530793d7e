//! Who has which line of memory, and what it costs to get it.
//!
//! A line is 64 bytes at its real address. A processor reads for next to nothing what it has; what
//! another one has written, it fetches. To change a line it must have it alone. A line that is on its way
//! cannot be fetched by the next one before it has come: what all write is served one after the other,
//! and what all read is not.
//!
//! Not modelled: that caches are finite, that reads run ahead, that neighbouring lines come along. A
//! plain store never waits.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use rt_task::base::shim::Touch;

use crate::cost::Costs;

/// Lines, by address.
#[derive(Debug)]
pub struct Memory {
    costs: Costs,
    index: HashMap<usize, usize, BuildHasherDefault<Spread>>,
    lines: Vec<Line>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Line {
    holders: Set,
    /// When the next one can be served, in ps.
    free_at: u64,
    hot: Hot,
}

/// How much a line was waited for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hot {
    /// Its address.
    pub address: usize,
    /// In ps, by all.
    pub waited: u64,
    /// Loads.
    pub reads: u64,
    /// Stores.
    pub writes: u64,
    /// Read-modify-writes.
    pub modifies: u64,
}

/// What an access came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Access {
    /// In ps.
    pub cost: u64,
    /// The line had to come from elsewhere.
    pub fetched: bool,
    /// Others had read or written it, and have it no more.
    pub taken: bool,
}

impl Memory {
    /// Nobody has anything.
    pub fn new(costs: Costs) -> Self {
        Self { costs, index: HashMap::default(), lines: Vec::new() }
    }

    /// The lines that were waited for most, in that order.
    pub fn hottest(&self, count: usize) -> Vec<Hot> {
        let mut lines: Vec<Hot> = self.lines.iter().map(|line| line.hot).collect();
        lines.sort_by_key(|hot| std::cmp::Reverse(hot.waited));
        lines.truncate(count);
        lines
    }

    /// Waiting for all lines together, in ps.
    pub fn waited(&self) -> u64 {
        self.lines.iter().map(|line| line.hot.waited).sum()
    }

    /// `processor` touches `address` at `now`.
    pub fn touch(&mut self, processor: usize, address: usize, touch: Touch, now: u64) -> Access {
        let next = self.lines.len();
        let at = *self.index.entry(address >> LINE_BITS).or_insert(next);
        if at == next {
            self.lines.push(Line::default());
        }
        let costs = &self.costs;
        let line = &mut self.lines[at];
        let others = line.holders.without(processor);
        let has = line.holders.has(processor);
        let fetch = || match others.all_near(processor, costs.group, touch == Touch::Read) {
            true => ps(costs.near),
            false => ps(costs.far),
        };
        // Nobody had it: it is new, and its maker's.
        let is_new = !has && others.is_empty();
        let waits = match touch {
            Touch::Read => !has && !is_new,
            Touch::Write | Touch::Modify => !others.is_empty(),
        };
        let mut cost = match touch {
            Touch::Read => ps(costs.load),
            Touch::Write => ps(costs.store),
            Touch::Modify => ps(costs.modify),
        };
        if waits {
            let come = now.max(line.free_at) + fetch();
            // What several have is clean: copies of it are handed out one after the other, but none waits
            // for the last to arrive.
            let is_clean = touch == Touch::Read && line.holders.has_several();
            line.free_at = if is_clean { now.max(line.free_at) + ps(COPY) } else { come };
            if touch != Touch::Write {
                cost += come - now;
            }
        }
        line.hot.count(address, touch, cost);
        match touch {
            Touch::Read => line.holders.add(processor),
            Touch::Write | Touch::Modify => line.holders = Set::of(processor),
        }
        let taken = touch != Touch::Read && !others.is_empty();
        Access { cost, fetched: waits && touch != Touch::Write, taken }
    }
}

impl Hot {
    fn count(&mut self, address: usize, touch: Touch, waited: u64) {
        self.address = address;
        self.waited += waited;
        match touch {
            Touch::Read => self.reads += 1,
            Touch::Write => self.writes += 1,
            Touch::Modify => self.modifies += 1,
        }
    }
}

/// Between two copies of a line that nobody has changed. Assumed: some ten cycles of a shared cache.
const COPY: f64 = 4.0;

/// In picoseconds.
pub fn ps(ns: f64) -> u64 {
    (ns * 1e3) as u64
}

const LINE_BITS: usize = 6;

/// Processors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Set([u64; 3]);

impl Set {
    fn of(processor: usize) -> Self {
        let mut set = Self::default();
        set.add(processor);
        set
    }

    fn add(&mut self, processor: usize) {
        self.0[processor / 64] |= 1 << (processor % 64);
    }

    fn has(self, processor: usize) -> bool {
        self.0[processor / 64] & (1 << (processor % 64)) != 0
    }

    fn without(mut self, processor: usize) -> Self {
        self.0[processor / 64] &= !(1 << (processor % 64));
        self
    }

    fn has_several(self) -> bool {
        self.0.iter().map(|word| word.count_ones()).sum::<u32>() > 1
    }

    fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Whether one near `processor` is among them; if `one` does not do, whether all are.
    fn all_near(self, processor: usize, group: usize, one: bool) -> bool {
        let first = processor / group * group;
        let is_near = |other: usize| (first..first + group).contains(&other);
        let mut members = (0..192).filter(|other| self.has(*other));
        if one { members.any(is_near) } else { members.all(is_near) }
    }
}

/// Addresses are spread well enough by one multiplication.
#[derive(Debug, Default)]
pub struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("addresses are numbers");
    }
    fn write_usize(&mut self, address: usize) {
        let product = (address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::HERE;

    const COSTS: Costs = Costs { near: 100.0, far: 300.0, group: 2, ..HERE };

    fn memory() -> Memory {
        Memory::new(COSTS)
    }

    #[test]
    fn what_a_processor_has_costs_next_to_nothing() {
        let mut memory = memory();
        memory.touch(0, 64, Touch::Modify, 0);
        let again = memory.touch(0, 100, Touch::Read, 0);
        assert_eq!((again.cost, again.fetched), (ps(COSTS.load), false), "the same line");
    }

    #[test]
    fn what_another_has_written_is_fetched_once() {
        let mut memory = memory();
        memory.touch(0, 64, Touch::Write, 0);
        assert_eq!(memory.touch(1, 64, Touch::Read, 0).cost, ps(COSTS.load + 100.0));
        assert!(!memory.touch(1, 64, Touch::Read, 0).fetched);
        let far = memory.touch(2, 64, Touch::Modify, 1_000_000);
        assert_eq!(far.cost, ps(COSTS.modify + 300.0));
        assert!(far.taken && far.fetched);
    }

    #[test]
    fn what_all_write_is_served_one_after_the_other() {
        let mut memory = memory();
        memory.touch(0, 64, Touch::Modify, 0);
        let first = memory.touch(1, 64, Touch::Modify, 0).cost;
        let second = memory.touch(0, 64, Touch::Modify, 0).cost;
        assert_eq!(second - first, ps(100.0));
    }

    #[test]
    fn what_all_read_is_copied_side_by_side() {
        let mut memory = Memory::new(Costs { group: 64, ..COSTS });
        memory.touch(0, 64, Touch::Modify, 0);
        let mut read = |processor| memory.touch(processor, 64, Touch::Read, 0).cost;
        let (first, second, third) = (read(1), read(2), read(3));
        assert_eq!(first, ps(COSTS.load + 100.0));
        assert_eq!(third - second, ps(COPY), "both wait for the first alone");
    }

    #[test]
    fn a_store_does_not_wait_but_takes_the_line() {
        let mut memory = memory();
        memory.touch(0, 64, Touch::Read, 0);
        let store = memory.touch(1, 64, Touch::Write, 0);
        assert_eq!((store.cost, store.taken), (ps(COSTS.store), true));
        assert!(memory.touch(0, 64, Touch::Read, 0).fetched);
    }
}
