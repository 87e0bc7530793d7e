//! What a ready descriptor hands out: a guard that says whether it still is.
//!
//! Readiness stays until somebody says that an operation would block. A guard is the way to say
//! so: it knows which event it was made of, and clears nothing that came later.

use std::fmt;
use std::io;
use std::os::fd::AsRawFd;

use super::async_fd::AsyncFd;
use crate::ready::{Ready, ReadyEvent};

/// A descriptor found ready. Say whether it still is: [`clear_ready`](Self::clear_ready) when an
/// operation would block, [`retain_ready`](Self::retain_ready) else; or leave both to
/// [`try_io`](Self::try_io).
#[must_use = "say whether the descriptor is still ready"]
pub struct AsyncFdReadyGuard<'a, T: AsRawFd> {
    fd: &'a AsyncFd<T>,
    event: Option<ReadyEvent>,
}

/// A descriptor found ready, with exclusive access to it. See [`AsyncFdReadyGuard`].
#[must_use = "say whether the descriptor is still ready"]
pub struct AsyncFdReadyMutGuard<'a, T: AsRawFd> {
    fd: &'a mut AsyncFd<T>,
    event: Option<ReadyEvent>,
}

/// The operation of `try_io` would block; the readiness is cleared.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TryIoError;

impl fmt::Display for TryIoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operation would block")
    }
}

impl std::error::Error for TryIoError {}

impl<'a, T: AsRawFd> AsyncFdReadyGuard<'a, T> {
    pub(super) fn new(fd: &'a AsyncFd<T>, event: ReadyEvent) -> Self {
        Self { fd, event: Some(event) }
    }

    /// Says that an operation would block: the next wait is for a new event. Say it only then:
    /// there may be none, else.
    pub fn clear_ready(&mut self) {
        clear(self.fd, &mut self.event, Ready::ALL);
    }

    /// The same, for a part of the readiness.
    pub fn clear_ready_matching(&mut self, ready: Ready) {
        clear(self.fd, &mut self.event, ready);
    }

    /// Says that the descriptor may still be ready.
    pub fn retain_ready(&mut self) {}

    /// What it was found ready for, less what was cleared by this guard.
    pub fn ready(&self) -> Ready {
        self.event.map_or(Ready::EMPTY, |event| event.ready)
    }

    /// Runs `f`, and clears the readiness if that would block.
    ///
    /// # Errors
    /// The outer one if it would block; the inner one is any other of `f`.
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&'a AsyncFd<T>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        let result = f(self.fd);
        settle(result, || self.clear_ready())
    }

    /// The descriptor.
    pub fn get_ref(&self) -> &'a AsyncFd<T> {
        self.fd
    }

    /// The value inside.
    pub fn get_inner(&self) -> &'a T {
        self.fd.get_ref()
    }
}

impl<'a, T: AsRawFd> AsyncFdReadyMutGuard<'a, T> {
    pub(super) fn new(fd: &'a mut AsyncFd<T>, event: ReadyEvent) -> Self {
        Self { fd, event: Some(event) }
    }

    /// See [`AsyncFdReadyGuard::clear_ready`].
    pub fn clear_ready(&mut self) {
        clear(self.fd, &mut self.event, Ready::ALL);
    }

    /// See [`AsyncFdReadyGuard::clear_ready_matching`].
    pub fn clear_ready_matching(&mut self, ready: Ready) {
        clear(self.fd, &mut self.event, ready);
    }

    /// Says that the descriptor may still be ready.
    pub fn retain_ready(&mut self) {}

    /// What it was found ready for, less what was cleared by this guard.
    pub fn ready(&self) -> Ready {
        self.event.map_or(Ready::EMPTY, |event| event.ready)
    }

    /// Runs `f`, and clears the readiness if that would block.
    ///
    /// # Errors
    /// As [`AsyncFdReadyGuard::try_io`].
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&mut AsyncFd<T>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        let result = f(self.fd);
        settle(result, || self.clear_ready())
    }

    /// The descriptor.
    pub fn get_ref(&self) -> &AsyncFd<T> {
        self.fd
    }

    /// The descriptor.
    pub fn get_mut(&mut self) -> &mut AsyncFd<T> {
        self.fd
    }

    /// The value inside.
    pub fn get_inner(&self) -> &T {
        self.fd.get_ref()
    }

    /// The value inside.
    pub fn get_inner_mut(&mut self) -> &mut T {
        self.fd.get_mut()
    }
}

/// Clears `part` of what the event told, of the descriptor and of the guard's knowledge.
fn clear<T: AsRawFd>(fd: &AsyncFd<T>, event: &mut Option<ReadyEvent>, part: Ready) {
    if let Some(known) = event {
        fd.clear(known.with_ready(part));
        known.ready = known.ready - part;
        if known.ready.is_empty() {
            *event = None;
        }
    }
}

fn settle<R>(result: io::Result<R>, clear: impl FnOnce()) -> Result<io::Result<R>, TryIoError> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            clear();
            Err(TryIoError)
        }
        result => Ok(result),
    }
}

impl<T: AsRawFd + fmt::Debug> fmt::Debug for AsyncFdReadyGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdReadyGuard")
            .field("fd", self.fd)
            .field("ready", &self.ready())
            .finish()
    }
}

impl<T: AsRawFd + fmt::Debug> fmt::Debug for AsyncFdReadyMutGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdReadyMutGuard")
            .field("fd", &self.fd)
            .field("ready", &self.ready())
            .finish()
    }
}
