//! Tasks: spawning, yielding, and what is left of them.

mod builder;
pub mod join_set;
mod local;

use std::future::Future;

pub use rt_task::coop::{YieldNow, consume_budget, unconstrained, yield_now};
pub use rt_task::{
    AbortHandle, AccessError, JoinError, JoinHandle, LocalKey, TaskId as Id, TaskInfo,
    inherit_nothing,
};

pub use builder::Builder;
#[doc(inline)]
pub use join_set::JoinSet;
pub use local::{LocalEnterGuard, LocalSet, RunUntil, spawn_local};

use crate::handle;

/// The cooperative budget: how a task lets others run that never has to wait.
///
/// Each poll of a task has 128 units. A leaf future (a socket, a channel, a timer) that is ready takes
/// one; with none left it pends, and the task is woken for its next turn.
pub mod coop {
    #[doc(inline)]
    pub use rt_task::coop::{
        ConsumeBudget, Coop, RestoreOnPending, Unconstrained, consume_budget, cooperative,
        has_budget_remaining, poll_proceed, unconstrained,
    };
}

/// Futures that are named for what makes them.
pub mod futures {
    #[doc(inline)]
    pub use rt_task::TaskLocalFuture;
}

/// Spawns `future` on the entered runtime. It starts by itself; dropping the handle lets it go on alone.
///
/// # Panics
/// If no runtime is entered on this thread: names the call site and the fix.
///
/// ```
/// # let runtime = rt_facade::runtime::Runtime::new()?;
/// # runtime.block_on(async {
/// let task = rt_facade::spawn(async { 6 * 7 });
/// assert_eq!(task.await.unwrap(), 42);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    handle::spawn_entered("spawn", rt_task::Builder::new(), future)
}

/// Runs `closure` on a thread that may block.
///
/// It can be aborted until it starts; its handle says cancelled if no thread could be had.
///
/// # Panics
/// If no runtime is entered on this thread: names the call site and the fix.
#[track_caller]
pub fn spawn_blocking<F, R>(closure: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    handle::spawn_blocking_entered(rt_task::Builder::new(), closure)
}

/// Runs `closure`, which may block, on this thread, and hands the worker's queue to another one
/// meanwhile. Other tasks go on; code that is joined with this one in the same task does not.
///
/// Costs waking a thread, or starting one. On a thread that drives no runtime `closure` is just called;
/// so it may be nested, and may call `block_on`.
///
/// # Panics
/// On the single-thread flavour and in a `LocalSet`: names the call site and the fix.
///
/// ```
/// # let runtime = rt_facade::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
/// let read = runtime.spawn(async {
///     rt_facade::task::block_in_place(|| std::fs::read_to_string("/etc/hostname").is_ok())
/// });
/// # let _ = runtime.block_on(read).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn block_in_place<F, R>(closure: F) -> R
where
    F: FnOnce() -> R,
{
    handle::block_in_place_entered(closure)
}

/// The id of the task that runs on this thread, if one does: also while its future, or an output that
/// nobody took, is dropped (on a thread where a runtime is entered), and in a closure on the blocking pool.
#[must_use]
pub fn try_id() -> Option<Id> {
    rt_task::current_id()
}

/// The id of the task that runs on this thread.
///
/// # Panics
/// Outside a task.
#[track_caller]
#[must_use]
pub fn id() -> Id {
    try_id().expect("`task::id` needs a task: the root future of `block_on` is none; spawn it")
}
