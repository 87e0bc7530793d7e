//! The same, for the model checker: two words. It sees who touches the link at the wrong time, and has no more
//! steps to try than there are.

use core::ptr;

use crate::base::shim::{AtomicUsize, Ordering::*, UnsafeCell};
use crate::header::TaskRef;

/// What a task waits for, and the next in its queue.
pub(crate) struct Place {
    next: UnsafeCell<Option<TaskRef>>,
    object: AtomicUsize,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { next: UnsafeCell::new(None), object: AtomicUsize::new(0) }
    }

    /// Reads and writes the queue link.
    ///
    /// # Safety
    /// The caller owns the `Runnable`.
    pub(crate) unsafe fn replace_next(&self, next: Option<TaskRef>) -> Option<TaskRef> {
        // SAFETY: the owner of the `Runnable` alone touches the link (contract).
        self.next.with_mut(|link| unsafe { ptr::replace(link, next) })
    }

    /// What it waits for. For the owner of the `Runnable`.
    pub(crate) fn set_object(&self, object: usize) {
        self.object.store(object, Relaxed);
    }

    pub(crate) fn object(&self) -> usize {
        self.object.load(Relaxed)
    }

    /// The task is about to be freed: every other access came before.
    pub(crate) fn end(&self) {
        self.next.with_mut(|_| ());
    }
}
