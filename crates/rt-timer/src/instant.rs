//! A point in time that follows the entered clock.

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::{self, Duration};

use rt_task::base::context;
use rt_task::base::seam::Clock;

use crate::handle::Handle;
use crate::moment::{Moment, SYSTEM};

/// A point in time, as [`std::time::Instant`]; but [`now`](Self::now) asks the entered clock, which
/// a test may pause.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    std: time::Instant,
}

impl Instant {
    /// The time by the clock that is entered on this thread; by the system's if none is.
    #[must_use]
    #[inline]
    pub fn now() -> Self {
        let by =
            |clock: &dyn Clock| Self::from_std(clock.start() + Duration::from_nanos(clock.now().0));
        context::clock(by).or_else(|_| context::time(Handle::now)).unwrap_or_else(|_| by(&*SYSTEM))
    }

    /// The same point, from `std`'s type.
    #[must_use]
    pub fn from_std(std: time::Instant) -> Self {
        Self { std }
    }

    /// The deadline that a task waits for, from the object of its wait if that is of the kind
    /// [`Time`](rt_task::wait::WaitKind::Time). `None` if the object does not tell it.
    ///
    /// Where a word has 32 bits, it is told a little too early: by less than one part in 33 million of the time
    /// from the process's start to it, which is less than a tenth of a second for a month.
    #[must_use]
    pub fn of_wait(wait: &rt_task::wait::Wait) -> Option<Self> {
        let of_time = wait.kind == rt_task::wait::WaitKind::Time;
        let moment = of_time.then(|| Moment::of_object(wait.object)).flatten()?;
        Some(Self::from_std(moment.to_instant()))
    }

    /// The same point, as `std`'s type.
    #[must_use]
    pub fn into_std(self) -> time::Instant {
        self.std
    }

    /// A point so far away that no program sees it: 30 years from now, which every system can tell.
    pub(crate) fn far_future() -> Self {
        Self::now() + FAR
    }

    /// The time since `earlier`; zero if that is later.
    #[must_use]
    pub fn duration_since(&self, earlier: Self) -> Duration {
        self.saturating_duration_since(earlier)
    }

    /// The time since `earlier`; `None` if that is later.
    #[must_use]
    pub fn checked_duration_since(&self, earlier: Self) -> Option<Duration> {
        self.std.checked_duration_since(earlier.std)
    }

    /// The time since `earlier`; zero if that is later.
    #[must_use]
    pub fn saturating_duration_since(&self, earlier: Self) -> Duration {
        self.std.saturating_duration_since(earlier.std)
    }

    /// The time since this point, by the clock of [`now`](Self::now).
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Self::now().saturating_duration_since(*self)
    }

    /// The point `span` later; `None` if the system cannot tell it.
    #[must_use]
    pub fn checked_add(&self, span: Duration) -> Option<Self> {
        self.std.checked_add(span).map(Self::from_std)
    }

    /// The point `span` earlier; `None` if the system cannot tell it.
    #[must_use]
    pub fn checked_sub(&self, span: Duration) -> Option<Self> {
        self.std.checked_sub(span).map(Self::from_std)
    }
}

/// Longer spans count as this: a thousand years overflow some systems' clocks.
pub(crate) const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

impl From<time::Instant> for Instant {
    fn from(std: time::Instant) -> Self {
        Self::from_std(std)
    }
}

impl From<Instant> for time::Instant {
    fn from(instant: Instant) -> Self {
        instant.into_std()
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// # Panics
    /// If the system cannot tell the point.
    fn add(self, span: Duration) -> Self {
        Self::from_std(self.std + span)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// Zero if `earlier` is later.
    fn sub(self, earlier: Self) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    /// # Panics
    /// If the system cannot tell the point.
    fn sub(self, span: Duration) -> Self {
        Self::from_std(self.std - span)
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, span: Duration) {
        *self = *self - span;
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.std.fmt(f)
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests {
    use super::*;
    use crate::support::ms;

    #[test]
    fn it_is_reckoned_with_as_the_standard_librarys() {
        let early = Instant::now();
        let late = early + ms(3);
        assert_eq!(late.into_std(), early.into_std() + ms(3));
        assert_eq!((late - ms(3), late - early, early - late), (early, ms(3), Duration::ZERO));
        assert_eq!((late.checked_sub(ms(3)), early.checked_add(ms(3))), (Some(early), Some(late)));
        assert_eq!(late.checked_duration_since(early), Some(ms(3)));
        assert_eq!(early.checked_duration_since(late), None);
        let mut moved = early;
        moved += ms(3);
        assert_eq!(moved, late);
        moved -= ms(3);
        assert_eq!(moved, early);
    }

    #[test]
    fn the_far_future_is_decades_ahead() {
        let now = Instant::now();
        assert!(Instant::far_future() >= now + FAR);
    }
}
