//! What a listener does when the process or the system has no descriptor, or no memory, left
//! for another connection.
//!
//! The connection that could not be accepted stays in the queue, so the listener stays readable:
//! a loop around `accept` would spin, and keep the very tasks from running whose end would free
//! a descriptor. Hence: the *first* failure is reported. From then on each attempt is preceded by
//! a rest, from [`REST_MIN_MS`] doubling up to [`REST_MAX_MS`], and fails in silence, until one
//! succeeds; the next failure is a first one again.
//!
//! Who accepts in a loop beside other things drops the wait whenever one of them comes first. Each time
//! the next rest is half as long, so that it does end; as attempts are no more frequent than what ended the
//! rests, that is no spinning either.
//!
//! Where no timer is entered a rest is one turn of the other tasks, and every failure is
//! reported: the caller then knows best.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rt_task::base::context;
use rt_task::base::shim::{AtomicU32, Ordering::Relaxed};

use crate::sys::{EXHAUSTION, GONE};

/// How it stands with one listener; shared by all that accept from it.
///
/// A hint: two that accept at once may overwrite each other's news, and then one rest is shorter
/// or one failure more is reported. Nothing is published through it, so all is relaxed.
#[derive(Debug, Default)]
pub(crate) struct Exhausted {
    /// The last rest in ms, with [`DUE`] while it is not over. Zero when all is well.
    word: AtomicU32,
}

const DUE: u32 = 1 << 31;

/// Short beside the time that a connection takes, so that a burst is over soon.
const REST_MIN_MS: u32 = 1;
/// Long enough to cost nothing; a free descriptor waits no longer for its connection.
const REST_MAX_MS: u32 = 1000;

impl Exhausted {
    /// The rest that is due before the next attempt. One relaxed load when none is.
    #[inline]
    pub(crate) fn rest(&self) -> Option<Rest> {
        let word = self.word.load(Relaxed);
        if word & DUE == 0 {
            return None;
        }
        Some(Rest::new(word & !DUE))
    }

    /// Whether a rest is due. One relaxed load.
    #[inline]
    pub(crate) fn is_resting(&self) -> bool {
        self.word.load(Relaxed) & DUE != 0
    }

    /// A rest was given up before its end.
    #[cold]
    fn cut_short(&self) {
        let word = self.word.load(Relaxed);
        let left = match word & !DUE {
            _ if word & DUE == 0 => return, // over since, by another one who accepts
            REST_MIN_MS => REST_MIN_MS,
            span => (span / 2) | DUE,
        };
        self.word.store(left, Relaxed);
    }

    /// A rest is over.
    pub(crate) fn rested(&self) {
        self.word.fetch_and(!DUE, Relaxed);
    }

    /// An attempt succeeded. One relaxed load when the one before it did, too.
    #[inline]
    pub(crate) fn well(&self) {
        if self.word.load(Relaxed) != 0 {
            self.word.store(0, Relaxed);
        }
    }

    /// An attempt failed for want of a descriptor or of memory. Tells whether to report it.
    #[cold]
    pub(crate) fn failed(&self) -> bool {
        let last = self.word.load(Relaxed) & !DUE;
        let next = match last {
            0 => REST_MIN_MS,
            _ => (2 * last).min(REST_MAX_MS),
        };
        self.word.store(next | DUE, Relaxed);
        last == 0 || context::delay().is_err()
    }
}

/// A rest that may be dropped before it is over.
pub(crate) struct Resting<'a> {
    rest: Rest,
    exhausted: &'a Exhausted,
    is_over: bool,
}

impl<'a> Resting<'a> {
    pub(crate) fn new(rest: Rest, exhausted: &'a Exhausted) -> Self {
        Self { rest, exhausted, is_over: false }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.rest.poll(cx));
        self.is_over = true;
        self.exhausted.rested();
        Poll::Ready(())
    }
}

impl Drop for Resting<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.exhausted.cut_short();
        }
    }
}

/// A rest before the next attempt.
pub(crate) enum Rest {
    /// The lock is never taken: it makes the rest one that threads may share, as a future of
    /// `accept` shall be.
    Timed(Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>),
    /// No timer: the others' turn. Whether it was.
    Turn(bool),
}

impl Rest {
    #[cold]
    fn new(span_ms: u32) -> Self {
        match context::delay() {
            Ok(timer) => {
                Self::Timed(Mutex::new(timer.delay(Duration::from_millis(span_ms.into()))))
            }
            Err(_) => Self::Turn(false),
        }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Timed(delay) => {
                let delay = delay.get_mut().unwrap_or_else(PoisonError::into_inner);
                delay.as_mut().poll(cx)
            }
            Self::Turn(true) => Poll::Ready(()),
            Self::Turn(taken) => {
                *taken = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timed(_) => "Timed",
            Self::Turn(_) => "Turn",
        })
    }
}

/// Whether `error` says that there is no descriptor or no memory left.
pub(crate) fn is_exhaustion(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| EXHAUSTION.contains(&code))
}

/// Whether `error` is about the connection that was to be accepted, which is gone, and not about
/// the listener. Linux hands pending errors of the new connection to `accept`.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::*;
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
        || error.raw_os_error().is_some_and(|code| GONE.contains(&code))
}

#[cfg(all(test, not(rt_loom)))]
mod tests;
