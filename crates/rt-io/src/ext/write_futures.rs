//! The futures of the methods of writers.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice};

use super::{Site, took_nothing, uninterrupted, writing};
use crate::AsyncWrite;

/// The future of [`AsyncWriteExt::write`](crate::AsyncWriteExt::write).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Write<'a, W: ?Sized> {
    writer: &'a mut W,
    buf: &'a [u8],
    site: Site,
}

impl<'a, W: ?Sized> Write<'a, W> {
    pub(super) fn new(writer: &'a mut W, buf: &'a [u8], site: Site) -> Self {
        Self { writer, buf, site }
    }
}

impl<W: AsyncWrite + Unpin + ?Sized> Future for Write<'_, W> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { writer, buf, site } = &mut *self;
        writing(site, cx, |cx| Pin::new(&mut **writer).poll_write(cx, buf))
    }
}

/// The future of [`AsyncWriteExt::write_vectored`](crate::AsyncWriteExt::write_vectored).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct WriteVectored<'a, 'b, W: ?Sized> {
    writer: &'a mut W,
    bufs: &'a [IoSlice<'b>],
    site: Site,
}

impl<'a, 'b, W: ?Sized> WriteVectored<'a, 'b, W> {
    pub(super) fn new(writer: &'a mut W, bufs: &'a [IoSlice<'b>], site: Site) -> Self {
        Self { writer, bufs, site }
    }
}

impl<W: AsyncWrite + Unpin + ?Sized> Future for WriteVectored<'_, '_, W> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { writer, bufs, site } = &mut *self;
        writing(site, cx, |cx| Pin::new(&mut **writer).poll_write_vectored(cx, bufs))
    }
}

/// The future of [`AsyncWriteExt::write_all`](crate::AsyncWriteExt::write_all).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct WriteAll<'a, W: ?Sized> {
    writer: &'a mut W,
    /// What is left to be written.
    buf: &'a [u8],
    site: Site,
}

impl<'a, W: ?Sized> WriteAll<'a, W> {
    pub(super) fn new(writer: &'a mut W, buf: &'a [u8], site: Site) -> Self {
        Self { writer, buf, site }
    }
}

impl<W: AsyncWrite + Unpin + ?Sized> Future for WriteAll<'_, W> {
    type Output = io::Result<()>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { writer, buf, site } = &mut *self;
        writing(site, cx, |cx| poll_write_all(&mut **writer, cx, buf))
    }
}

/// Writes all of `rest`, which tells what is left to be written.
#[inline]
pub(super) fn poll_write_all<W: AsyncWrite + Unpin + ?Sized>(
    writer: &mut W,
    cx: &mut Context<'_>,
    rest: &mut &[u8],
) -> Poll<io::Result<()>> {
    while !rest.is_empty() {
        let n = ready!(uninterrupted(|| Pin::new(&mut *writer).poll_write(cx, rest)))?;
        if n == 0 {
            return Poll::Ready(Err(took_nothing()));
        }
        *rest = &rest[n..];
    }
    Poll::Ready(Ok(()))
}

/// The future of [`AsyncWriteExt::flush`](crate::AsyncWriteExt::flush).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Flush<'a, W: ?Sized> {
    writer: &'a mut W,
    site: Site,
}

impl<'a, W: ?Sized> Flush<'a, W> {
    pub(super) fn new(writer: &'a mut W, site: Site) -> Self {
        Self { writer, site }
    }
}

impl<W: AsyncWrite + Unpin + ?Sized> Future for Flush<'_, W> {
    type Output = io::Result<()>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { writer, site } = &mut *self;
        writing(site, cx, |cx| Pin::new(&mut **writer).poll_flush(cx))
    }
}

/// The future of [`AsyncWriteExt::shutdown`](crate::AsyncWriteExt::shutdown).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Shutdown<'a, W: ?Sized> {
    writer: &'a mut W,
    site: Site,
}

impl<'a, W: ?Sized> Shutdown<'a, W> {
    pub(super) fn new(writer: &'a mut W, site: Site) -> Self {
        Self { writer, site }
    }
}

impl<W: AsyncWrite + Unpin + ?Sized> Future for Shutdown<'_, W> {
    type Output = io::Result<()>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { writer, site } = &mut *self;
        writing(site, cx, |cx| Pin::new(&mut **writer).poll_shutdown(cx))
    }
}
