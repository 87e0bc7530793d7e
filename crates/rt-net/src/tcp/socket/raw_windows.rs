//! The socket as a handle.

use std::os::windows::io::{
    AsRawSocket, AsSocket, BorrowedSocket, FromRawSocket, IntoRawSocket, RawSocket,
};

use socket2::Socket;

use super::TcpSocket;

impl AsSocket for TcpSocket {
    fn as_socket(&self) -> BorrowedSocket<'_> {
        self.inner.as_socket()
    }
}

impl AsRawSocket for TcpSocket {
    fn as_raw_socket(&self) -> RawSocket {
        self.inner.as_raw_socket()
    }
}

impl IntoRawSocket for TcpSocket {
    fn into_raw_socket(self) -> RawSocket {
        self.inner.into_raw_socket()
    }
}

impl FromRawSocket for TcpSocket {
    /// The socket that `handle` is. It must be in non-blocking mode, or connecting blocks.
    unsafe fn from_raw_socket(handle: RawSocket) -> Self {
        // SAFETY: `handle` is open and nobody else's (contract).
        let inner = unsafe { Socket::from_raw_socket(handle) };
        Self { inner }
    }
}
