//! The socket as a descriptor.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, RawFd};

use socket2::Socket;

use super::TcpSocket;

impl AsFd for TcpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl AsRawFd for TcpSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl IntoRawFd for TcpSocket {
    fn into_raw_fd(self) -> RawFd {
        self.inner.into_raw_fd()
    }
}

impl FromRawFd for TcpSocket {
    /// The socket that `fd` is. It must be in non-blocking mode, or connecting blocks.
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: `fd` is open and nobody else's (contract).
        let inner = unsafe { Socket::from_raw_fd(fd) };
        Self { inner }
    }
}
