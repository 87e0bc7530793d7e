//! [`End`]: one end of a pipe, and its stay in the reactor.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};

use mio::unix::SourceFd;
use rt_io::ReadBuf;
use rt_reactor::{Direction, Handle, Interest, Registration};
use rt_task::base::fork::Generation;
use rt_task::wait::{Wait, WaitKind};
use rustix::io::ioctl_fionbio;

use crate::uninit;

/// More slices than any system takes at once in a vectored call: a short count is no sign then.
const SLICES_MAX: usize = 16;

/// One end of a pipe.
///
/// When it is closed the system forgets the registration by itself, which saves a call to say so; but only
/// if no copy of the descriptor is left. Nobody has one whom the descriptor was not lent to.
#[derive(Debug)]
pub(super) struct End {
    /// There until it is taken. Before `registration`, so that it is closed before that goes.
    fd: Option<OwnedFd>,
    registration: Registration,
    born: Generation,
    /// Whether the descriptor was ever lent. Set by shared reference and read by the owner, so that nothing
    /// needs to be ordered.
    lent: AtomicBool,
}

const THERE: &str = "the descriptor is there until it is taken by value";

impl End {
    /// Watches `fd`, in non-blocking mode.
    pub(super) fn new(fd: OwnedFd, interest: Interest, reactor: &Handle) -> io::Result<Self> {
        ioctl_fionbio(&fd, true)?;
        let raw = fd.as_raw_fd();
        let mut registration = Registration::new(&mut SourceFd(&raw), interest, reactor)?;
        registration.set_object(raw as usize);
        let (born, lent) = (Generation::current(), AtomicBool::new(false));
        Ok(Self { fd: Some(fd), registration, born, lent })
    }

    /// For a caller who may copy it; or has.
    pub(super) fn lend(&self) -> BorrowedFd<'_> {
        self.lent.store(true, Relaxed);
        self.fd.as_ref().expect(THERE).as_fd()
    }

    /// The descriptor alone, in blocking mode.
    pub(super) fn into_blocking(mut self) -> io::Result<OwnedFd> {
        let fd = self.fd.take().expect(THERE);
        self.forget(&fd);
        ioctl_fionbio(&fd, false)?;
        Ok(fd)
    }

    fn wait(&self, kind: WaitKind, site: &'static Location<'static>) -> Wait {
        Wait { kind, object: self.registration.object(), site }
    }

    #[inline]
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let wait = self.wait(WaitKind::Readable, site);
        let fd = self.fd.as_ref().expect(THERE);
        let read = || uninit::read(fd.as_fd(), buf);
        // A length of 0: whoever writes may send packets, each of which ends a read, so that a short one is
        // no sign of an empty pipe.
        self.registration.poll_transfer_alone(cx, Direction::Read, wait, 0, read).map_ok(drop)
    }

    #[inline]
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
        site: &'static Location<'static>,
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let wait = self.wait(WaitKind::Writable, site);
        let fd = self.fd.as_ref().expect(THERE);
        let write = || Ok(rustix::io::write(fd, buf)?);
        self.registration.poll_transfer_alone(cx, Direction::Write, wait, buf.len(), write)
    }

    pub(super) fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
        site: &'static Location<'static>,
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        let wait = self.wait(WaitKind::Writable, site);
        let bufs = &bufs[..bufs.len().min(SLICES_MAX)];
        let len = bufs.iter().map(|buf| buf.len()).sum();
        let fd = self.fd.as_ref().expect(THERE);
        let write = || Ok(rustix::io::writev(fd, bufs)?);
        self.registration.poll_transfer_alone(cx, Direction::Write, wait, len, write)
    }

    /// Makes the system forget that it is watched. In a forked child, that would be the parent's list.
    fn forget(&self, fd: &OwnedFd) {
        if !self.born.is_past() {
            let raw = fd.as_raw_fd();
            // Fails if the driver is gone, and its list with it.
            let _ = self.registration.deregister(&mut SourceFd(&raw));
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if let Some(fd) = &self.fd
            && self.lent.load(Relaxed)
        {
            self.forget(fd);
        }
    }
}
