//! Linux: reading what is in memory already.
//!
//! Why, and what it gains: `docs/decisions/0013-files-that-are-in-memory.md`.

use std::fs::File;
use std::io::IoSliceMut;

use rustix::io::{Errno, ReadWriteFlags, preadv2};

use super::Now;

/// Where the descriptor stands, which moves.
const HERE: u64 = u64::MAX;

/// Reads what can be had without waiting for a disk.
pub(crate) fn read_now(file: &File, memory: &mut [u8]) -> Now {
    match preadv2(file, &mut [IoSliceMut::new(memory)], HERE, ReadWriteFlags::NOWAIT) {
        Ok(n) => Now::Read(n),
        // A file system that does not know the flag, or a kernel that does not know the call.
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Now::Never,
        Err(_) => Now::Waits,
    }
}
