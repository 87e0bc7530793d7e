//! Windows.

use std::io;

/// `WSAEMFILE` and `WSAENOBUFS`: no handle, or no memory, for another socket.
pub(crate) const EXHAUSTION: &[i32] = &[10024, 10055];

/// Windows tells of a connection that is gone by `WSAECONNRESET`, which has a kind of its own.
pub(crate) const GONE: &[i32] = &[];

/// Whether `error` says that a connection is being made.
pub(crate) fn is_under_way(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Slices that one vectored call is given. Windows takes any number; wine, which hands them to the
/// system below it, no more than this.
pub(crate) const SLICES_MAX: usize = 1024;

/// Runs `$implement` for all that reads a stream.
macro_rules! for_all_readers {
    ($implement:ident) => {
        $implement! { crate::TcpStream, crate::tcp::ReadHalf<'_>, crate::tcp::OwnedReadHalf }
    };
}
pub(crate) use for_all_readers;

/// Runs `$implement` for all that writes one.
macro_rules! for_all_writers {
    ($implement:ident) => {
        $implement! { crate::TcpStream, crate::tcp::WriteHalf<'_>, crate::tcp::OwnedWriteHalf }
    };
}
pub(crate) use for_all_writers;

impl<S: std::os::windows::io::AsRawSocket> crate::socket::Numbered for S {
    fn number(&self) -> usize {
        self.as_raw_socket() as usize
    }
}

/// Lends the handle of a socket type.
macro_rules! borrowed {
    ($($socket:ty),*) => {$(
        impl std::os::windows::io::AsSocket for $socket {
            fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
                self.socket().os().lend().as_socket()
            }
        }

        impl std::os::windows::io::AsRawSocket for $socket {
            fn as_raw_socket(&self) -> std::os::windows::io::RawSocket {
                std::os::windows::io::AsSocket::as_socket(self).as_raw_socket()
            }
        }
    )*};
}
pub(crate) use borrowed;

/// A type with a `socket2` socket inside, as a handle.
macro_rules! owned {
    ($($socket:ty),*) => {$(
        impl std::os::windows::io::AsSocket for $socket {
            fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
                self.inner.as_socket()
            }
        }

        impl std::os::windows::io::AsRawSocket for $socket {
            fn as_raw_socket(&self) -> std::os::windows::io::RawSocket {
                self.inner.as_raw_socket()
            }
        }

        impl std::os::windows::io::IntoRawSocket for $socket {
            fn into_raw_socket(self) -> std::os::windows::io::RawSocket {
                self.inner.into_raw_socket()
            }
        }

        impl std::os::windows::io::FromRawSocket for $socket {
            /// The socket that `handle` is. It must be in non-blocking mode, or connecting blocks.
            unsafe fn from_raw_socket(handle: std::os::windows::io::RawSocket) -> Self {
                // SAFETY: `handle` is open and nobody else's (contract).
                let inner = unsafe { std::os::windows::io::FromRawSocket::from_raw_socket(handle) };
                Self { inner }
            }
        }
    )*};
}
pub(crate) use owned;
