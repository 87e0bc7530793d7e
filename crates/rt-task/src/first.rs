//! Which task is in its very first poll at a worker: the one poll in which the registry does not know it.
//!
//! A task that never returns from its first poll would else be missing from a dump, which is made for
//! the likes of it. Two stores before such a poll and one after it; no lock, no read-modify-write.
//! Nothing is decided by it: a reader that races may miss a poll.

use core::panic::Location;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

use crate::{TaskId, TaskInfo};

/// Written by the thread that polls there. Not modelled: it is a statistic.
#[derive(Debug, Default)]
pub(crate) struct First {
    /// Null when there is none.
    location: AtomicPtr<Location<'static>>,
    id: AtomicUsize,
}

impl First {
    #[inline]
    pub(crate) fn begin(&self, id: TaskId, location: &'static Location<'static>) {
        self.id.store(id.as_u64() as usize, Relaxed);
        self.location.store(ptr::from_ref(location).cast_mut(), Relaxed);
    }

    /// The poll of `id` is over; unless its thread was lent, and another's poll has begun meanwhile.
    #[inline]
    pub(crate) fn end(&self, id: TaskId) {
        if self.id.load(Relaxed) == id.as_u64() as usize {
            self.location.store(ptr::null_mut(), Relaxed);
        }
    }

    pub(crate) fn info(&self) -> Option<TaskInfo> {
        let location = self.location.load(Relaxed);
        let id = TaskId::from_usize(self.id.load(Relaxed))?;
        // SAFETY: null, or stored by `begin` from a `&'static Location`.
        let location = unsafe { location.as_ref() }?;
        Some(TaskInfo::first_poll(id, location))
    }
}
