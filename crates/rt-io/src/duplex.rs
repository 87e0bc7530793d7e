//! A stream in memory, with two ends.
//!
//! Each direction is a pipe with one writer and one reader, which therefore need no lock: see
//! `pipe.rs`. A [`SimplexStream`] is one such pipe with both ends in one hand.
//!
//! # What it costs
//! A read or a write that moves something: a copy of the bytes, two loads, a store and one
//! read-modify-write. One that has to wait: one more read-modify-write, and the clone of a waker.
//! Memory grows by doubling from 4 KiB to what was allowed at most, and stays.

mod pipe;
mod segment;
mod signal;
mod simplex;

use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, IoSlice};

use pipe::{Reader, Writer, pipe};
pub use simplex::{SimplexStream, simplex};

use crate::{AsyncRead, AsyncWrite, ReadBuf};

/// One of two ends of a stream in memory, by [`duplex`]: what is written here is read there.
///
/// Dropping an end, or shutting it down, ends what the other reads; a dropped end fails what the
/// other writes with `BrokenPipe`. Takes part in the task's budget. Cancel safe: what pends has moved
/// nothing.
#[derive(Debug)]
pub struct DuplexStream {
    reader: Reader,
    writer: Writer,
}

/// A stream in memory: two ends, each of which reads what is written to the other.
///
/// At most `max_buf_size` bytes wait to be read in each direction; who writes more waits.
///
/// ```
/// use rt_io::{AsyncReadExt, AsyncWriteExt};
///
/// # rt_task::block_on(async {
/// let (mut near, mut far) = rt_io::duplex(64);
/// near.write_all(b"ping").await?;
/// let mut buf = [0; 4];
/// far.read_exact(&mut buf).await?;
/// assert_eq!(&buf, b"ping");
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
/// If `max_buf_size` is zero: nothing could ever be written.
#[must_use]
#[track_caller]
pub fn duplex(max_buf_size: usize) -> (DuplexStream, DuplexStream) {
    let (to_far, far) = pipe(max_buf_size);
    let (to_near, near) = pipe(max_buf_size);
    let near = DuplexStream { reader: near, writer: to_far };
    let far = DuplexStream { reader: far, writer: to_near };
    (near, far)
}

/// The traits of what has a reader and a writer of a pipe.
macro_rules! reads_and_writes {
    ($($Stream:ty),*) => {$(
        impl AsyncRead for $Stream {
            #[inline]
            #[track_caller]
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                self.reader.poll_read(cx, buf, Location::caller())
            }
        }

        impl AsyncWrite for $Stream {
            #[inline]
            #[track_caller]
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.writer.poll_write(cx, &[IoSlice::new(buf)], Location::caller())
            }

            #[inline]
            #[track_caller]
            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.writer.poll_write(cx, bufs, Location::caller())
            }

            #[inline]
            fn is_write_vectored(&self) -> bool {
                true
            }

            /// Ready: what is written can be read at once.
            #[inline]
            fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                _cx: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                self.writer.close();
                Poll::Ready(Ok(()))
            }
        }
    )*};
}
reads_and_writes!(DuplexStream, SimplexStream);

#[cfg(all(test, not(rt_loom)))]
mod tests;
