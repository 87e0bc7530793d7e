//! Stopping the clock, for tests.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rt_task::base::clock::{ClockError, Pausable};
use rt_task::coop::{YieldNow, yield_now};

use crate::handle::Handle;

/// Stops the entered runtime's clock.
///
/// [`Instant::now`](crate::Instant::now) then returns the same until [`advance`] moves it; or until
/// nothing but time is waited for: then the clock jumps to the next timer, so that a test of hours
/// takes no time. A closure on the runtime's blocking pool keeps it from jumping.
///
/// # Panics
/// If the clock is paused already, if no timer is entered, or if its clock cannot be paused, as that
/// of the multi-thread flavour: the message names the fix.
#[track_caller]
pub fn pause() {
    told("pause", Location::caller(), |_, clock| clock.pause());
}

/// Lets the entered runtime's clock run on from where it stands.
///
/// # Panics
/// If the clock is not paused, if no timer is entered, or if its clock cannot be paused.
#[track_caller]
pub fn resume() {
    told("resume", Location::caller(), |_, clock| clock.resume());
}

/// Moves the entered runtime's clock, which is paused, by `span` in one jump.
///
/// All timers that are due by then fire at once, in the order of their deadlines; then the task
/// yields once, so that those that they woke and that can run do so. It does not wait for what these
/// start; to see a longer story unfold, [`sleep`](fn@crate::sleep) instead, and let the clock jump by
/// itself from timer to timer.
///
/// # Panics
/// When polled: if the clock is not paused, if no timer is entered, or if its clock cannot be paused.
#[track_caller]
pub fn advance(span: Duration) -> Advance {
    Advance { span: Some(span), site: Location::caller(), yielded: yield_now() }
}

fn told(
    what: &str,
    site: &'static Location<'static>,
    to: impl FnOnce(&Handle, &Pausable) -> Result<(), ClockError>,
) {
    Handle::with(what, site, |handle| match handle.pausable() {
        Some(clock) => to(handle, clock).unwrap_or_else(|error| refused(what, site, &error)),
        None => refused(what, site, &UNPAUSABLE),
    });
}

/// A clock that stands still while several workers run would make no test repeatable.
const UNPAUSABLE: &str = "the timer's clock is not a clock that can be paused: use the current-thread \
                          flavour, or make the driver by a `Pausable` clock";

#[cold]
fn refused(what: &str, site: &Location<'_>, why: &dyn fmt::Display) -> ! {
    panic!("`{what}` at {site}: {why}")
}

/// The future of [`advance`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Advance {
    /// `None` once the clock was moved.
    span: Option<Duration>,
    site: &'static Location<'static>,
    yielded: YieldNow,
}

impl Future for Advance {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(span) = self.span.take() {
            let site = self.site;
            told("advance", site, |handle, _| handle.advance(span));
        }
        Pin::new(&mut self.yielded).poll(cx)
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests;
