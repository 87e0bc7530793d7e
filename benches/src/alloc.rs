//! A global allocator that counts.
//!
//! The counters are thread-local on purpose: an atomic one would add its own cost to what is
//! being counted. What is told is what the measuring thread has allocated.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts what it hands on to the system's allocator.
#[derive(Debug)]
pub struct Counting;

thread_local! {
    static ALLOCATED: Cell<Allocated> = const { Cell::new(Allocated { calls: 0, bytes: 0 }) };
}

/// What a thread has allocated so far.
#[derive(Clone, Copy, Debug)]
pub struct Allocated {
    /// Calls of `alloc` and `realloc`.
    pub calls: u64,
    /// Bytes asked for.
    pub bytes: u64,
}

impl Allocated {
    /// By the calling thread, if [`Counting`] is the global allocator.
    pub fn now() -> Self {
        ALLOCATED.get()
    }

    /// Since an earlier look.
    pub fn since(self, earlier: Self) -> Self {
        Self { calls: self.calls - earlier.calls, bytes: self.bytes - earlier.bytes }
    }
}

fn count(bytes: usize) {
    let Allocated { calls, bytes: before } = ALLOCATED.get();
    ALLOCATED.set(Allocated { calls: calls + 1, bytes: before + bytes as u64 });
}

// SAFETY: every call is handed on to `System` unchanged, and counting neither allocates nor
// unwinds: the thread-local has a constant initialiser and no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's contract is that of `System::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's contract is that of `System::alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: the caller's contract is that of `System::realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract is that of `System::dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}
