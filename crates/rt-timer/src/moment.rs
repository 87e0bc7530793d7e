//! Points in time as timers hold them, and their rounding to ticks.
//!
//! A [`Moment`] counts nanoseconds from a point that is the same for the whole process, so that a
//! timer can tell its deadline when its driver is gone. A tick is an eighth of a millisecond, and each driver's
//! begin at the moment at which it was made: a clock that was paused then stands at a full tick,
//! and a sleep of whole milliseconds takes exactly that long.

mod short;

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use rt_task::base::clock::Monotonic;
use rt_task::base::seam::{Clock, Nanos};

use self::short::Short;
use crate::entry::TICK_MAX;

/// The clock of threads that entered none; its start is the process's own zero.
pub(crate) static SYSTEM: LazyLock<Monotonic> = LazyLock::new(Monotonic::new);

/// Nanoseconds since [`BEFORE`] the start of [`SYSTEM`]. Spans 146 years before that and 438 after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

const BEFORE: u64 = 1 << 62;

/// A word has no room for all nanoseconds.
const IS_NARROW: bool = usize::BITS < u64::BITS;

/// The grain of all timers.
pub(crate) const TICK: Duration = Duration::from_micros(125);
const TICK_NANOS: u64 = TICK.as_nanos() as u64;

impl Moment {
    /// The nearest moment that can be told.
    pub(crate) fn of(instant: Instant) -> Self {
        let zero = SYSTEM.start();
        let nanos = |span: Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        match instant.checked_duration_since(zero) {
            Some(after) => Self(BEFORE.saturating_add(nanos(after))),
            None => Self(BEFORE.saturating_sub(nanos(zero - instant))),
        }
    }

    pub(crate) fn to_instant(self) -> Instant {
        let zero = SYSTEM.start();
        let there = match self.0.checked_sub(BEFORE) {
            Some(after) => zero.checked_add(Duration::from_nanos(after)),
            None => zero.checked_sub(Duration::from_nanos(BEFORE - self.0)),
        };
        // The system cannot tell it: a moment so far away is as good as another.
        there.unwrap_or(zero)
    }

    /// `None` beyond the last moment there is.
    #[inline]
    pub(crate) fn checked_add(self, span: Duration) -> Option<Self> {
        let nanos = u64::try_from(span.as_nanos()).ok()?;
        self.0.checked_add(nanos).map(Self)
    }

    /// The last moment there is, if that is too far.
    #[inline]
    pub(crate) fn saturating_add(self, span: Duration) -> Self {
        self.checked_add(span).unwrap_or(Self(u64::MAX))
    }

    /// What tells the moment in a wait: zero before the start of the process's clock. Nanoseconds since then,
    /// in [short](Short) where a word is narrower.
    #[inline]
    pub(crate) fn to_object(self) -> usize {
        let nanos = self.0.saturating_sub(BEFORE);
        if IS_NARROW { Short::of(nanos).to_word() as usize } else { nanos as usize }
    }

    /// The reverse of [`to_object`](Self::to_object).
    pub(crate) fn of_object(object: usize) -> Option<Self> {
        let nanos = if IS_NARROW { Short::of_word(object as u32).number() } else { object as u64 };
        (object != 0).then(|| Self(BEFORE.saturating_add(nanos)))
    }

    /// The moment `nanos` after `self`, where a clock starts.
    #[inline]
    pub(crate) fn plus(self, nanos: Nanos) -> Self {
        Self(self.0.saturating_add(nanos.0))
    }

    /// How a clock that starts at `self` calls the moment `other`.
    pub(crate) fn until(self, other: Self) -> Nanos {
        Nanos(other.0.saturating_sub(self.0))
    }
}

/// How far a driver's ticks are shifted against the process's zero, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Phase(u32);

/// A deadline as its tick (the first one that is not before it) and what the tick leaves out.
///
/// The deadline can be told from the two without the phase by which they were split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) tick: u64,
    pub(crate) rest: Rest,
}

/// Nanoseconds from the tick before, on the process's own grid, to the deadline: below two ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rest([u8; 3]);
const _: () = assert!(2 * TICK_NANOS < 1 << 24, "the rest fits three bytes");

impl Phase {
    /// The phase that makes `origin` a full tick.
    pub(crate) fn at(origin: Moment) -> Self {
        Self((origin.0 % TICK_NANOS) as u32)
    }

    /// The phase that [`nanos`](Self::nanos) tells.
    #[inline]
    pub(crate) fn of_nanos(nanos: u32) -> Self {
        Self(nanos)
    }

    pub(crate) fn nanos(self) -> u32 {
        self.0
    }

    /// The last tick at or before `moment`.
    #[inline]
    pub(crate) fn tick_at(self, moment: Moment) -> u64 {
        moment.0.saturating_sub(u64::from(self.0)) / TICK_NANOS
    }

    /// The moment at which `tick` begins.
    pub(crate) fn moment(self, tick: u64) -> Moment {
        Moment(tick.saturating_mul(TICK_NANOS).saturating_add(u64::from(self.0)))
    }

    /// Rounds up: a timer is never early.
    #[inline]
    pub(crate) fn split(self, deadline: Moment) -> Split {
        // A tick of room, since a phase is less: 146 years ago is 146 years ago.
        let deadline = deadline.0.max(TICK_NANOS);
        let tick = (deadline - u64::from(self.0)).div_ceil(TICK_NANOS);
        let rest = deadline - (tick - 1) * TICK_NANOS;
        debug_assert!(tick <= TICK_MAX && rest < 2 * TICK_NANOS);
        let [a, b, c, ..] = rest.to_le_bytes();
        Split { tick, rest: Rest([a, b, c]) }
    }
}

impl Split {
    pub(crate) fn deadline(self) -> Moment {
        let [a, b, c] = self.rest.0;
        Moment((self.tick - 1) * TICK_NANOS + u64::from(u32::from_le_bytes([a, b, c, 0])))
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_split_rounds_up_and_loses_nothing(
            deadline in TICK_NANOS..u64::MAX - 2 * TICK_NANOS,
            origin in BEFORE..2 * BEFORE,
            other in BEFORE..2 * BEFORE,
        ) {
            let deadline = Moment(deadline);
            let phase = Phase::at(Moment(origin));
            let split = phase.split(deadline);
            prop_assert_eq!(split.deadline(), deadline);
            prop_assert!(phase.moment(split.tick) >= deadline);
            prop_assert!(phase.moment(split.tick - 1) < deadline);
            prop_assert_eq!(phase.tick_at(phase.moment(split.tick)), split.tick);
            let again = Phase::at(Moment(other)).split(split.deadline());
            prop_assert_eq!(again.deadline(), deadline, "also on the grid of another driver");
        }
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        for deadline in [Moment(0), Moment(1), Moment(u64::MAX)] {
            for phase in [Phase(0), Phase(TICK_NANOS as u32 - 1)] {
                let split = phase.split(deadline);
                assert!(split.deadline() >= deadline && phase.moment(split.tick) >= deadline);
            }
        }
        let far = Moment(u64::MAX);
        assert!(far.to_instant() > Moment(BEFORE).to_instant());
        assert_eq!(far.checked_add(Duration::from_nanos(1)), None);
        assert_eq!(Moment(BEFORE).checked_add(Duration::MAX), None);
    }

    #[test]
    fn a_wait_tells_a_moment_as_exactly_as_a_word_can() {
        for nanos in [1, 123_456_789_012, 86_400_000_000_123, u64::MAX - BEFORE] {
            let moment = Moment(BEFORE + nanos);
            let told = Moment::of_object(moment.to_object()).expect("it is told");
            let left_out = moment.0.checked_sub(told.0).expect("never later");
            let grain = if usize::BITS < 64 { nanos >> 25 } else { 0 };
            assert!(left_out <= grain, "{nanos}: {left_out}");
        }
        for early in [0, BEFORE] {
            assert_eq!(Moment::of_object(Moment(early).to_object()), None);
        }
    }

    #[test]
    fn instants_come_back_as_they_were() {
        let zero = SYSTEM.start();
        for span in [0, 1, 999_999, 1_000_000, 86_400_000_000_000] {
            let span = Duration::from_nanos(span);
            let later = zero + span;
            assert_eq!(Moment::of(later).to_instant(), later);
            if let Some(earlier) = zero.checked_sub(span) {
                // On Windows `std` takes two moments that are less than its grain apart for one.
                let grain = Duration::from_nanos(if cfg!(windows) { 100 } else { 0 });
                let back = Moment::of(earlier).to_instant();
                assert!(back >= earlier && back - earlier <= grain, "{span:?}");
            }
        }
    }
}
