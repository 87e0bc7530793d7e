//! The start of a reader.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use pin_project_lite::pin_project;

use crate::{AsyncBufRead, AsyncRead, ReadBuf};

pin_project! {
    /// A reader that ends after so many bytes, by [`AsyncReadExt::take`](crate::AsyncReadExt::take).
    #[derive(Debug)]
    #[must_use = "readers do nothing unless read"]
    pub struct Take<R> {
        #[pin]
        inner: R,
        left: u64,
    }
}

impl<R: AsyncRead> Take<R> {
    pub(crate) fn new(inner: R, limit: u64) -> Self {
        Self { inner, left: limit }
    }
}

impl<R> Take<R> {
    /// Bytes that may still be read. Fewer come if the reader ends.
    pub fn limit(&self) -> u64 {
        self.left
    }

    /// Lets `limit` more bytes be read, whatever the limit was before.
    pub fn set_limit(&mut self, limit: u64) {
        self.left = limit;
    }

    /// The reader.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The reader. What is read from it directly is not counted.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The reader, pinned. What is read from it directly is not counted.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().inner
    }

    /// The reader, with what is unread.
    pub fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: AsyncRead> AsyncRead for Take<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.project();
        if *this.left == 0 {
            return Poll::Ready(Ok(())); // the reader might wait
        }
        let room = usize::try_from(*this.left).unwrap_or(usize::MAX);
        if room >= buf.remaining() {
            let before = buf.remaining();
            ready!(this.inner.poll_read(cx, buf))?;
            // Another buffer in its place could have more room.
            *this.left = this.left.saturating_sub(before.saturating_sub(buf.remaining()) as u64);
            return Poll::Ready(Ok(()));
        }
        let mut part = buf.take(room);
        let start = part.filled().as_ptr();
        ready!(this.inner.poll_read(cx, &mut part))?;
        assert!(core::ptr::eq(start, part.filled().as_ptr()), "the buffer was exchanged");
        let n = part.filled().len();
        // SAFETY: the first `n` unfilled bytes are those that `part`, over them, has filled.
        unsafe { buf.assume_init(n) };
        buf.advance(n);
        *this.left -= n as u64; // `room` at most
        Poll::Ready(Ok(()))
    }
}

impl<R: AsyncBufRead> AsyncBufRead for Take<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.project();
        if *this.left == 0 {
            return Poll::Ready(Ok(&[])); // the reader might wait
        }
        let there = ready!(this.inner.poll_fill_buf(cx))?;
        let limit = usize::try_from(*this.left).unwrap_or(usize::MAX);
        Poll::Ready(Ok(&there[..there.len().min(limit)]))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let this = self.project();
        let amount = amount.min(usize::try_from(*this.left).unwrap_or(usize::MAX));
        *this.left -= amount as u64;
        this.inner.consume(amount);
    }
}
