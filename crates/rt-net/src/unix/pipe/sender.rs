//! [`Sender`]: where a pipe goes in.

use std::fmt;
use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::panic::Location;
use std::task::{Context, Poll};

use rt_reactor::{Handle, Interest};

use super::{end, flags};
use crate::socket::{Os, Socket, reactor, readiness};
use crate::stream::{Writes, polls_writing, tries_writing, writes, writes_alone};
use crate::sys;

/// The writing end of a pipe.
///
/// Writing fails with `BrokenPipe` once all reading ends are closed (if the process ignores
/// `SIGPIPE`, as Rust programs do unless told otherwise). Dropping it closes it.
pub struct Sender {
    socket: Socket<mio::unix::pipe::Sender>,
}

end!(
    Sender,
    mio::unix::pipe::Sender,
    Interest::WRITABLE,
    flags::may_write,
    "not in O_WRONLY or O_RDWR access mode"
);

/// Writing.
impl Sender {
    writes!();
    polls_writing!();
    tries_writing!();
    readiness!(ready);
    readiness!(writable);
}

writes_alone!(Sender);

impl Writes for mio::unix::pipe::Sender {
    #[inline]
    fn send(&self, buf: &[u8]) -> io::Result<usize> {
        let mut pipe = self;
        pipe.write(buf)
    }

    fn send_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut pipe = self;
        pipe.write_vectored(bufs)
    }

    fn end(&self) -> io::Result<()> {
        Ok(()) // closing it does
    }
}

sys::borrowed!(Sender);
