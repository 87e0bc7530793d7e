//! Whom to wake, once nothing is held.

use core::task::Waker;

/// Whoever waits for what was just done. Woken by [`Wake::now`].
#[must_use = "somebody waits"]
#[derive(Debug)]
pub(crate) struct Wake(pub(crate) Option<Waker>);

impl Wake {
    /// May run any code.
    #[inline]
    pub(crate) fn now(self) {
        if let Some(waker) = self.0 {
            waker.wake();
        }
    }
}
