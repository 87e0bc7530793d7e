//! Waiting for messages.

use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::bounded::Receiver;
use super::unbounded::UnboundedReceiver;

/// The future of [`Receiver::recv`](super::Receiver::recv) and of
/// [`UnboundedReceiver::recv`](super::UnboundedReceiver::recv).
#[must_use = "futures do nothing unless polled"]
pub struct Recv<'a, R> {
    pub(crate) receiver: &'a mut R,
    pub(crate) site: &'static Location<'static>,
}

/// The future of [`Receiver::recv_many`](super::Receiver::recv_many) and of
/// [`UnboundedReceiver::recv_many`](super::UnboundedReceiver::recv_many).
#[must_use = "futures do nothing unless polled"]
pub struct RecvMany<'a, R, T> {
    pub(crate) receiver: &'a mut R,
    pub(crate) buffer: &'a mut Vec<T>,
    pub(crate) limit: usize,
    pub(crate) site: &'static Location<'static>,
}

impl<T> Future for Recv<'_, UnboundedReceiver<T>> {
    type Output = Option<T>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.get_mut();
        this.receiver.inner.poll_recv(cx, this.site)
    }
}

impl<T> Future for RecvMany<'_, UnboundedReceiver<T>, T> {
    type Output = usize;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let this = self.get_mut();
        this.receiver.inner.poll_recv_many(cx, this.buffer, this.limit, this.site)
    }
}

impl<T> Future for Recv<'_, Receiver<T>> {
    type Output = Option<T>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.get_mut();
        this.receiver.inner.poll_recv(cx, this.site)
    }
}

impl<T> Future for RecvMany<'_, Receiver<T>, T> {
    type Output = usize;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let this = self.get_mut();
        this.receiver.inner.poll_recv_many(cx, this.buffer, this.limit, this.site)
    }
}

impl<R> fmt::Debug for Recv<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recv").finish_non_exhaustive()
    }
}

impl<R, T> fmt::Debug for RecvMany<'_, R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvMany").field("limit", &self.limit).finish_non_exhaustive()
    }
}
