//! Bytes that were read and are not handed out yet.

use rt_io::ReadBuf;

/// Memory that holds values throughout, so that it is zeroed once and not for every read.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    memory: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// Over that memory, the first `end` bytes of which were read.
    pub(super) fn new(memory: Vec<u8>, end: usize) -> Self {
        debug_assert!(end <= memory.len());
        Self { memory, start: 0, end }
    }

    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(super) fn clear(&mut self) {
        self.start = self.end;
    }

    pub(super) fn into_memory(self) -> Vec<u8> {
        self.memory
    }

    /// Moves what fits.
    pub(super) fn move_to(&mut self, buf: &mut ReadBuf<'_>) {
        let n = self.len().min(buf.remaining());
        buf.put_slice(&self.memory[self.start..self.start + n]);
        self.start += n;
    }
}
