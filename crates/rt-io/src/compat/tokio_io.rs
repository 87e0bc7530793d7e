//! `tokio`'s traits. Its runtime has no part in this.

use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll, ready};
use std::io;

use tokio::io as theirs;

use super::{adapter, writes_as};
use crate::lend::lend_raw;
use crate::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

adapter! {
    /// A reader or writer of `tokio`'s traits as one of ours, or the other way round.
    TokioIo
}

impl<T: theirs::AsyncRead> AsyncRead for TokioIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // SAFETY: their buffer takes no value away either.
        let mut lent = theirs::ReadBuf::uninit(unsafe { buf.unfilled_mut() });
        let start = lent.filled().as_ptr();
        let polled = self.project().inner.poll_read(cx, &mut lent);
        assert!(ptr::eq(start, lent.filled().as_ptr()), "the buffer was exchanged");
        let (filled, initialized) = (lent.filled().len(), lent.initialized().len());
        // SAFETY: so many unfilled bytes hold values, as `lent`, over the same memory, says.
        unsafe { buf.assume_init(initialized) };
        ready!(polled)?;
        buf.advance(filled);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead> theirs::AsyncRead for TokioIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut theirs::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // SAFETY: a `ReadBuf` takes no value away (its I2).
        let memory = unsafe { buf.unfilled_mut() };
        let (lent, polled) = lend_raw(memory, |buf| self.project().inner.poll_read(cx, buf));
        // SAFETY: so many unfilled bytes hold values, as the `ReadBuf` over them says.
        unsafe { buf.assume_init(lent.initialized) };
        ready!(polled)?;
        buf.advance(lent.filled);
        Poll::Ready(Ok(()))
    }
}

impl<T: theirs::AsyncWrite> AsyncWrite for TokioIo<T> {
    writes_as!(theirs::AsyncWrite);
}

impl<T: AsyncWrite> theirs::AsyncWrite for TokioIo<T> {
    writes_as!(AsyncWrite);
}

impl<T: theirs::AsyncBufRead> AsyncBufRead for TokioIo<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.project().inner.poll_fill_buf(cx)
    }
    fn consume(self: Pin<&mut Self>, amount: usize) {
        self.project().inner.consume(amount);
    }
}

impl<T: AsyncBufRead> theirs::AsyncBufRead for TokioIo<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.project().inner.poll_fill_buf(cx)
    }
    fn consume(self: Pin<&mut Self>, amount: usize) {
        self.project().inner.consume(amount);
    }
}

impl<T: theirs::AsyncSeek> AsyncSeek for TokioIo<T> {
    fn start_seek(self: Pin<&mut Self>, position: io::SeekFrom) -> io::Result<()> {
        self.project().inner.start_seek(position)
    }
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.project().inner.poll_complete(cx)
    }
}

impl<T: AsyncSeek> theirs::AsyncSeek for TokioIo<T> {
    fn start_seek(self: Pin<&mut Self>, position: io::SeekFrom) -> io::Result<()> {
        self.project().inner.start_seek(position)
    }
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.project().inner.poll_complete(cx)
    }
}
