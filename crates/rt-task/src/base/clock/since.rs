//! How long ago: by the standard library's arithmetic.

use std::time::Instant;

/// A point in time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since(Instant);

impl Since {
    /// This point, and what others call it.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub(super) fn now() -> (Instant, Self) {
        let now = Instant::now();
        (now, Self(now))
    }

    /// Nanoseconds since then.
    #[inline]
    pub(super) fn nanos(self) -> u64 {
        // They fit 64 bits for 584 years.
        self.0.elapsed().as_nanos() as u64
    }
}
