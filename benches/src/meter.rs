//! What a stretch of work cost this process.

use std::fs;
use std::mem::MaybeUninit;

use crate::alloc::Allocated;

/// The beginning of a stretch.
#[derive(Debug)]
pub struct Meter {
    allocated: Allocated,
    cpu_ns: u64,
}

/// What a stretch cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Allocations by the thread that measured.
    pub allocs: u64,
    /// Processor time of all threads.
    pub cpu_ns: u64,
    /// Resident bytes gained, where an operation measures them.
    pub resident_bytes: u64,
}

impl Meter {
    /// Begins here.
    pub fn start() -> Self {
        Self { allocated: Allocated::now(), cpu_ns: cpu_ns() }
    }

    /// The cost since [`Meter::start`], which must have been called on the same thread.
    pub fn stop(self) -> Cost {
        let cpu_ns = cpu_ns() - self.cpu_ns;
        let allocs = Allocated::now().since(self.allocated).calls;
        Cost { allocs, cpu_ns, resident_bytes: 0 }
    }
}

/// Processor time that this process has used, ended threads included.
pub fn cpu_ns() -> u64 {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the pointer is valid for one `timespec`, which is all that the call writes.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, time.as_mut_ptr()) };
    assert_eq!(result, 0, "every Linux has this clock");
    // SAFETY: the call succeeded, so it has written the whole `timespec`.
    let time = unsafe { time.assume_init() };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Memory that this process has resident.
///
/// # Panics
/// Where there is no `/proc`.
pub fn resident_bytes() -> u64 {
    const PAGE_BYTES: u64 = 4096;
    let text = fs::read_to_string("/proc/self/statm").expect("/proc is mounted");
    let pages = text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.expect("the second word is the resident pages") * PAGE_BYTES
}
