//! Waiting for events: on `mio`'s epoll descriptor, to the nanosecond.
//!
//! `mio` rounds a wait up to whole milliseconds, as `epoll_wait` wants it, and timers are rounded up
//! once already: their median lateness was one millisecond, and is half of that by `epoll_pwait2`.
//! `mio` registers, and says by which number; what an event says is read here as it is there.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::ptr;
use std::time::Duration;

use libc::{
    EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP, SYS_epoll_pwait2, c_int,
    epoll_event,
};
use mio::Poll;

use super::EventsMax;
use crate::ready::Ready;
use crate::selector::Token;

/// A span as this call wants it on every machine. libc's `timespec` is shorter where a `long` has
/// 32 bits, and the system would read on behind it.
#[repr(C)]
struct Span {
    seconds: i64,
    nanos: i64,
}

impl EventsMax {
    fn room(self) -> usize {
        self.of(None).max(self.of(Some(Duration::ZERO)))
    }
}

/// Room for events.
pub(super) struct Events {
    /// For as many as `max` allows.
    room: Vec<epoll_event>,
    max: EventsMax,
    /// The system knows the exact call: Linux 5.11, and nobody forbids it.
    is_exact: bool,
}

impl Events {
    pub(super) fn new(max: EventsMax) -> Self {
        Self { room: Vec::with_capacity(max.room()), max, is_exact: true }
    }

    /// Waits up to `timeout`, and tells `sink` of each event.
    pub(super) fn wait(
        &mut self,
        poll: &mut Poll,
        timeout: Option<Duration>,
        mut sink: impl FnMut(Token, Ready),
    ) -> io::Result<()> {
        let epoll = poll.as_raw_fd();
        self.room.clear();
        let count = match timeout {
            Some(timeout) if self.is_exact && !timeout.is_zero() => {
                self.wait_exactly(epoll, timeout)
            }
            timeout => self.wait_coarsely(epoll, timeout),
        }?;
        // SAFETY: the system has filled so many, from the start, and there is room for them.
        unsafe { self.room.set_len(count) };
        for &epoll_event { events, u64: number } in &self.room {
            sink(Token::from_usize(number as usize), ready(events));
        }
        Ok(())
    }

    fn wait_exactly(&mut self, epoll: RawFd, timeout: Duration) -> io::Result<usize> {
        let span = Span {
            seconds: timeout.as_secs().try_into().unwrap_or(i64::MAX),
            nanos: timeout.subsec_nanos().into(),
        };
        let mask: *const libc::sigset_t = ptr::null();
        let room: *mut epoll_event = self.room.as_mut_ptr();
        let span: *const Span = &raw const span;
        let max = self.max.of(Some(timeout)) as c_int;
        // SAFETY: there is room for `max` events; the span lives until the call is over, and
        // without a mask its size does not matter.
        let count =
            unsafe { libc::syscall(SYS_epoll_pwait2, epoll, room, max, span, mask, 0_usize) };
        match usize::try_from(count) {
            Ok(count) => Ok(count),
            Err(_) => match io::Error::last_os_error() {
                error if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => {
                    self.is_exact = false;
                    self.wait_coarsely(epoll, Some(timeout))
                }
                error => Err(error),
            },
        }
    }

    /// Rounds up to milliseconds.
    fn wait_coarsely(&mut self, epoll: RawFd, timeout: Option<Duration>) -> io::Result<usize> {
        let millis = match timeout {
            Some(timeout) => {
                let millis = timeout.as_nanos().div_ceil(NANOS_PER_MILLI);
                c_int::try_from(millis).unwrap_or(c_int::MAX)
            }
            None => -1, // for ever
        };
        let room = self.room.as_mut_ptr();
        let max = self.max.of(timeout) as c_int;
        // SAFETY: there is room for `max` events.
        let count = unsafe { libc::epoll_wait(epoll, room, max, millis) };
        usize::try_from(count).map_err(|_| io::Error::last_os_error())
    }
}

const NANOS_PER_MILLI: u128 = 1_000_000;

/// As `mio` reads it.
#[inline]
fn ready(events: u32) -> Ready {
    let events = events as c_int;
    let has = |bits| events & bits != 0;
    let has_both = |one, other| has(one) && has(other);
    let told = [
        (has(EPOLLIN | EPOLLPRI), Ready::READABLE),
        (has(EPOLLOUT), Ready::WRITABLE),
        (has(EPOLLHUP) || has_both(EPOLLIN, EPOLLRDHUP), Ready::READ_CLOSED),
        // The last two are what the ends of pipes say.
        (has(EPOLLHUP) || has_both(EPOLLOUT, EPOLLERR) || events == EPOLLERR, Ready::WRITE_CLOSED),
        (has(EPOLLPRI), Ready::PRIORITY),
        (has(EPOLLERR), Ready::ERROR),
    ];
    let told = told.into_iter().filter(|(told, _)| *told);
    told.fold(Ready::EMPTY, |ready, (_, kind)| ready | kind)
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("is_exact", &self.is_exact).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests;
