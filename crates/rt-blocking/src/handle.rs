//! The half of a pool that spawns.

use std::fmt;
use std::sync::Arc as StdArc;

use rt_task::base::seam::{Blocking, Rejected, RejectedWhy};
use rt_task::{Job, JoinHandle};

use crate::pool::Shared;
use crate::{Metrics, Running};

/// Spawns closures on a [`Pool`](crate::Pool). Cloning it shares the pool.
///
/// Holds no thread and does not keep the pool open: once the pool is shut down, closures are
/// refused.
#[derive(Clone)]
pub struct Handle {
    shared: StdArc<Shared>,
}

impl Handle {
    pub(crate) fn new(shared: StdArc<Shared>) -> Self {
        Self { shared }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Runs `f` on a thread that may block.
    ///
    /// The handle gives what `f` returns. Aborting it works until `f` starts; dropping it lets `f`
    /// run. A panic in `f` is told by the handle, and the thread goes on. Where no thread will
    /// ever run `f` (the pool is shut down, or no thread can be started and none exists), `f` is
    /// dropped here and the handle says cancelled; [`try_spawn_blocking`](Self::try_spawn_blocking)
    /// tells why.
    ///
    /// One allocation, and one system call that wakes the thread that was idle last.
    ///
    /// ```
    /// let pool = rt_blocking::Pool::new();
    /// let sum = pool.handle().spawn_blocking(|| (1..=10).sum::<u32>());
    /// assert_eq!(rt_task::block_on(sum).unwrap(), 55);
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, T>(&self, f: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (job, handle) = Job::new(f);
        drop(self.execute(job)); // a job that comes back is dropped: its handle says cancelled
        handle
    }

    /// Runs `f` on a thread that may block, or tells why none will.
    ///
    /// # Errors
    /// If the pool is shut down, or no thread can be started and none exists. `f` is dropped.
    #[track_caller]
    pub fn try_spawn_blocking<F, T>(&self, f: F) -> Result<JoinHandle<T>, RejectedWhy>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (job, handle) = Job::new(f);
        match self.execute(job) {
            Ok(()) => Ok(handle),
            Err(rejected) => Err(rejected.why),
        }
    }

    /// Brings `job` to a thread that may block.
    ///
    /// A job that is taken is run, unless the pool is shut down before it starts, or it was queued
    /// for threads that could then not be started: it is dropped then, and its handle says
    /// cancelled.
    ///
    /// # Errors
    /// Gives the job back if the pool is shut down, or if no thread can be started and none
    /// exists.
    ///
    /// ```
    /// # let pool = rt_blocking::Pool::new();
    /// use rt_task::{Builder, Job};
    ///
    /// // Under a name, which a shutdown tells if it waits for this in vain.
    /// let (job, hosts) = Job::with(Builder::new().name("hosts.read"), || {
    ///     std::fs::read_to_string("/etc/hosts")
    /// });
    /// pool.handle().execute(job)?;
    /// # drop(hosts);
    /// # Ok::<(), rt_blocking::Rejected>(())
    /// ```
    pub fn execute(&self, job: Job) -> Result<(), Rejected> {
        self.shared.execute(job)
    }

    /// The closures that run now, in no order.
    #[must_use]
    pub fn running(&self) -> Vec<Running> {
        self.shared.running()
    }

    /// The pool's figures now.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.shared.metrics()
    }
}

impl Blocking for Handle {
    fn execute(&self, job: Job) -> Result<(), Rejected> {
        self.shared.execute(job)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("metrics", &self.metrics()).finish()
    }
}
