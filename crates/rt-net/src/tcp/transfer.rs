//! Where the bytes of a stream move: polled for one task, or tried for anybody.
//!
//! A short count is taken to mean that the socket is drained (or full), which saves the call
//! that would find that out: see `Registration::poll_transfer`. What is peeked is not. A buffer
//! without room is done with at once, whatever the socket.

use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut, Read};
use std::panic::Location;
use std::task::{Context, Poll};

use rt_io::ReadBuf;
use rt_reactor::{Direction, Interest};
use rt_task::wait::WaitKind;

use super::TcpStream;
use crate::sys::{self, SLICES_MAX};
use crate::uninit::{self, Keep};

impl TcpStream {
    /// Appends to `buf` what was received.
    #[inline]
    pub(super) fn poll_read_at(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<()>> {
        let len = buf.remaining();
        if len == 0 {
            return Poll::Ready(Ok(()));
        }
        let wait = self.socket.os().wait(WaitKind::Readable, site);
        let (source, registration) = self.socket.os_mut().alone();
        let read = || receive(source, buf, Keep::Nothing);
        registration.poll_transfer_alone(cx, Direction::Read, wait, len, read).map_ok(drop)
    }

    pub(super) fn poll_read_vectored_at(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        site: &'static Location<'static>,
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        let len = total(bufs.iter().map(|buf| buf.len()));
        let wait = self.socket.os().wait(WaitKind::Readable, site);
        let (mut source, registration) = self.socket.os_mut().alone();
        let read = || source.read_vectored(bufs);
        registration.poll_transfer_alone(cx, Direction::Read, wait, len, read)
    }

    #[inline]
    pub(super) fn poll_write_at(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
        site: &'static Location<'static>,
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let wait = self.socket.os().wait(WaitKind::Writable, site);
        let (source, registration) = self.socket.os_mut().alone();
        let write = || sys::send(source, buf);
        registration.poll_transfer_alone(cx, Direction::Write, wait, buf.len(), write)
    }

    pub(super) fn poll_write_vectored_at(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
        site: &'static Location<'static>,
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        let len = total(bufs.iter().map(|buf| buf.len()));
        let wait = self.socket.os().wait(WaitKind::Writable, site);
        let (source, registration) = self.socket.os_mut().alone();
        let write = || sys::send_vectored(source, bufs);
        registration.poll_transfer_alone(cx, Direction::Write, wait, len, write)
    }

    /// Ends what is sent, once the system took all that was written: the other side reads the end.
    pub(super) fn shut_down(&self) -> io::Result<()> {
        match self.socket.os().source().shutdown(std::net::Shutdown::Write) {
            // The connection is gone, hence ended.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }

    fn receive(&self, buf: &mut ReadBuf<'_>, keep: Keep) -> io::Result<usize> {
        receive(self.socket.os().source(), buf, keep)
    }
}

/// What moves bytes, or tells whether that can be tried, by a shared reference.
impl TcpStream {
    /// Waits until reading may not block, for one task: of those that poll, the last is woken.
    ///
    /// # Errors
    /// When the I/O driver is gone.
    #[track_caller]
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let os = self.socket.os();
        let wait = os.wait(WaitKind::Readable, Location::caller());
        os.registration().poll_ready(cx, Direction::Read, wait).map_ok(drop)
    }

    /// Waits until writing may not block, for one task: of those that poll, the last is woken.
    ///
    /// # Errors
    /// When the I/O driver is gone.
    #[track_caller]
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let os = self.socket.os();
        let wait = os.wait(WaitKind::Writable, Location::caller());
        os.registration().poll_ready(cx, Direction::Write, wait).map_ok(drop)
    }

    /// Reads what was received, if anything was. Zero means the end, or that `buf` is empty.
    ///
    /// # Errors
    /// `WouldBlock` if nothing was received, as far as is known: wait until it is
    /// [`readable`](Self::readable). What the connection failed with.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.try_receive(&mut ReadBuf::new(buf))
    }

    /// As [`try_read`](Self::try_read), into several buffers in a row.
    ///
    /// # Errors
    /// As `try_read`.
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(0);
        }
        let os = self.socket.os();
        os.attempt(Interest::READABLE, || os.source().read_vectored(bufs))
    }

    /// As [`try_read`](Self::try_read), appending to `buf`; it needs not be initialised.
    ///
    /// # Errors
    /// As `try_read`.
    #[cfg(feature = "bytes")]
    pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        uninit::buf_mut::fill(buf, |buf| self.try_receive(buf))
    }

    fn try_receive(&self, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
        if buf.remaining() == 0 {
            return Ok(0);
        }
        let receive = || self.receive(buf, Keep::Nothing);
        self.socket.os().attempt(Interest::READABLE, receive)
    }

    /// Writes the start of `buf`, if the system takes any, and tells how much of it.
    ///
    /// # Errors
    /// `WouldBlock` if the system takes nothing, as far as is known: wait until it is
    /// [`writable`](Self::writable). What the connection failed with.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let os = self.socket.os();
        os.attempt(Interest::WRITABLE, || sys::send(os.source(), buf))
    }

    /// As [`try_write`](Self::try_write), from several buffers in a row.
    ///
    /// # Errors
    /// As `try_write`.
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(0);
        }
        let os = self.socket.os();
        os.attempt(Interest::WRITABLE, || sys::send_vectored(os.source(), bufs))
    }

    /// Waits for bytes and copies them to `buf`, without taking them: the next read gets them,
    /// too. Zero means the end, or that `buf` is empty.
    ///
    /// Any number of tasks may wait. Cancel safe: nothing is taken.
    ///
    /// # Errors
    /// What the connection failed with; or when the I/O driver is gone.
    #[track_caller]
    pub fn peek<'a>(
        &'a self,
        buf: &'a mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + Send + Sync + 'a {
        let os = self.socket.os();
        let no_room = buf.is_empty();
        let peek = || self.receive(&mut ReadBuf::new(buf), Keep::All);
        let peek = os.registration().async_io(Interest::READABLE, WaitKind::Readable, peek);
        async move { if no_room { Ok(0) } else { peek.await } }
    }

    /// As [`peek`](Self::peek), appending to `buf`, and for one task: of those that poll, the
    /// last is woken.
    ///
    /// # Errors
    /// As `peek`.
    #[track_caller]
    pub fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(0));
        }
        let os = self.socket.os();
        let wait = os.wait(WaitKind::Readable, Location::caller());
        let peek = || self.receive(buf, Keep::All);
        os.registration().poll_io(cx, Direction::Read, wait, peek)
    }
}

#[inline]
fn receive(source: &mio::net::TcpStream, buf: &mut ReadBuf<'_>, keep: Keep) -> io::Result<usize> {
    source.try_io(|| uninit::recv(source, buf, keep))
}

/// The bytes of `lens` together, or 0 (which no count is short of) if these are more slices than
/// the system takes at once: a short count is no sign of a drained socket then.
fn total(lens: impl ExactSizeIterator<Item = usize>) -> usize {
    if lens.len() > SLICES_MAX { 0 } else { lens.sum() }
}
