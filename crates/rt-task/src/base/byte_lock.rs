//! A lock in one byte, for list surgery that takes a few nanoseconds.
//!
//! # Protocol: byte lock
//! | holder                            | waiter                          |
//! |-----------------------------------|---------------------------------|
//! | L1 compare-exchange FREE → HELD   | W1 the same, failing            |
//! | L2 store FREE                     | W2 relax, look again            |
//!
//! **Claim (exclusion).** What one holder wrote between L1 and L2, the next holder sees, and
//! nobody else touches it meanwhile.
//! **Why.** L2 is a Release store that the next L1 reads with Acquire.
//! **Breaks if** L1 is weaker than Acquire or L2 weaker than Release.
//! **Checked by** `byte_lock::loom_tests::excludes`.
//!
//! A `std` lock costs a second read-modify-write to let go, since somebody may sleep on it.
//! Nobody sleeps here: a waiter spins, and gives the processor away when that is in vain (the
//! holder may have been preempted). Hence the rule: **hold it for pointer writes only**; never
//! over a call into foreign code, an allocation or a system call.

use core::fmt;
use core::ops::{Deref, DerefMut};

use super::shim::{AtomicU8, Ordering::*, UnsafeCell, const_fn, relax, site};

const FREE: u8 = 0;
const HELD: u8 = 1;

/// A value behind a one-byte lock. See the module for what may happen while it is held.
pub struct ByteLock<T> {
    word: AtomicU8,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by the holder alone (Claim), so sharing the lock is sending it.
unsafe impl<T: Send> Send for ByteLock<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for ByteLock<T> {}

impl<T> ByteLock<T> {
    const_fn! {
        /// A free lock around `value`.
        pub const fn new(value: T) -> Self {
            Self { word: AtomicU8::new(FREE), value: UnsafeCell::new(value) }
        }
    }

    /// Waits until the lock is free and takes it. One read-modify-write when it is free.
    #[inline]
    pub fn lock(&self) -> ByteGuard<'_, T> {
        let mut turns = 0;
        // L1, pairs with L2
        while self
            .word
            .compare_exchange_weak(FREE, HELD, site("byte_lock.L1", Acquire), Relaxed)
            .is_err()
        {
            relax(&mut turns); // W2
        }
        ByteGuard { lock: self }
    }
}

impl<T> fmt::Debug for ByteLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteLock").finish_non_exhaustive()
    }
}

/// The right to touch the value; lets go when dropped.
pub struct ByteGuard<'a, T> {
    lock: &'a ByteLock<T>,
}

impl<T> ByteGuard<'_, T> {
    /// Runs `f` on the value.
    #[inline]
    pub fn with<R>(&mut self, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: exclusive: L1 succeeded for this guard and L2 has not run (Claim).
        self.lock.value.with_mut(|value| f(unsafe { &mut *value }))
    }
}

impl<T> Deref for ByteGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: exclusive: L1 succeeded for this guard and L2 has not run (Claim).
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for ByteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: exclusive: L1 succeeded for this guard and L2 has not run (Claim).
        self.lock.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T> Drop for ByteGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.word.store(FREE, site("byte_lock.L2", Release)); // L2, pairs with L1
    }
}

impl<T> fmt::Debug for ByteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteGuard").finish_non_exhaustive()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
