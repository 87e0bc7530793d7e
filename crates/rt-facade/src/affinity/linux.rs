//! Linux.

use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Whether this process may run on `processor`: tried out, on the calling thread.
pub(super) fn is_usable(processor: usize) -> io::Result<bool> {
    if processor >= CpuSet::MAX_CPU {
        return Ok(false);
    }
    let before = sched_getaffinity(None)?;
    let is_usable = pin(&[processor]).is_ok();
    sched_setaffinity(None, &before)?;
    Ok(is_usable)
}

/// Keeps the calling thread on these processors.
pub(super) fn pin(processors: &[usize]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for processor in processors {
        set.set(*processor);
    }
    Ok(sched_setaffinity(None, &set)?)
}
