//! Ticks at regular times.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::handle::Handle;
use crate::instant::{FAR, Instant};
use crate::sleep::Sleep;

/// Ticks now, and then every `period`.
///
/// What happens when ticks are missed is for [`Interval::set_missed_tick_behavior`] to say. One
/// allocation, when it is made; none per tick.
///
/// # Panics
/// If `period` is zero. As [`sleep`](fn@crate::sleep).
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    let site = Location::caller();
    Handle::with("interval", site, |handle| Interval::made(handle, handle.now(), period, site))
}

/// Ticks at `start`, and then every `period`. See [`interval`].
///
/// # Panics
/// If `period` is zero. As [`sleep`](fn@crate::sleep).
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    let site = Location::caller();
    Handle::with("interval_at", site, |handle| Interval::made(handle, start, period, site))
}

/// What an [`Interval`] does about ticks that nobody took in time.
///
/// A tick is missed when it is taken more than five milliseconds late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTickBehavior {
    /// Ticks as fast as possible until it has caught up.
    ///
    /// ```text
    /// expected: |     1     |     2     |     3     |     4     |     5     |     6     |
    /// actual:   | work -----|          delay          | work | work | work -| work -----|
    /// ```
    #[default]
    Burst,
    /// The next tick comes one period after the late one, and so on from there.
    ///
    /// ```text
    /// expected: |     1     |     2     |     3     |     4     |     5     |     6     |
    /// actual:   | work -----|          delay          | work -----| work -----| work -----|
    /// ```
    Delay,
    /// Leaves out what was missed: the next tick comes at the next multiple of the period.
    ///
    /// ```text
    /// expected: |     1     |     2     |     3     |     4     |     5     |     6     |
    /// actual:   | work -----|          delay          | work ---| work -----| work -----|
    /// ```
    Skip,
}

impl MissedTickBehavior {
    /// The tick after the one of `due` that was taken at `now`, late.
    fn next(self, due: Instant, now: Instant, period: Duration) -> Option<Instant> {
        match self {
            Self::Burst => due.checked_add(period),
            Self::Delay => now.checked_add(period),
            Self::Skip => {
                let into = (now - due).as_nanos() % period.as_nanos();
                // Less than `period`, and than the time since `due`: 584 years at most.
                let into = Duration::from_nanos(u64::try_from(into).unwrap_or(u64::MAX));
                now.checked_add(period.saturating_sub(into))
            }
        }
    }
}

/// How late a tick may be taken and count as in time.
const LATE: Duration = Duration::from_millis(5);

/// Ticks at regular times: [`interval`], [`interval_at`].
pub struct Interval {
    delay: Pin<Box<Sleep>>,
    period: Duration,
    missed_tick_behavior: MissedTickBehavior,
    handle: Handle,
    site: &'static Location<'static>,
}

impl Interval {
    /// Ticks at `start`, and then every `period`, by an explicit handle instead of the entered one.
    ///
    /// # Panics
    /// If `period` is zero.
    #[track_caller]
    pub fn new(handle: &Handle, start: Instant, period: Duration) -> Self {
        Self::made(handle, start, period, Location::caller())
    }

    #[track_caller]
    fn made(
        handle: &Handle,
        start: Instant,
        period: Duration,
        site: &'static Location<'static>,
    ) -> Self {
        assert!(!period.is_zero(), "`period` must be non-zero.");
        Self {
            delay: Box::pin(Sleep::until(handle, start, site)),
            period: period.min(FAR),
            missed_tick_behavior: MissedTickBehavior::default(),
            handle: handle.clone(),
            site,
        }
    }

    /// Waits for the next tick. Returns when it was due.
    ///
    /// The first one is due at once. Cancel safe: a tick that was not returned is not lost.
    #[track_caller]
    pub fn tick(&mut self) -> Tick<'_> {
        Tick { interval: self, site: Location::caller() }
    }

    /// As [`tick`](Self::tick). Only when it pends is the task woken for the next one.
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        self.poll_for(cx, self.site)
    }

    fn poll_for(
        &mut self,
        cx: &mut Context<'_>,
        site: &'static Location<'static>,
    ) -> Poll<Instant> {
        ready!(self.delay.as_mut().poll_for(cx, site));
        let due = self.delay.deadline();
        let now = self.handle.now();
        let next = match now > due + LATE {
            true => self.missed_tick_behavior.next(due, now, self.period),
            false => due.checked_add(self.period),
        };
        // Not armed before the next poll.
        self.delay.as_mut().reset(next.unwrap_or_else(Instant::far_future));
        Poll::Ready(due)
    }

    /// The next tick comes one period from now.
    pub fn reset(&mut self) {
        self.reset_after(self.period);
    }

    /// The next tick comes now.
    pub fn reset_immediately(&mut self) {
        self.reset_at(self.handle.now());
    }

    /// The next tick comes `span` from now. More than 30 years count as 30 years.
    pub fn reset_after(&mut self, span: Duration) {
        self.reset_at(self.handle.now() + span.min(FAR));
    }

    /// The next tick comes at `deadline`.
    pub fn reset_at(&mut self, deadline: Instant) {
        self.delay.as_mut().reset(deadline);
    }

    /// What it does about missed ticks.
    #[must_use]
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed_tick_behavior
    }

    /// Says what to do about missed ticks.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed_tick_behavior = behavior;
    }

    /// The time between ticks.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interval")
            .field("delay", &self.delay)
            .field("period", &self.period)
            .field("missed_tick_behavior", &self.missed_tick_behavior)
            .finish_non_exhaustive()
    }
}

/// The future of [`Interval::tick`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Tick<'a> {
    interval: &'a mut Interval,
    site: &'static Location<'static>,
}

impl Future for Tick<'_> {
    type Output = Instant;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Instant> {
        let site = self.site;
        self.interval.poll_for(cx, site)
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests;
