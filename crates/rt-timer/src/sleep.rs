//! A future that is ready at a deadline.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use rt_task::wait::{Wait, WaitKind, poll_leaf};

use crate::handle::Handle;
use crate::instant::{FAR, Instant};
use crate::moment::Moment;
use crate::node::{Closed, Node};

/// Waits for `span`.
///
/// Ready at the first turn of the driver after that, never before; up to a millisecond (and the
/// turn) late. A `span` of zero is ready at the first poll. More than 30 years count as 30 years.
///
/// Holds no memory outside the future. Creating it reads the clock; the first poll that pends arms
/// the timer: two read-modify-writes (the lock of the driver's timers, and the waker's clone), no
/// allocation, and no system call on the driver's own thread. Cancel safe: dropping it disarms the
/// timer, from any thread.
///
/// # Panics
/// If no timer is entered; the message names the call site and the fix. When polled after the
/// runtime has shut down.
#[track_caller]
pub fn sleep(span: Duration) -> Sleep {
    let site = Location::caller();
    Handle::with("sleep", site, |handle| Sleep::after(handle, span, site))
}

/// Waits until `deadline`. See [`sleep`] for what it costs and promises.
///
/// A deadline that has passed when this is called is ready at the first poll.
///
/// # Panics
/// As [`sleep`].
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    let site = Location::caller();
    Handle::with("sleep_until", site, |handle| Sleep::until(handle, deadline, site))
}

pin_project! {
    /// The future of [`sleep`] and [`sleep_until`]: 64 bytes, bound to its driver when it is created.
    ///
    /// It stays where it is once it was polled. [`reset`](Self::reset) uses it again:
    ///
    /// ```
    /// # fn idle_after(span: rt_timer::Duration, timer: &rt_timer::Handle) {
    /// let mut idle = std::pin::pin!(timer.sleep(span));
    /// // A byte came: push the deadline back. Cheap: the timer is not moved yet.
    /// idle.as_mut().reset(timer.now() + span);
    /// # }
    /// ```
    #[must_use = "futures do nothing unless polled"]
    pub struct Sleep {
        #[pin]
        node: Node,
        site: &'static Location<'static>,
    }
}

impl Sleep {
    /// Waits until `deadline`, by an explicit handle instead of the entered one.
    #[track_caller]
    pub fn new(handle: &Handle, deadline: Instant) -> Self {
        Self::until(handle, deadline, Location::caller())
    }

    #[inline]
    pub(crate) fn after(handle: &Handle, span: Duration, site: &'static Location<'static>) -> Self {
        let deadline = handle.moment().saturating_add(span.min(FAR));
        Self::at(handle, deadline, span.is_zero(), site)
    }

    /// `None` if the deadline is later than can be told.
    pub(crate) fn checked_after(
        handle: &Handle,
        span: Duration,
        site: &'static Location<'static>,
    ) -> Option<Self> {
        let deadline = handle.moment().checked_add(span)?;
        Some(Self::at(handle, deadline, span.is_zero(), site))
    }

    pub(crate) fn until(
        handle: &Handle,
        deadline: Instant,
        site: &'static Location<'static>,
    ) -> Self {
        let deadline = Moment::of(deadline.into_std());
        Self::at(handle, deadline, deadline <= handle.moment(), site)
    }

    fn at(handle: &Handle, deadline: Moment, due: bool, site: &'static Location<'static>) -> Self {
        Self { node: Node::new(handle.stamp(), deadline, due), site }
    }

    /// When it is ready. Exact, but for what lies more than 146 years before the process's start or
    /// 438 after. Takes the lock of the driver's timers while it waits.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        Instant::from_std(self.node.deadline().to_instant())
    }

    /// Whether it has elapsed: it was found ready, or is about to be.
    #[must_use]
    pub fn is_elapsed(&self) -> bool {
        self.node.is_fired()
    }

    /// Starts over with another deadline, whether it has elapsed or not.
    ///
    /// A task that waits goes on to wait, for the new deadline. One read-modify-write while it
    /// waits, none otherwise: the next poll arms the timer.
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        self.project().node.reset(Moment::of(deadline.into_std()));
    }

    /// Polls it, noting another call site than its own.
    #[inline]
    pub(crate) fn poll_for(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        site: &'static Location<'static>,
    ) -> Poll<()> {
        let node = self.project().node;
        let deadline = Cell::new(None);
        let wait = || {
            let object = deadline.get().map_or(0, Moment::to_object);
            Wait { kind: WaitKind::Time, object, site }
        };
        poll_leaf(cx, wait, |cx| node.poll_telling(cx.waker(), &deadline)).map(
            |fired| match fired {
                Ok(()) => (),
                Err(Closed) => shut_down(site),
            },
        )
    }
}

/// The model runtime panics here, too: waiting on would be for ever, and there is nobody to take an
/// error.
#[cold]
fn shut_down(site: &Location<'_>) -> ! {
    panic!(
        "the timer made at {site} can never fire: the runtime whose timer it is has shut down; \
         drop it with the runtime, or make it on one that runs"
    )
}

impl Future for Sleep {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let site = self.site;
        self.poll_for(cx, site)
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline())
            .field("elapsed", &self.is_elapsed())
            .finish_non_exhaustive()
    }
}

#[cfg(all(target_pointer_width = "64", not(rt_loom)))]
const _: () = assert!(size_of::<Sleep>() <= 64, "a cache line");

#[cfg(all(test, not(rt_loom)))]
mod tests;
