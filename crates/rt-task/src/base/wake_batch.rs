//! Wakers that were taken from where they waited, and are woken once no lock is held.

use core::fmt;
use core::mem::MaybeUninit;
use core::task::Waker;

use super::seam::Wakes;
use crate::panic::contain;

/// A batch of wakers on the stack. Wakes what it holds when full and when dropped.
///
/// A waker that panics is contained: the rest is woken all the same.
pub struct WakeBatch {
    wakers: [MaybeUninit<Waker>; WAKE_BATCH],
    /// The first `len` are initialised.
    len: usize,
}

/// Wakers per batch: 512 bytes of stack; more saves little, since a driver's turn costs far
/// more than the 32nd part of it.
const WAKE_BATCH: usize = 32;

impl WakeBatch {
    /// An empty batch.
    #[must_use]
    #[inline]
    pub fn new() -> Self {
        Self { wakers: [const { MaybeUninit::uninit() }; WAKE_BATCH], len: 0 }
    }
}

impl Default for WakeBatch {
    fn default() -> Self {
        Self::new()
    }
}

impl Wakes for WakeBatch {
    #[inline]
    fn push(&mut self, waker: Waker) {
        if self.is_full() {
            self.wake_all();
        }
        self.wakers[self.len].write(waker);
        self.len += 1;
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.len == WAKE_BATCH
    }

    fn wake_all(&mut self) {
        let len = core::mem::take(&mut self.len);
        for slot in &self.wakers[..len] {
            // SAFETY: among the first `len`, hence initialised; `len` is zero by now, so
            // nobody reads it again.
            let waker = unsafe { slot.assume_init_read() };
            contain(|| waker.wake());
        }
    }
}

impl Drop for WakeBatch {
    fn drop(&mut self) {
        self.wake_all();
    }
}

impl fmt::Debug for WakeBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakeBatch").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests {
    use super::*;
    use crate::kit::{Faulty, lock};
    use alloc::sync::Arc;
    use alloc::vec::Vec;
    use core::sync::atomic::Ordering::Relaxed;
    use std::sync::Mutex;

    #[test]
    fn a_batch_wakes_when_it_is_full_told_to_or_dropped_in_order() {
        struct Note(usize, Arc<Mutex<Vec<usize>>>);
        impl alloc::task::Wake for Note {
            fn wake(self: Arc<Self>) {
                lock(&self.1).push(self.0);
            }
        }
        let woken = Arc::<Mutex<Vec<usize>>>::default();
        let mut batch = WakeBatch::new();
        for n in 0..WAKE_BATCH {
            assert!(!batch.is_full());
            batch.push(Arc::new(Note(n, woken.clone())).into());
        }
        assert!(batch.is_full() && lock(&woken).is_empty());
        batch.push(Arc::new(Note(WAKE_BATCH, woken.clone())).into());
        assert_eq!(*lock(&woken), Vec::from_iter(0..WAKE_BATCH), "there was no room");
        batch.wake_all();
        assert_eq!(lock(&woken).len(), WAKE_BATCH + 1);
        batch.push(Arc::new(Note(WAKE_BATCH + 1, woken.clone())).into());
        drop(batch);
        assert_eq!(*lock(&woken), Vec::from_iter(0..WAKE_BATCH + 2));
    }

    #[test]
    fn a_waker_that_panics_keeps_no_other_from_being_woken() {
        let faulty = Arc::new(Faulty { wake_panics: true, ..Faulty::default() });
        let mut batch = WakeBatch::new();
        (0..3).for_each(|_| batch.push((*faulty.lend()).clone()));
        drop(batch);
        assert_eq!(faulty.wakes.load(Relaxed), 3);
    }
}
