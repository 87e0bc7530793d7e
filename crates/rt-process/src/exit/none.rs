//! Systems without pidfds.

use std::convert::Infallible;
use std::io;
use std::os::fd::OwnedFd;
use std::panic::Location;
use std::process::{self, ExitStatus};
use std::task::{Context, Poll};

use rt_reactor::Handle;

/// There are none.
pub(super) fn open(_child: &process::Child) -> io::Result<Option<OwnedFd>> {
    Ok(None)
}

/// Cannot be made.
#[derive(Debug)]
pub(crate) struct Pidfd(Infallible);

impl Pidfd {
    pub(super) fn new(_fd: OwnedFd, _id: u32, _reactor: &Handle) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn poll_reap(
        &self,
        _cx: &mut Context<'_>,
        _child: &mut process::Child,
        _site: &'static Location<'static>,
    ) -> Poll<io::Result<ExitStatus>> {
        match self.0 {}
    }

    pub(super) fn into_fd(self) -> Option<OwnedFd> {
        match self.0 {}
    }
}
