//! What a descriptor is, and how it was opened.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::fs::{FileType, OFlags, fcntl_getfl, fcntl_setfl, fstat};

/// Fails if `fd` is no pipe's end.
pub(super) fn expect_pipe(fd: BorrowedFd<'_>) -> io::Result<()> {
    match FileType::from_raw_mode(fstat(fd)?.st_mode) {
        FileType::Fifo => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a pipe")),
    }
}

pub(super) fn may_read(fd: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(mode(fd)? != OFlags::WRONLY)
}

pub(super) fn may_write(fd: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(mode(fd)? != OFlags::RDONLY)
}

fn mode(fd: BorrowedFd<'_>) -> io::Result<OFlags> {
    Ok(fcntl_getfl(fd)? & OFlags::RWMODE)
}

/// Puts `fd` into non-blocking mode, or out of it.
pub(super) fn set_nonblocking(fd: BorrowedFd<'_>, nonblocking: bool) -> io::Result<()> {
    let before = fcntl_getfl(fd)?;
    let mut flags = before;
    flags.set(OFlags::NONBLOCK, nonblocking);
    if flags != before {
        fcntl_setfl(fd, flags)?;
    }
    Ok(())
}
