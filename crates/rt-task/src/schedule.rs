//! The seam between a task and what runs it.

use crate::{Hooks, Owned, Runnable};

/// Where does a woken task go?
///
/// A scheduler is a cheap handle, stored in every task: best one word. It is cloned once per
/// wake that schedules (a copied pointer costs nothing there), because the task may be run and
/// freed by another thread while [`schedule`](Self::schedule) still runs. Should cloning it
/// panic, the task is lost: as if its `Runnable` was forgotten, it never runs again.
///
/// ```
/// use rt_task::{Runnable, Schedule, Why};
/// use std::sync::{Arc, Mutex};
///
/// #[derive(Clone, Default)]
/// struct Queue(Arc<Mutex<Vec<Runnable<Queue>>>>);
///
/// impl Schedule for Queue {
///     fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
///         self.0.lock().unwrap().push(runnable);
///     }
/// }
///
/// let queue = Queue::default();
/// let (runnable, handle) = rt_task::spawn(async { 6 * 7 }, queue.clone());
/// runnable.run();
/// assert!(handle.is_finished());
/// ```
pub trait Schedule: Clone + Send + Sync + Sized + 'static {
    /// Puts `runnable` where it will run. Called from any thread, by whoever wakes.
    ///
    /// Dropping `runnable` cancels the task, on this thread. A future that is bound to another
    /// thread must not be dropped here, also not by a panic.
    ///
    /// # Panics
    /// It should not. If it does, the panic goes on to who woke the task (or is contained, where
    /// the runtime wakes for itself), and unwinding drops `runnable` unless it was stored.
    fn schedule(&self, runnable: Runnable<Self>, why: Why);

    /// Where tasks that have pended are registered, so that a shutdown finds them.
    ///
    /// With none (the default), a task that pended and that nobody wakes again is never freed.
    /// [`Owned::new`] says what is asked of a scheduler that has one.
    #[inline]
    fn owned(&self) -> Option<&Owned<Self>> {
        None
    }

    /// What is told of each task that is spawned with this scheduler; nothing by default.
    ///
    /// Asked at the spawn: the answer holds for the task's life. Costs a spawn this call and a
    /// branch; a task without hooks is not asked about them again.
    #[inline]
    fn hooks(&self) -> Option<&Hooks> {
        None
    }
}

/// Why a task is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// It was woken.
    Wake,
    /// It was aborted: its next run drops it.
    Abort,
}
