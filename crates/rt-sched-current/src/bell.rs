//! How another thread calls the scheduler's, and when that costs a system call.
//!
//! # Protocol: bell
//! | caller                               | scheduler                               |
//! |--------------------------------------|-----------------------------------------|
//! | B1 leave the work (queue, root)      | S1 find no work                         |
//! | B2 or a bit into the word            | S2 compare-exchange 0 → ASLEEP          |
//! | B3 if ASLEEP alone was set: unpark   | S3 turn the driver                      |
//! |                                      | S4 swap → 0; look at the work again     |
//!
//! **Claim (no lost call).** Work left by B1 is found before the scheduler sleeps, or its sleep is
//! ended.
//! **Why.** B2 and S2 are read-modify-writes of one word. B2 first: S2 fails, since a bit is set, and
//! S4's Acquire shows it the work. S2 first: B2 sees ASLEEP, and the first caller to see it unparks;
//! a later one finds that one's bit. The unpark is kept when it comes before the wait.
//! **Breaks if** B2 is weaker than Release or S4 than Acquire.
//! **Checked by** `bell::loom_tests::no_lost_call`.
//!
//! A scheduler that is awake is never written to but for the bit: calls coalesce, and the system
//! call is made only for a thread that is really parked.

use rt_task::base::seam::Unpark;
use rt_task::base::shim::{AtomicU32, Ordering::*, site};

/// The root future was woken.
pub(crate) const ROOT: u32 = 1;
/// The inbox was empty and is not.
pub(crate) const INBOX: u32 = 2;
/// Any call.
pub(crate) const ANY: u32 = ROOT | INBOX;
/// The scheduler waits in its driver.
const ASLEEP: u32 = 4;

#[derive(Debug)]
pub(crate) struct Bell<U> {
    word: AtomicU32,
    unpark: U,
}

impl<U: Unpark> Bell<U> {
    pub(crate) fn new(unpark: U) -> Self {
        Self { word: AtomicU32::new(0), unpark }
    }

    /// B2, B3. `at_home`: the caller is the scheduler's own thread, hence not asleep, whatever
    /// the word says (it is handing out wakers).
    #[inline]
    pub(crate) fn ring(&self, bit: u32, at_home: bool) {
        // Release pairs with S4; a read-modify-write, so that S4 reads every caller's. Acquire pairs
        // with S2, for an unpark that looks at what was left before the sleep (`outer.rs`).
        // weaker unnoticed: the Acquire, as for S2.
        let before = self.word.fetch_or(bit, site("bell.B2", AcqRel));
        if before == ASLEEP && !at_home {
            self.unpark.unpark(); // B3
        }
    }

    /// Whether somebody rang. Orders nothing: S4 does.
    #[inline]
    pub(crate) fn rang(&self, bit: u32) -> bool {
        self.word.load(Relaxed) & bit != 0
    }

    /// S2. Whether the scheduler may wait now; else there is a call to answer.
    pub(crate) fn try_sleep(&self) -> bool {
        // Release pairs with B2, and takes nothing: the word was zero.
        // weaker unnoticed: the checker orders two holders of a lock as they ran, which this is about.
        self.word.compare_exchange(0, ASLEEP, site("bell.S2", Release), Relaxed).is_ok()
    }

    /// S4: answers all calls. Returns their bits.
    #[inline]
    pub(crate) fn answer(&self) -> u32 {
        self.word.swap(0, site("bell.S4", Acquire)) & !ASLEEP // pairs with B2
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
