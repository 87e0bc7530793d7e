//! What the readers of standard input share with the thread that reads it.
//!
//! One per process, as the input is. A reader says that it wants something; the thread waits for
//! input, reads once, and leaves what it read to whoever asks first. So nothing is read that nobody
//! has asked for, and nothing is lost that was: it is here for the next reader.
//!
//! The thread is no pool's: it may wait for ever, and no runtime waits for it. It ends when the last
//! [`Stdin`](super::Stdin) is gone, or with the process.

use core::task::{Poll, Waker};
use std::boxed::Box;
use std::io;
use std::string::ToString;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;
use std::{thread, vec};

use super::sys;
use crate::ReadBuf;

/// See the module.
pub(super) struct Shared {
    state: Mutex<State>,
    /// The thread waits here while nobody wants anything.
    wanted: Condvar,
}

struct State {
    /// What was read: from `start` on, nobody has it yet.
    bytes: Vec<u8>,
    start: usize,
    /// The end, or an error: for the next reader.
    ended: Option<io::Result<()>>,
    /// Who waits, each once.
    waiting: Vec<(u64, Waker)>,
    /// Readers that are there.
    readers: usize,
    next_id: u64,
    /// What the thread waits for; `None` without one.
    input: Option<Arc<sys::Input>>,
}

static SHARED: Shared = Shared {
    state: Mutex::new(State {
        bytes: Vec::new(),
        start: 0,
        ended: None,
        waiting: Vec::new(),
        readers: 0,
        next_id: 0,
        input: None,
    }),
    wanted: Condvar::new(),
};

/// One reader more. Returns what it is called.
pub(super) fn enter() -> u64 {
    let mut state = SHARED.lock();
    state.readers += 1;
    state.next_id += 1;
    state.next_id
}

/// One reader less: it wants nothing more.
pub(super) fn leave(id: u64) {
    let mut state = SHARED.lock();
    state.readers -= 1;
    let waker = state.forget(id);
    let input = state.waiting.is_empty().then(|| state.input.clone()).flatten();
    drop(state);
    SHARED.wanted.notify_one(); // it may have been the last
    if let Some(input) = input {
        input.ring();
    }
    drop(waker); // foreign code, with nothing locked
}

/// Gives reader `id` what there is, or has `waker` woken when there is something.
///
/// One lock, two if it waits; a thread, if none reads yet.
pub(super) fn poll_read(id: u64, waker: &Waker, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
    if let Some(read) = SHARED.lock().take(buf) {
        return Poll::Ready(read);
    }
    let waker = waker.clone(); // foreign code, with nothing locked
    let mut state = SHARED.lock();
    if let Some(read) = state.take(buf) {
        drop(state);
        return Poll::Ready(read);
    }
    if state.input.is_none() {
        state.input = Some(start()?);
    }
    let before = state.forget(id);
    state.waiting.push((id, waker));
    drop(state);
    SHARED.wanted.notify_one();
    drop(before);
    Poll::Pending
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What there is.
    fn take(&mut self, buf: &mut ReadBuf<'_>) -> Option<io::Result<()>> {
        let there = &self.bytes[self.start..];
        if there.is_empty() {
            return self.ended.take();
        }
        let n = there.len().min(buf.remaining());
        buf.put_slice(&there[..n]);
        self.start += n;
        Some(Ok(()))
    }

    /// Whether the thread is to read.
    fn is_wanted(&self) -> bool {
        !self.waiting.is_empty() && self.start == self.bytes.len() && self.ended.is_none()
    }

    fn forget(&mut self, id: u64) -> Option<Waker> {
        let at = self.waiting.iter().position(|(other, _)| *other == id)?;
        Some(self.waiting.swap_remove(at).1)
    }
}

/// Starts the thread.
fn start() -> io::Result<Arc<sys::Input>> {
    let input = Arc::new(sys::Input::open()?);
    let reads = input.clone();
    // Detached: see the module.
    thread::Builder::new().name("rt-stdin".to_string()).spawn(move || serve(&reads))?;
    Ok(input)
}

/// The thread.
fn serve(input: &sys::Input) {
    let mut buf: Box<[u8]> = vec![0; CHUNK].into_boxed_slice();
    loop {
        let mut state = SHARED.lock();
        while !state.is_wanted() {
            if state.readers == 0 {
                state.input = None;
                return;
            }
            state = SHARED.wanted.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        let read = match input.read(&mut buf, || SHARED.lock().is_wanted()) {
            Ok(None) => continue, // nobody wants it any more
            Ok(Some(n)) => Ok(n),
            Err(error) => Err(error),
        };
        let mut state = SHARED.lock();
        state.bytes.clear();
        state.start = 0;
        match read {
            Ok(0) => state.ended = Some(Ok(())),
            Ok(n) => state.bytes.extend_from_slice(&buf[..n]),
            Err(error) => state.ended = Some(Err(error)),
        }
        let waiting = core::mem::take(&mut state.waiting);
        drop(state);
        for (_, waker) in waiting {
            // A waker that panics takes the thread with it only after the others are woken.
            let woken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| waker.wake()));
            drop(woken);
        }
    }
}

/// Bytes that are read at once.
const CHUNK: usize = 16 * 1024;
