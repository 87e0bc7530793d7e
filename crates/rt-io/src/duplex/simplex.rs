//! One pipe, with both ends in one hand.

use super::{Reader, Writer, pipe};
use crate::{ReadHalf, WriteHalf, split};

/// A pipe in memory: what is written to it is read from it, in order. By [`simplex`], or as one.
///
/// Reading ends after `shutdown`, not when the writing half is dropped: the pipe is still there
/// then. A [`duplex`](crate::duplex()) of which each end uses one direction does that, and costs
/// less, since its ends share no lock.
#[derive(Debug)]
pub struct SimplexStream {
    pub(super) reader: Reader,
    pub(super) writer: Writer,
}

/// A pipe in memory, as its two halves.
///
/// At most `max_buf_size` bytes wait to be read; who writes more waits. Shut the writing half down
/// when all is written: dropping it tells the reader nothing.
///
/// # Panics
/// If `max_buf_size` is zero: nothing could ever be written.
#[must_use]
#[track_caller]
pub fn simplex(max_buf_size: usize) -> (ReadHalf<SimplexStream>, WriteHalf<SimplexStream>) {
    split(SimplexStream::new_unsplit(max_buf_size))
}

impl SimplexStream {
    /// A pipe in one piece.
    ///
    /// # Panics
    /// If `max_buf_size` is zero: nothing could ever be written.
    #[must_use]
    #[track_caller]
    pub fn new_unsplit(max_buf_size: usize) -> Self {
        let (writer, reader) = pipe(max_buf_size);
        Self { reader, writer }
    }
}
