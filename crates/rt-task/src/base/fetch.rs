//! Has the processor bring memory closer before it is used.
//!
//! A hint: it changes nothing but the time that the use takes, and does nothing on processors for
//! which stable Rust has no word for it.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
mod never;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
use aarch64::fetch_line;
#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
use never::fetch_line;
#[cfg(target_arch = "x86_64")]
use x86_64::fetch_line;

/// What the processor brings at a time: a cache line of most machines, half of one on some.
const LINE: usize = 64;

/// Begins to bring the line that holds `at`, whatever that is, and the two before it.
#[inline(always)]
pub(crate) fn fetch_until(at: *const u8) {
    for line in 0..3 {
        fetch_line(at.wrapping_sub(line * LINE));
    }
}

/// Begins to bring the line that holds `at`.
#[inline(always)]
pub(crate) fn fetch(at: *const u8) {
    fetch_line(at);
}

#[cfg(test)]
mod tests {
    use super::{LINE, fetch, fetch_until};
    use core::ptr;

    #[test]
    fn no_address_does_harm() {
        let bytes = [0_u8; 3 * LINE];
        let first = bytes.as_ptr();
        for at in [
            first,
            first.wrapping_add(bytes.len()),
            ptr::null(),
            ptr::without_provenance(usize::MAX),
        ] {
            fetch(at);
            fetch_until(at);
        }
    }
}
