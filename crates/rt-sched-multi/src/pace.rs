//! How long polls take of late, how long a call takes, and what follows from it.

use std::time::Duration;

use rt_task::base::clock::Monotonic;
use rt_task::base::seam::{Clock, Nanos};
use rt_task::base::shim::{AtomicU64, Ordering::*};

/// Measures polls in bulk: the clock is read per turn of the driver and per wait, not per poll.
#[derive(Debug)]
pub(crate) struct Pace {
    clock: Monotonic,
    since: Nanos,
    /// When `is_due` last said so.
    due_since: Nanos,
    /// The worker's count of polls then.
    polls: u64,
    mean_ns: u64,
}

/// How long it takes of late from a call until the called worker has come: little on a machine with
/// processors to spare, much on a busy one, where another worker could do no more than this one.
#[derive(Debug)]
pub(crate) struct Latency {
    /// Several threads write it, and may overwrite each other's: it is an estimate.
    mean_ns: AtomicU64,
}

impl Pace {
    /// A measure that begins at the worker's `polls`-th poll, with what was measured before, if
    /// anything was.
    pub(crate) fn new(clock: Monotonic, polls: u64, mean_ns: u64) -> Self {
        let mean_ns = if mean_ns == 0 { MEAN_FIRST.as_nanos() as u64 } else { mean_ns };
        let since = clock.now();
        Self { clock, since, due_since: since, polls, mean_ns }
    }

    /// Begins anew, after a wait.
    pub(crate) fn restart(&mut self, polls: u64) {
        self.since = self.clock.now();
        self.polls = polls;
    }

    /// Takes what was run since the last measure into account. Returns the time since, in ns.
    pub(crate) fn measure(&mut self, polls: u64) -> u64 {
        let now = self.clock.now();
        let spent = now.0.saturating_sub(self.since.0);
        let ran = polls - self.polls;
        if ran != 0 {
            // One outlier says little, and may be no poll at all: the system runs others, too.
            let counted = spent.min(ran * self.mean_ns * OUTLIER + OUTLIER_MIN_NS);
            self.mean_ns = (self.mean_ns * PAST_POLLS + counted) / (PAST_POLLS + ran);
        }
        self.since = now;
        self.polls = polls;
        spent
    }

    /// Whether it has been so long since this was last true, by the last measure.
    pub(crate) fn is_due(&mut self, span: Duration) -> bool {
        let due = self.since.saturating_since(self.due_since) >= span;
        if due {
            self.due_since = self.since;
        }
        due
    }

    pub(crate) fn mean_ns(&self) -> u64 {
        self.mean_ns
    }

    /// The time, as all workers tell it.
    pub(crate) fn now(&self) -> Nanos {
        self.clock.now()
    }

    /// The time of the last measure, or of the end of the last wait.
    pub(crate) fn since(&self) -> Nanos {
        self.since
    }

    /// Picks after which the shared queue is looked at.
    pub(crate) fn global_interval(&self) -> u32 {
        let polls = GLOBAL.as_nanos() as u64 / self.mean_ns.max(1);
        polls.clamp(2, 127) as u32
    }

    /// Picks after which the driver is turned: `most`, or fewer if polls are long.
    pub(crate) fn event_interval(&self, most: u32) -> u32 {
        let polls = TURN.as_nanos() as u64 / self.mean_ns.max(1);
        polls.clamp(1, u64::from(most)) as u32
    }

    /// Whether `backlog` tasks that wait are worth calling another worker for.
    #[inline]
    pub(crate) fn is_worth_a_call(&self, backlog: usize, latency: &Latency) -> bool {
        let work_ns = backlog as u64 * self.mean_ns;
        work_ns >= CALL_MIN.as_nanos() as u64 && latency.is_worth(work_ns)
    }
}

impl Latency {
    pub(crate) fn new() -> Self {
        Self { mean_ns: AtomicU64::new(0) }
    }

    /// A worker has come that was called `latency_ns` ago.
    pub(crate) fn learn(&self, latency_ns: u64) {
        let mean = self.mean_ns.load(Relaxed);
        self.mean_ns.store(mean - mean / PAST_CALLS + latency_ns / PAST_CALLS, Relaxed);
    }

    /// Whether who is called comes early enough for a good part of the work. If not, some of what was
    /// learned is forgotten, so that it is tried again some time.
    fn is_worth(&self, work_ns: u64) -> bool {
        let mean = self.mean_ns.load(Relaxed);
        let is_worth = work_ns >= (mean * LATENCIES).min(CALL_MAX.as_nanos() as u64);
        if !is_worth {
            self.mean_ns.store(mean - mean / FORGETS, Relaxed);
        }
        is_worth
    }
}

/// Less work than this is never worth a call, which costs its caller a system call, and the processor
/// that it wakes an interrupt and a switch.
const CALL_MIN: Duration = Duration::from_micros(25);
/// Work is worth a call if it takes so many times longer than the called worker to come: that one's
/// caches are cold, it takes a half, and goes to sleep again.
const LATENCIES: u64 = 8;
/// So much work is worth a call however long that takes.
const CALL_MAX: Duration = Duration::from_millis(1);
/// As many calls as the past counts for.
const PAST_CALLS: u64 = 8;
/// The part of the latency that is forgotten with each call that is not made.
const FORGETS: u64 = 1024;
/// A worker that has measured nothing yet calls as soon as anything waits.
const MEAN_FIRST: Duration = CALL_MIN;
/// How often the shared queue should be looked at: `docs/decisions/0006-wakes-from-outside.md`.
const GLOBAL: Duration = Duration::from_micros(20);
/// How often the driver should be turned, which takes a few hundred nanoseconds when nothing has happened.
pub(crate) const TURN: Duration = Duration::from_millis(1);
/// As many polls as the past counts for.
const PAST_POLLS: u64 = 32;
/// A time that is so many times longer than expected counts as this much.
const OUTLIER: u64 = 4;
/// What may be added to that, so that a mean near zero can grow.
const OUTLIER_MIN_NS: u64 = 1_000;

#[cfg(all(test, not(rt_loom)))]
mod tests;
