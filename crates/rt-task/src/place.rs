//! One word of a task for two things that are never needed at once: while it waits, which object it waits
//! for; while it lies in a queue, the next one there.
//!
//! **Invariant.** Written by the owner of the `Runnable` alone, who knows which of the two it is. Others read it
//! as an object: that of a task which lies in a queue is a stray number then, as of any wait that is over.

use core::ptr::{self, NonNull};

use crate::base::shim::{AtomicPtr, Ordering::*};
use crate::header::{Header, TaskRef};

/// See the module.
pub(crate) struct Place(AtomicPtr<Header>);

impl Place {
    pub(crate) fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// Reads and writes the queue link. What is read is a link only if the last that was written was.
    ///
    /// # Safety
    /// The caller owns the `Runnable`.
    #[inline]
    pub(crate) unsafe fn replace_next(&self, next: Option<TaskRef>) -> Option<TaskRef> {
        let before = self.0.load(Relaxed); // one writer
        self.0.store(next.map_or(ptr::null_mut(), |next| next.as_ptr().as_ptr()), Relaxed);
        // SAFETY: if it was a link, the task is alive, being queued; if not, nobody looks behind it.
        NonNull::new(before).map(|before| unsafe { TaskRef::new(before) })
    }

    /// What it waits for. For the owner of the `Runnable`.
    #[inline]
    pub(crate) fn set_object(&self, object: usize) {
        self.0.store(ptr::without_provenance_mut(object), Relaxed);
    }

    pub(crate) fn object(&self) -> usize {
        self.0.load(Relaxed).addr()
    }

    /// The task is about to be freed: every other access came before.
    pub(crate) fn end(&self) {}
}
