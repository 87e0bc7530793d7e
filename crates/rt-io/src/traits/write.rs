//! Writing.

use std::boxed::Box;
use std::io::{self, IoSlice};
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A sink of bytes that is polled.
pub trait AsyncWrite {
    /// Takes the start of `buf`, and tells how much of it.
    ///
    /// Ready with zero means that `buf` is empty, or that the sink takes nothing any more.
    /// `Pending` took nothing and wakes the task when it is worth another try.
    ///
    /// # Errors
    /// What the sink fails with; nothing was taken then.
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>>;

    /// Brings on its way what was taken and is held back.
    ///
    /// # Errors
    /// What the sink fails with.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Flushes, then ends the sink; a reader on its other side sees the end. Nothing can be
    /// written after it. A second call, once the first was ready, is ready at once.
    ///
    /// # Errors
    /// What the sink fails with.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// As [`poll_write`](Self::poll_write), from several buffers in a row.
    ///
    /// Unless a sink knows better, takes from the first that is not empty.
    ///
    /// # Errors
    /// As `poll_write`.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs.iter().find(|buf| !buf.is_empty());
        self.poll_write(cx, first.map_or(&[], |buf| &**buf))
    }

    /// Whether [`poll_write_vectored`](Self::poll_write_vectored) is better than several writes
    /// or one from a joined buffer.
    fn is_write_vectored(&self) -> bool {
        false
    }
}

/// An implementation by that of what `self` points to, which is found by `$target`.
macro_rules! by_pointer {
    ($this:ident => $target:expr) => {
        #[inline]
        fn poll_write(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            let $this = self;
            $target.poll_write(cx, buf)
        }

        #[inline]
        fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            let $this = self;
            $target.poll_flush(cx)
        }

        #[inline]
        fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            let $this = self;
            $target.poll_shutdown(cx)
        }

        #[inline]
        fn poll_write_vectored(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let $this = self;
            $target.poll_write_vectored(cx, bufs)
        }

        #[inline]
        fn is_write_vectored(&self) -> bool {
            (**self).is_write_vectored()
        }
    };
}

impl<T: AsyncWrite + Unpin + ?Sized> AsyncWrite for &mut T {
    by_pointer!(this => Pin::new(&mut **this.get_mut()));
}

impl<T: AsyncWrite + Unpin + ?Sized> AsyncWrite for Box<T> {
    by_pointer!(this => Pin::new(&mut **this.get_mut()));
}

impl<P> AsyncWrite for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncWrite,
{
    by_pointer!(this => this.as_deref_mut());
}
