//! By a descriptor: Linux since 5.3.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::panic::Location;
use std::process::{self, ExitStatus};
use std::task::{Context, Poll};

use mio::unix::SourceFd;
use rt_reactor::{Direction, Handle, Interest, Registration};
use rt_task::base::fork::Generation;
use rt_task::wait::{Wait, WaitKind};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// A descriptor that becomes readable when the child ends; `None` if it is not to be had.
pub(super) fn open(child: &process::Child) -> io::Result<Option<OwnedFd>> {
    // Nobody but this process can reap it, so the number still is that child's.
    match pidfd_open(Pid::from_child(child), PidfdFlags::empty()) {
        Ok(fd) => Ok(Some(fd)),
        Err(exhausted @ (Errno::MFILE | Errno::NFILE | Errno::NOMEM)) => Err(exhausted.into()),
        // An old kernel, a filter that forbids it, or a child that was reaped already since this process
        // ignores `SIGCHLD`: that is found out by asking for it.
        Err(_) => Ok(None),
    }
}

/// A pidfd, watched.
///
/// Nobody has a copy of the descriptor, so that closing it makes the system forget the registration.
#[derive(Debug)]
pub(crate) struct Pidfd {
    /// Before `registration`, so that it is closed before that goes.
    fd: OwnedFd,
    registration: Registration,
    born: Generation,
}

impl Pidfd {
    pub(super) fn new(fd: OwnedFd, id: u32, reactor: &Handle) -> io::Result<Self> {
        let raw = fd.as_raw_fd();
        let mut registration = Registration::new(&mut SourceFd(&raw), Interest::READABLE, reactor)?;
        registration.set_object(id as usize);
        Ok(Self { fd, registration, born: Generation::current() })
    }

    pub(super) fn poll_reap(
        &self,
        cx: &mut Context<'_>,
        child: &mut process::Child,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<ExitStatus>> {
        let wait = Wait { kind: WaitKind::Child, object: self.registration.object(), site };
        self.registration.poll_io(cx, Direction::Read, wait, || match child.try_wait()? {
            Some(status) => Ok(status),
            None => Err(io::ErrorKind::WouldBlock.into()),
        })
    }

    /// The descriptor, for somebody else to watch. In a forked child it stays watched: the system's
    /// list is the parent's.
    pub(super) fn into_fd(self) -> Option<OwnedFd> {
        if !self.born.is_past() {
            let raw = self.fd.as_raw_fd();
            // Fails if the driver is gone, and its list with it.
            let _ = self.registration.deregister(&mut SourceFd(&raw));
        }
        Some(self.fd)
    }
}
