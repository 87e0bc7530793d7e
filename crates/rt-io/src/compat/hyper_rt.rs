//! `hyper`'s traits.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use hyper::rt as theirs;

use super::{adapter, writes_as};
use crate::lend::lend_raw;
use crate::{AsyncRead, AsyncWrite, ReadBuf};

adapter! {
    /// A reader or writer of `hyper`'s traits as one of ours, or the other way round.
    HyperIo
}

impl<T: theirs::Read> AsyncRead for HyperIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // SAFETY: their buffer takes no value away either.
        let mut lent = theirs::ReadBuf::uninit(unsafe { buf.unfilled_mut() });
        ready!(self.project().inner.poll_read(cx, lent.unfilled()))?;
        let filled = lent.filled().len();
        // SAFETY: so many unfilled bytes hold values, as `lent`, over the same memory, says; nobody
        // could put another in its place, since a cursor gives it to nobody.
        unsafe { buf.assume_init(filled) };
        buf.advance(filled);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead> theirs::Read for HyperIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: theirs::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // SAFETY: a `ReadBuf` takes no value away (its I2).
        let memory = unsafe { buf.as_mut() };
        let (lent, polled) = lend_raw(memory, |buf| self.project().inner.poll_read(cx, buf));
        ready!(polled)?;
        // SAFETY: so many unfilled bytes hold values, as the `ReadBuf` over them says.
        unsafe { buf.advance(lent.filled) };
        Poll::Ready(Ok(()))
    }
}

impl<T: theirs::Write> AsyncWrite for HyperIo<T> {
    writes_as!(theirs::Write);
}

impl<T: AsyncWrite> theirs::Write for HyperIo<T> {
    writes_as!(AsyncWrite);
}
