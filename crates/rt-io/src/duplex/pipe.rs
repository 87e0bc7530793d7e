//! One direction: a pipe with one writer and one reader, without a lock.
//!
//! Bytes are numbered from 0 as they are written. `tail` is the number of the next byte to be
//! written, `head` that of the next to be read; both wrap. They lie in a chain of rings
//! ([`Segment`]): the writer goes on to a larger ring when one is too small for what it may hold,
//! and the reader follows when it has read all that is in the one before, and frees it.
//!
//! # Protocol: pipe
//! | writer                                    | reader                                        |
//! |-------------------------------------------|-----------------------------------------------|
//! | T1 load `head`: what is free              | H1 load `tail`: what is there                 |
//! | T2 write bytes there                      | H2 load `next`, if the ring's bytes are read  |
//! | T3 store `next`, if the ring is too small | H3 copy bytes out                             |
//! | T4 store `tail`                           | H4 store `head`                               |
//! | T5 notify the reader                      | H5 notify the writer                          |
//! | T6 store `is_over`, notify the reader     | H6 store `is_gone`, notify the writer         |
//!
//! **Claim (every byte once).** The reader sees every byte that was written before `tail` was,
//! as it was written, and nobody writes to it until it is read.
//! **Why.** T4 releases T2 and T3 to H1: the bytes, and the ring that they are in. H4 releases H3
//! to T1: what is written over was read. `tail - head` never exceeds what the pipe may hold, nor
//! the part of it that is in one ring that ring's size.
//! **Breaks if** T1 or H1 is weaker than Acquire, or T4 or H4 than Release.
//! **Checked by** `pipe::loom_tests::what_is_written_is_read`.
//!
//! **Claim (nobody in a ring that is freed).** The reader frees a ring when the writer has left it.
//! **Why.** The writer leaves with T3, its last access; H2 reads what T3 stored, and acquires.
//! **Breaks if** T3 is weaker than Release or H2 than Acquire, unless H1 has seen T4 after it.
//! **Checked by** `pipe::loom_tests::a_pipe_that_grows_keeps_its_bytes`.
//!
//! **Claim (the end).** A reader that finds nothing after it saw `is_over` has read all.
//! **Why.** T6 releases T4; the reader loads `tail` again after it acquired `is_over`.
//! **Breaks if** T6 is weaker than Release or its load than Acquire.
//! **Checked by** `pipe::loom_tests::the_end_comes_after_all_bytes`.

use core::fmt;
use core::panic::Location;
use core::ptr::{self, NonNull};
use core::task::{Context, Poll};
use std::boxed::Box;
use std::io::{self, IoSlice};

use rt_task::base::shim::{Arc, AtomicBool, AtomicPtr, AtomicUsize, Ordering::*, site};
use rt_task::wait::{Wait, WaitKind, poll_leaf};

use super::segment::Segment;
use super::signal::Signal;
use crate::ReadBuf;

/// What both ends share.
struct Pipe {
    /// Written by the writer.
    writers: Line,
    /// Written by the reader.
    readers: Line,
    /// Bytes that may wait to be read.
    max: usize,
    /// The ring that the reader is in: for who frees the pipe.
    oldest: AtomicPtr<Segment>,
}

/// What one end writes and the other looks at, apart from the other's.
#[repr(align(64))]
struct Line {
    /// Of the writer: `tail`. Of the reader: `head`.
    count: AtomicUsize,
    /// Of the writer: `is_over`. Of the reader: `is_gone`.
    has_left: AtomicBool,
    /// Where the *other* end waits for this one.
    news: Signal,
}

impl Line {
    fn new() -> Self {
        Self { count: AtomicUsize::new(0), has_left: AtomicBool::new(false), news: Signal::new() }
    }
}

/// The end that is written to.
pub(super) struct Writer {
    pipe: Arc<Pipe>,
    /// The newest ring. The writer's until it leaves it.
    segment: NonNull<Segment>,
    /// Where in it the next byte goes.
    at: usize,
    tail: usize,
    is_over: bool,
}

/// The end that is read from.
pub(super) struct Reader {
    pipe: Arc<Pipe>,
    /// The oldest ring.
    segment: NonNull<Segment>,
    /// Where in it the next byte is.
    at: usize,
    head: usize,
}

// SAFETY: the rings are shared by the two ends as the Claims say, wherever these are.
unsafe impl Send for Writer {}
// SAFETY: as above.
unsafe impl Send for Reader {}
// SAFETY: by a shared reference nothing is done but to show it.
unsafe impl Sync for Writer {}
// SAFETY: as above.
unsafe impl Sync for Reader {}

/// A pipe for `max` bytes at a time.
#[track_caller]
pub(super) fn pipe(max: usize) -> (Writer, Reader) {
    assert!(max > 0, "a stream of 0 bytes can hold nothing: say how many may wait to be read");
    pipe_of(max, max.min(CAPACITY_FIRST))
}

/// [`pipe`] with a first ring of `capacity` bytes.
fn pipe_of(max: usize, capacity: usize) -> (Writer, Reader) {
    let first = Box::into_raw(Box::new(Segment::new(0, capacity)));
    let oldest = AtomicPtr::new(first);
    let pipe = Arc::new(Pipe { writers: Line::new(), readers: Line::new(), max, oldest });
    let segment = NonNull::new(first).expect("a box is somewhere");
    let writer = Writer { pipe: pipe.clone(), segment, at: 0, tail: 0, is_over: false };
    (writer, Reader { pipe, segment, at: 0, head: 0 })
}

impl Writer {
    /// Writes what fits of `bufs`, in order, or waits at `site` for room.
    #[inline]
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
        site: &'static Location<'static>,
    ) -> Poll<io::Result<usize>> {
        let object = ptr::from_ref::<Pipe>(&self.pipe).addr();
        let wait = || Wait { kind: WaitKind::Writable, object, site };
        poll_leaf(cx, wait, |cx| {
            if let Some(written) = self.try_write(bufs) {
                return Poll::Ready(written);
            }
            self.pipe.readers.news.wait(cx.waker());
            // W5
            self.try_write(bufs).map_or(Poll::Pending, Poll::Ready)
        })
    }

    /// `None` if there is no room.
    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> Option<io::Result<usize>> {
        let readers = &self.pipe.readers;
        // H6 orders nothing: who waits is woken after it.
        if self.is_over || readers.has_left.load(Relaxed) {
            return Some(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let wanted = bufs.iter().fold(0_usize, |all, buf| all.saturating_add(buf.len()));
        if wanted == 0 {
            return Some(Ok(0));
        }
        let head = readers.count.load(site("pipe.T1", Acquire)); // T1, pairs with H4
        let used = self.tail.wrapping_sub(head);
        let n = wanted.min(self.pipe.max - used);
        if n == 0 {
            return None;
        }
        self.put(bufs, n, used);
        self.pipe.writers.count.store(self.tail, site("pipe.T4", Release)); // T4, pairs with H1
        self.pipe.writers.news.notify(); // T5
        Some(Ok(n))
    }

    /// Writes the first `n` bytes of `bufs`. `used` bytes wait to be read; `n` more may.
    fn put(&mut self, bufs: &[IoSlice<'_>], n: usize, used: usize) {
        let mut left = n;
        // SAFETY: the ring is the writer's until it leaves it.
        let segment = unsafe { self.segment.as_ref() };
        // Of what waits, that is in this ring.
        let here = used.min(self.tail.wrapping_sub(segment.base));
        let mut room = segment.memory.capacity() - here;
        for buf in bufs {
            let mut buf = &buf[..buf.len().min(left)];
            while !buf.is_empty() {
                if room == 0 {
                    room = self.grow(left);
                }
                // SAFETY: as above.
                let memory = &unsafe { self.segment.as_ref() }.memory;
                let n = buf.len().min(room).min(memory.capacity() - self.at);
                let (now, rest) = buf.split_at(n);
                // SAFETY: T2: `room` bytes from `at` on, around the end, were never written or
                // were read (T1), and the reader keeps to what is before `tail`.
                unsafe { memory.write(self.at, now) };
                self.at = if self.at + n == memory.capacity() { 0 } else { self.at + n };
                self.tail = self.tail.wrapping_add(n);
                (buf, room, left) = (rest, room - n, left - n);
            }
        }
    }

    /// Goes on to a ring with room for `n` bytes, and tells its size.
    #[cold]
    fn grow(&mut self, n: usize) -> usize {
        // SAFETY: the ring is the writer's until it leaves it.
        let segment = unsafe { self.segment.as_ref() };
        let twice = segment.memory.capacity().saturating_mul(2);
        let capacity = twice.max(n).min(self.pipe.max);
        let next = Box::into_raw(Box::new(Segment::new(self.tail, capacity)));
        // weaker unnoticed: the model does not see the fields of a ring, but the bytes in it
        segment.next.store(next, site("pipe.T3", Release)); // T3, pairs with H2
        self.segment = NonNull::new(next).expect("a box is somewhere");
        self.at = 0;
        capacity
    }

    /// Nothing more will be written.
    pub(super) fn close(&mut self) {
        if !self.is_over {
            self.is_over = true;
            let writers = &self.pipe.writers;
            writers.has_left.store(true, site("pipe.T6", Release)); // T6, pairs with the look
            writers.news.notify();
        }
    }
}

impl Reader {
    /// Appends what is there and fits to `buf`, or waits at `site` for something.
    #[inline]
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<()>> {
        let object = ptr::from_ref::<Pipe>(&self.pipe).addr();
        let wait = || Wait { kind: WaitKind::Readable, object, site };
        poll_leaf(cx, wait, |cx| {
            if self.try_read(buf) {
                return Poll::Ready(Ok(()));
            }
            self.pipe.writers.news.wait(cx.waker());
            // W5
            if self.try_read(buf) { Poll::Ready(Ok(())) } else { Poll::Pending }
        })
    }

    /// Whether something was read, or nothing will ever be.
    fn try_read(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        if buf.remaining() == 0 {
            return true;
        }
        let writers = &self.pipe.writers;
        let mut tail = writers.count.load(site("pipe.H1", Acquire)); // H1, pairs with T4
        if tail == self.head {
            // Pairs with T6: `tail` is then what it was at last.
            if !writers.has_left.load(site("pipe.T6.look", Acquire)) {
                return false;
            }
            tail = writers.count.load(Relaxed); // acquired with `is_over`
            if tail == self.head {
                return true;
            }
        }
        self.copy_out(tail, buf);
        self.pipe.readers.count.store(self.head, site("pipe.H4", Release)); // H4, pairs with T1
        self.pipe.readers.news.notify(); // H5
        true
    }

    /// Appends what there is before `tail`, and fits, to `buf`.
    fn copy_out(&mut self, tail: usize, buf: &mut ReadBuf<'_>) {
        loop {
            // SAFETY: the ring is there until the reader frees it.
            let segment = unsafe { self.segment.as_ref() };
            // weaker unnoticed: as T3
            let next = segment.next.load(site("pipe.H2", Acquire)); // H2, pairs with T3
            // SAFETY: a ring is there until the reader, having come to it, frees it.
            let end = unsafe { next.as_ref() }.map_or(tail, |next| next.base);
            // What comes before `tail` may end before the ring does.
            let there = end.wrapping_sub(self.head).min(tail.wrapping_sub(self.head));
            let there = there.min(buf.remaining());
            let first = there.min(segment.memory.capacity() - self.at);
            // SAFETY: H3: before `tail`, so written (H1), and not read, so not written over.
            unsafe { segment.memory.read(self.at, first, buf) };
            self.at += first;
            if self.at == segment.memory.capacity() {
                self.at = there - first;
                // SAFETY: as above: what goes on at the start.
                unsafe { segment.memory.read(0, there - first, buf) };
            }
            self.head = self.head.wrapping_add(there);
            if next.is_null() || self.head != end {
                return;
            }
            self.leave(next);
            if self.head == tail || buf.remaining() == 0 {
                return;
            }
        }
    }

    /// Goes on to the `next` ring, which is not null, and frees the one before.
    #[cold]
    fn leave(&mut self, next: *mut Segment) {
        let old = self.segment;
        self.segment = NonNull::new(next).expect("there is a next ring");
        self.at = 0;
        self.pipe.oldest.store(next, Relaxed); // read by who frees the pipe, after both ends
        // SAFETY: made by `Box::into_raw`; the writer has left it (H2), and so has the reader.
        drop(unsafe { Box::from_raw(old.as_ptr()) });
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let readers = &self.pipe.readers;
        readers.has_left.store(true, Relaxed); // H6; orders nothing: who sees it stops
        readers.news.notify();
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let mut next = self.oldest.load(Relaxed); // both ends are gone
        while !next.is_null() {
            // SAFETY: made by `Box::into_raw`; nobody is in it any more.
            let segment = unsafe { Box::from_raw(next) };
            next = segment.next.load(Relaxed); // as above
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unread = self.tail.wrapping_sub(self.pipe.readers.count.load(Relaxed)); // to be shown
        f.debug_struct("Writer")
            .field("unread", &unread)
            .field("max", &self.pipe.max)
            .field("is_over", &self.is_over)
            .finish()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unread = self.pipe.writers.count.load(Relaxed).wrapping_sub(self.head); // to be shown
        f.debug_struct("Reader")
            .field("unread", &unread)
            .field("max", &self.pipe.max)
            .finish_non_exhaustive()
    }
}

/// The first ring's size: enough for most messages.
const CAPACITY_FIRST: usize = 4 * 1024;

#[cfg(all(test, rt_loom))]
mod loom_tests;
