//! Unix.

use std::io;

/// No descriptor, or no memory, for another socket.
pub(crate) const EXHAUSTION: &[i32] = &[libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];

/// Linux gives a pending error of the new connection to `accept`; its manual says to go on.
pub(crate) const GONE: &[i32] = &[
    libc::EPROTO,
    libc::ENOPROTOOPT,
    libc::ENETDOWN,
    libc::ENETUNREACH,
    libc::EHOSTDOWN,
    libc::EHOSTUNREACH,
];

/// Whether `error` says that a connection is being made.
pub(crate) fn is_under_way(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EINPROGRESS)
}

/// Slices that one vectored call takes (`IOV_MAX`); on other systems, what POSIX promises.
pub(crate) const SLICES_MAX: usize = if cfg!(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_vendor = "apple"
)) {
    1024
} else {
    16
};

/// Runs `$implement` for all that reads a stream.
macro_rules! for_all_readers {
    ($implement:ident) => {
        $implement! {
            crate::TcpStream, crate::tcp::ReadHalf<'_>, crate::tcp::OwnedReadHalf,
            crate::UnixStream, crate::unix::ReadHalf<'_>, crate::unix::OwnedReadHalf,
            crate::unix::pipe::Receiver
        }
    };
}
pub(crate) use for_all_readers;

/// Runs `$implement` for all that writes one.
macro_rules! for_all_writers {
    ($implement:ident) => {
        $implement! {
            crate::TcpStream, crate::tcp::WriteHalf<'_>, crate::tcp::OwnedWriteHalf,
            crate::UnixStream, crate::unix::WriteHalf<'_>, crate::unix::OwnedWriteHalf,
            crate::unix::pipe::Sender
        }
    };
}
pub(crate) use for_all_writers;

impl<S: std::os::fd::AsRawFd> crate::socket::Numbered for S {
    fn number(&self) -> usize {
        self.as_raw_fd() as usize
    }
}

/// Lends the descriptor of a socket type.
macro_rules! borrowed {
    ($($socket:ty),*) => {$(
        impl std::os::fd::AsFd for $socket {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.socket().os().lend().as_fd()
            }
        }

        impl std::os::fd::AsRawFd for $socket {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                std::os::fd::AsFd::as_fd(self).as_raw_fd()
            }
        }
    )*};
}
pub(crate) use borrowed;

/// A type with a `socket2` socket inside, as a descriptor.
macro_rules! owned {
    ($($socket:ty),*) => {$(
        impl std::os::fd::AsFd for $socket {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.inner.as_fd()
            }
        }

        impl std::os::fd::AsRawFd for $socket {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.inner.as_raw_fd()
            }
        }

        impl std::os::fd::IntoRawFd for $socket {
            fn into_raw_fd(self) -> std::os::fd::RawFd {
                self.inner.into_raw_fd()
            }
        }

        impl std::os::fd::FromRawFd for $socket {
            /// The socket that `fd` is. It must be in non-blocking mode, or connecting blocks.
            unsafe fn from_raw_fd(fd: std::os::fd::RawFd) -> Self {
                // SAFETY: `fd` is open and nobody else's (contract).
                let inner = unsafe { std::os::fd::FromRawFd::from_raw_fd(fd) };
                Self { inner }
            }
        }
    )*};
}
pub(crate) use owned;
