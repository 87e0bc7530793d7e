//! By the instruction that every aarch64 has.

use core::arch::asm;

#[inline(always)]
pub(super) fn fetch_line(at: *const u8) {
    // SAFETY: no address makes the instruction fail, or do more than to fetch; it changes no register, no
    // flag and no memory.
    unsafe {
        asm!("prfm pldl1keep, [{at}]", at = in(reg) at, options(nostack, preserves_flags, readonly))
    };
}
