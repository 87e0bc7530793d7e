//! The futures of the methods of buffered readers.

use core::fmt;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;
use std::string::String;
use std::vec::Vec;

use super::read_to_end::{OnError, into_text};
use super::{Site, reading};
use crate::AsyncBufRead;
use crate::find::find;

/// The future of [`AsyncBufReadExt::read_until`](crate::AsyncBufReadExt::read_until).
#[must_use = "futures do nothing unless polled"]
pub struct ReadUntil<'a, R: ?Sized> {
    reader: &'a mut R,
    byte: u8,
    buf: &'a mut Vec<u8>,
    /// The length of `buf` before.
    start: usize,
    site: Site,
}

impl<'a, R: ?Sized> ReadUntil<'a, R> {
    pub(super) fn new(reader: &'a mut R, byte: u8, buf: &'a mut Vec<u8>, site: Site) -> Self {
        let start = buf.len();
        Self { reader, byte, buf, start, site }
    }
}

impl<R: AsyncBufRead + Unpin + ?Sized> Future for ReadUntil<'_, R> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { reader, byte, buf, start, site } = &mut *self;
        let reader = Pin::new(&mut **reader);
        ready!(reading(site, cx, |cx| poll_read_until(reader, cx, *byte, buf)))?;
        Poll::Ready(Ok(buf.len() - *start))
    }
}

impl<R: fmt::Debug + ?Sized> fmt::Debug for ReadUntil<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadUntil")
            .field("reader", &self.reader)
            .field("byte", &self.byte)
            .finish_non_exhaustive()
    }
}

/// Appends to `buf` up to `byte` or the end of the source. What was appended stays when it pends
/// or fails.
#[inline]
pub(crate) fn poll_read_until<R: AsyncBufRead + ?Sized>(
    mut reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    byte: u8,
    buf: &mut Vec<u8>,
) -> Poll<io::Result<()>> {
    loop {
        let there = match ready!(reader.as_mut().poll_fill_buf(cx)) {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let found = find(byte, there);
        let n = found.map_or(there.len(), |at| at + 1);
        buf.extend_from_slice(&there[..n]);
        reader.as_mut().consume(n);
        if found.is_some() || n == 0 {
            return Poll::Ready(Ok(()));
        }
    }
}

/// The future of [`AsyncBufReadExt::read_line`](crate::AsyncBufReadExt::read_line).
#[must_use = "futures do nothing unless polled"]
pub struct ReadLine<'a, R: ?Sized> {
    reader: &'a mut R,
    /// Empty until the end.
    line: &'a mut String,
    /// The memory of `line`, with more than it had.
    bytes: Vec<u8>,
    /// The length of `line` before.
    start: usize,
    site: Site,
}

impl<'a, R: ?Sized> ReadLine<'a, R> {
    pub(super) fn new(reader: &'a mut R, line: &'a mut String, site: Site) -> Self {
        let bytes = mem::take(line).into_bytes();
        let start = bytes.len();
        Self { reader, line, bytes, start, site }
    }
}

impl<R: AsyncBufRead + Unpin + ?Sized> Future for ReadLine<'_, R> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { reader, line, bytes, start, site } = &mut *self;
        let reader = Pin::new(&mut **reader);
        let result = ready!(reading(site, cx, |cx| poll_read_until(reader, cx, b'\n', bytes)));
        let (bytes, start) = (mem::take(bytes), mem::take(start));
        let result = result.map(|()| bytes.len() - start);
        let (whole, result) = into_text(bytes, start, result, OnError::Keep);
        **line = whole;
        Poll::Ready(result)
    }
}

impl<R: fmt::Debug + ?Sized> fmt::Debug for ReadLine<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadLine").field("reader", &self.reader).finish_non_exhaustive()
    }
}

/// The future of [`AsyncBufReadExt::fill_buf`](crate::AsyncBufReadExt::fill_buf).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct FillBuf<'a, R: ?Sized> {
    /// `None` once it was lent to the result.
    reader: Option<&'a mut R>,
    site: Site,
}

impl<'a, R: ?Sized> FillBuf<'a, R> {
    pub(super) fn new(reader: &'a mut R, site: Site) -> Self {
        Self { reader: Some(reader), site }
    }
}

impl<'a, R: AsyncBufRead + Unpin + ?Sized> Future for FillBuf<'a, R> {
    type Output = io::Result<&'a [u8]>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { reader, site } = &mut *self;
        let lent = reader.take().expect("a future is not polled after it was ready");
        let there = reading(site, cx, |cx| Pin::new(&mut *lent).poll_fill_buf(cx));
        match there {
            Poll::Ready(Ok(there)) => {
                let there: *const [u8] = there;
                // SAFETY: borrowed from `lent`, which is for `'a` and, being taken, is used no more.
                Poll::Ready(Ok(unsafe { &*there }))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                *reader = Some(lent);
                Poll::Pending
            }
        }
    }
}
