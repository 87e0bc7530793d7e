//! Reading and writing without a trait: methods of the stream, and their futures.
//!
//! They have the names and the meaning of those that `AsyncReadExt` and `AsyncWriteExt` give to
//! every reader and writer; a method of the type itself wins over a trait's, so that importing
//! these changes nothing.

use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rt_io::ReadBuf;

use super::TcpStream;

impl TcpStream {
    /// Reads what was received, at most what fits into `buf`, and tells how much that is. Zero
    /// means the end, or that `buf` is empty.
    ///
    /// Cancel safe: nothing is taken when the future is dropped early.
    ///
    /// # Errors
    /// What the connection failed with, such as `ConnectionReset`; or when the I/O driver is gone.
    #[track_caller]
    pub fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> Read<'a> {
        Read { stream: self, buf, site: Location::caller() }
    }

    /// As [`read`](Self::read), into several buffers in a row.
    ///
    /// # Errors
    /// As `read`.
    #[track_caller]
    pub fn read_vectored<'a, 'b>(
        &'a mut self,
        bufs: &'a mut [IoSliceMut<'b>],
    ) -> ReadVectored<'a, 'b> {
        ReadVectored { stream: self, bufs, site: Location::caller() }
    }

    /// Reads until `buf` is full, and tells its length.
    ///
    /// Not cancel safe: what was read so far is in `buf`, and nobody tells how much that is.
    ///
    /// # Errors
    /// `UnexpectedEof` if the end comes first. As [`read`](Self::read).
    #[track_caller]
    pub fn read_exact<'a>(&'a mut self, buf: &'a mut [u8]) -> ReadExact<'a> {
        ReadExact { stream: self, buf: ReadBuf::new(buf), site: Location::caller() }
    }

    /// Writes the start of `buf`, and tells how much of it.
    ///
    /// Cancel safe: nothing is written when the future is dropped early.
    ///
    /// # Errors
    /// What the connection failed with, such as `BrokenPipe`; or when the I/O driver is gone.
    #[track_caller]
    pub fn write<'a>(&'a mut self, buf: &'a [u8]) -> Write<'a> {
        Write { stream: self, buf, site: Location::caller() }
    }

    /// As [`write`](Self::write), from several buffers in a row.
    ///
    /// # Errors
    /// As `write`.
    #[track_caller]
    pub fn write_vectored<'a, 'b>(&'a mut self, bufs: &'a [IoSlice<'b>]) -> WriteVectored<'a, 'b> {
        WriteVectored { stream: self, bufs, site: Location::caller() }
    }

    /// Writes all of `buf`.
    ///
    /// Not cancel safe: some of it may be written, and nobody tells how much.
    ///
    /// # Errors
    /// As [`write`](Self::write); some of `buf` may be written then.
    #[track_caller]
    pub fn write_all<'a>(&'a mut self, buf: &'a [u8]) -> WriteAll<'a> {
        WriteAll { stream: self, buf, site: Location::caller() }
    }

    /// Ends what is sent: the other side reads the end after what was written. Reading goes on.
    ///
    /// # Errors
    /// When the system refuses. Not if the connection is gone already.
    pub fn shutdown(&mut self) -> Shutdown<'_> {
        Shutdown { stream: self }
    }
}

/// The future of [`TcpStream::read`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Read<'a> {
    stream: &'a mut TcpStream,
    buf: &'a mut [u8],
    site: &'static Location<'static>,
}

impl Future for Read<'_> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { stream, buf, site } = &mut *self;
        let mut buf = ReadBuf::new(buf);
        ready!(stream.poll_read_at(cx, &mut buf, site))?;
        Poll::Ready(Ok(buf.filled().len()))
    }
}

/// The future of [`TcpStream::read_vectored`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ReadVectored<'a, 'b> {
    stream: &'a mut TcpStream,
    bufs: &'a mut [IoSliceMut<'b>],
    site: &'static Location<'static>,
}

impl Future for ReadVectored<'_, '_> {
    type Output = io::Result<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { stream, bufs, site } = &mut *self;
        stream.poll_read_vectored_at(cx, bufs, site)
    }
}

/// The future of [`TcpStream::read_exact`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ReadExact<'a> {
    stream: &'a mut TcpStream,
    buf: ReadBuf<'a>,
    site: &'static Location<'static>,
}

impl Future for ReadExact<'_> {
    type Output = io::Result<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { stream, buf, site } = &mut *self;
        while buf.remaining() > 0 {
            let before = buf.remaining();
            ready!(stream.poll_read_at(cx, buf, site))?;
            if buf.remaining() == before {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
        Poll::Ready(Ok(buf.capacity()))
    }
}

/// The future of [`TcpStream::write`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Write<'a> {
    stream: &'a mut TcpStream,
    buf: &'a [u8],
    site: &'static Location<'static>,
}

impl Future for Write<'_> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { stream, buf, site } = &mut *self;
        stream.poll_write_at(cx, buf, site)
    }
}

/// The future of [`TcpStream::write_vectored`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct WriteVectored<'a, 'b> {
    stream: &'a mut TcpStream,
    bufs: &'a [IoSlice<'b>],
    site: &'static Location<'static>,
}

impl Future for WriteVectored<'_, '_> {
    type Output = io::Result<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { stream, bufs, site } = &mut *self;
        stream.poll_write_vectored_at(cx, bufs, site)
    }
}

/// The future of [`TcpStream::write_all`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct WriteAll<'a> {
    stream: &'a mut TcpStream,
    /// What is left to write.
    buf: &'a [u8],
    site: &'static Location<'static>,
}

impl Future for WriteAll<'_> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, buf, site } = &mut *self;
        while !buf.is_empty() {
            let n = ready!(stream.poll_write_at(cx, buf, site))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *buf = &buf[n..];
        }
        Poll::Ready(Ok(()))
    }
}

/// The future of [`TcpStream::shutdown`]. Ready at once.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Shutdown<'a> {
    stream: &'a TcpStream,
}

impl Future for Shutdown<'_> {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.stream.shut_down())
    }
}
