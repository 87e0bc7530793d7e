//! The futures that read until the source ends.
//!
//! How much room is made is guessed from what came: a vector that is full is not made larger
//! before a small read beside it says that there is more, so that a source that ends, or a vector
//! whose size was known, costs no allocation. What fills that read is followed by large ones, into
//! the vector itself, which doubles.

use core::fmt;
use core::future::Future;
use core::mem::{self, MaybeUninit};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;
use std::string::String;
use std::vec::Vec;

use super::{Site, reading, uninterrupted};
use crate::lend::lend;
use crate::{AsyncRead, ReadBuf};

/// The future of [`AsyncReadExt::read_to_end`](crate::AsyncReadExt::read_to_end).
#[must_use = "futures do nothing unless polled"]
pub struct ReadToEnd<'a, R: ?Sized> {
    reader: &'a mut R,
    buf: &'a mut Vec<u8>,
    progress: Progress,
    site: Site,
}

impl<'a, R: ?Sized> ReadToEnd<'a, R> {
    pub(super) fn new(reader: &'a mut R, buf: &'a mut Vec<u8>, site: Site) -> Self {
        let progress = Progress::of(buf);
        Self { reader, buf, progress, site }
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadToEnd<'_, R> {
    type Output = io::Result<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { reader, buf, progress, site } = &mut *self;
        // SAFETY: nobody but `progress` has changed the vector since it was made: it is borrowed.
        reading(site, cx, |cx| unsafe { progress.poll(&mut **reader, cx, buf) })
    }
}

impl<R: fmt::Debug + ?Sized> fmt::Debug for ReadToEnd<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadToEnd")
            .field("reader", &self.reader)
            .field("bytes", &self.buf.len())
            .finish_non_exhaustive()
    }
}

/// The future of [`AsyncReadExt::read_to_string`](crate::AsyncReadExt::read_to_string).
#[must_use = "futures do nothing unless polled"]
pub struct ReadToString<'a, R: ?Sized> {
    reader: &'a mut R,
    /// Empty until the end.
    text: &'a mut String,
    /// The memory of `text`, with more than it had.
    bytes: Vec<u8>,
    progress: Progress,
    site: Site,
}

impl<'a, R: ?Sized> ReadToString<'a, R> {
    pub(super) fn new(reader: &'a mut R, text: &'a mut String, site: Site) -> Self {
        let bytes = mem::take(text).into_bytes();
        let progress = Progress::of(&bytes);
        Self { reader, text, bytes, progress, site }
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadToString<'_, R> {
    type Output = io::Result<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Self { reader, text, bytes, progress, site } = &mut *self;
        // SAFETY: nobody but `progress` has changed the vector since it was made.
        let polled = reading(site, cx, |cx| unsafe { progress.poll(&mut **reader, cx, bytes) });
        let result = ready!(polled);
        let start = progress.start;
        let (whole, result) = into_text(mem::take(bytes), start, result, OnError::Forget);
        **text = whole;
        // A poll too many reads into a vector that is empty, as it was made.
        *progress = Progress::of(bytes);
        Poll::Ready(result)
    }
}

impl<R: fmt::Debug + ?Sized> fmt::Debug for ReadToString<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadToString")
            .field("reader", &self.reader)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// What becomes of what was read before a source failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnError {
    Forget,
    Keep,
}

/// `bytes` as text, if they are such and reading them went well; otherwise the first `start`, which
/// are.
pub(super) fn into_text(
    mut bytes: Vec<u8>,
    start: usize,
    result: io::Result<usize>,
    on_error: OnError,
) -> (String, io::Result<usize>) {
    if result.is_err() && on_error == OnError::Forget {
        bytes.truncate(start);
    }
    match String::from_utf8(bytes) {
        Ok(text) => (text, result),
        Err(no_text) => {
            let error = no_text.utf8_error();
            let mut bytes = no_text.into_bytes();
            bytes.truncate(start);
            let text = String::from_utf8(bytes).expect("it was text before");
            let invalid = |_| Err(io::Error::new(io::ErrorKind::InvalidData, error));
            (text, result.and_then(invalid))
        }
    }
}

/// How far a vector was read to.
#[derive(Debug)]
struct Progress {
    /// Its length at the start.
    start: usize,
    /// Its capacity at the start: what filled that may have been all.
    capacity: usize,
    /// So many bytes after its length hold values.
    initialized: usize,
    /// The last read was filled, so there is more.
    is_more: bool,
}

impl Progress {
    fn of(bytes: &Vec<u8>) -> Self {
        let (start, capacity) = (bytes.len(), bytes.capacity());
        Self { start, capacity, initialized: 0, is_more: false }
    }

    /// Appends to `bytes` until the source ends, and tells by how much it has grown in all.
    ///
    /// # Safety
    /// `self` was made of `bytes`, and nobody else has changed it since.
    unsafe fn poll<R: AsyncRead + Unpin + ?Sized>(
        &mut self,
        reader: &mut R,
        cx: &mut Context<'_>,
        bytes: &mut Vec<u8>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let room = bytes.capacity() - bytes.len();
            let n = if room < PROBE && !self.is_more {
                ready!(self.poll_probe(reader, cx, bytes))?
            } else {
                if room < PROBE {
                    bytes.reserve(CHUNK_MIN);
                    self.initialized = 0;
                }
                // SAFETY: the caller's contract.
                ready!(unsafe { self.poll_read(reader, cx, bytes) })?
            };
            if n == 0 {
                return Poll::Ready(Ok(bytes.len() - self.start));
            }
        }
    }

    /// Reads a little beside the vector.
    fn poll_probe<R: AsyncRead + Unpin + ?Sized>(
        &mut self,
        reader: &mut R,
        cx: &mut Context<'_>,
        bytes: &mut Vec<u8>,
    ) -> Poll<io::Result<usize>> {
        let mut memory = [MaybeUninit::uninit(); PROBE];
        let mut buf = ReadBuf::uninit(&mut memory);
        ready!(uninterrupted(|| Pin::new(&mut *reader).poll_read(cx, &mut buf)))?;
        let n = buf.filled().len();
        if n > 0 {
            bytes.extend_from_slice(buf.filled());
            self.initialized = 0;
            self.is_more = n == PROBE;
        }
        Poll::Ready(Ok(n))
    }

    /// Reads into what the vector has left.
    ///
    /// # Safety
    /// As [`poll`](Self::poll).
    unsafe fn poll_read<R: AsyncRead + Unpin + ?Sized>(
        &mut self,
        reader: &mut R,
        cx: &mut Context<'_>,
        bytes: &mut Vec<u8>,
    ) -> Poll<io::Result<usize>> {
        let read =
            |buf: &mut ReadBuf<'_>| uninterrupted(|| Pin::new(&mut *reader).poll_read(cx, buf));
        let room = bytes.spare_capacity_mut();
        // SAFETY: `initialized` is what the last reader left in the same memory, less what was
        // filled; it starts at 0 when the vector may have moved.
        let (lent, polled) = unsafe { lend(room, self.initialized, read) };
        self.initialized = lent.initialized - lent.filled;
        let was_filled = lent.filled == bytes.capacity() - bytes.len();
        self.is_more = was_filled && bytes.capacity() != self.capacity;
        // SAFETY: so many bytes after the length were filled, so they hold values.
        unsafe { bytes.set_len(bytes.len() + lent.filled) };
        polled.map_ok(|()| lent.filled)
    }
}

/// Less room than that is not worth a read.
const PROBE: usize = 32;
/// Room that is made at least, once there is known to be more: as much as a buffered reader has.
const CHUNK_MIN: usize = 8 * 1024;
