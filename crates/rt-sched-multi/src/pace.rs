//! How long polls take of late, and what follows from it.

use std::time::Duration;

use rt_task::base::clock::Monotonic;
use rt_task::base::seam::{Clock, Nanos};

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

/// What a call is worth: waking a thread costs its caller a system call, and the processor it wakes on
/// an interrupt and a switch, 5 to 35 µs on a virtual machine; less work than that is done sooner and
/// cheaper where it is.
const CALL: Duration = Duration::from_micros(25);
/// A worker that has measured nothing yet calls as soon as anything waits.
const MEAN_FIRST: Duration = CALL;
/// How often the shared queue should be looked at.
const GLOBAL: Duration = Duration::from_micros(200);
/// As many polls as the past counts for.
const PAST_POLLS: u64 = 32;
/// A time that is so many times longer than expected counts as this much.
const OUTLIER: u64 = 4;
/// What may be added to that, so that a mean near zero can grow.
const OUTLIER_MIN_NS: u64 = 1_000;

impl Pace {
    /// A measure that begins at the worker's `polls`-th poll, with what was measured before, if
    /// anything was.
    pub(crate) fn new(polls: u64, mean_ns: u64) -> Self {
        let clock = Monotonic::new();
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

    /// Picks after which the shared queue is looked at.
    pub(crate) fn global_interval(&self) -> u32 {
        let polls = GLOBAL.as_nanos() as u64 / self.mean_ns.max(1);
        polls.clamp(2, 127) as u32
    }

    /// Whether `backlog` tasks that wait are worth calling another worker for.
    #[inline]
    pub(crate) fn is_worth_a_call(&self, backlog: usize) -> bool {
        backlog as u64 * self.mean_ns >= CALL.as_nanos() as u64
    }
}
