//! Where the bytes of a stream move: polled for one task, or tried for anybody.
//!
//! A short count is taken to mean that the stream is drained (or full), which saves the call
//! that would find that out: see `Registration::poll_transfer`; unless [`Reads::SHORT_IS_ALL`]
//! says otherwise. A buffer without room is done with at once, whatever the stream.

use std::io::{self, IoSlice, IoSliceMut};
use std::ops::Deref;
use std::panic::Location;
use std::task::{Context, Poll};

use mio::event::Source;
use rt_io::ReadBuf;
use rt_reactor::{Direction, Interest};
use rt_task::wait::WaitKind;

use crate::socket::Socket;
use crate::sys::SLICES_MAX;

/// A source that bytes come from. None of its calls blocks.
pub(crate) trait Reads: Source {
    /// Whether a count that is short of what was asked for shows that no more is there now.
    const SHORT_IS_ALL: bool;

    /// Appends to `buf` what is there, and tells how much that was.
    fn receive(&self, buf: &mut ReadBuf<'_>) -> io::Result<usize>;
    fn receive_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize>;
}

/// A source that bytes go to. None of its calls blocks.
pub(crate) trait Writes: Source {
    /// Sends the start of `buf`, and tells how much of it.
    fn send(&self, buf: &[u8]) -> io::Result<usize>;
    fn send_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize>;
    /// Sends no more.
    fn end(&self) -> io::Result<()>;
}

impl<S: Reads> Socket<S> {
    /// Appends to `buf` what was received, for whoever has the stream alone.
    #[inline]
    pub(crate) fn poll_read_alone(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<()>> {
        let len = buf.remaining();
        if len == 0 {
            return Poll::Ready(Ok(()));
        }
        let wait = self.os().wait(WaitKind::Readable, site);
        let (source, registration) = self.os_mut().alone();
        let read = || source.receive(buf);
        registration
            .poll_transfer_alone(cx, Direction::Read, wait, drains::<S>(len), read)
            .map_ok(drop)
    }

    /// The same, from several buffers in a row.
    pub(crate) fn poll_read_vectored_alone(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        site: &'static Location<'static>,
    ) -> Poll<io::Result<usize>> {
        let empty = empty(bufs);
        let bufs = &mut bufs[empty..];
        if bufs.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let len = total(bufs.iter().map(|buf| buf.len()));
        let wait = self.os().wait(WaitKind::Readable, site);
        let (source, registration) = self.os_mut().alone();
        let read = || source.receive_vectored(bufs);
        registration.poll_transfer_alone(cx, Direction::Read, wait, drains::<S>(len), read)
    }

    /// Appends to `buf` what was received, for one task that reads.
    #[inline]
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<()>> {
        let len = buf.remaining();
        if len == 0 {
            return Poll::Ready(Ok(()));
        }
        let os = self.os();
        let wait = os.wait(WaitKind::Readable, site);
        let read = || os.source().receive(buf);
        os.registration()
            .poll_transfer(cx, Direction::Read, wait, drains::<S>(len), read)
            .map_ok(drop)
    }

    /// The same, from several buffers in a row.
    pub(crate) fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        site: &'static Location<'static>,
    ) -> Poll<io::Result<usize>> {
        let empty = empty(bufs);
        let bufs = &mut bufs[empty..];
        if bufs.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let len = total(bufs.iter().map(|buf| buf.len()));
        let os = self.os();
        let wait = os.wait(WaitKind::Readable, site);
        let read = || os.source().receive_vectored(bufs);
        os.registration().poll_transfer(cx, Direction::Read, wait, drains::<S>(len), read)
    }

    /// Appends to `buf` what was received, if anything was.
    pub(crate) fn try_read(&self, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
        if buf.remaining() == 0 {
            return Ok(0);
        }
        let os = self.os();
        os.attempt(Interest::READABLE, || os.source().receive(buf))
    }

    /// The same, to several buffers in a row.
    pub(crate) fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let empty = empty(bufs);
        let bufs = &mut bufs[empty..];
        if bufs.is_empty() {
            return Ok(0);
        }
        let os = self.os();
        os.attempt(Interest::READABLE, || os.source().receive_vectored(bufs))
    }
}

impl<S: Writes> Socket<S> {
    /// Sends the start of `buf`, for whoever has the stream alone.
    #[inline]
    pub(crate) fn poll_write_alone(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
        site: &'static Location<'static>,
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let wait = self.os().wait(WaitKind::Writable, site);
        let (source, registration) = self.os_mut().alone();
        let write = || source.send(buf);
        registration.poll_transfer_alone(cx, Direction::Write, wait, buf.len(), write)
    }

    /// The same, from several buffers in a row.
    pub(crate) fn poll_write_vectored_alone(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
        site: &'static Location<'static>,
    ) -> Poll<io::Result<usize>> {
        let bufs = &bufs[empty(bufs)..];
        if bufs.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let len = total(bufs.iter().map(|buf| buf.len()));
        let wait = self.os().wait(WaitKind::Writable, site);
        let (source, registration) = self.os_mut().alone();
        let write = || source.send_vectored(bufs);
        registration.poll_transfer_alone(cx, Direction::Write, wait, len, write)
    }

    /// Sends the start of `buf`, for one task that writes.
    #[inline]
    pub(crate) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        site: &'static Location<'static>,
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let os = self.os();
        let wait = os.wait(WaitKind::Writable, site);
        let write = || os.source().send(buf);
        os.registration().poll_transfer(cx, Direction::Write, wait, buf.len(), write)
    }

    /// The same, from several buffers in a row.
    pub(crate) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
        site: &'static Location<'static>,
    ) -> Poll<io::Result<usize>> {
        let bufs = &bufs[empty(bufs)..];
        if bufs.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let len = total(bufs.iter().map(|buf| buf.len()));
        let os = self.os();
        let wait = os.wait(WaitKind::Writable, site);
        let write = || os.source().send_vectored(bufs);
        os.registration().poll_transfer(cx, Direction::Write, wait, len, write)
    }

    /// Sends the start of `buf`, if the system takes any.
    pub(crate) fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let os = self.os();
        os.attempt(Interest::WRITABLE, || os.source().send(buf))
    }

    /// The same, from several buffers in a row.
    pub(crate) fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let bufs = &bufs[empty(bufs)..];
        if bufs.is_empty() {
            return Ok(0);
        }
        let os = self.os();
        os.attempt(Interest::WRITABLE, || os.source().send_vectored(bufs))
    }

    /// Ends what is sent, once the system took all that was written: the other side reads the end.
    pub(crate) fn shut_down(&self) -> io::Result<()> {
        match self.os().source().end() {
            // The connection is gone, hence ended.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }
}

/// Of how many bytes a count may be short to show that `S` is drained; of 0, none is.
const fn drains<S: Reads>(len: usize) -> usize {
    if S::SHORT_IS_ALL { len } else { 0 }
}

/// How many of `bufs` are empty before the first that is not. They are left out: were there more of
/// them than the system takes at once, its count would be 0, as at the end of a stream.
fn empty(bufs: &[impl Deref<Target = [u8]>]) -> usize {
    bufs.iter().position(|buf| !buf.is_empty()).unwrap_or(bufs.len())
}

/// The bytes of `lens` together, or 0 (which no count is short of) if these are more slices than
/// the system takes at once: a short count is no sign of a drained stream then.
fn total(lens: impl ExactSizeIterator<Item = usize>) -> usize {
    if lens.len() > SLICES_MAX { 0 } else { lens.sum() }
}
