//! Reading from a buffer that the source owns.

use std::boxed::Box;
use std::io;
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::AsyncRead;

/// A source with a buffer of its own, that can be looked at before it is consumed.
pub trait AsyncBufRead: AsyncRead {
    /// What is buffered, read anew if that is nothing. Empty means the end of the source.
    ///
    /// Consumes nothing: the next call returns the same and maybe more.
    ///
    /// # Errors
    /// What the source fails with.
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>>;

    /// Counts `amount` bytes of what [`poll_fill_buf`](Self::poll_fill_buf) returned as read.
    fn consume(self: Pin<&mut Self>, amount: usize);
}

impl<T: AsyncBufRead + Unpin + ?Sized> AsyncBufRead for &mut T {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Pin::new(&mut **self.get_mut()).poll_fill_buf(cx)
    }
    fn consume(self: Pin<&mut Self>, amount: usize) {
        Pin::new(&mut **self.get_mut()).consume(amount);
    }
}

impl<T: AsyncBufRead + Unpin + ?Sized> AsyncBufRead for Box<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Pin::new(&mut **self.get_mut()).poll_fill_buf(cx)
    }
    fn consume(self: Pin<&mut Self>, amount: usize) {
        Pin::new(&mut **self.get_mut()).consume(amount);
    }
}

impl<P> AsyncBufRead for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncBufRead,
{
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.as_deref_mut().poll_fill_buf(cx)
    }
    fn consume(self: Pin<&mut Self>, amount: usize) {
        self.as_deref_mut().consume(amount);
    }
}
