//! Without a lock that may be static, nothing is registered.

use alloc::boxed::Box;
use core::ptr::NonNull;

use super::permits::Queue;

/// A queue that nobody looks up.
pub(crate) struct Registered(Queue);

impl Registered {
    /// Allocates.
    pub(crate) fn new(queue: Queue) -> NonNull<Self> {
        Box::leak(Box::new(Self(queue))).into()
    }

    /// # Safety
    /// `this` comes from `new`, and nobody uses it any more.
    pub(crate) unsafe fn free(this: NonNull<Self>) {
        // SAFETY: made by `new`; nobody uses it (contract).
        drop(unsafe { Box::from_raw(this.as_ptr()) });
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.0
    }
}
