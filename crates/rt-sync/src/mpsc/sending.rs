//! The senders of either channel: what both kinds have in common.

use core::ptr::NonNull;

use super::bound::Bound;
use super::chan::Chan;

/// A sender: as long as there is one, messages may come.
pub(crate) struct Sending<T, B: Bound> {
    chan: NonNull<Chan<T, B>>,
}

/// What can become a sender as long as there is one.
pub(crate) struct Weak<T, B: Bound> {
    chan: NonNull<Chan<T, B>>,
}

// SAFETY: messages enter and leave on any thread, so they must be `Send`; the rest is the channel's, which is
// made for many threads.
unsafe impl<T: Send, B: Bound + Send + Sync> Send for Sending<T, B> {}
// SAFETY: as above.
unsafe impl<T: Send, B: Bound + Send + Sync> Sync for Sending<T, B> {}
// SAFETY: as above.
unsafe impl<T: Send, B: Bound + Send + Sync> Send for Weak<T, B> {}
// SAFETY: as above.
unsafe impl<T: Send, B: Bound + Send + Sync> Sync for Weak<T, B> {}

impl<T, B: Bound> Sending<T, B> {
    /// # Safety
    /// A sender, counted in the channel, is the caller's to give.
    pub(crate) unsafe fn new(chan: NonNull<Chan<T, B>>) -> Self {
        Self { chan }
    }

    #[inline]
    pub(crate) fn chan(&self) -> &Chan<T, B> {
        // SAFETY: the senders' reference keeps it alive.
        unsafe { self.chan.as_ref() }
    }

    /// Sends, if the channel takes messages. May wake, and run any code by it.
    #[inline]
    pub(crate) fn send(&self, message: T) -> Result<(), T> {
        self.chan().queue.send(message, B::STOP)?.now();
        Ok(())
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.chan == other.chan
    }

    pub(crate) fn downgrade(&self) -> Weak<T, B> {
        self.chan().add_weak();
        Weak { chan: self.chan }
    }
}

impl<T, B: Bound> Clone for Sending<T, B> {
    #[inline]
    fn clone(&self) -> Self {
        self.chan().add_sender();
        Self { chan: self.chan }
    }
}

impl<T, B: Bound> Drop for Sending<T, B> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: a sender, which is going.
        unsafe { Chan::remove_sender(self.chan) };
    }
}

impl<T, B: Bound> Weak<T, B> {
    pub(crate) fn chan(&self) -> &Chan<T, B> {
        // SAFETY: its own reference keeps it alive.
        unsafe { self.chan.as_ref() }
    }

    pub(crate) fn upgrade(&self) -> Option<Sending<T, B>> {
        self.chan().try_add_sender().then(|| Sending { chan: self.chan })
    }
}

impl<T, B: Bound> Clone for Weak<T, B> {
    fn clone(&self) -> Self {
        self.chan().add_weak();
        Self { chan: self.chan }
    }
}

impl<T, B: Bound> Drop for Weak<T, B> {
    fn drop(&mut self) {
        // SAFETY: a weak sender, which is going.
        unsafe { Chan::remove_weak(self.chan) };
    }
}
