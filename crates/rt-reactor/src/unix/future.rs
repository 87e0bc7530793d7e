//! The futures that wait for a descriptor and hand out its guard.

use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::AsRawFd;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::async_fd::AsyncFd;
use super::guard::{AsyncFdReadyGuard, AsyncFdReadyMutGuard};
use crate::future::{Host, Waiter};
use crate::interest::Interest;
use crate::registration::Registration;

/// A descriptor shared with others.
struct Shared<'a, T: AsRawFd>(&'a AsyncFd<T>);

impl<T: AsRawFd> Host for Shared<'_, T> {
    fn registration(&self) -> Option<&Registration> {
        Some(self.0.registration())
    }
}

/// A descriptor that goes on to the guard.
struct Owned<'a, T: AsRawFd>(Option<&'a mut AsyncFd<T>>);

impl<T: AsRawFd> Default for Owned<'_, T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: AsRawFd> Host for Owned<'_, T> {
    fn registration(&self) -> Option<&Registration> {
        self.0.as_ref().map(|fd| fd.registration())
    }
}

pin_project! {
    /// Waits until a descriptor is ready. See [`AsyncFd::ready`].
    #[must_use = "futures do nothing unless polled"]
    pub struct AsyncFdReady<'a, T: AsRawFd> {
        #[pin]
        waiter: Waiter<Shared<'a, T>>,
    }
}

impl<'a, T: AsRawFd> AsyncFdReady<'a, T> {
    pub(super) fn new(
        fd: &'a AsyncFd<T>,
        interest: Interest,
        site: &'static Location<'static>,
    ) -> Self {
        Self { waiter: Waiter::new(Shared(fd), interest, site) }
    }
}

impl<'a, T: AsRawFd> Future for AsyncFdReady<'a, T> {
    type Output = io::Result<AsyncFdReadyGuard<'a, T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut waiter = self.project().waiter;
        let event = ready!(waiter.as_mut().poll_ready(cx))?;
        let Shared(fd) = waiter.host;
        Poll::Ready(Ok(AsyncFdReadyGuard::new(fd, event)))
    }
}

pin_project! {
    /// Waits until a descriptor is ready. See [`AsyncFd::ready_mut`].
    ///
    /// # Panics
    /// When polled again after it was ready.
    #[must_use = "futures do nothing unless polled"]
    pub struct AsyncFdReadyMut<'a, T: AsRawFd> {
        #[pin]
        waiter: Waiter<Owned<'a, T>>,
    }
}

impl<'a, T: AsRawFd> AsyncFdReadyMut<'a, T> {
    pub(super) fn new(
        fd: &'a mut AsyncFd<T>,
        interest: Interest,
        site: &'static Location<'static>,
    ) -> Self {
        Self { waiter: Waiter::new(Owned(Some(fd)), interest, site) }
    }
}

impl<'a, T: AsRawFd> Future for AsyncFdReadyMut<'a, T> {
    type Output = io::Result<AsyncFdReadyMutGuard<'a, T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut waiter = self.project().waiter;
        let event = ready!(waiter.as_mut().poll_ready(cx))?;
        let Owned(fd) = waiter.finish();
        let fd = fd.expect("it was there to be polled");
        Poll::Ready(Ok(AsyncFdReadyMutGuard::new(fd, event)))
    }
}

impl<T: AsRawFd> fmt::Debug for AsyncFdReady<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.waiter.fmt("AsyncFdReady", f)
    }
}

impl<T: AsRawFd> fmt::Debug for AsyncFdReadyMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.waiter.fmt("AsyncFdReadyMut", f)
    }
}
