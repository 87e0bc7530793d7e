//! Plain counters: one writer each, read from anywhere.

use std::time::Duration;

use rt_task::base::shim::{AtomicU64, Ordering::*};

/// Written by the scheduler's own thread alone: a load and a store, no read-modify-write.
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

#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) polls: Counter,
    pub(crate) turns: Counter,
    pub(crate) parks: Counter,
    pub(crate) unparks: Counter,
    pub(crate) busy_ns: Counter,
    pub(crate) spawned_here: Counter,
    pub(crate) ended: Counter,
    pub(crate) local_depth: Counter,
    pub(crate) from_global: Counter,
    /// Spawned from other threads: several writers.
    pub(crate) spawned_elsewhere: AtomicU64,
    /// Scheduled from other threads: several writers.
    pub(crate) scheduled_elsewhere: AtomicU64,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            polls: Counter::new(),
            turns: Counter::new(),
            parks: Counter::new(),
            unparks: Counter::new(),
            busy_ns: Counter::new(),
            spawned_here: Counter::new(),
            ended: Counter::new(),
            local_depth: Counter::new(),
            from_global: Counter::new(),
            spawned_elsewhere: AtomicU64::new(0),
            scheduled_elsewhere: AtomicU64::new(0),
        }
    }

    pub(crate) fn alive(&self) -> u64 {
        // Ended first: a task counted as ended was counted as spawned before.
        let ended = self.ended.read();
        let spawned = self.spawned_here.read() + self.spawned_elsewhere.load(Relaxed);
        spawned.saturating_sub(ended)
    }

    pub(crate) fn read(&self) -> Metrics {
        // Out first: a task counted as out was counted as in before.
        let out = self.from_global.read();
        let spawned_elsewhere = self.spawned_elsewhere.load(Relaxed);
        let pushed = self.scheduled_elsewhere.load(Relaxed) + spawned_elsewhere;
        Metrics {
            alive_tasks: self.alive(),
            spawned_tasks: self.spawned_here.read() + spawned_elsewhere,
            polls: self.polls.read(),
            turns: self.turns.read(),
            parks: self.parks.read(),
            unparks: self.unparks.read(),
            busy: Duration::from_nanos(self.busy_ns.read()),
            remote_schedules: pushed,
            local_queue_depth: self.local_depth.read(),
            global_queue_depth: pushed.saturating_sub(out),
        }
    }
}

/// What a scheduler has done so far. Counts never go backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Tasks spawned and not ended.
    pub alive_tasks: u64,
    /// Tasks spawned.
    pub spawned_tasks: u64,
    /// Polls of tasks.
    pub polls: u64,
    /// Turns of the driver, waiting or not.
    pub turns: u64,
    /// Turns of the driver that could wait.
    pub parks: u64,
    /// Those of them that are over.
    pub unparks: u64,
    /// Time not spent waiting, if that is measured, up to the last wait or turn of the driver.
    pub busy: Duration,
    /// Tasks spawned or woken from other threads.
    pub remote_schedules: u64,
    /// Tasks in the local queue at the last turn of the driver.
    pub local_queue_depth: u64,
    /// Tasks that came from other threads and were not run.
    pub global_queue_depth: u64,
}
