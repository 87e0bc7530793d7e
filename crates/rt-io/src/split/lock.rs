//! A lock between two, of which the one that finds it held waits by its waker.
//!
//! It is held over a poll of foreign code, which may take long, call back, or panic: so nobody
//! spins for it, and no thread is blocked. The two are *sides*; each is one task at a time, which
//! the halves see to (their polls take `&mut`).
//!
//! # Protocol: pair lock
//! | a side that locks                        | the side that holds                     |
//! |------------------------------------------|-----------------------------------------|
//! | P1 FREE → HELD: it is locked             | Q1 HELD → FREE: it is unlocked          |
//! | P2 HELD: put the waker in the slot       | Q2 WAITED → LEAVING                     |
//! | P3 HELD → WAITED: it waits               | Q3 take the waker out                   |
//! | P4 WAITED, polled anew: back to HELD, P2 | Q4 store FREE                           |
//! | P5 LEAVING: come again soon              | Q5 wake                                 |
//!
//! **I1** The slot is touched: at FREE and HELD, by the side that does not hold; at WAITED by nobody;
//! at LEAVING by the holder.
//!
//! **Claim (exclusion).** What one holder did to the value between P1 and Q1 or Q4, the next sees, and
//! nobody else touches it meanwhile.
//! **Why.** Q1 and Q4 release it to P1. P3 and P4 in between change the word by read-modify-writes,
//! and Q4 is the holder's own.
//! **Breaks if** P1 is weaker than Acquire, or Q1 or Q4 than Release.
//! **Checked by** `split::lock::loom_tests::one_at_a_time`.
//!
//! **Claim (nobody forgotten).** A side that pends is woken after the other lets go.
//! **Why.** P3 and Q1 change one word: if P3 comes first, Q1 fails and Q2 finds it; else P3 fails,
//! and the side tries P1 again.
//! **Checked by** `split::lock::loom_tests::one_at_a_time`.
//!
//! **Claim (one at the slot).** The two never touch the slot at the same time.
//! **Why.** I1. P3 releases P2 to Q2; Q4 releases Q3 to P1 of either side, and P1 of the holder, which
//! passes on what that did to the slot when it did not hold, to the failing P1 of the other.
//! **Breaks if** P3 is weaker than Release, Q2 than Acquire, P1 than AcqRel, or P1's failure than
//! Acquire.
//! **Checked by** `split::lock::loom_tests::sides_that_come_and_go`,
//! `split::lock::loom_tests::the_slot_goes_from_one_side_to_the_other`.

use core::fmt;
use core::panic::Location;
use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll, Waker};

use rt_task::base::shim::{AtomicU8, Ordering::*, UnsafeCell, site};
use rt_task::wait::{Wait, WaitKind, poll_at};

const FREE: u8 = 0;
const HELD: u8 = 1;
const WAITED: u8 = 2;
const LEAVING: u8 = 3;

/// See the module.
pub(super) struct PairLock<T> {
    word: AtomicU8,
    slot: UnsafeCell<Option<Waker>>,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by the holder alone (exclusion), the slot by one at a time.
unsafe impl<T: Send> Send for PairLock<T> {}
// SAFETY: as above; nothing but the lock is reached by a shared reference.
unsafe impl<T: Send> Sync for PairLock<T> {}

impl<T> PairLock<T> {
    pub(super) fn new(value: T) -> Self {
        let (slot, value) = (UnsafeCell::new(None), UnsafeCell::new(value));
        Self { word: AtomicU8::new(FREE), slot, value }
    }

    pub(super) fn into_inner(self) -> T {
        self.value.into_inner()
    }

    /// Locks, or waits until the other side has let go. One read-modify-write if it is free.
    #[inline]
    #[track_caller]
    pub(super) fn poll_lock(&self, cx: &mut Context<'_>) -> Poll<PairGuard<'_, T>> {
        match self.try_lock() {
            Ok(guard) => Poll::Ready(guard),
            Err(_) => self.poll_held(cx),
        }
    }

    /// P1.
    #[inline]
    fn try_lock(&self) -> Result<PairGuard<'_, T>, u8> {
        let (locks, fails) = (site("pair_lock.P1", AcqRel), site("pair_lock.P1.held", Acquire));
        // P1, pairs with Q1 and Q4; failing, with P1 of the other side
        match self.word.compare_exchange(FREE, HELD, locks, fails) {
            Ok(_) => Ok(PairGuard { lock: self }),
            Err(word) => Err(word),
        }
    }

    #[cold]
    #[track_caller]
    fn poll_held(&self, cx: &mut Context<'_>) -> Poll<PairGuard<'_, T>> {
        let (site, object) = (Location::caller(), ptr::from_ref(self).addr());
        let wait = || Wait { kind: WaitKind::Lock, object, site };
        poll_at(cx, wait, |cx| {
            let mut waker = cx.waker().clone(); // foreign code, before anything is half done
            loop {
                match self.try_lock() {
                    Ok(guard) => return Poll::Ready(guard),
                    Err(HELD) => match self.wait(waker) {
                        Ok(()) => return Poll::Pending,
                        Err(back) => waker = back,
                    },
                    // P4. Nobody was at the slot since this side's P3.
                    Err(WAITED) => {
                        _ = self.word.compare_exchange(WAITED, HELD, Relaxed, Relaxed);
                    }
                    // P5. The holder is three steps from letting go.
                    Err(_) => {
                        waker.wake();
                        return Poll::Pending;
                    }
                }
            }
        })
    }

    /// P2 and P3, after HELD was seen. Gives the waker back if the other side has let go.
    fn wait(&self, waker: Waker) -> Result<(), Waker> {
        // SAFETY: P2: HELD by the other side, so the slot is this one's until P3 (I1).
        let old = self.slot.with_mut(|slot| unsafe { &mut *slot }.replace(waker));
        let waits = site("pair_lock.P3", Release); // P3, pairs with Q2
        let waited = self.word.compare_exchange(HELD, WAITED, waits, Relaxed);
        let back = match waited {
            Ok(_) => Ok(()),
            // SAFETY: P3 failed, and this side does not hold: the slot is its own still (I1).
            Err(_) => Err(self.slot.with_mut(|slot| unsafe { &mut *slot }.take())),
        };
        drop(old); // foreign code, after all is done
        back.map_err(|back| back.expect("put there by this side"))
    }

    #[inline]
    fn unlock(&self) {
        let frees = site("pair_lock.Q1", Release); // Q1, pairs with P1
        if self.word.compare_exchange(HELD, FREE, frees, Relaxed).is_err() {
            self.unlock_waited();
        }
    }

    #[cold]
    fn unlock_waited(&self) {
        loop {
            let leaves = site("pair_lock.Q2", Acquire); // Q2, pairs with P3
            if self.word.compare_exchange(WAITED, LEAVING, leaves, Relaxed).is_ok() {
                break;
            }
            // The other side took its wait back (P4), and may yet give up.
            // weaker unnoticed: by models of three preemptions; those of four fail
            let frees = site("pair_lock.Q1.again", Release); // Q1, pairs with P1
            if self.word.compare_exchange(HELD, FREE, frees, Relaxed).is_ok() {
                return;
            }
        }
        // SAFETY: Q3: LEAVING, so the slot is the holder's (I1).
        let waker = self.slot.with_mut(|slot| unsafe { &mut *slot }.take());
        self.word.store(FREE, site("pair_lock.Q4", Release)); // Q4, pairs with P1
        if let Some(waker) = waker {
            waker.wake(); // Q5: foreign code, after all is done
        }
    }
}

/// The right to touch the value; lets go when dropped.
pub(super) struct PairGuard<'a, T> {
    lock: &'a PairLock<T>,
}

impl<T> PairGuard<'_, T> {
    /// The value, which stays where it is until it is taken out by value.
    #[inline]
    pub(super) fn pinned(&mut self) -> Pin<&mut T> {
        // SAFETY: exclusive: P1 succeeded for this guard, and Q1 has not run (Claim).
        let value = self.lock.value.with_mut(|value| unsafe { &mut *value });
        // SAFETY: it is never moved: the lock is in an `Arc`, and is taken out of it for `T: Unpin`.
        unsafe { Pin::new_unchecked(value) }
    }
}

impl<T> Drop for PairGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.unlock();
    }
}

impl<T> fmt::Debug for PairLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PairLock").field("word", &self.word.load(Relaxed)).finish() // to be shown
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
