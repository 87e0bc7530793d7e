//! Streams and their halves as readers and writers: `rt-io`'s traits, and each file below those
//! of another crate.
//!
//! Where a task waits is noted as the line that polled the trait's method.

#[cfg(feature = "futures-io")]
mod futures_io;
#[cfg(feature = "hyper")]
mod hyper_rt;
#[cfg(feature = "tokio-io")]
mod tokio_io;

use std::io::{self, IoSlice};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use rt_io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{ReadAt, WriteAt};
use crate::sys;

macro_rules! readers {
    ($($reader:ty),*) => {$(
        impl AsyncRead for $reader {
            #[inline]
            #[track_caller]
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                self.poll_read_at(cx, buf, Location::caller())
            }
        }
    )*};
}
sys::for_all_readers!(readers);

/// What the writing traits of `rt-io`, `tokio` and `hyper` agree on.
macro_rules! writes {
    () => {
        #[inline]
        #[track_caller]
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.poll_write_at(cx, buf, Location::caller())
        }

        #[inline]
        #[track_caller]
        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            self.poll_write_vectored_at(cx, bufs, Location::caller())
        }

        #[inline]
        fn is_write_vectored(&self) -> bool {
            true
        }

        #[inline]
        fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(())) // nothing is ever held back
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(self.shut_down())
        }
    };
}
#[cfg(any(feature = "tokio-io", feature = "hyper"))]
use writes;

macro_rules! writers {
    ($($writer:ty),*) => {$(
        impl AsyncWrite for $writer {
            writes!();
        }
    )*};
}
sys::for_all_writers!(writers);
