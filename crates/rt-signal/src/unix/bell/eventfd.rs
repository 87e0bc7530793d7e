//! An eventfd: each ring adds one to a counter that nobody reads.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};

/// A descriptor that a handler rings.
///
/// The counter has room for as many rings as a signal a nanosecond brings in five centuries. Since nobody takes
/// a ring away, a forked child, whose copy is of the same counter, can rob its parent of none.
#[derive(Debug)]
pub(in crate::unix) struct Bell(OwnedFd);

impl Bell {
    pub(in crate::unix) fn new() -> io::Result<Self> {
        Ok(Self(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// One system call, and nothing that a handler may not do. A full counter is rung already.
    pub(in crate::unix) fn ring(&self) {
        let _full = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// A copy to be watched.
    pub(in crate::unix) fn copy(&self) -> io::Result<OwnedFd> {
        self.0.as_fd().try_clone_to_owned()
    }

    /// Makes room for more rings: there is enough.
    pub(in crate::unix) fn make_room(&self) {}
}
