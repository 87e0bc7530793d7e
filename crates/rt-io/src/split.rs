//! A stream in two halves, for two tasks.
//!
//! Works for any stream, at the cost of a lock: see `lock.rs`. What knows better how to be halved
//! (sockets: `TcpStream::into_split`) does it without.

mod lock;

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, IoSlice};

use rt_task::base::shim::Arc;

use lock::{PairGuard, PairLock};

use crate::{AsyncRead, AsyncWrite, ReadBuf};

/// The half of a stream that reads, by [`split`].
pub struct ReadHalf<T> {
    inner: Arc<Inner<T>>,
}

/// The half of a stream that writes, by [`split`]. Dropping it ends nothing: `shutdown` does.
pub struct WriteHalf<T> {
    inner: Arc<Inner<T>>,
}

/// Two halves of `stream`, which may go to two tasks. [`unsplit`](ReadHalf::unsplit) makes it whole.
///
/// One allocation. Each poll takes a lock that only the other half contends for, in two
/// read-modify-writes. It blocks no thread: a half that finds the other in a poll waits as it
/// would for the stream, and so a slow poll of one holds up no worker that polls the other. If the
/// stream panics, the other half finds it as the panic left it.
pub fn split<T: AsyncRead + AsyncWrite>(stream: T) -> (ReadHalf<T>, WriteHalf<T>) {
    let is_write_vectored = stream.is_write_vectored();
    let inner = Arc::new(Inner { stream: PairLock::new(stream), is_write_vectored });
    (ReadHalf { inner: inner.clone() }, WriteHalf { inner })
}

struct Inner<T> {
    stream: PairLock<T>,
    is_write_vectored: bool,
}

impl<T> Inner<T> {
    /// Runs `op` on the stream, if the other half is not at it.
    #[inline]
    #[track_caller]
    fn poll<R>(
        &self,
        cx: &mut Context<'_>,
        op: impl FnOnce(Pin<&mut T>, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        let Poll::Ready(mut guard): Poll<PairGuard<'_, T>> = self.stream.poll_lock(cx) else {
            return Poll::Pending;
        };
        op(guard.pinned(), cx)
    }
}

impl<T> ReadHalf<T> {
    /// Whether `other` is the other half of the same stream.
    pub fn is_pair_of(&self, other: &WriteHalf<T>) -> bool {
        other.is_pair_of(self)
    }

    /// The stream, whole again.
    ///
    /// # Panics
    /// If `other` is a half of another stream.
    #[track_caller]
    pub fn unsplit(self, other: WriteHalf<T>) -> T
    where
        T: Unpin,
    {
        assert!(self.is_pair_of(&other), "the other half is of another stream");
        drop(other);
        let Ok(inner) = Arc::try_unwrap(self.inner) else {
            unreachable!("a stream has two halves");
        };
        inner.stream.into_inner()
    }
}

impl<T> WriteHalf<T> {
    /// Whether `other` is the other half of the same stream.
    pub fn is_pair_of(&self, other: &ReadHalf<T>) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl<T: AsyncRead> AsyncRead for ReadHalf<T> {
    #[inline]
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.inner.poll(cx, |stream, cx| stream.poll_read(cx, buf))
    }
}

impl<T: AsyncWrite> AsyncWrite for WriteHalf<T> {
    #[inline]
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.inner.poll(cx, |stream, cx| stream.poll_write(cx, buf))
    }

    #[inline]
    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner.poll(cx, |stream, cx| stream.poll_write_vectored(cx, bufs))
    }

    /// As it was when the stream was split.
    #[inline]
    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored
    }

    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll(cx, |stream, cx| stream.poll_flush(cx))
    }

    #[track_caller]
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll(cx, |stream, cx| stream.poll_shutdown(cx))
    }
}

impl<T> fmt::Debug for ReadHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for WriteHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests;
