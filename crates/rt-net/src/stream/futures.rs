//! The futures of the methods that every stream has.

use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rt_io::ReadBuf;

/// What reads bytes for one task, which waits at `site`.
#[expect(unnameable_types, reason = "the futures are sealed by it")]
pub trait ReadAt {
    /// Appends to `buf` what was received.
    #[doc(hidden)]
    fn poll_read_at(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<()>>;

    #[doc(hidden)]
    fn poll_read_vectored_at(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        site: &'static Location<'static>,
    ) -> Poll<io::Result<usize>>;
}

/// What writes bytes for one task, which waits at `site`.
#[expect(unnameable_types, reason = "the futures are sealed by it")]
pub trait WriteAt {
    #[doc(hidden)]
    fn poll_write_at(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
        site: &'static Location<'static>,
    ) -> Poll<io::Result<usize>>;

    #[doc(hidden)]
    fn poll_write_vectored_at(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
        site: &'static Location<'static>,
    ) -> Poll<io::Result<usize>>;

    /// Ends what is sent.
    #[doc(hidden)]
    fn shut_down(&mut self) -> io::Result<()>;
}

/// The future of a stream's `read`, as [of TCP](crate::TcpStream::read).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Read<'a, S> {
    stream: &'a mut S,
    buf: &'a mut [u8],
    site: &'static Location<'static>,
}

impl<'a, S> Read<'a, S> {
    pub(crate) fn new(
        stream: &'a mut S,
        buf: &'a mut [u8],
        site: &'static Location<'static>,
    ) -> Self {
        Self { stream, buf, site }
    }
}

impl<S: ReadAt> Future for Read<'_, S> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { stream, buf, site } = &mut *self;
        let mut buf = ReadBuf::new(buf);
        ready!(stream.poll_read_at(cx, &mut buf, site))?;
        Poll::Ready(Ok(buf.filled().len()))
    }
}

/// The future of a stream's `read_vectored`, as [of TCP](crate::TcpStream::read_vectored).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ReadVectored<'a, 'b, S> {
    stream: &'a mut S,
    bufs: &'a mut [IoSliceMut<'b>],
    site: &'static Location<'static>,
}

impl<'a, 'b, S> ReadVectored<'a, 'b, S> {
    pub(crate) fn new(
        stream: &'a mut S,
        bufs: &'a mut [IoSliceMut<'b>],
        site: &'static Location<'static>,
    ) -> Self {
        Self { stream, bufs, site }
    }
}

impl<S: ReadAt> Future for ReadVectored<'_, '_, S> {
    type Output = io::Result<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { stream, bufs, site } = &mut *self;
        stream.poll_read_vectored_at(cx, bufs, site)
    }
}

/// The future of a stream's `read_exact`, as [of TCP](crate::TcpStream::read_exact).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ReadExact<'a, S> {
    stream: &'a mut S,
    buf: ReadBuf<'a>,
    site: &'static Location<'static>,
}

impl<'a, S> ReadExact<'a, S> {
    pub(crate) fn new(
        stream: &'a mut S,
        buf: &'a mut [u8],
        site: &'static Location<'static>,
    ) -> Self {
        Self { stream, buf: ReadBuf::new(buf), site }
    }
}

impl<S: ReadAt> Future for ReadExact<'_, S> {
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

/// The future of a stream's `write`, as [of TCP](crate::TcpStream::write).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Write<'a, S> {
    stream: &'a mut S,
    buf: &'a [u8],
    site: &'static Location<'static>,
}

impl<'a, S> Write<'a, S> {
    pub(crate) fn new(stream: &'a mut S, buf: &'a [u8], site: &'static Location<'static>) -> Self {
        Self { stream, buf, site }
    }
}

impl<S: WriteAt> Future for Write<'_, S> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { stream, buf, site } = &mut *self;
        stream.poll_write_at(cx, buf, site)
    }
}

/// The future of a stream's `write_vectored`, as [of TCP](crate::TcpStream::write_vectored).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct WriteVectored<'a, 'b, S> {
    stream: &'a mut S,
    bufs: &'a [IoSlice<'b>],
    site: &'static Location<'static>,
}

impl<'a, 'b, S> WriteVectored<'a, 'b, S> {
    pub(crate) fn new(
        stream: &'a mut S,
        bufs: &'a [IoSlice<'b>],
        site: &'static Location<'static>,
    ) -> Self {
        Self { stream, bufs, site }
    }
}

impl<S: WriteAt> Future for WriteVectored<'_, '_, S> {
    type Output = io::Result<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { stream, bufs, site } = &mut *self;
        stream.poll_write_vectored_at(cx, bufs, site)
    }
}

/// The future of a stream's `write_all`, as [of TCP](crate::TcpStream::write_all).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct WriteAll<'a, S> {
    stream: &'a mut S,
    /// What is left to write.
    buf: &'a [u8],
    site: &'static Location<'static>,
}

impl<'a, S> WriteAll<'a, S> {
    pub(crate) fn new(stream: &'a mut S, buf: &'a [u8], site: &'static Location<'static>) -> Self {
        Self { stream, buf, site }
    }
}

impl<S: WriteAt> Future for WriteAll<'_, S> {
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

/// The future of a stream's `shutdown`, as [of TCP](crate::TcpStream::shutdown). Ready at once.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Shutdown<'a, S> {
    stream: &'a mut S,
}

impl<'a, S> Shutdown<'a, S> {
    pub(crate) fn new(stream: &'a mut S) -> Self {
        Self { stream }
    }
}

impl<S: WriteAt> Future for Shutdown<'_, S> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.stream.shut_down())
    }
}
