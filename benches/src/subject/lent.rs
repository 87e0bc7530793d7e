//! Buffers for sockets that take them and give them back.
//!
//! A workload here reads into memory of its own, as most programs do on most runtimes. A runtime
//! of completions needs the memory for itself meanwhile, so each of its sockets has a buffer that
//! it is lent: one copy each way, of what is a few bytes here, and no allocation.

use std::io;

/// The buffer, empty, with room for so much.
pub(super) fn with_room(mut buffer: Vec<u8>, bytes: usize) -> Vec<u8> {
    buffer.clear();
    buffer.reserve(bytes);
    buffer
}

/// The buffer with these bytes in it.
pub(super) fn filled(mut buffer: Vec<u8>, bytes: &[u8]) -> Vec<u8> {
    buffer.clear();
    buffer.extend_from_slice(bytes);
    buffer
}

/// What was read into the buffer, where it was to go.
pub(super) fn copied(read: io::Result<usize>, buffer: &[u8], into: &mut [u8]) -> io::Result<usize> {
    let read = read?;
    into[..read].copy_from_slice(&buffer[..read]);
    Ok(read)
}
