//! A ring of bytes, and the larger one that comes after it.

#[cfg(rt_loom)]
#[path = "segment/modelled.rs"]
mod memory;
#[cfg(not(rt_loom))]
#[path = "segment/real.rs"]
mod memory;

use core::ptr;

use rt_task::base::shim::AtomicPtr;

pub(super) use memory::Memory;

/// A ring, and the one that the writer went on to when it was too small.
#[derive(Debug)]
pub(super) struct Segment {
    /// The number of the first byte that was written to it; see `pipe.rs`.
    pub(super) base: usize,
    pub(super) memory: Memory,
    /// Null while the writer is here.
    pub(super) next: AtomicPtr<Segment>,
}

impl Segment {
    pub(super) fn new(base: usize, capacity: usize) -> Self {
        let memory = Memory::new(capacity);
        Self { base, memory, next: AtomicPtr::new(ptr::null_mut()) }
    }
}
