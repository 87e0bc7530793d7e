//! The shards of one driver, and what they share: how long its thread waits.
//!
//! A driver that one thread turns, at home, has one shard (see [`shard`](crate::shard) for its wait).
//! One that is shared by the workers of a scheduler has a shard for each of them, and whichever worker
//! has nothing to run turns it: it is the thread that waits, and others arm timers meanwhile.
//!
//! A group is never freed. A `Sleep` holds a plain reference to one with a [generation](Stamp), and its
//! last access to it may come after the driver's end, and after the group's next start: then the
//! generations differ. See [`pool`](crate::pool).
//!
//! # Protocol: shared wait
//! `waiting` is the tick up to which a thread waits in the driver; zero, which no timer is earlier
//! than, if none does, or if it has been called already. `published` is a shard's earliest tick,
//! written under the shard's lock.
//!
//! | the thread that turns the driver                     | a thread that arms a timer                   |
//! |------------------------------------------------------|----------------------------------------------|
//! | S1 store `waiting`: whoever arms must call           | A1 lock its shard, link                      |
//! | S2 for each shard: lock, publish its earliest        | A2 if earlier than published: publish        |
//! | S3 store `waiting`: the earliest of all              | A3 if that was earlier than `waiting`, store zero there |
//! | S4 wait until that tick, or for a call               | A4 let go of the lock; call, if A3 said so   |
//! | S5 store zero to `waiting`                           |                                              |
//!
//! **Claim (no timer is missed by whoever waits).** From S4 the thread comes back at the latest at the
//! tick of any armed timer, as long as calls are kept for the next wait (as
//! [`Unpark`](rt_task::base::seam::Unpark) says).
//! **Why.** The lock orders S2 and A1 to A3. A1 first: S2 finds the timer. S2 first: A3 comes after S1,
//! and finds what S1 stored, or something newer. That is S1's or S3's word, and A4 calls if the timer is
//! earlier; or S5's, and the wait is over; or the zero of another that arms, stored over S1's or S3's word
//! and followed by its call. Had that call been heard before S1, it would have shown S1 the zero, which
//! would then be older than S1; so it is heard in this wait, and ends it. A2 looks no further if the
//! shard's earliest stays as it is: that was there when S2 looked, or was armed since and led to A3.
//! **Breaks if** S2 comes before S1, or publishes nothing (an advance that was left midway may have left
//! an old, earlier tick); if a removal publishes an earlier tick; or if A3 comes before A1, or stores zero
//! without A4 or after it.
//! **Checked by** `group::loom_tests::no_timer_is_missed_by_whoever_waits`,
//! `group::loom_tests::two_arm_on_two_shards`, `group::loom_tests::a_call_to_the_wait_before_hides_nothing`
//! and `group::loom_tests::the_driver_moves_on`.
//!
//! So a thread that arms timers while nobody waits, or later ones than what is waited for, never calls;
//! and one wait is called once. All accesses to `waiting` are relaxed.

use std::ptr;

use rt_task::base::context;
use rt_task::base::seam::Wakes;
use rt_task::base::shim::{AtomicU32, AtomicU64, AtomicUsize, Ordering::*};

use crate::moment::{Moment, Phase};
use crate::shard::{Call, NEVER, Shard, Turn};

/// All timers of one driver. Lives for ever; see the module.
pub(crate) struct Group {
    shards: Box<[Shard]>,
    /// The address by which the driver's scheduler knows that it is at home; zero if it has none.
    /// A hint.
    home: AtomicUsize,
    /// Of the driver's ticks. Whose driver is gone may read that of the next: its ticks meet no wheel.
    phase: AtomicU32,
    waiting: Waiting,
}

/// A driver, by its group and the group's generation.
#[derive(Clone, Copy)]
pub(crate) struct Stamp {
    pub(crate) group: &'static Group,
    pub(crate) generation: u16,
}

impl Group {
    /// Shards that no driver uses.
    pub(crate) fn new(shards: usize) -> Self {
        Self {
            shards: (0..shards).map(|_| Shard::new()).collect(),
            home: AtomicUsize::new(0),
            phase: AtomicU32::new(0),
            waiting: Waiting::default(),
        }
    }

    /// How many shards there are.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.shards.len()
    }

    /// Begins with empty wheels at `origin`, for a driver that the result names. `shared`: by several
    /// threads, which tell how long they wait by [`before_wait`](Self::before_wait).
    pub(crate) fn open(&'static self, origin: Moment, shared: bool) -> Stamp {
        let phase = Phase::at(origin);
        self.home.store(0, Relaxed); // a hint
        self.phase.store(phase.nanos(), Relaxed); // travels with the stamp
        let mut generation = 0;
        for shard in &self.shards {
            generation = shard.open(phase.tick_at(origin), shared.then_some(&self.waiting));
        }
        Stamp { group: self, generation }
    }

    /// Ends the driver: all its timers are told. Whether the group may begin again.
    pub(crate) fn close(&self) -> bool {
        // All of them, before any begins again: by one that is open, `waiting` may be written.
        let again = self.shards.iter().filter(|shard| shard.close());
        again.count() == self.count()
    }

    /// How the driver's ticks are shifted.
    #[inline]
    pub(crate) fn phase(&self) -> Phase {
        Phase::of_nanos(self.phase.load(Relaxed)) // as `open` says
    }

    #[inline]
    pub(crate) fn shard(&self, index: u16) -> &Shard {
        &self.shards[usize::from(index)]
    }

    /// The shard for a timer that is armed by this thread: that of the worker at home here; on threads
    /// from elsewhere, the first.
    #[inline]
    pub(crate) fn here(&self) -> u16 {
        let count = self.count() as u16;
        if count == 1 {
            return 0;
        }
        let home = ptr::without_provenance(self.home.load(Relaxed)); // a hint: any shard is right
        match context::shard_at(home) {
            Some(shard) if shard < count => shard,
            Some(shard) => shard % count,
            None => 0,
        }
    }

    /// For the one thread that turns the driver: up to when it may wait. See [`Shard::next`].
    #[inline]
    pub(crate) fn next_at_home(&self) -> Option<u64> {
        self.shards[0].next()
    }

    /// The earliest tick of all shards, as far as this thread knows. One load for each.
    #[inline]
    pub(crate) fn earliest(&self) -> Option<u64> {
        let tick = self.shards.iter().map(Shard::published).min()?;
        (tick != NEVER).then_some(tick)
    }

    /// S1 to S3, for a wait up to the tick `until` at most. Returns the earliest tick of all shards.
    pub(crate) fn before_wait(&self, until: Option<u64>) -> Option<u64> {
        self.waiting.begin(); // S1
        let looked = self.shards.iter().map(Shard::look); // S2
        let tick = looked.min().unwrap_or(NEVER);
        self.waiting.until(tick.min(until.unwrap_or(NEVER))); // S3
        (tick != NEVER).then_some(tick)
    }

    /// S5.
    pub(crate) fn after_wait(&self) {
        self.waiting.end();
    }
}

impl Stamp {
    /// Hands out what is due at the tick `now`; nothing, once the driver is gone. `at_home`: by the one
    /// thread that turns it.
    pub(crate) fn advance(self, now: u64, at_home: bool, out: &mut impl Wakes) {
        let turn = Turn { generation: self.generation, now, at_home };
        for shard in &self.group.shards {
            shard.advance(turn, out);
        }
    }

    /// The same for a driver that is shared, without a look at shards that have nothing due.
    pub(crate) fn advance_due(self, now: u64, out: &mut impl Wakes) {
        let turn = Turn { generation: self.generation, now, at_home: false };
        for shard in self.group.shards.iter().filter(|shard| shard.published() <= now) {
            shard.advance(turn, out);
        }
    }

    /// How many timers are armed.
    pub(crate) fn armed(self) -> usize {
        self.group.shards.iter().map(|shard| shard.armed(self.generation)).sum()
    }

    /// Says who turns the driver.
    pub(crate) fn set_owner(self, home: *const (), call: &Call) {
        for shard in &self.group.shards {
            shard.set_owner(self.generation, home, call.clone());
        }
        // A hint, also when it comes too late.
        self.group.home.store(home.addr(), Relaxed);
    }
}

/// The word of the protocol.
#[derive(Debug)]
#[repr(align(128))] // Read by all workers, and written before each wait: not beside what they read more often.
pub(crate) struct Waiting(AtomicU64);

/// No tick is earlier.
const NOBODY: u64 = 0;
/// Every tick is earlier.
const ANYBODY: u64 = u64::MAX;

impl Default for Waiting {
    fn default() -> Self {
        Self(AtomicU64::new(NOBODY))
    }
}

impl Waiting {
    /// S1.
    fn begin(&self) {
        self.0.store(ANYBODY, Relaxed); // shown by the locks of S2
    }

    /// S3.
    fn until(&self, tick: u64) {
        self.0.store(tick, Relaxed); // who reads the word before calls in vain, at worst
    }

    /// S5.
    fn end(&self) {
        self.0.store(NOBODY, Relaxed); // who reads the word before calls in vain, at worst
    }

    /// A3, with the lock of the shard held: whether the thread that waits must be called, and now
    /// counts as called.
    #[inline]
    pub(crate) fn is_owed_a_call(&self, tick: u64) -> bool {
        let owed = tick < self.0.load(Relaxed); // no older than S1, by the lock
        if owed {
            self.0.store(NOBODY, Relaxed); // followed by a call, which orders it
        }
        owed
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, not(rt_loom)))]
mod model_tests;
#[cfg(all(test, not(rt_loom)))]
mod stress_tests;
#[cfg(all(test, not(rt_loom)))]
mod tests;
