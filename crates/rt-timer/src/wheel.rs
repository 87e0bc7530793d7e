//! A hierarchical hashed timing wheel: ticks in, due entries out. No clock, no lock, no atomics.
//!
//! Six levels of 64 slots. A slot of level 0 spans one tick, one of level 1 spans 64, and so on:
//! with ticks of an eighth of a millisecond the wheel spans 99 days, and later deadlines go round once more.
//! The wheel stands at a tick, [`elapsed`](Wheel::elapsed). An entry is linked in the level of the
//! highest digit (to base 64) in which its tick differs from that, in the slot of that digit.
//! When the wheel comes to the slot of a higher level, its entries move to lower ones.
//!
//! # Invariants
//! - **W1** An entry of a level below the top agrees with `elapsed` in all higher digits, and its
//!   own digit is larger. So all entries of a level are due before all of the levels above it, and
//!   a level's slots come in the order of time, seen from the digit of `elapsed`.
//! - **W2** Seen from there, an entry of the top level is at most 63 slots ahead.
//! - **W3** No slot that began at or before `elapsed` is occupied, but for the current slot of level 0
//!   (what is due now) and the one slot that is just being moved down (`moving`).
//! - **W4** No entry is due before its slot's hint, and the hint is within the slot's span.
//!
//! By W1 and W4 the hint of the first slot of the lowest occupied level is a lower bound for what
//! is due next; it is exact unless the slot's earliest entry was removed or pushed back, so a
//! thread may wait for it: it is not woken just to move entries down. Each entry moves at most
//! once per level, and a step moves or hands out one: whoever holds a lock around the wheel may let
//! go of it between any two steps.
//!
//! Entries of the same tick come in the order in which they were linked. One that was pushed back
//! ([`Wheel::reset`]), or is so far away that it goes round, is linked anew when its old slot comes;
//! one that is inserted while a slot is being moved down may overtake those that are still in it.

use core::ptr::NonNull;

use crate::entry::{Entry, Spot};
use crate::level::{LEVEL_BITS, Level, SLOTS};

/// 64 to the power of six ticks are 99 days. Two under the model checker, whose stacks are small.
const LEVELS: usize = if cfg!(rt_loom) { 2 } else { 6 };
const TOP: usize = LEVELS - 1;

/// All timers of one driver.
pub(crate) struct Wheel {
    elapsed: u64,
    /// The level whose current slot is being moved down; zero if none is.
    moving: usize,
    len: usize,
    levels: [Level; LEVELS],
}

/// What a step did.
#[must_use]
#[derive(Debug)]
pub(crate) enum Step {
    /// Unlinked an entry that is due: it is the caller's.
    Due(NonNull<Entry>),
    /// Moved an entry to a lower level.
    Moved,
    /// Nothing: all that is due has been handed out.
    Done,
}

/// The slot that comes next.
#[derive(Clone, Copy)]
struct First {
    level: usize,
    slot: usize,
    /// The slot's first tick.
    start: u64,
}

// SAFETY: the entries it links are reached through it alone (the rule of `entry`), so sending the
// wheel sends that right.
unsafe impl Send for Wheel {}

impl Wheel {
    /// An empty wheel that stands at `elapsed`.
    pub(crate) const fn new(elapsed: u64) -> Self {
        Self { elapsed, moving: 0, len: 0, levels: [const { Level::new() }; LEVELS] }
    }

    /// Lets an empty wheel stand anywhere.
    pub(crate) fn restart(&mut self, elapsed: u64) {
        assert_eq!(self.len, 0, "only an empty wheel may go backwards");
        self.elapsed = elapsed;
        self.moving = 0;
    }

    /// Links an entry. One whose tick has passed is due at the next step.
    ///
    /// # Safety
    /// The caller has the entry (see [`entry`](mod@crate::entry)), and it is linked nowhere. It stays
    /// alive and in its place until it is handed out or removed.
    #[inline]
    pub(crate) unsafe fn insert(&mut self, entry: NonNull<Entry>, tick: u64) {
        // SAFETY: the contract is the same.
        unsafe { self.link(entry, tick) };
        self.len += 1;
    }

    /// # Safety
    /// That of [`insert`](Self::insert).
    unsafe fn link(&mut self, entry: NonNull<Entry>, tick: u64) {
        let (level, slot, hint) = self.place(tick);
        // SAFETY: alive (contract).
        let linked = unsafe { entry.as_ref() };
        // SAFETY: the caller has the entry (contract).
        unsafe { linked.set_spot(Spot::new(tick, level * SLOTS + slot)) };
        // SAFETY: as this function's contract says.
        unsafe { self.levels[level].push_back(slot, entry, hint) };
    }

    /// The level and slot for a tick, and the tick at which the slot has to be looked at for it.
    fn place(&self, tick: u64) -> (usize, usize, u64) {
        let tick = tick.max(self.elapsed);
        let differing = self.elapsed ^ tick | 1;
        let level = ((63 - differing.leading_zeros()) / LEVEL_BITS) as usize;
        if level < TOP {
            return (level, digit(tick, level), tick);
        }
        // The top level goes round, up to the slot before the current one (W2).
        let span = LEVEL_BITS * TOP as u32;
        let last = (self.elapsed >> span) + (SLOTS as u64 - 1);
        match tick >> span > last {
            true => (TOP, digit(last << span, TOP), last << span),
            false => (TOP, digit(tick, TOP), tick),
        }
    }

    /// Unlinks an entry. Returns what [`earliest`](Self::earliest) may have been for its sake and is no
    /// more.
    ///
    /// # Safety
    /// The entry is linked in this wheel.
    #[inline]
    pub(crate) unsafe fn remove(&mut self, entry: NonNull<Entry>) -> Option<u64> {
        self.len -= 1;
        // SAFETY: the contract is the same.
        unsafe { self.unlink(entry) }
    }

    /// # Safety
    /// That of [`remove`](Self::remove).
    unsafe fn unlink(&mut self, entry: NonNull<Entry>) -> Option<u64> {
        // SAFETY: linked, hence alive.
        let linked = unsafe { entry.as_ref() };
        // SAFETY: linked in a wheel that is held by `&mut`: we have the entry.
        let spot = unsafe { linked.spot() }.slot();
        // SAFETY: linked, and there.
        unsafe { self.levels[spot / SLOTS].unlink(spot % SLOTS, entry) }
    }

    /// Gives a linked entry another tick. A later one is only written down: the entry moves when
    /// its old slot comes. That touches no neighbour, and a deadline that is pushed back again and
    /// again (a keep-alive) moves once for many. Returns what [`remove`](Self::remove) does.
    ///
    /// # Safety
    /// The entry is linked in this wheel.
    pub(crate) unsafe fn reset(&mut self, entry: NonNull<Entry>, tick: u64) -> Option<u64> {
        // SAFETY: linked, hence alive.
        let linked = unsafe { entry.as_ref() };
        // SAFETY: linked in a wheel that is held by `&mut`: we have the entry.
        let spot = unsafe { linked.spot() };
        if tick >= spot.tick() {
            // SAFETY: as above.
            unsafe { linked.set_spot(Spot::new(tick, spot.slot())) };
            return None;
        }
        // SAFETY: linked here (contract).
        let emptied = unsafe { self.unlink(entry) };
        // SAFETY: unlinked just now, and alive as before (contract of `insert`).
        unsafe { self.link(entry, tick) };
        emptied
    }

    /// One step towards `now`. To be repeated until [`Step::Done`]; a `now` that has passed counts
    /// as [`elapsed`](Self::elapsed).
    pub(crate) fn step(&mut self, now: u64) -> Step {
        let first = match self.first() {
            Some(first) if first.start <= now.max(self.elapsed) => first,
            _ => {
                // No slot begins until then, so W1 and W3 go on to hold.
                self.elapsed = self.elapsed.max(now);
                return Step::Done;
            }
        };
        self.elapsed = self.elapsed.max(first.start);
        self.moving = first.level;
        let entry = self.levels[first.level].pop_front(first.slot).expect("an occupied slot");
        // SAFETY: it was linked, hence alive.
        let popped = unsafe { entry.as_ref() };
        // SAFETY: unlinked just now: nobody else has it.
        let tick = unsafe { popped.spot() }.tick();
        if tick <= self.elapsed {
            self.len -= 1;
            return Step::Due(entry);
        }
        // SAFETY: unlinked just now, and alive as before (contract of `insert`).
        unsafe { self.link(entry, tick) };
        Step::Moved
    }

    fn first(&self) -> Option<First> {
        if self.moving != 0 {
            // Before all lower levels: what it still holds may be due before what is there.
            let (level, slot) = (self.moving, digit(self.elapsed, self.moving));
            if self.levels[level].is_occupied(slot) {
                return Some(First { level, slot, start: self.elapsed });
            }
        }
        self.levels.iter().enumerate().find_map(|(level, slots)| {
            let current = digit(self.elapsed, level);
            let distance = slots.distance_from(current)?;
            let span = LEVEL_BITS * level as u32;
            let start = ((self.elapsed >> span) + distance as u64) << span;
            Some(First { level, slot: (current + distance) % SLOTS, start })
        })
    }

    /// A tick before which nothing is due; exact unless the earliest of a slot was removed or
    /// pushed back.
    #[inline]
    pub(crate) fn earliest(&self) -> Option<u64> {
        if self.len == 0 {
            return None; // without a look at each level
        }
        let First { level, slot, start } = self.first()?;
        match start <= self.elapsed {
            true => Some(self.elapsed),
            false => Some(self.levels[level].hint(slot)),
        }
    }

    /// Unlinks any entry at all.
    pub(crate) fn take_any(&mut self) -> Option<NonNull<Entry>> {
        let entry = self.levels.iter_mut().find_map(|level| {
            let slot = level.any()?;
            level.pop_front(slot)
        })?;
        self.len -= 1;
        Some(entry)
    }

    /// Where the wheel stands: all that was due up to this tick has been handed out, or is next.
    #[inline]
    pub(crate) fn elapsed(&self) -> u64 {
        self.elapsed
    }

    /// How many entries are linked.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

/// The digit of `tick`, to base 64, that `level` looks at.
#[inline]
fn digit(tick: u64, level: usize) -> usize {
    (tick >> (LEVEL_BITS * level as u32)) as usize % SLOTS
}

#[cfg(all(test, not(rt_loom)))]
mod model_tests;
