//! The methods of readers, writers and whatever has a position, and their futures.
//!
//! One file per trait, and beside it the futures that its methods return. All of them borrow the
//! reader or writer, so that dropping one gives it back; none allocates. While one pends, the task
//! is known to wait at the line that called the method, whatever leaf inside it waits for.
//!
//! What fails with `Interrupted` is tried again wherever a method does more than one call of
//! `poll_read` or `poll_write`. The single ones, `read` and `write`, hand on what they get.

mod buf_read;
mod buf_read_futures;
mod number;
mod number_futures;
mod read;
mod read_futures;
mod read_to_end;
mod seek;
mod write;
mod write_futures;

use core::panic::Location;
use core::task::{Context, Poll};
use std::io;

use rt_task::wait::{Wait, WaitKind, poll_at};

pub use buf_read::AsyncBufReadExt;
pub use buf_read_futures::{FillBuf, ReadLine, ReadUntil};
pub use number_futures::{ReadNumber, WriteNumber};
pub use read::AsyncReadExt;
pub use read_futures::{Read, ReadExact};
pub use read_to_end::{ReadToEnd, ReadToString};
pub use seek::{AsyncSeekExt, Seek};
pub use write::AsyncWriteExt;
pub use write_futures::{Flush, Shutdown, Write, WriteAll, WriteVectored};

#[cfg(feature = "bytes")]
mod bytes;
#[cfg(feature = "bytes")]
pub use self::bytes::{ReadInto, WriteAllBuf, WriteBuf};

pub(crate) use buf_read_futures::poll_read_until;

/// Where a future was made.
pub(crate) type Site = &'static Location<'static>;

/// Polls what reads for a future made at `site`.
#[inline]
pub(crate) fn reading<T>(
    site: Site,
    cx: &mut Context<'_>,
    op: impl FnOnce(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    poll_at(cx, || Wait { kind: WaitKind::Readable, object: 0, site }, op)
}

/// Polls what writes for a future made at `site`.
#[inline]
pub(crate) fn writing<T>(
    site: Site,
    cx: &mut Context<'_>,
    op: impl FnOnce(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    poll_at(cx, || Wait { kind: WaitKind::Writable, object: 0, site }, op)
}

/// Polls until the result is another than `Interrupted`.
#[inline]
pub(crate) fn uninterrupted<T>(mut op: impl FnMut() -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
    loop {
        match op() {
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            polled => return polled,
        }
    }
}

/// The source ended before all was read.
#[cold]
pub(crate) fn early_end() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the source ended early")
}

/// The sink took nothing of what there was.
#[cold]
pub(crate) fn took_nothing() -> io::Error {
    io::Error::new(io::ErrorKind::WriteZero, "the sink took nothing")
}

#[cfg(test)]
mod tests;
