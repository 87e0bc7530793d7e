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
