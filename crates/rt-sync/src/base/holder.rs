//! Who holds a lock: written by who gets it, read by anybody.
//!
//! Relaxed words, like a task's wait slot: a reader that races with a change may see halves of two. It is for
//! people; nothing is decided by it.

use core::panic::Location;
use core::ptr;

use rt_task::TaskId;
use rt_task::base::shim::{AtomicPtr, AtomicUsize, Ordering::*, const_fn};
use rt_task::wait::WaitKind;

/// Who asks for a lock, or got it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who {
    /// `None` outside of tasks, and on another executor.
    pub(crate) task: Option<TaskId>,
    /// Where it asked.
    pub(crate) site: &'static Location<'static>,
    /// What for.
    pub(crate) kind: WaitKind,
}

impl Who {
    /// The running task.
    #[inline]
    pub(crate) fn here(kind: WaitKind, site: &'static Location<'static>) -> Self {
        Self { task: rt_task::current_id(), site, kind }
    }
}

impl Who {
    /// Whether it shares what it gets with nobody.
    fn is_alone(self) -> bool {
        matches!(self.kind, WaitKind::Lock | WaitKind::Write | WaitKind::Fill)
    }
}

/// See the module.
pub(crate) struct Holder {
    /// The task's id, or zero.
    task: AtomicUsize,
    /// Where it asked, with `ALONE`; null if nobody holds it.
    site: AtomicPtr<Location<'static>>,
}

/// Mark of the address: nobody else holds it.
const ALONE: usize = 1;
const _: () = assert!(align_of::<Location<'_>>() > ALONE);

/// Who holds something.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "std"),
    allow(dead_code, reason = "who looks for deadlocks asks, with `std`")
)]
pub(crate) struct Held {
    pub(crate) task: Option<TaskId>,
    pub(crate) site: &'static Location<'static>,
    /// Nobody else does.
    pub(crate) is_alone: bool,
}

impl Holder {
    const_fn! {
        /// Nobody.
        pub(crate) const fn new() -> Self {
            Self { task: AtomicUsize::new(0), site: AtomicPtr::new(ptr::null_mut()) }
        }
    }

    /// `who` holds it now, or is the last of those that do.
    #[inline]
    pub(crate) fn set(&self, who: Who) {
        let task = who.task.map_or(0, |task| task.as_u64() as usize);
        let site = ptr::from_ref(who.site).map_addr(|site| site | usize::from(who.is_alone()));
        self.task.store(task, Relaxed);
        self.site.store(site.cast_mut(), Relaxed);
    }

    /// It is not known any more who holds it.
    #[inline]
    pub(crate) fn clear(&self) {
        self.site.store(ptr::null_mut(), Relaxed);
    }

    /// Whether somebody held it alone, or the running task is who came last.
    #[inline]
    pub(crate) fn is_alone_or_me(&self) -> bool {
        self.site.load(Relaxed).addr() & ALONE != 0 || {
            let task = rt_task::current_id().map_or(0, |task| task.as_u64() as usize);
            self.task.load(Relaxed) == task
        }
    }

    /// The same as `other`.
    pub(crate) fn copy(&self, other: &Self) {
        self.task.store(other.task.load(Relaxed), Relaxed);
        self.site.store(other.site.load(Relaxed), Relaxed);
    }

    #[cfg_attr(
        not(feature = "std"),
        allow(dead_code, reason = "who looks for deadlocks asks, with `std`")
    )]
    pub(crate) fn read(&self) -> Option<Held> {
        let site = self.site.load(Relaxed);
        let is_alone = site.addr() & ALONE != 0;
        // SAFETY: null, or stored by `set` from a `&'static Location`, the mark apart.
        let site = unsafe { site.map_addr(|site| site & !ALONE).as_ref() }?;
        Some(Held { task: TaskId::from_usize(self.task.load(Relaxed)), site, is_alone })
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests {
    use super::*;

    #[test]
    fn who_goes_is_taken_for_the_holder_if_it_was_alone_or_came_last() {
        let holder = Holder::new();
        let site = Location::caller();
        let is_it = |task: Option<usize>, kind| {
            holder.set(Who { task: task.and_then(TaskId::from_usize), site, kind });
            holder.is_alone_or_me()
        };
        // This is no task.
        assert!(is_it(Some(7), WaitKind::Lock) && is_it(None, WaitKind::Lock));
        assert!(is_it(None, WaitKind::Read));
        assert!(!is_it(Some(7), WaitKind::Read), "another one came last");
    }
}
