//! A writer with a buffer.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice, SeekFrom};
use std::vec::Vec;

use pin_project_lite::pin_project;

use super::CAPACITY;
use super::seek::Seeking;
use crate::ext::{took_nothing, uninterrupted};
use crate::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};

pin_project! {
    /// Gives a writer a buffer, so that small writes do not each ask the writer.
    ///
    /// What is buffered is written when more does not fit, by `flush` and by `shutdown`; dropping or
    /// unwrapping it *loses* it, since a drop cannot wait. What is as large as the buffer goes past
    /// it, together with what is buffered where the writer takes several pieces at once. Cancel safe:
    /// what was taken is in the buffer, each byte once.
    ///
    /// ```
    /// use rt_io::{AsyncWriteExt, BufWriter};
    ///
    /// # rt_task::block_on(async {
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.write_all(b"small").await?;
    /// assert_eq!((writer.buffer(), writer.get_ref().len()), (&b"small"[..], 0));
    /// writer.flush().await?;
    /// assert_eq!(writer.into_inner(), b"small");
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub struct BufWriter<W> {
        #[pin]
        inner: W,
        buffer: Vec<u8>,
        // So many bytes of the buffer are written.
        written: usize,
        seeking: Seeking,
    }
}

impl<W: AsyncWrite> BufWriter<W> {
    /// With a buffer of 8 KiB. One allocation.
    pub fn new(inner: W) -> Self {
        Self::with_capacity(CAPACITY, inner)
    }

    /// With a buffer of `capacity` bytes, or somewhat more. Zero is none: every write goes past it.
    pub fn with_capacity(capacity: usize, inner: W) -> Self {
        let buffer = Vec::with_capacity(capacity);
        Self { inner, buffer, written: 0, seeking: Seeking::No }
    }

    /// The writer.
    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    /// The writer. What is written to it directly comes before what is buffered.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// The writer, pinned. What is written to it directly comes before what is buffered.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().inner
    }

    /// The writer, without what is buffered, which is lost.
    pub fn into_inner(self) -> W {
        self.inner
    }

    /// What is buffered and not written yet.
    pub fn buffer(&self) -> &[u8] {
        &self.buffer[self.written..]
    }

    /// Writes what is buffered.
    fn poll_empty(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        while *this.written < this.buffer.len() {
            let rest = &this.buffer[*this.written..];
            let n = ready!(uninterrupted(|| this.inner.as_mut().poll_write(cx, rest)))?;
            if n == 0 {
                return Poll::Ready(Err(took_nothing()));
            }
            *this.written += n;
        }
        this.buffer.clear();
        *this.written = 0;
        Poll::Ready(Ok(()))
    }

    /// Writes what is buffered and what of `bufs` goes with it, in one call as long as that is
    /// enough. Tells how much of `bufs` was written: something, unless it is empty.
    fn poll_write_with(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        while !self.buffer.is_empty() {
            let this = self.as_mut().project();
            let rest = &this.buffer[*this.written..];
            let mut pieces = [IoSlice::new(&[]); PIECES_MAX];
            let n = bufs.len().min(PIECES_MAX - 1);
            pieces[0] = IoSlice::new(rest);
            pieces[1..=n].copy_from_slice(&bufs[..n]);
            let mut inner = this.inner;
            let write = || inner.as_mut().poll_write_vectored(cx, &pieces[..=n]);
            let n = ready!(uninterrupted(write))?;
            if n == 0 {
                return Poll::Ready(Err(took_nothing()));
            }
            if n < rest.len() {
                *this.written += n;
                continue;
            }
            let beyond = n - rest.len();
            this.buffer.clear();
            *this.written = 0;
            if beyond > 0 {
                return Poll::Ready(Ok(beyond));
            }
        }
        self.project().inner.poll_write_vectored(cx, bufs)
    }

    fn room(&self) -> usize {
        self.buffer.capacity() - self.buffer.len()
    }
}

impl<W> BufWriter<W> {
    /// The writer, and what puts the same buffer around another.
    pub(super) fn take_apart<V>(self) -> (W, impl FnOnce(V) -> BufWriter<V>) {
        let Self { inner, buffer, written, seeking } = self;
        (inner, move |inner| BufWriter { inner, buffer, written, seeking })
    }
}

impl<W: AsyncWrite> AsyncWrite for BufWriter<W> {
    #[inline]
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.len() >= self.buffer.capacity() {
            if !self.buffer.is_empty() {
                if self.inner.is_write_vectored() {
                    return self.poll_write_with(cx, &[IoSlice::new(buf)]);
                }
                ready!(self.as_mut().poll_empty(cx))?;
            }
            return self.project().inner.poll_write(cx, buf);
        }
        if buf.len() > self.room() {
            ready!(self.as_mut().poll_empty(cx))?;
        }
        self.project().buffer.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.inner.is_write_vectored() {
            return self.poll_write_pieces(cx, bufs);
        }
        let all = bufs.iter().fold(0_usize, |all, buf| all.saturating_add(buf.len()));
        if all >= self.buffer.capacity() {
            return self.poll_write_with(cx, bufs);
        }
        if all > self.room() {
            ready!(self.as_mut().poll_empty(cx))?;
        }
        let this = self.project();
        bufs.iter().for_each(|buf| this.buffer.extend_from_slice(buf));
        Poll::Ready(Ok(all))
    }

    /// Always: pieces are joined in the buffer.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_empty(cx))?;
        self.project().inner.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_empty(cx))?;
        self.project().inner.poll_shutdown(cx)
    }
}

impl<W: AsyncWrite> BufWriter<W> {
    /// Takes the first piece, and those that then fit in the buffer, for a writer that takes one at
    /// a time.
    fn poll_write_pieces(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut bufs = bufs.iter().filter(|buf| !buf.is_empty());
        let Some(first) = bufs.next() else { return Poll::Ready(Ok(0)) };
        let mut taken = ready!(self.as_mut().poll_write(cx, first))?;
        if taken < first.len() {
            return Poll::Ready(Ok(taken));
        }
        for buf in bufs {
            if buf.len() > self.room() {
                break;
            }
            self.as_mut().project().buffer.extend_from_slice(buf);
            taken += buf.len();
        }
        Poll::Ready(Ok(taken))
    }
}

impl<W: AsyncWrite + AsyncSeek> AsyncSeek for BufWriter<W> {
    /// Writes what is buffered before it moves.
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        *self.project().seeking = Seeking::To(position);
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        if let Seeking::To(position) = self.seeking {
            ready!(self.as_mut().poll_empty(cx))?;
            let mut this = self.as_mut().project();
            ready!(this.inner.as_mut().poll_complete(cx))?; // one that is under way
            *this.seeking = Seeking::No; // also if this one cannot begin
            this.inner.start_seek(position)?;
        }
        self.project().inner.poll_complete(cx)
    }
}

/// Reads come straight from what is inside.
impl<W: AsyncWrite + AsyncRead> AsyncRead for BufWriter<W> {
    crate::traits::reads_by!(inner);
}

/// Reads come straight from what is inside.
impl<W: AsyncWrite + AsyncBufRead> AsyncBufRead for BufWriter<W> {
    crate::traits::buf_reads_by!(inner);
}

impl<W: fmt::Debug> fmt::Debug for BufWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unwritten, capacity) = (self.buffer.len() - self.written, self.buffer.capacity());
        f.debug_struct("BufWriter")
            .field("writer", &self.inner)
            .field("buffer", &format_args!("{unwritten}/{capacity}"))
            .field("written", &self.written)
            .finish()
    }
}

/// Pieces that are written at once with what is buffered.
const PIECES_MAX: usize = 16;
