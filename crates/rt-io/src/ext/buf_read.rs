//! The methods of readers with a buffer of their own.

use core::panic::Location;
use core::pin::Pin;
use std::string::String;
use std::vec::Vec;

use super::{FillBuf, ReadLine, ReadUntil};
use crate::{AsyncBufRead, Lines, Split};

/// Reading by pieces, for whatever implements [`AsyncBufRead`].
///
/// ```
/// use rt_io::AsyncBufReadExt;
///
/// # rt_task::block_on(async {
/// let mut lines = (&b"one\r\ntwo\n"[..]).lines();
/// while let Some(line) = lines.next_line().await? {
///     assert_eq!(line.len(), 3);
/// }
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait AsyncBufReadExt: AsyncBufRead {
    /// Appends to `buf` what comes up to `byte`, that one included, or up to the end, and tells how
    /// much that was.
    ///
    /// Zero means the end of the source. Not cancel safe in that the count is lost; the bytes are
    /// not: `buf` holds what was read so far, and a second call appends to it.
    ///
    /// # Errors
    /// What the source fails with, but `Interrupted`, which is tried again. `buf` then holds what
    /// was read before.
    #[track_caller]
    fn read_until<'a>(&'a mut self, byte: u8, buf: &'a mut Vec<u8>) -> ReadUntil<'a, Self>
    where
        Self: Unpin,
    {
        ReadUntil::new(self, byte, buf, Location::caller())
    }

    /// Appends to `line` what comes up to the end of the line, that included, or up to the end of
    /// the source, and tells how many bytes that was.
    ///
    /// Zero means the end of the source. Not cancel safe: what was read is lost with the future,
    /// and `line` is empty then, since its memory was lent to it. [`lines`](Self::lines) is.
    ///
    /// # Errors
    /// `InvalidData` if the line is no UTF-8: `line` is then as it was, and the bytes are gone.
    /// What the source fails with, but `Interrupted`, which is tried again: `line` then holds what
    /// was read before, if that is UTF-8.
    #[track_caller]
    fn read_line<'a>(&'a mut self, line: &'a mut String) -> ReadLine<'a, Self>
    where
        Self: Unpin,
    {
        ReadLine::new(self, line, Location::caller())
    }

    /// The pieces between the `byte`s, which are not part of them.
    fn split(self, byte: u8) -> Split<Self>
    where
        Self: Sized + Unpin,
    {
        Split::new(self, byte)
    }

    /// What is buffered, read anew if that is nothing. Empty means the end of the source.
    ///
    /// Consumes nothing. Cancel safe: what was read is buffered.
    ///
    /// # Errors
    /// What the source fails with.
    #[track_caller]
    fn fill_buf(&mut self) -> FillBuf<'_, Self>
    where
        Self: Unpin,
    {
        FillBuf::new(self, Location::caller())
    }

    /// Counts `amount` bytes of what [`fill_buf`](Self::fill_buf) returned as read.
    fn consume(&mut self, amount: usize)
    where
        Self: Unpin,
    {
        Pin::new(self).consume(amount);
    }

    /// The lines, without their ends (`\n` or `\r\n`).
    fn lines(self) -> Lines<Self>
    where
        Self: Sized,
    {
        Lines::new(self)
    }
}

impl<R: AsyncBufRead + ?Sized> AsyncBufReadExt for R {}
