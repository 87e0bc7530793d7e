//! Latencies, and what they may be.

use std::fmt;

use rt_facade::time::Duration;

use crate::slower::SLOWER;
use crate::support::millis;

/// One span per request, the shortest first.
#[derive(Default)]
pub(crate) struct Latencies {
    spans: Vec<Duration>,
}

impl Latencies {
    pub(crate) fn extend(&mut self, spans: impl IntoIterator<Item = Duration>) {
        self.spans.extend(spans);
        self.spans.sort_unstable();
    }

    pub(crate) fn count(&self) -> usize {
        self.spans.len()
    }

    /// The span that `percent` of them do not pass.
    fn percentile(&self, percent: usize) -> Duration {
        self.spans[(self.spans.len() * percent).div_ceil(100) - 1]
    }

    /// Asserts that 99 of 100 took no longer than this, and what the machine added.
    pub(crate) fn assert_p99(&self, limit: Duration, starved: Duration) {
        let limit = limit * SLOWER as u32;
        let right = self.percentile(99) <= limit + starved;
        assert!(right, "99 of 100 shall take {limit:?} at most, starved for {starved:?}: {self}");
    }
}

impl IntoIterator for Latencies {
    type Item = Duration;
    type IntoIter = std::vec::IntoIter<Duration>;

    fn into_iter(self) -> Self::IntoIter {
        self.spans.into_iter()
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, max] = [50, 99, 100].map(|percent| millis(self.percentile(percent)));
        let count = self.count();
        write!(f, "{count} requests: p50 {p50:.2} ms, p99 {p99:.2} ms, longest {max:.2} ms")
    }
}
