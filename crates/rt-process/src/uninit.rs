//! Reading into memory that may hold no values: the unsafe code of the crate, but for what
//! `pre_exec` hands on.

use std::io;
use std::os::fd::BorrowedFd;

use rt_io::ReadBuf;

/// Appends to `buf` what `pipe` has, and tells how much that was.
#[inline]
pub(crate) fn read(pipe: BorrowedFd<'_>, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
    // SAFETY: `read` of the system writes values, and takes none away.
    let memory = unsafe { buf.unfilled_mut() };
    let (filled, _rest) = rustix::io::read(pipe, memory)?;
    let count = filled.len();
    assert!(count <= buf.remaining(), "the system wrote past the end");
    // SAFETY: `filled` is the start of the unfilled part, and holds values.
    unsafe { buf.assume_init(count) };
    buf.advance(count);
    Ok(count)
}
