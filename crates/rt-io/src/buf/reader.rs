//! A reader with a buffer.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, SeekFrom};

use pin_project_lite::pin_project;

use super::seek::Seeking;
use super::{Buffer, CAPACITY};
use crate::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

pin_project! {
    /// Gives a reader a buffer, so that small reads do not each ask the reader.
    ///
    /// A read as large as the buffer, while that is empty, goes past it. Dropping or unwrapping it
    /// loses what is buffered. Its memory is not touched before it is filled. Cancel safe: what was
    /// read from `R` is in the buffer.
    ///
    /// ```
    /// use rt_io::{AsyncBufReadExt, BufReader};
    ///
    /// # rt_task::block_on(async {
    /// let mut reader = BufReader::new(&b"a line\nand more"[..]);
    /// let mut line = String::new();
    /// reader.read_line(&mut line).await?;
    /// assert_eq!((line.as_str(), reader.buffer()), ("a line\n", &b"and more"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub struct BufReader<R> {
        #[pin]
        inner: R,
        buffer: Buffer,
        seeking: Seeking,
    }
}

impl<R: AsyncRead> BufReader<R> {
    /// With a buffer of 8 KiB. One allocation.
    pub fn new(inner: R) -> Self {
        Self::with_capacity(CAPACITY, inner)
    }

    /// With a buffer of `capacity` bytes.
    ///
    /// # Panics
    /// If that is zero: nothing could ever be read.
    #[track_caller]
    pub fn with_capacity(capacity: usize, inner: R) -> Self {
        assert!(capacity > 0, "a buffer of 0 bytes can hold nothing: say how many it may hold");
        Self { inner, buffer: Buffer::new(capacity), seeking: Seeking::No }
    }

    /// The reader.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The reader. What is read from it directly comes after what is buffered.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The reader, pinned. What is read from it directly comes after what is buffered.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().inner
    }

    /// The reader, without what is buffered, which is lost.
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// What is buffered.
    pub fn buffer(&self) -> &[u8] {
        self.buffer.unread()
    }
}

impl<R> BufReader<R> {
    /// The same buffer around another reader; the reader that was inside goes to `f`, which makes it.
    pub(super) fn map<Q>(self, f: impl FnOnce(R) -> Q) -> BufReader<Q> {
        BufReader { inner: f(self.inner), buffer: self.buffer, seeking: self.seeking }
    }
}

impl<R: AsyncRead> AsyncRead for BufReader<R> {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.project();
        if this.buffer.is_empty() {
            if buf.remaining() >= this.buffer.capacity() {
                return this.inner.poll_read(cx, buf);
            }
            if buf.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            ready!(this.buffer.poll_fill(this.inner, cx))?;
        }
        let unread = this.buffer.unread();
        let n = unread.len().min(buf.remaining());
        buf.put_slice(&unread[..n]);
        this.buffer.consume(n);
        Poll::Ready(Ok(()))
    }
}

impl<R: AsyncRead> AsyncBufRead for BufReader<R> {
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.project();
        if this.buffer.is_empty() {
            ready!(this.buffer.poll_fill(this.inner, cx))?;
        }
        Poll::Ready(Ok(this.buffer.unread()))
    }

    #[inline]
    fn consume(self: Pin<&mut Self>, amount: usize) {
        self.project().buffer.consume(amount);
    }
}

impl<R: AsyncRead + AsyncSeek> AsyncSeek for BufReader<R> {
    /// What is buffered is forgotten when the move is over, even one by nothing.
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        *self.project().seeking = Seeking::To(position);
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let mut this = self.project();
        loop {
            match core::mem::replace(this.seeking, Seeking::No) {
                Seeking::No => return this.inner.poll_complete(cx),
                // One that is under way inside comes first.
                Seeking::To(to) if this.inner.as_mut().poll_complete(cx)?.is_pending() => {
                    *this.seeking = Seeking::To(to);
                    return Poll::Pending;
                }
                Seeking::To(SeekFrom::Current(by)) => {
                    // The reader is ahead by what is buffered.
                    let ahead = this.buffer.unread().len() as i64;
                    if let Some(by) = by.checked_sub(ahead) {
                        this.inner.as_mut().start_seek(SeekFrom::Current(by))?;
                        *this.seeking = Seeking::Begun;
                    } else {
                        this.inner.as_mut().start_seek(SeekFrom::Current(-ahead))?;
                        *this.seeking = Seeking::Back(by);
                    }
                }
                Seeking::To(position) => {
                    this.inner.as_mut().start_seek(position)?;
                    *this.seeking = Seeking::Begun;
                }
                Seeking::Back(by) => {
                    if this.inner.as_mut().poll_complete(cx)?.is_pending() {
                        *this.seeking = Seeking::Back(by);
                        return Poll::Pending;
                    }
                    this.buffer.clear();
                    this.inner.as_mut().start_seek(SeekFrom::Current(by))?;
                    *this.seeking = Seeking::Begun;
                }
                Seeking::Begun => {
                    let polled = this.inner.as_mut().poll_complete(cx)?;
                    match polled {
                        Poll::Ready(_) => this.buffer.clear(),
                        Poll::Pending => *this.seeking = Seeking::Begun,
                    }
                    return polled.map(Ok);
                }
            }
        }
    }
}

/// Writes go straight to what is inside.
impl<R: AsyncRead + AsyncWrite> AsyncWrite for BufReader<R> {
    crate::traits::writes_by!(inner);
}

impl<R: fmt::Debug> fmt::Debug for BufReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufReader")
            .field("reader", &self.inner)
            .field("buffer", &self.buffer)
            .finish()
    }
}
