//! A reader and writer with two buffers.

use core::fmt;
use core::pin::Pin;

use pin_project_lite::pin_project;

use super::{BufReader, BufWriter, CAPACITY};
use crate::traits::{buf_reads_by, reads_by, seeks_by, writes_by};
use crate::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};

pin_project! {
    /// A stream with a buffer for each direction: a [`BufReader`] around a [`BufWriter`].
    ///
    /// ```
    /// use rt_io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
    ///
    /// # rt_task::block_on(async {
    /// let mut stream = BufStream::new(rt_io::join(&b"a line\nand more"[..], Vec::new()));
    /// let mut line = String::new();
    /// stream.read_line(&mut line).await?;
    /// stream.write_all(line.as_bytes()).await?;
    /// stream.flush().await?;
    /// assert_eq!(stream.get_ref().writer(), b"a line\n");
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub struct BufStream<S> {
        #[pin]
        inner: BufReader<BufWriter<S>>,
    }
}

impl<S: AsyncRead + AsyncWrite> BufStream<S> {
    /// With two buffers of 8 KiB. Two allocations.
    pub fn new(stream: S) -> Self {
        Self::with_capacity(CAPACITY, CAPACITY, stream)
    }

    /// With a buffer of `reader` bytes and one of `writer` bytes.
    ///
    /// # Panics
    /// If `reader` is zero.
    #[track_caller]
    pub fn with_capacity(reader: usize, writer: usize, stream: S) -> Self {
        let writer = BufWriter::with_capacity(writer, stream);
        Self { inner: BufReader::with_capacity(reader, writer) }
    }

    /// The stream.
    pub fn get_ref(&self) -> &S {
        self.inner.get_ref().get_ref()
    }

    /// The stream, past both buffers.
    pub fn get_mut(&mut self) -> &mut S {
        self.inner.get_mut().get_mut()
    }

    /// The stream, pinned, past both buffers.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut S> {
        self.project().inner.get_pin_mut().get_pin_mut()
    }

    /// The stream, without what is buffered, which is lost.
    pub fn into_inner(self) -> S {
        self.inner.into_inner().into_inner()
    }
}

impl<S> From<BufReader<BufWriter<S>>> for BufStream<S> {
    fn from(inner: BufReader<BufWriter<S>>) -> Self {
        Self { inner }
    }
}

impl<S> From<BufWriter<BufReader<S>>> for BufStream<S> {
    /// Turned inside out. Both buffers keep what they hold.
    fn from(outer: BufWriter<BufReader<S>>) -> Self {
        let (reader, buffered) = outer.take_apart();
        Self { inner: reader.map(buffered) }
    }
}

impl<S: AsyncRead + AsyncWrite> AsyncRead for BufStream<S> {
    reads_by!(inner);
}

impl<S: AsyncRead + AsyncWrite> AsyncBufRead for BufStream<S> {
    buf_reads_by!(inner);
}

impl<S: AsyncRead + AsyncWrite> AsyncWrite for BufStream<S> {
    writes_by!(inner);
}

/// Writes what is buffered before it moves, and forgets what was read ahead after.
impl<S: AsyncRead + AsyncWrite + AsyncSeek> AsyncSeek for BufStream<S> {
    seeks_by!(inner);
}

impl<S: fmt::Debug> fmt::Debug for BufStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufStream").field("inner", &self.inner).finish()
    }
}
