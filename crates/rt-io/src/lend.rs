//! Memory lent to a reader as a [`ReadBuf`], and what is known of it afterwards.

use core::mem::MaybeUninit;
use core::ptr;

use crate::ReadBuf;

/// What a reader left of the memory that it was lent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lent {
    /// So many bytes of its start were read.
    pub(crate) filled: usize,
    /// So many bytes of its start hold values, `filled` among them.
    pub(crate) initialized: usize,
}

/// Runs `read` on `memory`, of which the first `initialized` bytes are known to hold values.
///
/// # Panics
/// If `read` put another buffer in its place.
///
/// # Safety
/// They do, and are no more than there are.
#[inline]
pub(crate) unsafe fn lend<R>(
    memory: &mut [MaybeUninit<u8>],
    initialized: usize,
    read: impl FnOnce(&mut ReadBuf<'_>) -> R,
) -> (Lent, R) {
    let start = memory.as_ptr();
    let mut buf = ReadBuf::uninit(memory);
    // SAFETY: so many hold values (contract), and they fit.
    unsafe { buf.assume_init(initialized) };
    let result = read(&mut buf);
    assert!(ptr::eq(start.cast(), buf.filled().as_ptr()), "the buffer was exchanged");
    (Lent { filled: buf.filled().len(), initialized: buf.initialized().len() }, result)
}

/// [`lend`], where nothing is known of the memory.
#[inline]
#[cfg_attr(not(feature = "bytes"), allow(dead_code, reason = "adapters of features use it"))]
pub(crate) fn lend_raw<R>(
    memory: &mut [MaybeUninit<u8>],
    read: impl FnOnce(&mut ReadBuf<'_>) -> R,
) -> (Lent, R) {
    // SAFETY: of nothing nothing is said.
    unsafe { lend(memory, 0, read) }
}
