//! Scripted readers and writers for the tests, and one poll at a time.

use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::vec::Vec;

use proptest::prelude::*;

use crate::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

/// What a scripted reader or writer does when it is asked.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The reader has so much, in as many reads as that takes.
    Bytes(Vec<u8>),
    /// The writer takes so many bytes at most.
    Room(usize),
    Fail(ErrorKind),
    /// Not now: the task is woken at once.
    Pend,
}

/// A reader that has what its script says, and then ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source(pub(crate) VecDeque<Step>);

impl Source {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self(steps.into_iter().collect())
    }

    /// Pieces, each in a read of its own.
    pub(crate) fn pieces(pieces: &[&str]) -> Self {
        Self::new(pieces.iter().map(|piece| Step::Bytes(piece.as_bytes().to_vec())))
    }

    /// What it has, as long as nothing fails.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let bytes = |step: &Step| match step {
            Step::Bytes(bytes) => bytes.clone(),
            _ => Vec::new(),
        };
        self.0.iter().flat_map(bytes).collect()
    }

    fn next(&mut self, room: usize, put: impl FnOnce(&[u8])) -> Poll<io::Result<()>> {
        if room == 0 {
            return Poll::Ready(Ok(()));
        }
        match self.0.front_mut() {
            None => Poll::Ready(Ok(())),
            Some(Step::Bytes(bytes)) => {
                let n = bytes.len().min(room);
                put(&bytes[..n]);
                bytes.drain(..n);
                if bytes.is_empty() {
                    self.0.pop_front();
                }
                Poll::Ready(Ok(()))
            }
            Some(&mut Step::Fail(kind)) => {
                self.0.pop_front();
                Poll::Ready(Err(kind.into()))
            }
            Some(Step::Pend | Step::Room(_)) => {
                self.0.pop_front();
                Poll::Pending
            }
        }
    }
}

impl AsyncRead for Source {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = self.next(buf.remaining(), |bytes| buf.put_slice(bytes));
        woken(cx, polled)
    }
}

/// The same, by the traits of `std`.
#[derive(Clone, Debug)]
pub(crate) struct Sync<T>(pub(crate) T);

impl io::Read for Sync<Source> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let (room, mut n) = (buf.len(), 0);
            let put = |bytes: &[u8]| {
                n = bytes.len();
                buf[..n].copy_from_slice(bytes);
            };
            if let Poll::Ready(read) = self.0.next(room, put) {
                return read.map(|()| n);
            }
        }
    }
}

/// A writer that takes what its script says, and then everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drain {
    pub(crate) script: VecDeque<Step>,
    pub(crate) taken: Vec<u8>,
    /// Bytes taken by each call.
    pub(crate) calls: Vec<usize>,
    pub(crate) flushes: usize,
    pub(crate) shutdowns: usize,
    pub(crate) is_vectored: bool,
}

impl Drain {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { script: steps.into_iter().collect(), ..Self::default() }
    }

    pub(crate) fn vectored(self) -> Self {
        Self { is_vectored: true, ..self }
    }

    fn step(&mut self) -> Poll<io::Result<usize>> {
        match self.script.pop_front() {
            None => Poll::Ready(Ok(usize::MAX)),
            Some(Step::Room(room)) => Poll::Ready(Ok(room)),
            Some(Step::Fail(kind)) => Poll::Ready(Err(kind.into())),
            Some(Step::Pend | Step::Bytes(_)) => Poll::Pending,
        }
    }

    fn take(&mut self, bufs: &[&[u8]]) -> Poll<io::Result<usize>> {
        self.step().map_ok(|room| {
            let bytes = bufs.concat();
            let n = bytes.len().min(room);
            self.taken.extend_from_slice(&bytes[..n]);
            self.calls.push(n);
            n
        })
    }
}

impl AsyncWrite for Drain {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        woken(cx, self.take(&[buf]))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bufs: Vec<&[u8]> = bufs.iter().map(|buf| &**buf).collect();
        let polled = match self.is_vectored {
            true => self.take(&bufs),
            false => self.take(&[bufs.iter().find(|buf| !buf.is_empty()).unwrap_or(&&[][..])]),
        };
        woken(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.is_vectored
    }

    fn poll_flush(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shutdowns += 1;
        Poll::Ready(Ok(()))
    }
}

impl io::Write for Sync<Drain> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        loop {
            if let Poll::Ready(written) = self.0.take(&[buf]) {
                return written;
            }
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flushes += 1;
        Ok(())
    }
}

fn woken<T>(cx: &Context<'_>, polled: Poll<T>) -> Poll<T> {
    if polled.is_pending() {
        cx.waker().wake_by_ref();
    }
    polled
}

/// Polls once.
pub(crate) fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls until it is ready, or as often as `patience` says; `None` then, and the future is gone.
pub(crate) fn run_for<F: Future>(future: F, patience: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    (0..patience).find_map(|_| match future.as_mut().poll(&mut cx) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}

/// Polls until it is ready. What pends must have woken.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    rt_task::block_on(future)
}

/// Text that has line ends, and bytes that are no text.
pub(crate) fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => prop::sample::select(&b"ab\n"[..]),
        1 => Just(b'\r'),
        1 => any::<u8>(),
    ];
    prop::collection::vec(byte, 1..40)
}

/// A reader in pieces, that pends and is interrupted, and may fail.
pub(crate) fn sources(fails: bool) -> impl Strategy<Value = Source> {
    let step = prop_oneof![
        6 => bytes().prop_map(Step::Bytes),
        2 => Just(Step::Pend),
        2 => Just(Step::Fail(ErrorKind::Interrupted)),
        u32::from(fails) => Just(Step::Fail(ErrorKind::Other)),
    ];
    prop::collection::vec(step, 0..12).prop_map(Source::new)
}

/// A writer that takes a little at a time, pends and is interrupted, and may fail.
pub(crate) fn drains(fails: bool) -> impl Strategy<Value = Drain> {
    let step = prop_oneof![
        6 => (1_usize..20).prop_map(Step::Room),
        2 => Just(Step::Pend),
        2 => Just(Step::Fail(ErrorKind::Interrupted)),
        u32::from(fails) => Just(Step::Fail(ErrorKind::Other)),
        u32::from(fails) => Just(Step::Room(0)),
    ];
    (prop::collection::vec(step, 0..20), any::<bool>())
        .prop_map(|(steps, is_vectored)| Drain { is_vectored, ..Drain::new(steps) })
}

/// A file in memory whose moves and reads pend once each before they are done.
#[derive(Debug)]
pub(crate) struct SlowSeek {
    pub(crate) inner: io::Cursor<Vec<u8>>,
    moving: Option<io::SeekFrom>,
    has_pended: bool,
}

impl SlowSeek {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self { inner: io::Cursor::new(bytes.to_vec()), moving: None, has_pended: false }
    }

    fn pends(&mut self, cx: &Context<'_>) -> bool {
        self.has_pended = !self.has_pended;
        if self.has_pended {
            cx.waker().wake_by_ref();
        }
        self.has_pended
    }
}

impl AsyncSeek for SlowSeek {
    fn start_seek(mut self: Pin<&mut Self>, position: io::SeekFrom) -> io::Result<()> {
        match self.moving.replace(position) {
            None => Ok(()),
            Some(_) => Err(io::Error::other("a move is under way")),
        }
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        if let Some(position) = self.moving {
            if self.pends(cx) {
                return Poll::Pending;
            }
            self.moving = None;
            io::Seek::seek(&mut self.inner, position)?;
        }
        Poll::Ready(Ok(self.inner.position()))
    }
}

impl AsyncRead for SlowSeek {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.pends(cx) {
            true => Poll::Pending,
            false => Pin::new(&mut self.inner).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for SlowSeek {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.pends(cx) {
            true => Poll::Pending,
            false => Pin::new(&mut self.inner).poll_write(cx, buf),
        }
    }
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
