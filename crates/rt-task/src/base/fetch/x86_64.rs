//! By the instruction that every x86-64 has.

use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

#[inline(always)]
pub(super) fn fetch_line(at: *const u8) {
    // SAFETY: SSE is part of x86-64, and no address makes the instruction fail, or do more than to
    // fetch.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
}
