//! Standard streams on Unix: waited for before they are read, so that a wait can be ended.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::event::{PollFd, PollFlags, poll};

/// Standard input, and what ends a wait for it.
#[derive(Debug)]
pub(super) struct Input {
    /// Read by who waits.
    bell: OwnedFd,
    /// Written by who ends the wait.
    rope: OwnedFd,
}

impl Input {
    pub(super) fn open() -> io::Result<Self> {
        let (bell, rope) = io::pipe()?;
        let (bell, rope) = (OwnedFd::from(bell), OwnedFd::from(rope));
        for end in [&bell, &rope] {
            rustix::io::ioctl_fionbio(end, true)?;
        }
        Ok(Self { bell, rope })
    }

    /// Ends the wait of [`read`](Self::read), or the next.
    pub(super) fn ring(&self) {
        _ = rustix::io::write(&self.rope, &[1]); // a full pipe rings already
    }

    /// Waits for input and reads it; `None` if the wait was ended before there was any. `wanted` is
    /// asked again before anything is taken away from who else reads the same input.
    pub(super) fn read(
        &self,
        buf: &mut [u8],
        wanted: impl Fn() -> bool,
    ) -> io::Result<Option<usize>> {
        let input = rustix::stdio::stdin();
        loop {
            let mut fds = [
                PollFd::from_borrowed_fd(input, PollFlags::IN),
                PollFd::from_borrowed_fd(self.bell.as_fd(), PollFlags::IN),
            ];
            match poll(&mut fds, None) {
                Err(rustix::io::Errno::INTR) => continue,
                polled => polled?,
            };
            if !fds[1].revents().is_empty() {
                while rustix::io::read(&self.bell, &mut [0; 64]).is_ok_and(|n| n > 0) {}
                return Ok(None);
            }
            if !wanted() {
                return Ok(None);
            }
            // Also what `poll` knows nothing of: a read says more.
            match rustix::io::read(input, &mut *buf) {
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                Err(rustix::io::Errno::BADF) => return Ok(Some(0)), // closed: nothing will come
                read => return Ok(Some(read?)),
            }
        }
    }
}

/// What can be waited for if somebody has made it non-blocking.
pub(super) trait Waits {
    /// Waits until it takes more.
    fn wait_writable(&self) -> io::Result<()>;
}

impl<T: AsFd> Waits for T {
    fn wait_writable(&self) -> io::Result<()> {
        let mut fds = [PollFd::from_borrowed_fd(self.as_fd(), PollFlags::OUT)];
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The descriptors of the streams.
macro_rules! descriptors {
    ($($Stream:ident, $stream:ident;)*) => {$(
        impl AsFd for super::$Stream {
            fn as_fd(&self) -> BorrowedFd<'_> {
                rustix::stdio::$stream()
            }
        }

        impl AsRawFd for super::$Stream {
            fn as_raw_fd(&self) -> RawFd {
                self.as_fd().as_raw_fd()
            }
        }
    )*};
}

descriptors! {
    Stdin, stdin;
    Stdout, stdout;
    Stderr, stderr;
}
