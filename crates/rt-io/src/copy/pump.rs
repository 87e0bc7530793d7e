//! A buffer between a reader and a writer, and how far they are.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use super::{ROUNDS_MAX, give_way};
use crate::buf::Buffer;
use crate::ext::{took_nothing, uninterrupted};
use crate::{AsyncRead, AsyncWrite};

/// Moves from a reader to a writer.
#[derive(Debug)]
pub(super) struct Pump {
    buffer: Buffer,
    /// What the buffer may grow to.
    capacity_max: usize,
    /// The reader filled the whole buffer at once.
    was_filled: bool,
    has_ended: bool,
    /// Something was written since the last flush.
    must_flush: bool,
    written: u64,
}

impl Pump {
    pub(super) fn new(capacity: usize, capacity_max: usize) -> Self {
        Self {
            buffer: Buffer::new(capacity),
            capacity_max,
            was_filled: false,
            has_ended: false,
            must_flush: false,
            written: 0,
        }
    }

    /// Reads and writes until the reader has ended and all is flushed. Tells how many bytes that
    /// was.
    pub(super) fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        for _ in 0..ROUNDS_MAX {
            if self.may_read() {
                match self.poll_read(cx, reader.as_mut()) {
                    Poll::Ready(read) => read?,
                    Poll::Pending if self.buffer.is_empty() => {
                        if self.must_flush {
                            ready!(writer.as_mut().poll_flush(cx))?;
                            self.must_flush = false;
                        }
                        return Poll::Pending;
                    }
                    Poll::Pending => {} // there is something to write meanwhile
                }
            }
            while !self.buffer.is_empty() {
                let unread = self.buffer.unread();
                match uninterrupted(|| writer.as_mut().poll_write(cx, unread)) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(took_nothing())),
                    Poll::Ready(written) => self.wrote(written?),
                    Poll::Pending => {
                        // The next write is the larger for what can be read meanwhile.
                        if self.may_read() {
                            ready!(self.poll_read(cx, reader.as_mut()))?;
                        }
                        return Poll::Pending;
                    }
                }
            }
            if self.has_ended {
                ready!(writer.as_mut().poll_flush(cx))?;
                return Poll::Ready(Ok(self.written));
            }
        }
        give_way(cx)
    }

    fn may_read(&self) -> bool {
        !self.has_ended && self.buffer.has_room()
    }

    fn poll_read<R: AsyncRead + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
    ) -> Poll<io::Result<()>> {
        if self.was_filled && self.buffer.is_empty() && self.buffer.capacity() < self.capacity_max {
            self.buffer.resize((self.buffer.capacity() * 2).min(self.capacity_max));
        }
        let n = ready!(uninterrupted(|| self.buffer.poll_fill(reader.as_mut(), cx)))?;
        self.has_ended = n == 0;
        self.was_filled = n == self.buffer.capacity();
        Poll::Ready(Ok(()))
    }

    /// # Panics
    /// If the writer says that it took more than there was: what is written would be made up.
    fn wrote(&mut self, n: usize) {
        assert!(n <= self.buffer.unread().len(), "the writer took more than there was");
        self.buffer.consume(n);
        self.written += n as u64;
        self.must_flush = true;
    }
}
