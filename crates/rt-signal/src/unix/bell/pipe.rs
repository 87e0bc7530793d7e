//! A pipe, for systems without eventfd: each ring is a byte, taken out by whoever hears first.

use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};

use rustix::io::ioctl_fionbio;

/// A descriptor that a handler rings.
///
/// A full pipe loses no signal: somebody has yet to take the bytes out, and looks at what has arrived
/// after that.
#[derive(Debug)]
pub(in crate::unix) struct Bell {
    rings: io::PipeWriter,
    hears: io::PipeReader,
}

impl Bell {
    pub(in crate::unix) fn new() -> io::Result<Self> {
        let (hears, rings) = io::pipe()?; // closed on exec
        ioctl_fionbio(&hears, true)?;
        ioctl_fionbio(&rings, true)?;
        Ok(Self { rings, hears })
    }

    /// One system call, and nothing that a handler may not do.
    pub(in crate::unix) fn ring(&self) {
        let _full = rustix::io::write(&self.rings, &[1]);
    }

    /// A copy to be watched.
    pub(in crate::unix) fn copy(&self) -> io::Result<OwnedFd> {
        self.hears.as_fd().try_clone_to_owned()
    }

    /// Makes room for more rings. Before anybody looks at what has arrived.
    pub(in crate::unix) fn make_room(&self) {
        let mut taken = [0; 512];
        while matches!((&self.hears).read(&mut taken), Ok(1..)) {}
    }
}
