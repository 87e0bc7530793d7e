//! The traits of `futures-io`. They read into memory that holds values only.

use std::io::{self, IoSlice, IoSliceMut};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rt_io::ReadBuf;

use super::{ReadAt, WriteAt};
use crate::sys;

macro_rules! readers {
    ($($reader:ty),*) => {$(
        impl futures_io::AsyncRead for $reader {
            #[inline]
            #[track_caller]
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                let mut buf = ReadBuf::new(buf);
                ready!(self.poll_read_at(cx, &mut buf, Location::caller()))?;
                Poll::Ready(Ok(buf.filled().len()))
            }

            #[track_caller]
            fn poll_read_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                self.poll_read_vectored_at(cx, bufs, Location::caller())
            }
        }
    )*};
}
sys::for_all_readers!(readers);

macro_rules! writers {
    ($($writer:ty),*) => {$(
        impl futures_io::AsyncWrite for $writer {
            #[inline]
            #[track_caller]
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.poll_write_at(cx, buf, Location::caller())
            }

            #[track_caller]
            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.poll_write_vectored_at(cx, bufs, Location::caller())
            }

            #[inline]
            fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(())) // nothing is ever held back
            }

            fn poll_close(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(self.shut_down())
            }
        }
    )*};
}
sys::for_all_writers!(writers);
