//! How a child's end is heard of: [`Exit`].

#[cfg(not(target_os = "linux"))]
mod none;
#[cfg(target_os = "linux")]
mod pidfd;
mod thread;

#[cfg(not(target_os = "linux"))]
use none as pidfd;

use std::io;
use std::os::fd::OwnedFd;
use std::panic::Location;
use std::process::{self, ExitStatus};
use std::task::{Context, Poll};

use rt_reactor::Handle;

use pidfd::Pidfd;
pub(crate) use thread::Thread;

/// Hears of the end of one child.
#[derive(Debug)]
pub(crate) enum Exit {
    /// By a descriptor that the reactor watches.
    Pidfd(Pidfd),
    /// By a thread of its own, started when somebody waits.
    Thread(Thread),
}

impl Exit {
    /// The best way that the system has.
    ///
    /// # Errors
    /// When there is no descriptor left, or the reactor refuses.
    pub(crate) fn new(child: &process::Child, reactor: &Handle) -> io::Result<Self> {
        match pidfd::open(child)? {
            Some(fd) => Pidfd::new(fd, child.id(), reactor).map(Self::Pidfd),
            None => Ok(Self::Thread(Thread::new(child.id()))),
        }
    }

    /// Reaps the child once it has ended. The last task to call is woken.
    pub(crate) fn poll_reap(
        &mut self,
        cx: &mut Context<'_>,
        child: &mut process::Child,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<ExitStatus>> {
        match self {
            Self::Pidfd(pidfd) => pidfd.poll_reap(cx, child, site),
            Self::Thread(thread) => thread.poll_reap(cx, child, site),
        }
    }

    /// The descriptor, for who waits without a reactor.
    pub(crate) fn into_fd(self) -> Option<OwnedFd> {
        match self {
            Self::Pidfd(pidfd) => pidfd.into_fd(),
            Self::Thread(_) => None,
        }
    }
}
