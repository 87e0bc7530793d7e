//! Bytes that two threads touch, each its own: one cell per byte, so that the model checker sees it.

use std::boxed::Box;

use rt_task::base::shim::UnsafeCell;

use crate::ReadBuf;

/// Bytes.
#[derive(Debug)]
pub(in crate::duplex) struct Memory(Box<[UnsafeCell<u8>]>);

impl Memory {
    pub(in crate::duplex) fn new(capacity: usize) -> Self {
        Self((0..capacity).map(|_| UnsafeCell::new(0)).collect())
    }

    pub(in crate::duplex) fn capacity(&self) -> usize {
        self.0.len()
    }

    /// Writes `bytes` from `at` on.
    ///
    /// # Safety
    /// They fit there, and nobody else touches that part meanwhile.
    pub(in crate::duplex) unsafe fn write(&self, at: usize, bytes: &[u8]) {
        for (cell, byte) in self.0[at..].iter().zip(bytes) {
            // SAFETY: nobody else touches it (contract), which the model checks.
            cell.with_mut(|to| unsafe { *to = *byte });
        }
    }

    /// Appends the `n` bytes from `at` on to `buf`.
    ///
    /// # Safety
    /// They are inside, fit in `buf`, and nobody writes to them meanwhile.
    pub(in crate::duplex) unsafe fn read(&self, at: usize, n: usize, buf: &mut ReadBuf<'_>) {
        for cell in &self.0[at..at + n] {
            // SAFETY: nobody writes to it (contract), which the model checks.
            buf.put_slice(&[cell.with(|from| unsafe { *from })]);
        }
    }
}
