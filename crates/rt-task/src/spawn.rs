//! How a future becomes a task.

use alloc::string::String;
use core::future::Future;
use core::panic::Location;

use crate::cell;
use crate::hooks::Hooks;
use crate::origin::Origin;
use crate::schedule::Schedule;
use crate::{JoinHandle, Runnable};

/// Makes a task of `future`. The caller decides when to run it first: at once, or by handing
/// the [`Runnable`] to the scheduler.
///
/// One allocation; no read-modify-write.
#[track_caller]
pub fn spawn<F, S>(future: F, scheduler: S) -> (Runnable<S>, JoinHandle<F::Output>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
    S: Schedule,
{
    Builder::new().spawn(future, scheduler)
}

/// A task to be, with options.
#[derive(Debug, Default)]
#[must_use = "a builder spawns nothing by itself"]
pub struct Builder {
    name: Option<String>,
    location: Option<&'static Location<'static>>,
}

impl Builder {
    /// No options yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the task, for people. Costs an allocation.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says that the task is spawned at `location`, instead of where `spawn` is called.
    pub fn location(mut self, location: &'static Location<'static>) -> Self {
        self.location = Some(location);
        self
    }

    /// Makes a task of `future`.
    #[track_caller]
    pub fn spawn<F, S>(self, future: F, scheduler: S) -> (Runnable<S>, JoinHandle<F::Output>)
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
        S: Schedule,
    {
        // SAFETY: the future may run and be dropped on any thread, and so may its output; they
        // outlive every borrow.
        unsafe { self.spawn_unchecked(future, scheduler) }
    }

    /// Makes a task of a `future` that may be bound to a thread or a scope.
    ///
    /// # Safety
    /// - The `Runnable`, whenever the scheduler is handed it, is run and dropped only where the
    ///   future and its output may be used and dropped, and before what they borrow ends.
    /// - The output is dropped there, too, should the handle be dropped first: so the same
    ///   holds for where `run` is called.
    #[track_caller]
    pub unsafe fn spawn_unchecked<F, S>(
        self,
        future: F,
        scheduler: S,
    ) -> (Runnable<S>, JoinHandle<F::Output>)
    where
        F: Future,
        S: Schedule,
    {
        let location = self.location.unwrap_or(Location::caller());
        let is_hooked = scheduler.hooks().is_some();
        let origin = Origin::new(location, self.name, is_hooked);
        let task = cell::allocate(future, scheduler, origin);
        // SAFETY: `allocate` gives us the `Runnable`, of a task with a scheduler of type `S`.
        let runnable = unsafe { Runnable::from_task(task) };
        // SAFETY: `allocate` gives us the handle's reference; the output is the future's.
        let handle = unsafe { JoinHandle::new(task) };
        if is_hooked {
            runnable.tell(Hooks::spawned);
        }
        (runnable, handle)
    }
}

#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
