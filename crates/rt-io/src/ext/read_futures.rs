//! The futures of `read` and `read_exact`.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use super::{Site, early_end, reading, uninterrupted};
use crate::{AsyncRead, ReadBuf};

/// The future of [`AsyncReadExt::read`](crate::AsyncReadExt::read).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Read<'a, R: ?Sized> {
    reader: &'a mut R,
    buf: &'a mut [u8],
    site: Site,
}

impl<'a, R: ?Sized> Read<'a, R> {
    pub(super) fn new(reader: &'a mut R, buf: &'a mut [u8], site: Site) -> Self {
        Self { reader, buf, site }
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Future for Read<'_, R> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { reader, buf, site } = &mut *self;
        let mut buf = ReadBuf::new(buf);
        ready!(reading(site, cx, |cx| Pin::new(&mut **reader).poll_read(cx, &mut buf)))?;
        Poll::Ready(Ok(buf.filled().len()))
    }
}

/// The future of [`AsyncReadExt::read_exact`](crate::AsyncReadExt::read_exact).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ReadExact<'a, R: ?Sized> {
    reader: &'a mut R,
    buf: ReadBuf<'a>,
    site: Site,
}

impl<'a, R: ?Sized> ReadExact<'a, R> {
    pub(super) fn new(reader: &'a mut R, buf: &'a mut [u8], site: Site) -> Self {
        Self { reader, buf: ReadBuf::new(buf), site }
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadExact<'_, R> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { reader, buf, site } = &mut *self;
        ready!(reading(site, cx, |cx| poll_fill(&mut **reader, cx, buf)))?;
        Poll::Ready(Ok(buf.capacity()))
    }
}

/// Reads until `buf` is full.
pub(super) fn poll_fill<R: AsyncRead + Unpin + ?Sized>(
    reader: &mut R,
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    while buf.remaining() > 0 {
        let before = buf.remaining();
        ready!(uninterrupted(|| Pin::new(&mut *reader).poll_read(cx, buf)))?;
        if buf.remaining() == before {
            return Poll::Ready(Err(early_end()));
        }
    }
    Poll::Ready(Ok(()))
}
