//! [`Receiver`]: where a pipe comes out.

use std::fmt;
use std::fs::File;
use std::io::{self, IoSliceMut, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::panic::Location;
use std::task::{Context, Poll};

use rt_io::ReadBuf;
use rt_reactor::{Handle, Interest};

use super::{end, flags};
use crate::socket::{Os, Socket, reactor, readiness};
use crate::stream::{Reads, polls_reading, reads, reads_alone, tries_reading};
use crate::{sys, uninit};

/// The reading end of a pipe.
///
/// Reads the end once all writing ends are closed and all that was written is read. Dropping it
/// closes it: writing fails then.
pub struct Receiver {
    socket: Socket<mio::unix::pipe::Receiver>,
}

end!(
    Receiver,
    mio::unix::pipe::Receiver,
    Interest::READABLE,
    flags::may_read,
    "not in O_RDONLY or O_RDWR access mode"
);

/// Reading.
impl Receiver {
    reads!();
    polls_reading!();
    tries_reading!();
    readiness!(ready);
    readiness!(readable);
}

reads_alone!(Receiver);

impl Reads for mio::unix::pipe::Receiver {
    /// A writer may send packets, each of which ends a read, whatever follows it.
    const SHORT_IS_ALL: bool = false;

    #[inline]
    fn receive(&self, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
        uninit::pipe::read(self.as_fd(), buf)
    }

    fn receive_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let mut pipe = self;
        pipe.read_vectored(bufs)
    }
}

sys::borrowed!(Receiver);
