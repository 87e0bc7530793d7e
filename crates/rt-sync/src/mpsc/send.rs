//! Waiting for room.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use pin_project_lite::pin_project;
use rt_task::base::seam::Delay;
use rt_task::wait::WaitKind;

use super::bounded::Sender;
use super::error::{SendError, SendTimeoutError};
use super::permit::{Asker, OwnAsker, OwnedPermit, Permit, PermitIterator, send_by};
use crate::base::acquire::{Acquire, Owner, Taken};

pin_project! {
    /// A wait for room. Lets go of its place as soon as it is over.
    struct Room<O>
    where
        O: Owner,
    {
        #[pin]
        acquire: Option<Acquire<O>>,
    }
}

impl<O: Owner> Room<O> {
    #[inline]
    fn new(asker: O, n: usize, site: &'static Location<'static>) -> Self {
        Self { acquire: Some(Acquire::new(asker, n, WaitKind::Send, site)) }
    }

    /// More than there will ever be.
    fn none() -> Self {
        Self { acquire: None }
    }

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Taken<O>, SendError<()>>> {
        let mut acquire = self.project().acquire;
        let Some(wait) = acquire.as_mut().as_pin_mut() else {
            return Poll::Ready(Err(SendError(())));
        };
        let got = ready!(wait.poll(cx));
        acquire.set(None);
        Poll::Ready(got.map_err(|_| SendError(())))
    }
}

pin_project! {
    /// The future of [`Sender::reserve`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Reserve<'a, T> {
        #[pin]
        room: Room<Asker<'a, T>>,
    }
}

pin_project! {
    /// The future of [`Sender::reserve_many`].
    #[must_use = "futures do nothing unless polled"]
    pub struct ReserveMany<'a, T> {
        #[pin]
        room: Room<Asker<'a, T>>,
    }
}

pin_project! {
    /// The future of [`Sender::reserve_owned`].
    #[must_use = "futures do nothing unless polled"]
    pub struct ReserveOwned<T> {
        #[pin]
        room: Room<OwnAsker<T>>,
    }
}

pin_project! {
    /// The future of [`Sender::send`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Send<'a, T> {
        #[pin]
        room: Room<Asker<'a, T>>,
        message: Option<T>,
    }
}

pin_project! {
    /// The future of [`Sender::send_timeout`].
    #[must_use = "futures do nothing unless polled"]
    pub struct SendTimeout<'a, T> {
        #[pin]
        send: Send<'a, T>,
        timer: Arc<dyn Delay>,
        span: Duration,
        delay: Option<Unshared>,
    }
}

/// A future that is reached by who has it alone.
struct Unshared(Pin<Box<dyn Future<Output = ()> + core::marker::Send>>);

// SAFETY: nothing is done by a shared reference.
unsafe impl Sync for Unshared {}

impl<'a, T> Reserve<'a, T> {
    #[inline]
    pub(crate) fn new(sender: &'a Sender<T>, site: &'static Location<'static>) -> Self {
        Self { room: Room::new(Asker(&sender.inner), 1, site) }
    }
}

impl<'a, T> ReserveMany<'a, T> {
    pub(crate) fn new(sender: &'a Sender<T>, n: usize, site: &'static Location<'static>) -> Self {
        match n > sender.max_capacity() {
            true => Self { room: Room::none() },
            false => Self { room: Room::new(Asker(&sender.inner), n, site) },
        }
    }
}

impl<T> ReserveOwned<T> {
    pub(crate) fn new(sender: Sender<T>, site: &'static Location<'static>) -> Self {
        Self { room: Room::new(OwnAsker::new(sender), 1, site) }
    }
}

impl<'a, T> Send<'a, T> {
    #[inline]
    pub(crate) fn new(sender: &'a Sender<T>, message: T, site: &'static Location<'static>) -> Self {
        Self { room: Room::new(Asker(&sender.inner), 1, site), message: Some(message) }
    }
}

impl<'a, T> SendTimeout<'a, T> {
    pub(crate) fn new(send: Send<'a, T>, timer: Arc<dyn Delay>, span: Duration) -> Self {
        Self { send, timer, span, delay: None }
    }
}

impl<'a, T> Future for Reserve<'a, T> {
    type Output = Result<Permit<'a, T>, SendError<()>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let got = ready!(self.project().room.poll(cx));
        Poll::Ready(got.map(|taken| Permit { taken }))
    }
}

impl<'a, T> Future for ReserveMany<'a, T> {
    type Output = Result<PermitIterator<'a, T>, SendError<()>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let got = ready!(self.project().room.poll(cx));
        Poll::Ready(got.map(|taken| PermitIterator { taken }))
    }
}

impl<T> Future for ReserveOwned<T> {
    type Output = Result<OwnedPermit<T>, SendError<()>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let got = ready!(self.project().room.poll(cx));
        Poll::Ready(got.map(|taken| OwnedPermit { taken }))
    }
}

impl<T> Future for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let got = ready!(this.room.poll(cx));
        let message = this.message.take().expect("polled after it was ready");
        Poll::Ready(match got {
            Ok(taken) => send_by(taken, message).map_err(SendError),
            Err(_) => Err(SendError(message)),
        })
    }
}

impl<T> Future for SendTimeout<'_, T> {
    type Output = Result<(), SendTimeoutError<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(sent) = this.send.as_mut().poll(cx) {
            return Poll::Ready(sent.map_err(|error| SendTimeoutError::Closed(error.0)));
        }
        let delay = this.delay.get_or_insert_with(|| Unshared(this.timer.delay(*this.span)));
        ready!(delay.0.as_mut().poll(cx));
        let send = this.send.project();
        send.room.project().acquire.set(None); // leaves the line
        let message = send.message.take().expect("polled after it was ready");
        Poll::Ready(Err(SendTimeoutError::Timeout(message)))
    }
}

impl<T> fmt::Debug for Reserve<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserve").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for ReserveMany<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReserveMany").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for ReserveOwned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReserveOwned").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Send<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for SendTimeout<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendTimeout").field("span", &self.span).finish_non_exhaustive()
    }
}
