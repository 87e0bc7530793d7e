//! Where there is no such instruction, or no name for it.

#[inline(always)]
pub(super) fn fetch_line(_at: *const u8) {}
