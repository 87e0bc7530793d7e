//! Nothing to read, and nobody to read what is written.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, SeekFrom};

use super::{ready_now, swallows};
use crate::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

/// A reader that has ended, and a writer that swallows everything, by [`empty`].
#[derive(Clone, Copy, Default)]
pub struct Empty;

/// A reader that has ended, and a writer that swallows everything. Its position is always 0.
#[must_use]
pub fn empty() -> Empty {
    Empty
}

impl AsyncRead for Empty {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready_now(cx).map(Ok)
    }
}

impl AsyncBufRead for Empty {
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        ready_now(cx).map(|()| Ok(&[][..]))
    }
    #[inline]
    fn consume(self: Pin<&mut Self>, _amount: usize) {}
}

impl AsyncWrite for Empty {
    swallows!();
}

impl AsyncSeek for Empty {
    fn start_seek(self: Pin<&mut Self>, _position: SeekFrom) -> io::Result<()> {
        Ok(())
    }
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        ready_now(cx).map(|()| Ok(0))
    }
}

impl fmt::Debug for Empty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Empty").finish_non_exhaustive()
    }
}
