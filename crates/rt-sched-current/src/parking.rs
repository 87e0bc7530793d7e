//! What is told of the waits of the scheduler's thread, and of the time between them.

use std::fmt;
use std::sync::Arc;

use rt_task::base::clock::Monotonic;
use rt_task::base::contain;
use rt_task::base::seam::{Clock, Nanos};

type Hook = Arc<dyn Fn() + Send + Sync>;

/// Hooks for who waits. They run on the scheduler's thread, and may wake and spawn; a panic in one is told
/// by the panic hook, and goes no further.
#[derive(Clone, Default)]
pub struct Parking {
    /// Before the thread waits for something to do.
    pub on_park: Option<Hook>,
    /// After that.
    pub on_unpark: Option<Hook>,
}

impl Parking {
    pub(crate) fn parks(&self) {
        run(self.on_park.as_ref());
    }

    pub(crate) fn unparks(&self) {
        run(self.on_unpark.as_ref());
    }
}

/// A stopwatch.
#[derive(Debug)]
pub(crate) struct Busy {
    clock: Monotonic,
    since: Nanos,
}

impl Busy {
    pub(crate) fn new() -> Self {
        let clock = Monotonic::new();
        Self { since: clock.now(), clock }
    }

    /// Nanoseconds since the last lap.
    pub(crate) fn lap(&mut self) -> u64 {
        let since = std::mem::replace(&mut self.since, self.clock.now());
        self.since.0.saturating_sub(since.0)
    }
}

fn run(hook: Option<&Hook>) {
    if let Some(hook) = hook {
        contain(|| hook());
    }
}

impl fmt::Debug for Parking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parking").finish_non_exhaustive()
    }
}
