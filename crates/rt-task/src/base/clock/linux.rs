//! How long ago: by the clock that an `Instant` is read from, without its arithmetic.
//!
//! A duration is kept as seconds and nanoseconds, so that `Instant::elapsed` borrows, checks and
//! multiplies: three quarters of the instructions of a reading. Timers read the clock whenever one is
//! made. This reads the same clock and keeps nanoseconds.

use std::time::Instant;

use libc::{CLOCK_MONOTONIC, clock_gettime, timespec};

/// A point in time, in nanoseconds of the system's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since(u64);

impl Since {
    /// This point, and what others call it. The latter is no later, so that no time counts as passed
    /// that has not, and hardly earlier: if something came between, the two are read again.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub(super) fn now() -> (Instant, Self) {
        let mut tries = 0;
        loop {
            let before = monotonic();
            let instant = Instant::now();
            let since = monotonic();
            tries += 1;
            if since.saturating_sub(before) <= NEAR_NS || tries == TRIES {
                return (instant, Self(since));
            }
        }
    }

    /// Nanoseconds since then.
    #[inline]
    pub(super) fn nanos(self) -> u64 {
        monotonic().saturating_sub(self.0)
    }
}

/// Three readings that nothing interrupts take less.
const NEAR_NS: u64 = 1_000;
/// Tries to read two clocks at once.
const TRIES: u32 = 8;

/// Nanoseconds since the system was started. They fit 64 bits for 584 years.
#[inline]
fn monotonic() -> u64 {
    let mut now = timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a `timespec` that is ours, and lives until the call is over.
    let result = unsafe { clock_gettime(CLOCK_MONOTONIC, &raw mut now) };
    debug_assert_eq!(result, 0, "every Linux has this clock");
    nanos(now)
}

#[inline]
fn nanos(span: timespec) -> u64 {
    span.tv_sec as u64 * NANOS_PER_SEC + span.tv_nsec as u64
}

const NANOS_PER_SEC: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_its_seconds_and_nanoseconds() {
        assert_eq!(nanos(timespec { tv_sec: 3, tv_nsec: 7 }), 3_000_000_007);
    }
}
