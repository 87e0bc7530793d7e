//! One direction, by the reader's own buffer.

use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use super::{ROUNDS_MAX, give_way};
use crate::ext::{Site, reading, took_nothing, uninterrupted};
use crate::{AsyncBufRead, AsyncWrite};

/// As [`copy`](fn@crate::copy), by the reader's own buffer: no allocation, one copy of the bytes less.
///
/// Cancel safe in that nothing is lost: what was not written is still in the reader.
///
/// # Errors
/// As `copy`.
#[track_caller]
pub fn copy_buf<'a, R, W>(reader: &'a mut R, writer: &'a mut W) -> CopyBuf<'a, R, W>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    CopyBuf { reader, writer, written: 0, must_flush: false, site: Location::caller() }
}

/// The future of [`copy_buf`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct CopyBuf<'a, R: ?Sized, W: ?Sized> {
    reader: &'a mut R,
    writer: &'a mut W,
    written: u64,
    /// Something was written since the last flush.
    must_flush: bool,
    site: Site,
}

impl<R, W> Future for CopyBuf<'_, R, W>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    type Output = io::Result<u64>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let this = &mut *self;
        reading(this.site, cx, |cx| this.poll_copy(cx))
    }
}

impl<R, W> CopyBuf<'_, R, W>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    fn poll_copy(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let mut writer = Pin::new(&mut *self.writer);
        for _ in 0..ROUNDS_MAX {
            let there = match Pin::new(&mut *self.reader).poll_fill_buf(cx) {
                Poll::Ready(Ok(there)) => there,
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => continue,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    if self.must_flush {
                        ready!(writer.poll_flush(cx))?;
                        self.must_flush = false;
                    }
                    return Poll::Pending;
                }
            };
            if there.is_empty() {
                ready!(writer.poll_flush(cx))?;
                return Poll::Ready(Ok(self.written));
            }
            let n = ready!(uninterrupted(|| writer.as_mut().poll_write(cx, there)))?;
            if n == 0 {
                return Poll::Ready(Err(took_nothing()));
            }
            Pin::new(&mut *self.reader).consume(n);
            self.written += n as u64;
            self.must_flush = true;
        }
        give_way(cx)
    }
}
