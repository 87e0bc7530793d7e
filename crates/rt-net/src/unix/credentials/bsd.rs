//! BSD's descendants: `getpeereid`; Apple's tell the process, too.

#[cfg(target_vendor = "apple")]
#[path = "pid_apple.rs"]
mod pid;
#[cfg(not(target_vendor = "apple"))]
#[path = "pid_none.rs"]
mod pid;

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::UCred;

/// Who is at the other end of `socket`.
pub(crate) fn peer(socket: BorrowedFd<'_>) -> io::Result<UCred> {
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: the call writes to both, which outlive it.
    let failed = unsafe { libc::getpeereid(socket.as_raw_fd(), &mut uid, &mut gid) };
    if failed != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(UCred { uid, gid, pid: pid::peer(socket)? })
}
