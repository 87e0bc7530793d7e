//! Plain counters: one writer each, read from anywhere.

use std::time::Duration;

use rt_task::base::shim::{AtomicU64, Ordering::*};

/// Written by one thread at a time: a load and a store, no read-modify-write.
#[derive(Debug)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    #[inline]
    pub(crate) fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed) + n, Relaxed);
    }

    #[inline]
    pub(crate) fn set(&self, n: u64) {
        self.0.store(n, Relaxed);
    }

    #[inline]
    pub(crate) fn read(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What a worker counts. Written by the thread that is at home there.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) polls: Counter,
    pub(crate) spawned: Counter,
    pub(crate) ended: Counter,
    pub(crate) steals: Counter,
    pub(crate) steal_operations: Counter,
    pub(crate) overflows: Counter,
    pub(crate) parks: Counter,
    pub(crate) unparks: Counter,
    /// Of these, those that left the driver.
    pub(crate) left_driver: Counter,
    pub(crate) noop_wakes: Counter,
    pub(crate) calls: Counter,
    pub(crate) turns: Counter,
    pub(crate) from_global: Counter,
    pub(crate) from_outside: Counter,
    pub(crate) rescues: Counter,
    pub(crate) busy_ns: Counter,
    pub(crate) mean_poll_ns: Counter,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            polls: Counter::new(),
            spawned: Counter::new(),
            ended: Counter::new(),
            steals: Counter::new(),
            steal_operations: Counter::new(),
            overflows: Counter::new(),
            parks: Counter::new(),
            unparks: Counter::new(),
            left_driver: Counter::new(),
            noop_wakes: Counter::new(),
            calls: Counter::new(),
            turns: Counter::new(),
            from_global: Counter::new(),
            from_outside: Counter::new(),
            rescues: Counter::new(),
            busy_ns: Counter::new(),
            mean_poll_ns: Counter::new(),
        }
    }

    pub(crate) fn read(&self, local_queue_depth: usize) -> WorkerMetrics {
        WorkerMetrics {
            polls: self.polls.read(),
            steals: self.steals.read(),
            steal_operations: self.steal_operations.read(),
            overflows: self.overflows.read(),
            parks: self.parks.read(),
            unparks: self.unparks.read(),
            noop_wakes: self.noop_wakes.read(),
            calls: self.calls.read(),
            turns: self.turns.read(),
            from_global: self.from_global.read(),
            rescues: self.rescues.read(),
            local_queue_depth,
            busy: Duration::from_nanos(self.busy_ns.read()),
            mean_poll: Duration::from_nanos(self.mean_poll_ns.read()),
        }
    }
}

/// What is counted outside all workers. Several writers.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    pub(crate) spawned: AtomicU64,
    /// Spawned and cancelled at once.
    pub(crate) refused: AtomicU64,
    pub(crate) woken: AtomicU64,
    pub(crate) ended: AtomicU64,
}

impl Elsewhere {
    pub(crate) fn new() -> Self {
        Self {
            spawned: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            woken: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        }
    }
}

/// What a scheduler has done so far. Counts never go backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Its workers.
    pub workers: usize,
    /// Tasks spawned and not ended.
    pub alive_tasks: u64,
    /// Tasks spawned.
    pub spawned_tasks: u64,
    /// Tasks in the queue that all workers share.
    pub global_queue_depth: usize,
}

/// What one worker has done so far. Counts never go backwards; all are always on, and each is
/// written by the worker alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerMetrics {
    /// Polls of tasks.
    pub polls: u64,
    /// Tasks that it stole from others.
    pub steals: u64,
    /// Times that it stole, one task or many.
    pub steal_operations: u64,
    /// Times that its queue was full, and half of it moved to the shared one.
    pub overflows: u64,
    /// Times that it waited for something to do.
    pub parks: u64,
    /// Those of them that are over.
    pub unparks: u64,
    /// Times that it was called, found nothing and waited again.
    pub noop_wakes: u64,
    /// Times that it called another worker.
    pub calls: u64,
    /// Turns of the driver, waiting or not.
    pub turns: u64,
    /// Tasks taken from the shared queue.
    pub from_global: u64,
    /// Tasks that it took out of the slot of a worker which was in a long poll.
    pub rescues: u64,
    /// Tasks in its queue now.
    pub local_queue_depth: usize,
    /// Time not spent waiting, up to the last wait or turn of the driver.
    pub busy: Duration,
    /// Time that a poll took of late, on average.
    pub mean_poll: Duration,
}
