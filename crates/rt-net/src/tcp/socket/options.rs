//! The options of a socket, as the system calls them.

use std::io;
use std::time::Duration;

use super::TcpSocket;

/// Options that every system has. A stream or a listener keeps what was set.
impl TcpSocket {
    /// Whether the system sends a probe now and then when nothing else is sent (`SO_KEEPALIVE`).
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn keepalive(&self) -> io::Result<bool> {
        self.inner.keepalive()
    }

    /// Says whether the system sends a probe now and then when nothing else is sent
    /// (`SO_KEEPALIVE`).
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        self.inner.set_keepalive(keepalive)
    }

    /// Whether an address may be taken that a connection of before still has (`SO_REUSEADDR`).
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn reuseaddr(&self) -> io::Result<bool> {
        self.inner.reuse_address()
    }

    /// Says whether an address may be taken that a connection of before still has
    /// (`SO_REUSEADDR`). Off at first, unlike in [`TcpListener::bind`](super::TcpListener::bind).
    ///
    /// On Windows it lets several sockets listen at one address, and is better left alone.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_reuseaddr(&self, reuseaddr: bool) -> io::Result<()> {
        self.inner.set_reuse_address(reuseaddr)
    }

    /// The size of the system's buffer for what is sent (`SO_SNDBUF`, in bytes).
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        self.inner.send_buffer_size().map(saturated)
    }

    /// Asks for such a buffer for what is sent (`SO_SNDBUF`, in bytes). Linux doubles it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_send_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_send_buffer_size(size as usize)
    }

    /// The size of the system's buffer for what is received (`SO_RCVBUF`, in bytes).
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        self.inner.recv_buffer_size().map(saturated)
    }

    /// Asks for such a buffer for what is received (`SO_RCVBUF`, in bytes). Linux doubles it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_recv_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_recv_buffer_size(size as usize)
    }

    /// How long closing waits for what was written to be confirmed (`SO_LINGER`).
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.inner.linger()
    }

    /// Says how long closing waits for what was written to be confirmed (`SO_LINGER`).
    ///
    /// # Errors
    /// When the system refuses.
    #[deprecated = "closing then blocks the thread; `set_zero_linger` does not"]
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.inner.set_linger(linger)
    }

    /// Makes closing reset the connection at once: what was written and not sent is lost, and
    /// the other side's reads fail with `ConnectionReset`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.inner.set_linger(Some(Duration::ZERO))
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.inner.tcp_nodelay()
    }

    /// Says whether to send small writes at once (`TCP_NODELAY`), or to wait for the other side
    /// to confirm what was sent before.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.inner.set_tcp_nodelay(nodelay)
    }

    /// The type of service (`IP_TOS`) of what is sent.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn tos_v4(&self) -> io::Result<u32> {
        self.inner.tos_v4()
    }

    /// Sets the type of service (`IP_TOS`) of what is sent. On Windows it may have no effect.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_tos_v4(&self, tos: u32) -> io::Result<()> {
        self.inner.set_tos_v4(tos)
    }

    /// Takes the error that is pending (`SO_ERROR`), if one is.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }
}

fn saturated(size: usize) -> u32 {
    size.try_into().unwrap_or(u32::MAX)
}
