//! A global allocator that counts.
//!
//! A shared counter would add its own cost to what is being counted, so every thread has one
//! that it alone writes. What is told is the sum over all threads.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counts what it hands on to the system's allocator.
#[derive(Debug)]
pub struct Counting;

/// More threads than any workload has.
const THREADS_MAX: usize = 1_024;

/// Of one thread, on a cache line that no other one writes.
#[repr(align(64))]
struct Counter(AtomicU64);

static COUNTERS: [Counter; THREADS_MAX] = [const { Counter(AtomicU64::new(0)) }; THREADS_MAX];

/// How many counters have an owner.
static OWNED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static OWN: Cell<Option<&'static Counter>> = const { Cell::new(None) };
}

/// Calls of `alloc` and `realloc` so far, if [`Counting`] is the global allocator.
///
/// Exact once the other threads are quiet or have been heard of since.
pub fn calls() -> u64 {
    COUNTERS.iter().map(|counter| counter.0.load(Ordering::Relaxed)).sum()
}

fn count() {
    let counter = OWN.get().unwrap_or_else(|| {
        // Threads past the last one share its counter and may lose a count.
        let at = OWNED.fetch_add(1, Ordering::Relaxed).min(THREADS_MAX - 1);
        OWN.set(Some(&COUNTERS[at]));
        &COUNTERS[at]
    });
    counter.0.store(counter.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

// SAFETY: every call is handed on to `System` unchanged, and counting neither allocates nor
// unwinds: the thread-local has a constant initialiser and no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's contract is that of `System::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's contract is that of `System::alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's contract is that of `System::realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract is that of `System::dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}
