//! Channels, locks and notification between tasks.
//!
//! Those of `rt-sync`, which work on any executor. Here, besides: [`deadlocks`] knows the tasks of every runtime
//! in the process.

#[doc(inline)]
pub use rt_sync::*;

use crate::runtimes;

/// Every circle of tasks that wait for each other for locks, in all runtimes of this process.
///
/// A circle is certain if each of its tasks waits for nothing else, if what each waits for is held by one task
/// alone, and if none was polled between two looks at all of it. A task that waits for several things (`select!`,
/// a timeout) may yet go on: such a circle is possible.
///
/// Can be called from any thread, also while every task is stuck; so from a thread of its own that looks now and
/// then, or where a timeout has fired.
///
/// # Cost
/// It looks at every lock that somebody has ever waited for and, if there is a circle, at every task.
///
/// ```
/// let found = rt_facade::sync::deadlocks();
/// assert!(found.is_empty());
/// ```
#[must_use]
pub fn deadlocks() -> Vec<Deadlock> {
    rt_sync::deadlocks_among(runtimes::task)
}
