//! A global allocator that knows what is alive: exact where resident memory is a guess.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Hands on to the system's allocator, and counts.
pub(crate) struct Counting;

static BLOCKS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// What this process has allocated and not freed, in Rust.
#[derive(Clone, Copy)]
pub(crate) struct Alive {
    pub(crate) blocks: u64,
    pub(crate) bytes: u64,
}

pub(crate) fn alive() -> Alive {
    Alive { blocks: BLOCKS.load(Relaxed), bytes: BYTES.load(Relaxed) }
}

/// Gives back to the system what the allocator keeps of freed memory, so that resident memory is what is
/// alive, as far as whole pages go.
pub(crate) fn trim() {
    // SAFETY: it may be called at any time, from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}

fn gained(pointer: *mut u8, bytes: usize) -> *mut u8 {
    if !pointer.is_null() {
        BLOCKS.fetch_add(1, Relaxed);
        BYTES.fetch_add(bytes as u64, Relaxed);
    }
    pointer
}

// SAFETY: every call is handed on to `System` unchanged, and counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is that of `System::alloc`.
        gained(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract is that of `System::alloc_zeroed`.
        gained(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's contract is that of `System::realloc`.
        let moved = unsafe { System.realloc(pointer, layout, size) };
        if !moved.is_null() {
            // Wraps when it shrinks, and the sum wraps back.
            BYTES.fetch_add((size as u64).wrapping_sub(layout.size() as u64), Relaxed);
        }
        moved
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BLOCKS.fetch_sub(1, Relaxed);
        BYTES.fetch_sub(layout.size() as u64, Relaxed);
        // SAFETY: the caller's contract is that of `System::dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}
