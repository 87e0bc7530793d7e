//! Systems where a thread is not kept on a processor, or not by us.

use std::io;

pub(super) fn is_usable(_processor: usize) -> io::Result<bool> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "`worker_affinity` is there on Linux alone: leave it out on this system",
    ))
}

pub(super) fn pin(_processors: &[usize]) -> io::Result<()> {
    Ok(())
}
