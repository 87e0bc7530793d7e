//! `Notify`: tells tasks that something happened, and keeps it for one if nobody waits.
//!
//! Here: the word, who tells, and what waits. Never here: a value; who wants to hand one over takes a channel
//! or a [`SetOnce`](crate::SetOnce). The named futures are in [`futures`](crate::futures).
//!
//! # The word
//! ```text
//!  63                                      3       2        1      0
//! ┌─────────────────────────────────────────┬────────┬─────────┬──────┐
//! │ CALLS                                   │ PERMIT │ WAITING │ held │
//! └─────────────────────────────────────────┴────────┴─────────┴──────┘
//! ```
//! | field     | set by                    | cleared by                      | while set               |
//! |-----------|---------------------------|---------------------------------|-------------------------|
//! | `WAITING` | N3 the first that waits   | who unlinks the last            | `waiting` has somebody  |
//! | `PERMIT`  | N1 tell, nobody waits     | N2 who comes to wait            | one need not wait       |
//! | `CALLS`   | N5 counts `notify_waiters`| never (wraps)                   |                         |
//!
//! **I1** `WAITING` exactly while the list `waiting` is not empty, seen with no lock held.
//! **I2** `WAITING` and `PERMIT` are never both set. **I3** Whom `waiting` holds was made at the present
//! count of `CALLS`; whom `leaving` holds, at an earlier one, the earliest first.
//!
//! # Protocol: notify
//! | who tells                                        | who waits                                       |
//! |--------------------------------------------------|-------------------------------------------------|
//! | N1 if nobody waits: exchange (G3) for `PERMIT`   | N0 when made: note `CALLS` (G4)                 |
//! | N4 else lock; unlink one; tell it; wake it       | N2 exchange (G3) `PERMIT` for nothing: done     |
//! | N5 `notify_waiters`: count; `waiting` to `leaving`; tell those, some at a time | N3 lock; if `CALLS` is as noted and no permit: link |
//! |                                                  | N6 dropped: unlink, or if one was told: tell the next |
//!
//! **Claim (none lost).** Of `n` waits that end and are not dropped, and a last `notify_one`: a permit is left,
//! or one more wait ends. A wait made before `notify_waiters` ends with it.
//! **Why.** N1 and N3 change one word: N1 comes first, and N3 sees the permit, or N3 does, and N1 sees
//! `WAITING`. Who is told by N4 is unlinked by that under the lock, and hands on what it does not observe
//! (N6). N5 counts in the same word: N3 sees another count than N0, or has linked, and is moved.
//! **Breaks if** the gate lets go of writes (G2, G3), N6 forgets what was told, or N3 does not look again
//! under the lock.
//! **Checked by** `notify::loom_tests::permit_or_wake`, `notify::loom_tests::hands_on`,
//! `notify::loom_tests::waiters_see_the_call`, `notify::loom_tests::enabled_is_told`.
//!
//! # What it costs
//! Atomic read-modify-writes: `notify_one` with nobody waiting 1; with somebody 1, and the wake. A wait: 1 if a
//! permit is there, else 1 to link and none to end. `notify_waiters` 1, and with those that wait 1 a batch of
//! 32. A wait that is dropped: 1 if linked. No allocation, ever.

use core::fmt;
use core::panic::{Location, RefUnwindSafe, UnwindSafe};

use alloc::sync::Arc;
use rt_task::base::seam::Wakes;
use rt_task::base::shim::const_fn;
use rt_task::base::wake_batch::WakeBatch;

use crate::base::gate::{Gate, Held, OWNERS};
use crate::base::waiters::Waiters;
use telling::Telling;

mod futures;
mod telling;

pub use futures::{Notified, OwnedNotified};

/// Somebody waits.
const WAITING: usize = 1 << OWNERS;
/// Nobody waits, and the next one need not.
const PERMIT: usize = WAITING << 1;
/// One call of `notify_waiters`; what is above counts them.
const CALL: usize = PERMIT << 1;
const STATE: usize = CALL - 1;

/// Told by `notify_one`: handed on to the first.
const ONE: u8 = 1;
/// Told by `notify_last`: handed on to the last.
const LAST: u8 = 2;
/// Told by `notify_waiters`.
const ALL: u8 = 3;

/// Tells one task, or all that wait, that something happened.
///
/// It carries no value: it is the "look again" of a structure that is kept elsewhere. It holds at most one
/// permit: [`notify_one`](Self::notify_one) with nobody waiting leaves it, and the next
/// [`notified`](Self::notified) takes it at once; two calls leave no more than one.
///
/// Those that wait are told in the order in which they came to wait: first polled, or
/// [enabled](Notified::enable).
///
/// ```
/// use rt_sync::Notify;
/// use std::sync::Arc;
///
/// # rt_task::block_on(async {
/// let ready = Arc::new(Notify::new());
/// let theirs = ready.clone();
/// let thread = std::thread::spawn(move || theirs.notify_one());
/// ready.notified().await;
/// # thread.join().unwrap();
/// # });
/// ```
pub struct Notify {
    gate: Gate<Lists>,
}

struct Lists {
    /// Each with the `CALLS` at which it was made.
    waiting: Waiters<usize>,
    /// Unlinked from `waiting` by `notify_waiters`, and not told yet.
    leaving: Waiters<usize>,
}

impl UnwindSafe for Notify {}
impl RefUnwindSafe for Notify {}

impl Notify {
    const_fn! {
        /// One without a permit, that nobody waits for. In a constant, too.
        #[must_use]
        pub const fn new() -> Self {
            let lists = Lists { waiting: Waiters::new(), leaving: Waiters::new() };
            Self { gate: Gate::new(0, lists) }
        }
    }

    const_fn! {
        /// The same as [`new`](Self::new), which is `const` here.
        #[must_use]
        pub const fn const_new() -> Self {
            Self::new()
        }
    }

    /// Waits until told.
    ///
    /// Takes the permit, if there is one, when first polled. It is told by [`notify_waiters`](Self::notify_waiters)
    /// from now on, polled or not; by [`notify_one`](Self::notify_one) once it was polled or
    /// [enabled](Notified::enable).
    ///
    /// Cancel safe: dropped after it was told by `notify_one` or `notify_last`, and before it could say so, it
    /// hands that on. It loses its place.
    #[inline]
    #[track_caller]
    pub fn notified(&self) -> Notified<'_> {
        Notified::new(self, Telling::new(self.gate.load(), Location::caller()))
    }

    /// [`notified`](Self::notified), for a future that owns what it waits for.
    #[track_caller]
    pub fn notified_owned(self: Arc<Self>) -> OwnedNotified {
        let telling = Telling::new(self.gate.load(), Location::caller()); // N0
        OwnedNotified::new(self, telling)
    }

    /// Tells the one that waits longest; leaves a permit if nobody waits.
    #[inline]
    pub fn notify_one(&self) {
        self.tell(ONE);
    }

    /// Tells the one that came last; leaves a permit if nobody waits.
    #[inline]
    pub fn notify_last(&self) {
        self.tell(LAST);
    }

    /// Tells all: those that wait, and those made by [`notified`](Self::notified) and not polled yet. Leaves no
    /// permit, and takes none away.
    ///
    /// Wakes 32 at a time, with no lock held meanwhile. Who comes after the call began is not told.
    pub fn notify_waiters(&self) {
        let count = |word: usize| (word & WAITING == 0).then(|| word.wrapping_add(CALL));
        if self.gate.update(count).is_ok() {
            return; // N5, with nobody to tell
        }
        let mut held = self.gate.lock();
        // Who waited may have left, and a permit may be there by now: it stays.
        let now = (held.word() & !WAITING).wrapping_add(CALL);
        held.set_word(now);
        held.with(|lists| lists.leaving.append(&mut lists.waiting));
        self.tell_leaving(held, now & !STATE);
    }

    /// Tells those of `leaving` that were made before the count was `calls`.
    fn tell_leaving<'a>(&'a self, mut held: Held<'a, Lists>, calls: usize) {
        let mut wakers = WakeBatch::new();
        loop {
            let is_done = held.with(|Lists { leaving, .. }| {
                loop {
                    match leaving.first() {
                        Some(made) if is_before(*made, calls) => {}
                        _ => return true,
                    }
                    if wakers.is_full() {
                        return false;
                    }
                    leaving.tell_first(ALL).into_iter().for_each(|waker| wakers.push(waker));
                }
            });
            drop(held);
            wakers.wake_all();
            if is_done {
                return;
            }
            held = self.gate.lock();
        }
    }

    #[inline]
    fn tell(&self, how: u8) {
        // Also where there is one: who takes it sees what was done before this call, too.
        let leave = |word: usize| (word & WAITING == 0).then_some(word | PERMIT);
        if self.gate.update(leave).is_err() {
            self.tell_waiting(how);
        } // N1
    }

    /// Somebody waits, or did a moment ago.
    fn tell_waiting(&self, how: u8) {
        let mut held = self.gate.lock();
        let told = held.with(|lists| match how {
            LAST => lists.waiting.tell_last(LAST),
            _ => lists.waiting.tell_first(ONE),
        });
        match told {
            Some(_) => held.settle(),
            None => held.set_word(held.word() | PERMIT), // who waited has left
        }
        drop(held);
        if let Some(waker) = told {
            waker.wake(); // N4
        }
    }
}

impl Held<'_, Lists> {
    /// I1, after somebody was unlinked.
    fn settle(&mut self) {
        if self.with(|lists| lists.waiting.is_empty()) {
            self.set_word(self.word() & !WAITING);
        }
    }
}

/// Whether a count of calls is the earlier one. They wrap.
fn is_before(earlier: usize, later: usize) -> bool {
    later.wrapping_sub(earlier).cast_signed() > 0
}

impl Default for Notify {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.gate.load();
        f.debug_struct("Notify")
            .field("has_permit", &(word & PERMIT != 0))
            .field("has_waiters", &(word & WAITING != 0))
            .finish()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, not(rt_loom)))]
mod model_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
