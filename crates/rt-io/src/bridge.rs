//! Readers and writers of ours, for code that blocks.

use std::io::{self, BufRead, IoSlice, Read, Seek, SeekFrom, Write};
use std::string::String;
use std::vec::Vec;

use rt_task::base::context;
use rt_task::block_on;

use crate::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite,
    AsyncWriteExt,
};

/// A reader or writer of ours as one of `std`, on a thread that may block: one of a blocking pool, or
/// one of the program's own.
///
/// Each call blocks the thread until the asynchronous one is ready; who drives the reactor is another
/// thread. Dropping it shuts nothing down: call [`shutdown`](Self::shutdown).
///
/// ```
/// use rt_io::SyncIoBridge;
/// use std::io::BufRead;
///
/// let mut lines = SyncIoBridge::new(&b"one\ntwo"[..]).lines();
/// assert_eq!(lines.next().unwrap()?, "one");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct SyncIoBridge<T> {
    inner: T,
}

impl<T: Unpin> SyncIoBridge<T> {
    /// `inner` for code that blocks.
    ///
    /// # Panics
    /// On a thread that drives a runtime: blocking it might block what it waits for.
    #[track_caller]
    pub fn new(inner: T) -> Self {
        assert!(
            context::driven().is_none(),
            "a `SyncIoBridge` blocks its thread, and this one drives a runtime: make it and use it \
             inside `spawn_blocking`"
        );
        Self { inner }
    }

    /// What is inside.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T: AsyncWrite> SyncIoBridge<T> {
    /// Whether vectored writes are better than several.
    pub fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

impl<T: AsyncWrite + Unpin> SyncIoBridge<T> {
    /// Flushes, then ends the sink.
    ///
    /// # Errors
    /// What the sink fails with.
    pub fn shutdown(&mut self) -> io::Result<()> {
        block_on(self.inner.shutdown())
    }
}

impl<T: AsyncRead + Unpin> Read for SyncIoBridge<T> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        block_on(self.inner.read(buf))
    }
    fn read_to_end(&mut self, buf: &mut Vec<u8>) -> io::Result<usize> {
        block_on(self.inner.read_to_end(buf))
    }
    fn read_to_string(&mut self, buf: &mut String) -> io::Result<usize> {
        block_on(self.inner.read_to_string(buf))
    }
    fn read_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
        block_on(self.inner.read_exact(buf)).map(drop)
    }
}

impl<T: AsyncBufRead + Unpin> BufRead for SyncIoBridge<T> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        block_on(self.inner.fill_buf())
    }
    fn consume(&mut self, amount: usize) {
        AsyncBufReadExt::consume(&mut self.inner, amount);
    }
    fn read_until(&mut self, byte: u8, buf: &mut Vec<u8>) -> io::Result<usize> {
        block_on(self.inner.read_until(byte, buf))
    }
    fn read_line(&mut self, line: &mut String) -> io::Result<usize> {
        block_on(self.inner.read_line(line))
    }
}

impl<T: AsyncWrite + Unpin> Write for SyncIoBridge<T> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        block_on(self.inner.write(buf))
    }
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        block_on(self.inner.write_vectored(bufs))
    }
    fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        block_on(self.inner.write_all(buf))
    }
    fn flush(&mut self) -> io::Result<()> {
        block_on(self.inner.flush())
    }
}

impl<T: AsyncSeek + Unpin> Seek for SyncIoBridge<T> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        block_on(self.inner.seek(position))
    }
}

impl<T> AsRef<T> for SyncIoBridge<T> {
    fn as_ref(&self) -> &T {
        &self.inner
    }
}

impl<T> AsMut<T> for SyncIoBridge<T> {
    fn as_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests {
    use super::*;
    use crate::kit::{Drain, SlowSeek, Source, Step, bytes};
    use crate::{BufReader, duplex};
    use proptest::prelude::*;
    use rt_task::base::context::{Env, drive};
    use std::string::ToString;

    proptest! {
        #[test]
        fn what_blocks_reads_and_writes_the_same(bytes in bytes()) {
            let pieces = bytes.chunks(3).flat_map(|part| [Step::Pend, Step::Bytes(part.to_vec())]);
            let mut reader = SyncIoBridge::new(BufReader::with_capacity(4, Source::new(pieces)));
            let (mut heard, mut line) = (Vec::new(), Vec::new());
            while reader.read_until(b'\n', &mut line).unwrap() > 0 {
                heard.append(&mut line);
            }
            prop_assert_eq!(&heard, &bytes);
            let mut writer = SyncIoBridge::new(Drain::new([Step::Room(1), Step::Pend]));
            writer.write_all(&bytes).unwrap();
            writer.flush().unwrap();
            writer.shutdown().unwrap();
            let drain = writer.into_inner();
            prop_assert_eq!((drain.taken, drain.flushes, drain.shutdowns), (bytes, 1, 1));
        }
    }

    #[test]
    fn std_goes_through() {
        let mut file = SyncIoBridge::new(SlowSeek::new(b"0123"));
        assert_eq!(file.seek(SeekFrom::Start(1)).unwrap(), 1);
        let mut text = String::new();
        assert_eq!(file.read_to_string(&mut text).unwrap(), 3);
        assert_eq!(text, "123");
        let (near, far) = duplex(8);
        let (mut near, mut far) = (SyncIoBridge::new(near), SyncIoBridge::new(far));
        write!(near, "{}", 42).unwrap();
        assert!(near.is_write_vectored() && near.as_ref().is_write_vectored());
        let mut two = [0; 2];
        far.read_exact(&mut two).unwrap();
        assert_eq!(&two, b"42");
        drop(near);
        assert_eq!(far.read(&mut two).unwrap(), 0);
    }

    #[test]
    fn on_a_thread_that_drives_a_runtime_it_is_refused() {
        let made = || drive(Env::new(), |_| SyncIoBridge::new(crate::empty()));
        let panic = std::panic::catch_unwind(made).unwrap_err();
        let text = panic.downcast_ref::<&str>().map(ToString::to_string);
        assert!(text.unwrap().contains("use it inside `spawn_blocking`"));
    }
}
