//! The selector of production: the operating system's, by way of `mio`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use mio::{Poll, Registry, Waker};
use rt_task::base::seam::Unpark;

use super::{Selector, Token};
use crate::interest::Interest;
use crate::ready::Ready;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod events;
#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "mio/epoll.rs"]
mod events;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "mio/no_priority.rs"]
mod priority;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod priority;

use events::Events;

/// epoll, kqueue, or what the platform has.
#[derive(Debug)]
pub struct MioSelector {
    poll: Poll,
    events: Events,
    /// Its descriptor is written to, and never read: it is watched edge-triggered, so that each
    /// write is an event.
    waker: Arc<Waker>,
}

/// How many events are taken from the operating system at once. What does not fit comes next time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventsMax {
    /// In a call that may wait. At most some million, and at least one.
    pub waiting: usize,
    /// In one that does not: other work is there.
    pub busy: usize,
}

impl Default for EventsMax {
    /// 1024, which is 12 KiB.
    fn default() -> Self {
        Self { waiting: 1024, busy: 1024 }
    }
}

impl EventsMax {
    /// What a call takes; the systems count with 32 bits.
    fn of(self, timeout: Option<Duration>) -> usize {
        let max = if timeout == Some(Duration::ZERO) { self.busy } else { self.waiting };
        max.clamp(1, 1 << 20)
    }
}

impl MioSelector {
    /// A selector of its own.
    ///
    /// # Errors
    /// When the operating system has no descriptors left for it: it needs three.
    pub fn new() -> io::Result<Self> {
        Self::with_events(EventsMax::default())
    }

    /// A selector that takes so many events at once.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_events(max: EventsMax) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), mio::Token(Token::UNPARK.as_usize()))?;
        Ok(Self { poll, events: Events::new(max), waker: Arc::new(waker) })
    }
}

impl Selector for MioSelector {
    type Unpark = MioUnpark;

    fn select(
        &mut self,
        timeout: Option<Duration>,
        sink: &mut impl FnMut(Token, Ready),
    ) -> io::Result<bool> {
        let mut unparked = false;
        let waited = self.events.wait(&mut self.poll, timeout, |token, ready| match token {
            Token::UNPARK => unparked = true,
            token => sink(token, ready),
        });
        match waited {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(unparked),
        }
    }

    fn unparker(&self) -> MioUnpark {
        MioUnpark { waker: self.waker.clone() }
    }

    fn registry(&self) -> io::Result<Option<Registry>> {
        self.poll.registry().try_clone().map(Some)
    }
}

/// Ends the wait of a [`MioSelector`], at the cost of one system call.
#[derive(Clone, Debug)]
pub struct MioUnpark {
    waker: Arc<Waker>,
}

impl Unpark for MioUnpark {
    /// # Panics
    /// When the operating system refuses: the thread would wait for ever.
    fn unpark(&self) {
        self.waker.wake().expect("the reactor can be unparked");
    }
}

/// What to ask `mio` for.
pub(crate) fn to_mio(interest: Interest) -> mio::Interest {
    let asked = [
        interest.is_readable().then_some(mio::Interest::READABLE),
        interest.is_writable().then_some(mio::Interest::WRITABLE),
        interest.is_priority().then(priority::interest).flatten(),
    ];
    // Errors are told of unasked. `mio` wants to be asked for something, though.
    asked.into_iter().flatten().reduce(mio::Interest::add).unwrap_or(mio::Interest::READABLE)
}

/// Whether a count short of what was asked for shows that the system's buffer is empty (or full),
/// and that the next change will be told: so with epoll and kqueue, which are edge-triggered.
pub(crate) const DRAINED_BY_SHORT_COUNT: bool = cfg!(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "ios",
    target_os = "linux",
    target_os = "macos",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "tvos",
    target_os = "visionos",
    target_os = "watchos",
));
