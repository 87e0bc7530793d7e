//! A word that many change in one step, and whose lock is one of its bits.
//!
//! For primitives whose usual case is one read-modify-write on a word, and whose other case is a list of
//! those that wait. With the lock in the word both cost one: who takes the lock reads the word by that, and
//! who lets it go stores the word with what changed.
//!
//! # Protocol: gate
//! | holder of the lock                         | who needs no lock                       |
//! |--------------------------------------------|-----------------------------------------|
//! | G1 compare-exchange `word` → `word`, held  | G3 compare-exchange `word` → another    |
//! | G2 store another word, free                | G4 load `word`                          |
//!
//! Both exchanges expect a word whose lock is free, and wait until it is.
//!
//! **Claim (one writer).** While one holds the lock, nobody else changes the word or touches what is behind
//! it; and who reads a word (G1, G3, G4) sees what was done before the word, and each before that, was
//! written by G2 or G3.
//! **Why.** Every change is an exchange that expects a free word, or the holder's G2. G2 and G3 are Releases
//! and G1, G3 and G4 Acquires. An exchange in between continues the release sequence of the one before.
//! **Breaks if** G1 or G4 is weaker than Acquire, G2 than Release, or G3 than both.
//! **Checked by** `base::gate::loom_tests::excludes`, `base::gate::loom_tests::hands_over`.
//!
//! As with the byte lock of `rt-task`, who waits spins, and gives the processor away when that is in vain.
//! Hence the rule: **hold it for pointer writes only**; never over a call into foreign code.

use core::fmt;

use rt_task::base::shim::{AtomicUsize, Ordering::*, UnsafeCell, const_fn, relax, site};

/// The lock's bit. The rest of the word is its owner's.
const HELD: usize = 1;
/// By how much the owner's part of a word is shifted.
pub(crate) const OWNERS: u32 = 1;

/// A word, and a value behind its lock.
pub(crate) struct Gate<L> {
    word: AtomicUsize,
    behind: UnsafeCell<L>,
}

// SAFETY: what is behind is reached by the holder alone (Claim), so sharing the gate is sending it.
unsafe impl<L: Send> Send for Gate<L> {}
// SAFETY: as above.
unsafe impl<L: Send> Sync for Gate<L> {}

impl<L> Gate<L> {
    const_fn! {
        /// A free one, with `word` of which the lowest bit is none of the owner's.
        pub(crate) const fn new(word: usize, behind: L) -> Self {
            Self { word: AtomicUsize::new(word & !HELD), behind: UnsafeCell::new(behind) }
        }
    }

    /// The word, held or not.
    #[inline]
    pub(crate) fn load(&self) -> usize {
        self.word.load(site("gate.G4", Acquire)) & !HELD // G4, pairs with G2, G3
    }

    /// Changes the word as `change` says, in one step; `Err` with the word when that declines.
    #[inline]
    pub(crate) fn update(&self, change: impl Fn(usize) -> Option<usize>) -> Result<usize, usize> {
        let mut turns = 0;
        loop {
            let word = self.word.load(site("gate.G4-decline", Acquire)); // G4, pairs with G2, G3
            let Some(next) = change(word & !HELD) else { return Err(word & !HELD) };
            debug_assert_eq!(next & HELD, 0, "the lock's bit");
            if word & HELD == 0 {
                // G3, pairs with G1, G3, G4. Acquires, too: the word may have gone and come back meanwhile.
                let changed = self.word.compare_exchange_weak(
                    word,
                    next,
                    site("gate.G3", AcqRel), // weaker unnoticed: as Release, while the word stayed as it was looked at
                    Relaxed,
                );
                if changed.is_ok() {
                    return Ok(word);
                }
            }
            relax(&mut turns);
        }
    }

    /// Waits until the lock is free, and takes it. One read-modify-write.
    #[inline]
    pub(crate) fn lock(&self) -> Held<'_, L> {
        let mut turns = 0;
        loop {
            let word = self.word.load(Relaxed); // only what the exchange expects
            // G1, pairs with G2, G3
            if word & HELD == 0
                && self
                    .word
                    .compare_exchange_weak(word, word | HELD, site("gate.G1", Acquire), Relaxed)
                    .is_ok()
            {
                return Held { gate: self, word };
            }
            relax(&mut turns);
        }
    }
}

/// The lock of a [`Gate`], held. Stores the word and lets go when dropped.
pub(crate) struct Held<'a, L> {
    gate: &'a Gate<L>,
    word: usize,
}

impl<L> Held<'_, L> {
    /// The word, as it will be stored.
    #[inline]
    pub(crate) fn word(&self) -> usize {
        self.word
    }

    /// Another word, to be stored when this is dropped.
    #[inline]
    pub(crate) fn set_word(&mut self, word: usize) {
        debug_assert_eq!(word & HELD, 0, "the lock's bit");
        self.word = word;
    }

    /// Runs `f` on what is behind.
    #[inline]
    pub(crate) fn with<R>(&mut self, f: impl FnOnce(&mut L) -> R) -> R {
        // SAFETY: exclusive: G1 succeeded for this and G2 has not run (Claim).
        self.gate.behind.with_mut(|behind| f(unsafe { &mut *behind }))
    }
}

impl<L> Drop for Held<'_, L> {
    #[inline]
    fn drop(&mut self) {
        self.gate.word.store(self.word, site("gate.G2", Release)); // G2, pairs with G1, G3, G4
    }
}

impl<L> fmt::Debug for Gate<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

impl<L> fmt::Debug for Held<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;

#[cfg(all(test, not(rt_loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_word_says_that_the_lock_is_held() {
        let gate = Gate::new(4, ());
        let mut held = gate.lock();
        assert_eq!((gate.word.load(Relaxed), gate.load()), (4 | HELD, 4));
        held.set_word(6);
        drop(held);
        assert_eq!(gate.word.load(Relaxed), 6);
    }
}
