//! The driver of all workers, which one of them holds at a time.
//!
//! # Protocol: driver
//! | worker                                   | another                              |
//! |------------------------------------------|--------------------------------------|
//! | H1 FREE → HELD, or do without            | H1 the same                          |
//! | turn it                                  |                                      |
//! | H2 store FREE                            |                                      |
//!
//! **Claim (one driver).** One thread at a time touches the driver, and sees what the one before did.
//! **Why.** H1 is an Acquire exchange, H2 a Release store. Nobody waits for it: who does not get it
//! waits elsewhere, or runs tasks.
//! **Breaks if** H1 is weaker than Acquire or H2 than Release.
//! **Checked by** `driver::loom_tests::one_driver`.
//!
//! Who waits in it says so before its bit is set in the idle word ([`Waits`]), so that who calls it
//! knows which call it hears.

use rt_task::base::shim::{AtomicU8, AtomicUsize, Ordering::*, UnsafeCell, site};

const FREE: u8 = 0;
const HELD: u8 = 1;
/// The operating system does not let it wait any more, or it is gone.
const BROKEN: u8 = 2;

/// Nobody waits in it.
const NOBODY: usize = usize::MAX;

pub(crate) struct DriverSlot<D> {
    state: AtomicU8,
    /// The worker that waits in it. Written by who holds it.
    waits: AtomicUsize,
    driver: UnsafeCell<Option<D>>,
}

// SAFETY: the driver is reached by who holds it alone (Claim), so sharing the slot is sending it.
unsafe impl<D: Send> Sync for DriverSlot<D> {}
// SAFETY: as above.
unsafe impl<D: Send> Send for DriverSlot<D> {}

/// The driver, held. Lets go when dropped.
pub(crate) struct Held<'a, D> {
    slot: &'a DriverSlot<D>,
}

impl<D> DriverSlot<D> {
    pub(crate) fn new(driver: D) -> Self {
        Self {
            state: AtomicU8::new(FREE),
            waits: AtomicUsize::new(NOBODY),
            driver: UnsafeCell::new(Some(driver)),
        }
    }

    /// H1. One read-modify-write if it is free, else none.
    pub(crate) fn try_hold(&self) -> Option<Held<'_, D>> {
        if self.state.load(Relaxed) != FREE {
            return None; // a hint: the exchange decides
        }
        // H1, pairs with H2
        let held =
            self.state.compare_exchange(FREE, HELD, site("driver.H1", Acquire), Relaxed).is_ok();
        held.then(|| Held { slot: self }) // made only if held: dropping one lets go
    }

    /// Whether somebody holds it, a moment ago.
    pub(crate) fn is_held(&self) -> bool {
        self.state.load(Relaxed) != FREE
    }

    /// The worker that waits in it, if one does. Exact for who cleared that worker's bit.
    pub(crate) fn waits(&self) -> usize {
        self.waits.load(Relaxed) // ordered by the idle word
    }
}

impl<D> Held<'_, D> {
    pub(crate) fn with<R>(&mut self, f: impl FnOnce(&mut D) -> R) -> R {
        // SAFETY: exclusive: H1 succeeded for this guard and H2 has not run (Claim).
        self.slot.driver.with_mut(|driver| f(unsafe { &mut *driver }.as_mut().expect("not broken")))
    }

    /// `worker` is about to wait in it.
    pub(crate) fn waits(&self, worker: usize) {
        self.slot.waits.store(worker, Relaxed); // published by the idle word
    }

    /// Nobody waits in it any more.
    pub(crate) fn waits_no_more(&self) {
        self.slot.waits.store(NOBODY, Relaxed); // published by the idle word, at the next wait
    }

    /// Takes it out: nobody turns it again.
    pub(crate) fn retire(self) -> Option<D> {
        self.waits_no_more();
        // SAFETY: exclusive, as in `with`.
        let driver = self.slot.driver.with_mut(|driver| unsafe { &mut *driver }.take());
        self.slot.state.store(BROKEN, Relaxed); // nobody holds it after this
        std::mem::forget(self);
        driver
    }
}

impl<D> Drop for Held<'_, D> {
    fn drop(&mut self) {
        self.slot.state.store(FREE, site("driver.H2", Release)); // H2, pairs with H1
    }
}

impl<D> std::fmt::Debug for DriverSlot<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DriverSlot").field("is_held", &self.is_held()).finish_non_exhaustive()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
