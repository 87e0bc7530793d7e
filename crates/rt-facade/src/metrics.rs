//! What a runtime tells of itself in numbers.

use std::fmt;
use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use crate::handle::Pieces;
use crate::runtime::WorkerMetrics;

/// What a runtime has done so far, by number.
///
/// Its methods ask the runtime anew, each at the cost of a few loads. Its fields, those of
/// [`RuntimeCounts`], are of the moment at which it was made. Both go on to tell once the runtime has shut
/// down. Methods that take a worker's number panic if there is no such worker.
#[derive(Clone)]
pub struct RuntimeMetrics {
    counts: RuntimeCounts,
    pieces: Arc<Pieces>,
}

/// What a runtime had done at one moment. Counts never go backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuntimeCounts {
    /// Threads that run tasks.
    pub workers: usize,
    /// Tasks spawned and not ended.
    pub alive_tasks: u64,
    /// Tasks spawned.
    pub spawned_tasks: u64,
    /// Polls of tasks.
    pub polls: u64,
    /// Times that a worker waited for something to do.
    pub parks: u64,
    /// Tasks that came by way of the shared queue.
    pub remote_schedules: u64,
    /// Tasks in the workers' own queues; on one thread, when the driver was last turned.
    pub local_queue_depth: u64,
    /// Tasks in the shared queue: those that came from outside.
    pub global_queue_depth: u64,
    /// Threads of the blocking pool.
    pub blocking_threads: usize,
    /// Those of them that wait for work.
    pub idle_blocking_threads: usize,
    /// Closures that wait for a thread.
    pub blocking_queue_depth: usize,
}

impl RuntimeMetrics {
    pub(crate) fn new(pieces: &Arc<Pieces>) -> Self {
        let pool = pieces.blocking.metrics();
        let counts = RuntimeCounts {
            blocking_threads: pool.threads,
            idle_blocking_threads: pool.idle_threads,
            blocking_queue_depth: pool.queue_depth,
            ..pieces.spawner.metrics()
        };
        Self { counts, pieces: pieces.clone() }
    }

    fn now(&self) -> RuntimeCounts {
        self.pieces.spawner.metrics()
    }

    #[track_caller]
    fn worker(&self, worker: usize) -> WorkerMetrics {
        match self.pieces.spawner.worker_metrics(worker) {
            Some(metrics) => metrics,
            None => panic!("worker {worker} was asked for, of {} workers", self.num_workers()),
        }
    }

    /// Threads that run tasks.
    #[must_use]
    pub fn num_workers(&self) -> usize {
        self.pieces.spawner.workers()
    }

    /// Tasks spawned and not ended.
    #[must_use]
    pub fn num_alive_tasks(&self) -> usize {
        self.now().alive_tasks as usize
    }

    /// Tasks in the shared queue: those that came from outside.
    #[must_use]
    pub fn global_queue_depth(&self) -> usize {
        self.now().global_queue_depth as usize
    }

    /// Tasks spawned.
    #[must_use]
    pub fn spawned_tasks_count(&self) -> u64 {
        self.now().spawned_tasks
    }

    /// Tasks that came by way of the shared queue.
    #[must_use]
    pub fn remote_schedule_count(&self) -> u64 {
        self.now().remote_schedules
    }

    /// Threads of the blocking pool.
    #[must_use]
    pub fn num_blocking_threads(&self) -> usize {
        self.pieces.blocking.metrics().threads
    }

    /// Threads of the blocking pool that wait for work.
    #[must_use]
    pub fn num_idle_blocking_threads(&self) -> usize {
        self.pieces.blocking.metrics().idle_threads
    }

    /// Closures that wait for a thread of the blocking pool.
    #[must_use]
    pub fn blocking_queue_depth(&self) -> usize {
        self.pieces.blocking.metrics().queue_depth
    }

    /// Time that a worker did not spend waiting, up to its last wait or turn of the driver. On the
    /// single-thread flavour only what was measured since
    /// [`measure_busy_time`](crate::runtime::Builder::measure_busy_time): zero unless that is on.
    #[must_use]
    #[track_caller]
    pub fn worker_total_busy_duration(&self, worker: usize) -> Duration {
        self.worker(worker).busy
    }

    /// Times that a worker waited for something to do.
    #[must_use]
    #[track_caller]
    pub fn worker_park_count(&self, worker: usize) -> u64 {
        self.worker(worker).parks
    }

    /// Times that a worker began or ended to wait: odd while it waits.
    #[must_use]
    #[track_caller]
    pub fn worker_park_unpark_count(&self, worker: usize) -> u64 {
        let metrics = self.worker(worker);
        metrics.parks + metrics.unparks
    }

    /// Times that a worker was called, found nothing and waited again.
    #[must_use]
    #[track_caller]
    pub fn worker_noop_count(&self, worker: usize) -> u64 {
        self.worker(worker).noop_wakes
    }

    /// Tasks that a worker stole from others.
    #[must_use]
    #[track_caller]
    pub fn worker_steal_count(&self, worker: usize) -> u64 {
        self.worker(worker).steals
    }

    /// Times that a worker stole, one task or many.
    #[must_use]
    #[track_caller]
    pub fn worker_steal_operations(&self, worker: usize) -> u64 {
        self.worker(worker).steal_operations
    }

    /// Polls of tasks by a worker.
    #[must_use]
    #[track_caller]
    pub fn worker_poll_count(&self, worker: usize) -> u64 {
        self.worker(worker).polls
    }

    /// Times that a worker's queue was full, and half of it moved to the shared one.
    #[must_use]
    #[track_caller]
    pub fn worker_overflow_count(&self, worker: usize) -> u64 {
        self.worker(worker).overflows
    }

    /// Tasks in a worker's queue; on one thread, when the driver was last turned.
    #[must_use]
    #[track_caller]
    pub fn worker_local_queue_depth(&self, worker: usize) -> usize {
        self.worker(worker).local_queue_depth
    }

    /// Time that a poll took of late, on average. Zero on the single-thread flavour, which does not measure it.
    #[must_use]
    #[track_caller]
    pub fn worker_mean_poll_time(&self, worker: usize) -> Duration {
        self.worker(worker).mean_poll
    }
}

// As for a handle.
impl UnwindSafe for RuntimeMetrics {}
impl RefUnwindSafe for RuntimeMetrics {}

impl Deref for RuntimeMetrics {
    type Target = RuntimeCounts;

    fn deref(&self) -> &RuntimeCounts {
        &self.counts
    }
}

impl fmt::Debug for RuntimeMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counts.fmt(f)
    }
}
