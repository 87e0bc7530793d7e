//! A reader and a writer as one.

use core::pin::Pin;

use pin_project_lite::pin_project;

use crate::traits::{buf_reads_by, reads_by, writes_by};
use crate::{AsyncBufRead, AsyncRead, AsyncWrite};

pin_project! {
    /// A reader and a writer as one, by [`join`].
    #[derive(Debug)]
    pub struct Join<R, W> {
        #[pin]
        reader: R,
        #[pin]
        writer: W,
    }
}

/// `reader` and `writer` as one: reads by the first, writes by the second. Costs nothing.
pub fn join<R: AsyncRead, W: AsyncWrite>(reader: R, writer: W) -> Join<R, W> {
    Join { reader, writer }
}

impl<R, W> Join<R, W> {
    /// Both.
    pub fn into_inner(self) -> (R, W) {
        (self.reader, self.writer)
    }

    /// The reader.
    pub fn reader(&self) -> &R {
        &self.reader
    }

    /// The writer.
    pub fn writer(&self) -> &W {
        &self.writer
    }

    /// The reader.
    pub fn reader_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The writer.
    pub fn writer_mut(&mut self) -> &mut W {
        &mut self.writer
    }

    /// The reader, pinned.
    pub fn reader_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().reader
    }

    /// The writer, pinned.
    pub fn writer_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().writer
    }
}

impl<R: AsyncRead, W> AsyncRead for Join<R, W> {
    reads_by!(reader);
}

impl<R: AsyncBufRead, W> AsyncBufRead for Join<R, W> {
    buf_reads_by!(reader);
}

impl<R, W: AsyncWrite> AsyncWrite for Join<R, W> {
    writes_by!(writer);
}
