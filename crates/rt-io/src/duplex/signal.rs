//! Where one task waits for another's news.
//!
//! One side, the *waiter*, looks for something (bytes, or room), and waits if it is not there. The
//! other, the *notifier*, makes it so and says so. Each is one task at a time.
//!
//! # Protocol: signal
//! | waiter                                  | notifier                                   |
//! |-----------------------------------------|--------------------------------------------|
//! | W1 load: WAITING and NOTIFIED: give way | N0 make the news (a counter, a flag)       |
//! | W2 if WAITING: take that back           | N1 set NOTIFIED, look at what was there    |
//! | W3 put the waker in                     | N2 if WAITING was: take the waker out      |
//! | W4 swap in WAITING                      | N3 store 0, then wake                      |
//! | W5 look for the news again              |                                            |
//!
//! **I1** Without WAITING the slot is the waiter's; with WAITING alone nobody's; with both bits the
//! notifier's.
//!
//! **Claim (no lost news).** A waiter that pends after W5 is woken after the notifier's next N1,
//! or by one whose N0 it could not see.
//! **Why.** W4 and N1 change one word, so one comes first. N1 after W4 finds WAITING. W4 after N1
//! reads what N1, or N3 after it, released: W5 sees N0.
//! **Breaks if** W4 is weaker than Acquire (W5 looks at the past), or N1 than Release.
//! **Checked by** `pipe::loom_tests::what_is_written_is_read`.
//!
//! **Claim (one at the slot).** Waiter and notifier never touch the slot at the same time.
//! **Why.** I1. W4 releases what W3 wrote to N1; N3 releases the taking of N2 to W1.
//! **Breaks if** W4 is weaker than Release, N1 than Acquire, N3 than Release, or W1 than Acquire.
//! **Checked by** `pipe::loom_tests::a_waiter_changes_its_waker`.

use core::fmt;
use core::mem;
use core::task::Waker;

use rt_task::base::shim::{AtomicU8, Ordering::*, UnsafeCell, site};

const WAITING: u8 = 1;
const NOTIFIED: u8 = 2;

/// See the module.
pub(super) struct Signal {
    word: AtomicU8,
    slot: UnsafeCell<Option<Waker>>,
}

// SAFETY: the slot is touched by one at a time (I1), and a waker may go anywhere.
unsafe impl Send for Signal {}
// SAFETY: as above.
unsafe impl Sync for Signal {}

impl Signal {
    pub(super) fn new() -> Self {
        Self { word: AtomicU8::new(0), slot: UnsafeCell::new(None) }
    }

    /// Has `waker` woken by the next notification. The waiter then looks for the news once more.
    ///
    /// The waiter's alone. One read-modify-write, two if it waited already.
    pub(super) fn wait(&self, waker: &Waker) {
        let mut waker = Some(waker.clone()); // foreign code, before anything is half done
        let word = self.word.load(site("signal.W1", Acquire)); // W1, pairs with N3
        // W2. Nothing was written since W4 but by this side, so nothing is to be acquired.
        let is_mine = word & WAITING == 0
            || word == WAITING && self.word.compare_exchange(WAITING, 0, Relaxed, Relaxed).is_ok();
        if !is_mine {
            // The notifier is about to wake what is in the slot: for the news that this one seeks,
            // or for some before. This one looks again soon.
            waker.take().inspect(Waker::wake_by_ref);
            return;
        }
        // SAFETY: W3: without WAITING the slot is the waiter's (I1).
        self.slot.with_mut(|slot| mem::swap(unsafe { &mut *slot }, &mut waker));
        self.word.swap(WAITING, site("signal.W4", AcqRel)); // W4, pairs with N1
        drop(waker); // the one before: foreign code, after all is done
    }

    /// Wakes the waiter, if it waits.
    ///
    /// The notifier's alone, after it made the news. One read-modify-write.
    #[inline]
    pub(super) fn notify(&self) {
        if self.word.fetch_or(NOTIFIED, site("signal.N1", AcqRel)) & WAITING != 0 {
            self.wake(); // N1, pairs with W4
        }
    }

    #[cold]
    fn wake(&self) {
        // SAFETY: N2: both bits are set, so the slot is the notifier's (I1).
        let waker = self.slot.with_mut(|slot| unsafe { &mut *slot }.take());
        self.word.store(0, site("signal.N3", Release)); // N3, pairs with W1
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_waiting = self.word.load(Relaxed) & WAITING != 0;
        f.debug_struct("Signal").field("is_waiting", &is_waiting).finish_non_exhaustive()
    }
}
