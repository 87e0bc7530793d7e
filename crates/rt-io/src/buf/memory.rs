//! Memory that is filled at one end and read at the other.
//!
//! ```text
//! [ read | unread | room, initialised | room, uninitialised ]
//!        start    end                 initialized
//! ```
//! **I1** `start <= end <= initialized <= capacity`.
//! **I2** The first `initialized` bytes hold values.
//! **I3** With nothing unread, `start` and `end` are 0.

use core::fmt;
use core::mem::MaybeUninit;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::boxed::Box;
use std::io;

use crate::AsyncRead;
use crate::lend::lend;

/// See the module.
pub(crate) struct Buffer {
    memory: Box<[MaybeUninit<u8>]>,
    start: usize,
    end: usize,
    initialized: usize,
}

impl Buffer {
    /// Room for `capacity` bytes, none of them touched yet.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { memory: Box::new_uninit_slice(capacity), start: 0, end: 0, initialized: 0 }
    }

    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.memory.len()
    }

    /// Whether there is room after what is unread.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.end < self.memory.len()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// What was filled and is unread.
    #[inline]
    pub(crate) fn unread(&self) -> &[u8] {
        let unread: *const [MaybeUninit<u8>] = &self.memory[self.start..self.end];
        // SAFETY: these hold values (I1, I2).
        unsafe { &*(unread as *const [u8]) }
    }

    /// Counts `n` more bytes as read, at most what is unread.
    #[inline]
    pub(crate) fn consume(&mut self, n: usize) {
        self.start = self.start.saturating_add(n).min(self.end);
        if self.is_empty() {
            self.clear();
        }
    }

    /// Forgets what is unread.
    #[inline]
    pub(crate) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// Other memory, of another size. Nothing is unread.
    pub(crate) fn resize(&mut self, capacity: usize) {
        debug_assert!(self.is_empty(), "nothing is thrown away");
        *self = Self::new(capacity);
    }

    /// Reads once into the room, and tells how much.
    #[inline]
    pub(crate) fn poll_fill<R: AsyncRead + ?Sized>(
        &mut self,
        reader: Pin<&mut R>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let (room, initialized) = (&mut self.memory[self.end..], self.initialized - self.end);
        // SAFETY: so many bytes of the room hold values (I2).
        let (lent, polled) = unsafe { lend(room, initialized, |buf| reader.poll_read(cx, buf)) };
        self.initialized = self.end + lent.initialized;
        ready!(polled)?;
        self.end += lent.filled;
        Poll::Ready(Ok(lent.filled))
    }
}

impl fmt::Debug for Buffer {
    /// As `unread/capacity`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.end - self.start, self.capacity())
    }
}
