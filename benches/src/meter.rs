//! What a stretch of work cost this process.

use std::fs;
use std::mem::MaybeUninit;

use crate::alloc;
use crate::latency::Latency;

/// The beginning of a stretch.
#[derive(Debug)]
pub struct Meter {
    allocs: u64,
    cpu_ns: u64,
    wall_ns: u64,
    switches: u64,
}

/// What a stretch cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Allocations by all threads.
    pub allocs: u64,
    /// Processor time of all threads.
    pub cpu_ns: u64,
    /// Time on the clock.
    pub wall_ns: u64,
    /// How often a thread gave its processor up to wait for something.
    pub switches: u64,
    /// Resident bytes gained, where an operation measures them.
    pub resident_bytes: u64,
    /// How long something took that is awaited, or how late it came, where that is told.
    pub latency: Option<Latency>,
    /// How many sleeps ended before their time, where that is told.
    pub early: Option<u64>,
}

impl Meter {
    /// Begins here.
    pub fn start() -> Self {
        Self { allocs: alloc::calls(), cpu_ns: cpu_ns(), wall_ns: wall_ns(), switches: switches() }
    }

    /// The cost since [`Meter::start`], from any thread.
    pub fn stop(self) -> Cost {
        Cost {
            cpu_ns: cpu_ns() - self.cpu_ns,
            wall_ns: wall_ns() - self.wall_ns,
            switches: switches() - self.switches,
            allocs: alloc::calls() - self.allocs,
            ..Cost::default()
        }
    }
}

impl Cost {
    /// A name, a tab and a number a line.
    pub fn print(&self) -> String {
        let Self { allocs, cpu_ns, wall_ns, switches, resident_bytes, latency, early } = self;
        let mut text = format!(
            "allocs\t{allocs}\ncpu_ns\t{cpu_ns}\nwall_ns\t{wall_ns}\nswitches\t{switches}\n\
             resident_bytes\t{resident_bytes}"
        );
        if let Some(latency) = latency {
            text += &format!("\n{}", latency.print());
        }
        if let Some(early) = early {
            text += &format!("\nearly\t{early}");
        }
        text
    }
}

/// Processor time that this process has used, ended threads included.
pub fn cpu_ns() -> u64 {
    clock_ns(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// Time since the machine was started.
pub fn wall_ns() -> u64 {
    clock_ns(libc::CLOCK_MONOTONIC)
}

fn clock_ns(clock: libc::clockid_t) -> u64 {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the pointer is valid for one `timespec`, which is all that the call writes.
    let result = unsafe { libc::clock_gettime(clock, time.as_mut_ptr()) };
    assert_eq!(result, 0, "every Linux has these clocks");
    // SAFETY: the call succeeded, so it has written the whole `timespec`.
    let time = unsafe { time.assume_init() };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Voluntary context switches of all threads, ended ones included.
fn switches() -> u64 {
    let mut usage = MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the pointer is valid for one `rusage`, which is all that the call writes.
    let result = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
    assert_eq!(result, 0, "a process may ask about itself");
    // SAFETY: the call succeeded, so it has written the whole `rusage`.
    let usage = unsafe { usage.assume_init() };
    usage.ru_nvcsw as u64
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
