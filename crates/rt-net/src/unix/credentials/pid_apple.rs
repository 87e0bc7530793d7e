//! Apple's systems: `LOCAL_PEEREPID`.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::super::pid_t;

/// The process at the other end of `socket`.
pub(super) fn peer(socket: BorrowedFd<'_>) -> io::Result<Option<pid_t>> {
    let mut pid: pid_t = 0;
    let mut len = size_of::<pid_t>() as libc::socklen_t;
    // SAFETY: the system writes at most `len` bytes to `pid`, which has as many, and to `len`; both
    // outlive the call.
    let failed = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_LOCAL,
            libc::LOCAL_PEEREPID,
            (&raw mut pid).cast(),
            &mut len,
        )
    };
    match failed {
        0 => Ok(Some(pid)),
        _ => Err(io::Error::last_os_error()),
    }
}
