//! Waiting for many sockets, or for a time, on one thread: `epoll` by hand.
//!
//! With a limit in nanoseconds, which an open loop needs and the call that libraries use has not.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

/// A set of sockets, each by a number.
pub(crate) struct Epoll(OwnedFd);

/// At a time.
const EVENTS_MAX: usize = 256;

/// Which sockets have something to read.
pub(crate) struct Ready {
    events: [libc::epoll_event; EVENTS_MAX],
    count: usize,
}

impl Default for Ready {
    fn default() -> Self {
        Self { events: [libc::epoll_event { events: 0, u64: 0 }; EVENTS_MAX], count: 0 }
    }
}

impl Ready {
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn tokens(&self) -> impl Iterator<Item = usize> {
        self.events[..self.count].iter().map(|event| event.u64 as usize)
    }
}

impl Epoll {
    pub(crate) fn new() -> io::Result<Self> {
        // A thread that asks for less than 50 us sleeps for those 50 us unless it says this.
        // SAFETY: the call takes numbers only and concerns this thread's timers alone.
        unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1) };
        // SAFETY: the call takes a number and returns a descriptor or an error.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new, open, and nobody else's.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// A socket more, which is ready for as long as there is something to read. It leaves the set
    /// when it is closed.
    pub(crate) fn add(&self, socket: &impl AsRawFd, token: usize) -> io::Result<()> {
        self.watch(socket, token, libc::EPOLLIN)
    }

    /// The same, but it is ready once for each time that something comes.
    pub(crate) fn add_edge(&self, socket: &impl AsRawFd, token: usize) -> io::Result<()> {
        self.watch(socket, token, libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLET)
    }

    fn watch(&self, socket: &impl AsRawFd, token: usize, events: libc::c_int) -> io::Result<()> {
        let mut event = libc::epoll_event { events: events as u32, u64: token as u64 };
        let (set, socket) = (self.0.as_raw_fd(), socket.as_raw_fd());
        // SAFETY: both descriptors are open, and the call only reads the event.
        let result = unsafe { libc::epoll_ctl(set, libc::EPOLL_CTL_ADD, socket, &raw mut event) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Waits until there is something to read, at most so long; without a limit, for ever.
    pub(crate) fn wait(&self, ready: &mut Ready, limit_ns: Option<u64>) -> io::Result<()> {
        const SECOND_NS: u64 = 1_000_000_000;
        let limit = limit_ns.map(|limit_ns| libc::timespec {
            tv_sec: (limit_ns / SECOND_NS) as libc::time_t,
            tv_nsec: (limit_ns % SECOND_NS) as libc::c_long,
        });
        // SAFETY: the kernel writes at most as many events as it is told there is room for, and
        // reads one `timespec`, if any; there is no signal mask.
        let count = unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                self.0.as_raw_fd(),
                ready.events.as_mut_ptr(),
                EVENTS_MAX,
                limit.as_ref().map_or(ptr::null(), ptr::from_ref),
                ptr::null::<libc::sigset_t>(),
                size_of::<libc::c_ulong>(),
            )
        };
        ready.count = usize::try_from(count).unwrap_or(0);
        if count < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::{Epoll, Ready};

    #[test]
    fn it_waits_for_a_time_or_for_whoever_can_be_read() {
        let epoll = Epoll::new().unwrap();
        let (mut here, there) = UnixStream::pair().unwrap();
        epoll.add(&there, 7).unwrap();
        let mut ready = Ready::default();
        epoll.wait(&mut ready, Some(1_000)).unwrap();
        assert!(ready.is_empty());
        here.write_all(b"x").unwrap();
        epoll.wait(&mut ready, None).unwrap();
        assert_eq!(ready.tokens().collect::<Vec<_>>(), [7]);
    }

    #[test]
    fn an_edge_is_told_once() {
        let epoll = Epoll::new().unwrap();
        let (mut here, there) = UnixStream::pair().unwrap();
        epoll.add_edge(&there, 7).unwrap();
        let mut ready = Ready::default();
        for _ in 0..2 {
            here.write_all(b"x").unwrap();
            epoll.wait(&mut ready, None).unwrap();
            assert_eq!(ready.tokens().collect::<Vec<_>>(), [7]);
            epoll.wait(&mut ready, Some(0)).unwrap();
            assert!(ready.is_empty());
        }
    }
}
