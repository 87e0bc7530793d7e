//! A wheel behind its lock, and what is told about it without the lock.
//!
//! A driver has one, or one for each worker that shares it: the latter wait by the protocol of
//! [`group`](crate::group), where the life of shards is told, too.
//!
//! # Protocol: wait at home
//! For a driver with one shard that one thread turns. `published` is the wheel's earliest tick and the
//! flag SEEN: that thread goes by this tick, and is to be called if it becomes earlier. Both are written
//! under the lock.
//!
//! | the driver's thread                      | a thread that arms a timer                      |
//! |------------------------------------------|-------------------------------------------------|
//! | W1 load `published`; if SEEN, that is it | A1 lock, link                                   |
//! | W2 else lock, set SEEN, let go           | A2 if earlier than published: publish, clear SEEN |
//! | W3 wait until that tick, or for a call   | A3 if SEEN was set: let go of the lock and call |
//!
//! **Claim (no timer is missed).** The driver's thread does not wait past the tick of an armed timer,
//! as long as calls are kept for the next wait (as [`Unpark`](rt_task::base::seam::Unpark) says).
//! **Why.** W2 and A2 are ordered by the lock. A2 first: W2 finds the earlier tick. W2 first: A2
//! finds SEEN, and A3 calls. W1 may load an old value with SEEN; whoever replaced it by an earlier one
//! found SEEN, too, and calls, so W3 ends at once and the next W1 is ordered after A2 by the call. A
//! thread that *is* the driver's leaves SEEN set and calls nobody: it comes to W1 before it waits.
//! **Breaks if** A2 clears SEEN without A3, or a removal clears it or publishes an earlier tick.
//! **Checked by** `shard::loom_tests::no_timer_is_missed`.

use std::ptr::{self, NonNull};
use std::sync::Arc;

use rt_task::base::byte_lock::{ByteGuard, ByteLock};
use rt_task::base::context;
use rt_task::base::driver::WakeBatch;
use rt_task::base::seam::Wakes;
use rt_task::base::shim::{AtomicU64, Ordering::*};

use crate::entry::Entry;
use crate::group::Waiting;
use crate::node::{Fire, fire};
use crate::wheel::{Step, Wheel};

/// A wheel behind its lock. Lives for ever, in its [`Group`](crate::group::Group).
#[repr(align(128))] // Two lines, since some processors fetch pairs: neighbours belong to other workers.
pub(crate) struct Shard {
    locked: ByteLock<Locked>,
    /// See the protocols. The tick, shifted by one, and SEEN.
    published: AtomicU64,
}

struct Locked {
    wheel: Wheel,
    generation: u16,
    owner: Owner,
}

/// Calls the thread back that turns a driver.
pub(crate) type Call = Arc<dyn Fn() + Send + Sync>;

/// Who turns the driver.
#[derive(Default)]
struct Owner {
    /// The address by which its scheduler knows that it is at home; zero if it has none.
    home: usize,
    call: Option<Call>,
    /// How long they wait, if any thread of the scheduler may turn it.
    waiting: Option<&'static Waiting>,
}

const SEEN: u64 = 1;
/// The published tick of an empty wheel: later than any other.
pub(crate) const NEVER: u64 = u64::MAX >> 1;

impl Shard {
    /// A shard that no driver uses.
    pub(crate) fn new() -> Self {
        let locked = Locked { wheel: Wheel::new(0), generation: 0, owner: Owner::default() };
        Self { locked: ByteLock::new(locked), published: AtomicU64::new(NEVER << 1) }
    }

    /// Begins with an empty wheel that stands at the tick `origin`. Returns the generation. With `waiting`, by which those
    /// that share the driver tell how long they wait.
    pub(crate) fn open(&self, origin: u64, waiting: Option<&'static Waiting>) -> u16 {
        let mut held = self.lock();
        let locked = &mut *held.guard;
        locked.wheel.restart(origin);
        locked.owner.waiting = waiting;
        locked.generation
    }

    /// Ends the driver: all its timers are told. Whether the shard may begin again.
    pub(crate) fn close(&self) -> bool {
        let mut held = self.lock();
        let ended = held.guard.generation;
        // From here on nobody arms a timer: no stamp has this generation.
        held.guard.generation = ended.wrapping_add(1);
        let owner = std::mem::take(&mut held.guard.owner);
        drop(held);
        let mut out = WakeBatch::new();
        while !self.close_some(&mut out) {
            out.wake_all();
        }
        drop(out);
        drop(owner); // may run anything
        ended < GENERATION_MAX
    }

    fn close_some(&self, out: &mut WakeBatch) -> bool {
        let mut held = self.lock();
        while !out.is_full() {
            let Some(entry) = held.wheel().take_any() else {
                self.published.store(NEVER << 1, Relaxed); // written under the lock, as ever
                return true;
            };
            // SAFETY: the wheel of this lock has handed it out.
            if let Some(waker) = unsafe { fire(entry, Fire::Close) } {
                out.push(waker);
            }
        }
        false
    }

    /// Takes the lock. One read-modify-write.
    #[inline]
    pub(crate) fn lock(&self) -> Held<'_> {
        Held { guard: self.locked.lock(), published: &self.published, call: None }
    }

    /// W1, W2: the tick up to which the driver's thread may wait. No read-modify-write unless
    /// another thread armed an earlier timer since the last call.
    #[inline]
    pub(crate) fn next(&self) -> Option<u64> {
        let mut word = self.published.load(Relaxed); // W1; the call of A3 orders
        if word & SEEN == 0 {
            word = self.lock().see(); // W2
        }
        let tick = word >> 1;
        (tick != NEVER).then_some(tick)
    }

    /// What is published. Another thread may just be writing an earlier tick.
    #[inline]
    pub(crate) fn published(&self) -> u64 {
        self.published.load(Relaxed) >> 1 // a hint, but for W1 and S2, which say more
    }

    /// S2 of the shared wait: publishes the earliest tick, and returns it.
    pub(crate) fn look(&self) -> u64 {
        self.lock().publish()
    }

    /// One turn, as many holds of the lock as it takes.
    pub(crate) fn advance(&self, turn: Turn, out: &mut impl Wakes) {
        while !self.advance_some(turn, out) {
            if out.is_full() {
                out.wake_all();
            }
        }
    }

    /// One hold of the lock. Whether that was all.
    pub(crate) fn advance_some(&self, turn: Turn, out: &mut impl Wakes) -> bool {
        let mut held = self.lock();
        if !held.is(turn.generation) {
            return true;
        }
        for _ in 0..STEPS_MAX {
            if out.is_full() {
                return false;
            }
            match held.wheel().step(turn.now) {
                Step::Due(entry) => {
                    // SAFETY: the wheel of this lock has handed it out.
                    if let Some(waker) = unsafe { fire(entry, Fire::Due) } {
                        out.push(waker);
                    }
                }
                Step::Moved => {}
                Step::Done => {
                    if turn.at_home {
                        held.see();
                    } else {
                        held.raise();
                    }
                    return true;
                }
            }
        }
        false
    }

    /// Says who turns the driver of that generation.
    pub(crate) fn set_owner(&self, generation: u16, home: *const (), call: Call) {
        let mut call = Some(call);
        let mut held = self.lock();
        if held.is(generation) {
            let owner = &mut held.guard.owner;
            owner.home = home.addr();
            std::mem::swap(&mut owner.call, &mut call);
        }
        drop(held);
        drop(call); // the one before, or ours that came too late: may run anything
    }

    /// How many timers are armed, in the driver of that generation.
    pub(crate) fn armed(&self, generation: u16) -> usize {
        let mut held = self.lock();
        if held.is(generation) { held.wheel().len() } else { 0 }
    }
}

/// One advance, over several holds of the lock: the driver may be gone in between.
#[derive(Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) generation: u16,
    pub(crate) now: u64,
    /// By the thread that turns the driver and that waits as the module says.
    pub(crate) at_home: bool,
}

/// A shard whose lock is held. Dropping it lets go.
pub(crate) struct Held<'a> {
    guard: ByteGuard<'a, Locked>,
    published: &'a AtomicU64,
    call: Option<Call>,
}

impl Held<'_> {
    /// Whether the driver of that generation still exists.
    #[inline]
    pub(crate) fn is(&self, generation: u16) -> bool {
        self.guard.generation == generation
    }

    #[inline]
    pub(crate) fn wheel(&mut self) -> &mut Wheel {
        &mut self.guard.wheel
    }

    fn earliest(&self) -> u64 {
        self.guard.wheel.earliest().unwrap_or(NEVER)
    }

    /// A1, A2: [`Wheel::insert`].
    ///
    /// # Safety
    /// That of [`Wheel::insert`].
    #[inline]
    pub(crate) unsafe fn insert(&mut self, entry: NonNull<Entry>, tick: u64) {
        // SAFETY: the contract is the same.
        unsafe { self.wheel().insert(entry, tick) };
        self.lower(tick);
    }

    /// [`Wheel::remove`].
    ///
    /// # Safety
    /// That of [`Wheel::remove`].
    #[inline]
    pub(crate) unsafe fn remove(&mut self, entry: NonNull<Entry>) {
        // SAFETY: the contract is the same.
        let emptied = unsafe { self.wheel().remove(entry) };
        self.raise_from(emptied);
    }

    /// A1, A2: [`Wheel::reset`].
    ///
    /// # Safety
    /// That of [`Wheel::reset`].
    #[inline]
    pub(crate) unsafe fn reset(&mut self, entry: NonNull<Entry>, tick: u64) {
        // SAFETY: the contract is the same.
        let emptied = unsafe { self.wheel().reset(entry, tick) };
        self.lower(tick);
        self.raise_from(emptied);
    }

    /// A2 for a timer at `tick`. The others are not earlier than what is published.
    #[inline]
    fn lower(&mut self, tick: u64) {
        let word = self.published.load(Relaxed); // written under the lock alone
        if tick >= word >> 1 {
            return;
        }
        let owner = &self.guard.owner;
        let (seen, call) = match owner.waiting {
            Some(waiting) => (0, waiting.is_owed_a_call(tick)), // A3 of the shared wait
            None if owner.is_here() => (word & SEEN, false),
            None => (0, word & SEEN != 0),
        };
        if call {
            self.call = owner.call.clone();
        }
        self.published.store(tick << 1 | seen, Relaxed); // as the module says
    }

    /// Publishes what is earliest now, if it may have been `emptied` until now.
    #[inline]
    fn raise_from(&mut self, emptied: Option<u64>) {
        let tick = self.published.load(Relaxed) >> 1; // written under the lock alone
        if emptied.is_some_and(|emptied| emptied <= tick) {
            self.raise();
        }
    }

    /// After the wheel's earliest may have become later. Nobody need be called for that.
    fn raise(&mut self) {
        let word = self.published.load(Relaxed); // written under the lock alone
        // In the middle of an advance the wheel tells less than it has told before.
        let tick = self.earliest().max(word >> 1);
        self.published.store(tick << 1 | word & SEEN, Relaxed); // as the module says
    }

    /// W2. Returns what is published now.
    fn see(&mut self) -> u64 {
        let word = self.earliest() << 1 | SEEN;
        self.published.store(word, Relaxed); // as the module says
        word
    }

    fn publish(&mut self) -> u64 {
        let earliest = self.earliest();
        self.published.store(earliest << 1, Relaxed); // as the module says
        earliest
    }

    /// Lets go of the lock; then A3, if it is owed.
    #[inline]
    pub(crate) fn unlock_and_call(self) {
        let Self { guard, call, .. } = self;
        drop(guard);
        if let Some(call) = call {
            call();
        }
    }
}

impl Owner {
    /// Whether this thread is the one that turns the driver.
    #[inline]
    fn is_here(&self) -> bool {
        self.home != 0 && context::is_home(ptr::without_provenance(self.home))
    }
}

/// Steps per hold of the lock: some microseconds at most, however many timers move down at once.
const STEPS_MAX: usize = if cfg!(any(test, rt_loom)) { 4 } else { 256 };

/// After its last generation a shard rests for good: ten kilobytes for 65,536 runtimes.
pub(crate) const GENERATION_MAX: u16 = if cfg!(test) { 999 } else { u16::MAX };

#[cfg(all(test, rt_loom))]
mod loom_tests;
