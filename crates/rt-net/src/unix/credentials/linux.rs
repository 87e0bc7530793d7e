//! Linux: `SO_PEERCRED`.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::UCred;

/// Who is at the other end of `socket`.
pub(crate) fn peer(socket: BorrowedFd<'_>) -> io::Result<UCred> {
    let mut told = MaybeUninit::<libc::ucred>::zeroed();
    let mut len = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the system writes at most `len` bytes to `told`, which has as many, and to `len`;
    // both outlive the call.
    let failed = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            told.as_mut_ptr().cast(),
            &mut len,
        )
    };
    if failed != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: three integers, which hold values: zeros, or what the system wrote over them.
    let told = unsafe { told.assume_init() };
    // Of a process in a namespace that this one does not see it tells 0.
    let pid = (told.pid != 0).then_some(told.pid);
    Ok(UCred { uid: told.uid, gid: told.gid, pid })
}
