//! Memory as a source and a sink: always ready, never fails to read.

use std::boxed::Box;
use std::io::{self, BufRead, Cursor, IoSlice, Seek, SeekFrom, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec::Vec;

use super::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};
use crate::ReadBuf;

/// Moves what fits from `source` to `buf`.
fn read(source: &mut impl BufRead, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
    let there = source.fill_buf()?;
    let n = there.len().min(buf.remaining());
    buf.put_slice(&there[..n]);
    source.consume(n);
    Poll::Ready(Ok(()))
}

/// Reads by the synchronous traits of `std`, which for memory wait for nothing.
macro_rules! reads {
    () => {
        #[inline]
        fn poll_read(
            self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            read(self.get_mut(), buf)
        }
    };
}

macro_rules! reads_buffered {
    () => {
        #[inline]
        fn poll_fill_buf(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
            Poll::Ready(self.get_mut().fill_buf())
        }
        #[inline]
        fn consume(self: Pin<&mut Self>, amount: usize) {
            BufRead::consume(self.get_mut(), amount);
        }
    };
}

impl AsyncRead for &[u8] {
    reads!();
}

impl<T: AsRef<[u8]> + Unpin> AsyncRead for Cursor<T> {
    reads!();
}

impl AsyncBufRead for &[u8] {
    reads_buffered!();
}

impl<T: AsRef<[u8]> + Unpin> AsyncBufRead for Cursor<T> {
    reads_buffered!();
}

impl<T: AsRef<[u8]> + Unpin> AsyncSeek for Cursor<T> {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.get_mut().seek(position).map(drop)
    }
    fn poll_complete(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(self.position()))
    }
}

/// Writes by the synchronous trait of `std`, which for memory waits for nothing.
macro_rules! writes {
    ($($sink:ty),*) => {$(
        impl AsyncWrite for $sink {
            #[inline]
            fn poll_write(
                self: Pin<&mut Self>,
                _cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                Poll::Ready(self.get_mut().write(buf))
            }

            #[inline]
            fn poll_write_vectored(
                self: Pin<&mut Self>,
                _cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Poll::Ready(self.get_mut().write_vectored(bufs))
            }

            #[inline]
            fn is_write_vectored(&self) -> bool {
                true
            }

            #[inline]
            fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            #[inline]
            fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }
        }
    )*};
}

writes!(Vec<u8>, Cursor<&mut [u8]>, Cursor<&mut Vec<u8>>, Cursor<Vec<u8>>, Cursor<Box<[u8]>>);

#[cfg(test)]
mod tests;
