//! The next-task slot of a worker: the task that was woken last, which is run next.
//!
//! # Protocol: slot
//! | worker                                    | rescuer                            |
//! |-------------------------------------------|------------------------------------|
//! | S1 empty: store task                      | R1 load                            |
//! | S2 full: compare-exchange old → task      | R2 compare-exchange task → empty   |
//! | S3 take: compare-exchange task → empty    |                                    |
//!
//! **Claim (one taker).** A task in the slot is taken by exactly one thread, which sees all that came
//! before it was put there.
//! **Why.** Only the worker makes the slot full, so an empty one stays empty until S1. A full one is
//! emptied by one compare-exchange. A task cannot come back to the slot between a load and the
//! exchange unseen: should it, the exchange takes the task that is there, which is right, too. S1 and
//! S2 are Releases, S3 and R2 Acquires; S2 takes out what the worker itself has put in, or the one
//! whom it followed (see [`crew`](crate::crew)).
//! **Breaks if** S1 or S2 is weaker than Release, or S3 or R2 weaker than Acquire.
//! **Checked by** `slot::loom_tests::one_taker`.

use std::marker::PhantomData;
use std::{fmt, ptr};

use rt_task::base::shim::{AtomicPtr, Ordering::*, site};
use rt_task::{Link, Runnable, Schedule};

/// Dropping it leaks what it holds: the scheduler's shutdown takes that first.
pub(crate) struct Slot<S: Schedule> {
    task: AtomicPtr<()>,
    _owns: PhantomData<Runnable<S>>,
}

// SAFETY: owns a `Runnable`, which is `Send`; it is handed out to one taker (Claim).
unsafe impl<S: Schedule> Send for Slot<S> {}
// SAFETY: as above.
unsafe impl<S: Schedule> Sync for Slot<S> {}

impl<S: Schedule> Slot<S> {
    pub(crate) fn new() -> Self {
        Self { task: AtomicPtr::new(ptr::null_mut()), _owns: PhantomData }
    }

    /// S1, S2: puts `runnable` in, and returns what was there. For the worker alone. No
    /// read-modify-write when it was empty.
    #[inline]
    pub(crate) fn put(&self, runnable: Runnable<S>) -> Option<Runnable<S>> {
        let task = runnable.into_link().as_ptr();
        let before = self.task.load(Relaxed); // decides S1 or S2; S2 orders
        if !before.is_null() {
            // S2, pairs with S3 and R2. What it takes out the worker itself has put in.
            let swapped =
                self.task.compare_exchange(before, task, site("slot.S2", Release), Relaxed);
            if swapped.is_ok() {
                // SAFETY: the exchange took `before` out.
                return Some(unsafe { runnable_of(before) });
            }
        }
        self.task.store(task, site("slot.S1", Release)); // S1, pairs with S2, S3 and R2
        None
    }

    /// S3, R2: takes what is there. No read-modify-write when it is empty.
    #[inline]
    pub(crate) fn take(&self) -> Option<Runnable<S>> {
        let task = self.task.load(Relaxed); // the exchange orders
        if task.is_null() {
            return None;
        }
        // S3, R2, pair with S1 and S2
        let taken =
            self.task.compare_exchange(task, ptr::null_mut(), site("slot.S3", Acquire), Relaxed);
        // SAFETY: the exchange took `task` out.
        taken.is_ok().then(|| unsafe { runnable_of(task) })
    }

    /// Whether a take would find nothing. Orders nothing.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.task.load(Relaxed).is_null()
    }
}

/// # Safety
/// The caller took `task` out of a slot of that `S`.
#[inline]
unsafe fn runnable_of<S: Schedule>(task: *mut ()) -> Runnable<S> {
    // SAFETY: not null, hence put there by `put`, from a link.
    let link = unsafe { Link::from_ptr(task) };
    // SAFETY: it stood for a `Runnable` of this `S`, and is the caller's alone now (contract).
    unsafe { Runnable::from_link(link) }
}

impl<S: Schedule> fmt::Debug for Slot<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("is_empty", &self.is_empty()).finish()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
