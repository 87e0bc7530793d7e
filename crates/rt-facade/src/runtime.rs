//! The runtime: a scheduler, its drivers and a blocking pool, put together.

use std::fmt;
use std::future::Future;
use std::io;
use std::mem;
use std::time::Duration;

use rt_task::JoinHandle;
use rt_task::base::context;

pub use crate::builder::Builder;
use crate::compose::BlockingPool;
pub use crate::handle::{EnterGuard, Handle, TryCurrentError};
use crate::scheduler::Scheduler;

/// How a runtime schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuntimeFlavor {
    /// All tasks on the thread that calls [`Runtime::block_on`].
    CurrentThread,
}

/// What a runtime has done so far. Counts never go backwards; reading costs a few loads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuntimeMetrics {
    /// Threads that run tasks.
    pub workers: usize,
    /// Tasks spawned and not ended.
    pub alive_tasks: u64,
    /// Tasks spawned.
    pub spawned_tasks: u64,
    /// Polls of tasks.
    pub polls: u64,
    /// Turns of the driver that could wait.
    pub parks: u64,
    /// Tasks scheduled from other threads than the scheduler's.
    pub remote_schedules: u64,
    /// Tasks in local queues, when the driver was last turned.
    pub local_queue_depth: u64,
    /// Tasks in the global queue, when the driver was last turned.
    pub global_queue_depth: u64,
    /// Threads of the blocking pool.
    pub blocking_threads: usize,
    /// Those of them that wait for work.
    pub idle_blocking_threads: usize,
    /// Closures that wait for a thread.
    pub blocking_queue_depth: usize,
}

/// A runtime.
///
/// Dropping it drops every task before the drop returns, then waits for closures on the blocking pool
/// that have started. Dropped on a thread that drives a runtime, it does not wait for those, since that
/// would stall the tasks there: as [`shutdown_background`](Self::shutdown_background).
pub struct Runtime {
    /// Dropped first: tasks go before what they use.
    scheduler: Scheduler,
    handle: Handle,
    pool: Option<BlockingPool>,
}

impl Runtime {
    /// A single-thread runtime with all drivers on.
    ///
    /// # Errors
    /// When the operating system refuses a descriptor.
    pub fn new() -> io::Result<Self> {
        Builder::new_current_thread().enable_all().build()
    }

    pub(crate) fn from_parts(scheduler: Scheduler, handle: Handle, pool: BlockingPool) -> Self {
        Self { scheduler, handle, pool: Some(pool) }
    }

    /// Runs `future` to its end on this thread, and spawned tasks beside it. They go on the next time a
    /// thread calls this; when several threads do at once, one drives and the others wait for their own
    /// futures, ready to take over.
    ///
    /// # Panics
    /// On a thread that drives a runtime already: names where that was told to, and what to do instead.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self.scheduler.block_on(future) {
            Ok(output) => output,
            Err(nested) => crate::handle::nested("Runtime::block_on", nested.outer),
        }
    }

    /// Spawns `future` from anywhere.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// Runs `closure` on a thread that may block.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, closure: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.handle.spawn_blocking(closure)
    }

    /// Enters the runtime on this thread: what needs it finds it until the guard is dropped.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// The runtime's shared half.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// What the runtime has done so far.
    #[must_use]
    pub fn metrics(&self) -> RuntimeMetrics {
        self.handle.metrics()
    }

    /// Shuts down: drops every task, then waits up to `timeout` for closures on the blocking pool that
    /// have started. Those still running then go on, on their own.
    pub fn shutdown_timeout(mut self, timeout: Duration) {
        let pool = self.pool.take();
        drop(self); // every task
        if let Some(pool) = pool {
            pool.shutdown(Some(timeout));
        }
    }

    /// Shuts down: drops every task, and waits for nothing.
    pub fn shutdown_background(mut self) {
        let pool = self.pool.take();
        drop(self); // every task
        if let Some(pool) = pool {
            pool.shutdown_background();
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // The pool's own drop waits. Its threads end by themselves otherwise.
        if context::driven().is_some()
            && let Some(pool) = mem::take(&mut self.pool)
        {
            pool.shutdown_background();
        }
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("handle", &self.handle).finish_non_exhaustive()
    }
}
