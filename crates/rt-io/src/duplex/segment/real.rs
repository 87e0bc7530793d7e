//! Bytes that two threads touch, each its own.

use core::fmt;
use core::mem::MaybeUninit;
use core::ptr;
use std::boxed::Box;

use rt_task::base::shim::UnsafeCell;

use crate::ReadBuf;

/// Bytes, uninitialised at first.
pub(in crate::duplex) struct Memory(Box<[UnsafeCell<MaybeUninit<u8>>]>);

impl Memory {
    pub(in crate::duplex) fn new(capacity: usize) -> Self {
        let memory = Box::into_raw(Box::<[u8]>::new_uninit_slice(capacity));
        // SAFETY: the cell has the layout of what is in it, and the box is ours alone.
        Self(unsafe { Box::from_raw(memory as *mut [UnsafeCell<MaybeUninit<u8>>]) })
    }

    #[inline]
    pub(in crate::duplex) fn capacity(&self) -> usize {
        self.0.len()
    }

    /// Writes `bytes` from `at` on.
    ///
    /// # Safety
    /// They fit there, and nobody else touches that part meanwhile.
    #[inline]
    pub(in crate::duplex) unsafe fn write(&self, at: usize, bytes: &[u8]) {
        debug_assert!(at + bytes.len() <= self.capacity(), "the contract of `write`");
        let memory = self.0.as_ptr().cast::<u8>().cast_mut();
        // SAFETY: inside the memory (contract).
        let to = unsafe { memory.add(at) };
        // SAFETY: they fit, nobody else touches it (contract), and `bytes` are elsewhere: no
        // reference to the memory is ever handed out.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
    }

    /// Appends the `n` bytes from `at` on to `buf`.
    ///
    /// # Safety
    /// They are inside, hold values, fit in `buf`, and nobody writes to them meanwhile.
    #[inline]
    pub(in crate::duplex) unsafe fn read(&self, at: usize, n: usize, buf: &mut ReadBuf<'_>) {
        debug_assert!(at + n <= self.capacity(), "the contract of `read`");
        let memory = self.0.as_ptr().cast::<u8>();
        // SAFETY: inside the memory (contract).
        let from = unsafe { memory.add(at) };
        // SAFETY: `n` values, that nobody writes to while they are copied (contract).
        buf.put_slice(unsafe { core::slice::from_raw_parts(from, n) });
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}
