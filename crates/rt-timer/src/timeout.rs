//! A future with a deadline.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use rt_task::coop;

use crate::error::Elapsed;
use crate::handle::Handle;
use crate::instant::Instant;
use crate::sleep::Sleep;

/// Waits for `future`, but no longer than `span`.
///
/// The future is polled first: one that is ready wins against a deadline that has passed. At the
/// deadline the future is left as it is and [`Elapsed`] returned; dropping the `Timeout` drops it.
/// Cancel safe if the future is. A span beyond what the clock can tell never ends.
///
/// A future that never pends is not cut off; one that uses up the cooperative budget is.
///
/// # Errors
/// [`Elapsed`] if the deadline comes first.
///
/// # Panics
/// As [`sleep`](fn@crate::sleep).
#[track_caller]
pub fn timeout<F: IntoFuture>(span: Duration, future: F) -> Timeout<F::IntoFuture> {
    let site = Location::caller();
    let delay = Handle::with("timeout", site, |handle| Sleep::checked_after(handle, span, site));
    Timeout { future: future.into_future(), delay }
}

/// Waits for `future`, but no longer than until `deadline`. See [`timeout`].
///
/// # Errors
/// [`Elapsed`] if the deadline comes first.
///
/// # Panics
/// As [`sleep`](fn@crate::sleep).
#[track_caller]
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    let site = Location::caller();
    let delay = Handle::with("timeout_at", site, |handle| Sleep::until(handle, deadline, site));
    Timeout { future: future.into_future(), delay: Some(delay) }
}

pin_project! {
    /// The future of [`timeout`] and [`timeout_at`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Timeout<F> {
        #[pin]
        future: F,
        #[pin]
        delay: Option<Sleep>,
    }
}

impl<F> Timeout<F> {
    /// Waits for `future`, but no longer than until `deadline`, by an explicit handle instead of
    /// the entered one.
    #[track_caller]
    pub fn new(handle: &Handle, deadline: Instant, future: F) -> Self {
        Self { future, delay: Some(Sleep::new(handle, deadline)) }
    }

    /// The future.
    #[must_use]
    pub fn get_ref(&self) -> &F {
        &self.future
    }

    /// The future.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut F {
        &mut self.future
    }

    /// The future, without its deadline.
    #[must_use]
    pub fn into_inner(self) -> F {
        self.future
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let had_budget = coop::has_budget_remaining();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        match this.delay.as_pin_mut() {
            Some(delay) => poll_delay(had_budget, delay, cx).map(Err),
            None => Poll::Pending,
        }
    }
}

/// The part that is the same for every future.
fn poll_delay(had_budget: bool, delay: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<Elapsed> {
    let elapsed = match had_budget && !coop::has_budget_remaining() {
        // The future used it up. It may do so each time: the deadline would never be looked at.
        true => pin!(coop::unconstrained(delay)).poll(cx),
        false => delay.poll(cx),
    };
    elapsed.map(|()| Elapsed::new())
}

impl<F: fmt::Debug> fmt::Debug for Timeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout")
            .field("future", &self.future)
            .field("delay", &self.delay)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests;
