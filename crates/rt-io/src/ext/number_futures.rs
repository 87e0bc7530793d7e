//! The futures that read and write a number.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use super::number::Number;
use super::read_futures::poll_fill;
use super::write_futures::poll_write_all;
use super::{Site, reading, writing};
use crate::{AsyncRead, AsyncWrite, ReadBuf};

/// The future of [`AsyncReadExt::read_u32`](crate::AsyncReadExt::read_u32) and its like.
#[must_use = "futures do nothing unless polled"]
pub struct ReadNumber<'a, R: ?Sized, N: Number> {
    reader: &'a mut R,
    bytes: N::Bytes,
    read: u8,
    site: Site,
}

impl<'a, R: ?Sized, N: Number> ReadNumber<'a, R, N> {
    pub(super) fn new(reader: &'a mut R, site: Site) -> Self {
        Self { reader, bytes: N::EMPTY, read: 0, site }
    }
}

impl<R: AsyncRead + Unpin + ?Sized, N: Number> Future for ReadNumber<'_, R, N> {
    type Output = io::Result<N::Value>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { reader, bytes, read, site } = &mut *self;
        let mut buf = ReadBuf::new(bytes.as_mut());
        buf.set_filled(usize::from(*read));
        let polled = reading(site, cx, |cx| poll_fill(&mut **reader, cx, &mut buf));
        *read = buf.filled().len() as u8; // 16 at most
        ready!(polled)?;
        Poll::Ready(Ok(N::from_bytes(*bytes)))
    }
}

impl<R: fmt::Debug + ?Sized, N: Number> fmt::Debug for ReadNumber<'_, R, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadNumber")
            .field("reader", &self.reader)
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}

/// The future of [`AsyncWriteExt::write_u32`](crate::AsyncWriteExt::write_u32) and its like.
#[must_use = "futures do nothing unless polled"]
pub struct WriteNumber<'a, W: ?Sized, N: Number> {
    writer: &'a mut W,
    bytes: N::Bytes,
    written: u8,
    site: Site,
}

impl<'a, W: ?Sized, N: Number> WriteNumber<'a, W, N> {
    pub(super) fn new(writer: &'a mut W, value: N::Value, site: Site) -> Self {
        Self { writer, bytes: N::to_bytes(value), written: 0, site }
    }
}

impl<W: AsyncWrite + Unpin + ?Sized, N: Number> Future for WriteNumber<'_, W, N> {
    type Output = io::Result<()>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { writer, bytes, written, site } = &mut *self;
        let bytes = bytes.as_ref();
        let mut rest = &bytes[usize::from(*written)..];
        let polled = writing(site, cx, |cx| poll_write_all(&mut **writer, cx, &mut rest));
        *written = (bytes.len() - rest.len()) as u8; // 16 at most
        polled
    }
}

impl<W: fmt::Debug + ?Sized, N: Number> fmt::Debug for WriteNumber<'_, W, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteNumber")
            .field("writer", &self.writer)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}
