//! A writer that blocks, on the blocking pool.
//!
//! A write is taken at once, up to [`CHUNK_MAX`], and handed to the pool; the next waits until that
//! is written, and tells if it failed. So order is kept, and one chunk is written under one lock of
//! `std`'s: lines of several tasks do not mix in it.
//!
//! What was taken is written, whatever becomes of the runtime: a job that is dropped before it ran
//! (by a shutdown, or a pool that takes no more) writes as it is dropped.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;
use std::vec::Vec;

use rt_task::base::context;
use rt_task::wait::{Wait, WaitKind, poll_leaf};
use rt_task::{Builder, Job, JoinHandle};

use crate::ext::Site;

/// Where the bytes go. What it does may block.
pub(super) trait Target: Send + 'static {
    const NAME: &'static str;
    /// Writes all of it, in one piece.
    fn write_all(bytes: &[u8]) -> io::Result<()>;
    fn flush() -> io::Result<()>;
}

/// See the module.
#[derive(Debug)]
pub(super) struct Output<T> {
    state: State,
    /// Something was written since the last flush.
    must_flush: bool,
    target: core::marker::PhantomData<T>,
}

#[derive(Debug)]
enum State {
    Idle(Vec<u8>),
    Busy(JoinHandle<Done>),
}

/// How it went, and the memory, to be used again.
type Done = (io::Result<()>, Vec<u8>);

impl<T: Target> Output<T> {
    pub(super) const fn new() -> Self {
        let state = State::Idle(Vec::new());
        Self { state, must_flush: false, target: core::marker::PhantomData }
    }

    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
        site: Site,
    ) -> Poll<io::Result<usize>> {
        let mut memory = ready!(self.poll_idle(cx, site))?;
        let chunk = &buf[..end_of_chunk(buf)];
        memory.clear();
        memory.extend_from_slice(chunk);
        self.must_flush |= !chunk.is_empty();
        self.run(memory, site, T::write_all)?;
        Poll::Ready(Ok(chunk.len()))
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>, site: Site) -> Poll<io::Result<()>> {
        let mut memory = ready!(self.poll_idle(cx, site))?;
        if self.must_flush {
            memory.clear();
            self.run(memory, site, |_| T::flush())?;
            self.must_flush = false;
            memory = ready!(self.poll_idle(cx, site))?;
        }
        self.state = State::Idle(memory);
        Poll::Ready(Ok(()))
    }

    /// Waits for what was handed over last, and takes the memory.
    fn poll_idle(&mut self, cx: &mut Context<'_>, site: Site) -> Poll<io::Result<Vec<u8>>> {
        match &mut self.state {
            State::Idle(memory) => Poll::Ready(Ok(core::mem::take(memory))),
            State::Busy(handle) => {
                let object = handle.id().as_u64() as usize;
                let wait = || Wait { kind: WaitKind::Blocking, object, site };
                let done = ready!(poll_leaf(cx, wait, |cx| Pin::new(handle).poll(cx)));
                self.state = State::Idle(Vec::new());
                let (result, memory) = done?; // cancelled: see `Promised`
                Poll::Ready(result.map(|()| memory))
            }
        }
    }

    /// Hands `memory` to the pool.
    fn run(
        &mut self,
        memory: Vec<u8>,
        site: Site,
        op: fn(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let pool = match context::blocking() {
            Ok(pool) => pool,
            Err(missing) => return Err(missing.io_error(T::NAME, site)),
        };
        let promised = Promised { memory: Some(memory), op };
        let (job, handle) =
            Job::with(Builder::new().name(T::NAME).location(site), || promised.keep());
        drop(pool.execute(job)); // a job that comes back is dropped, and does its work so
        self.state = State::Busy(handle);
        Ok(())
    }
}

/// Work that is done once: when it is asked for, or else when it is dropped.
struct Promised {
    memory: Option<Vec<u8>>,
    op: fn(&[u8]) -> io::Result<()>,
}

impl Promised {
    fn keep(mut self) -> Done {
        let memory = self.memory.take().expect("it is kept once");
        ((self.op)(&memory), memory)
    }
}

impl Drop for Promised {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            _ = (self.op)(&memory); // nobody is left to be told
        }
    }
}

/// Where to end a chunk of `buf`: at the end of a letter, if it is text that must be cut.
fn end_of_chunk(buf: &[u8]) -> usize {
    if buf.len() <= CHUNK_MAX {
        return buf.len();
    }
    let is_start = |byte: &u8| *byte as i8 >= -0x40; // not the middle of a letter
    // The last four bytes that are kept, and the first that is not: a letter starts among them.
    let back = (0..4).find(|back| is_start(&buf[CHUNK_MAX - back]));
    CHUNK_MAX - back.unwrap_or(0)
}

/// Bytes that are copied and written at once: more than a terminal takes in a frame.
const CHUNK_MAX: usize = 2 * 1024 * 1024;

#[cfg(all(test, not(rt_loom)))]
mod tests;
