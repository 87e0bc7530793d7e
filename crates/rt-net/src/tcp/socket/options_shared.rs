//! Options of those Unix systems that let several sockets listen at one address.

use std::io;

use super::TcpSocket;

impl TcpSocket {
    /// Whether several sockets may have one address, if all of them say so (`SO_REUSEPORT`).
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn reuseport(&self) -> io::Result<bool> {
        self.inner.reuse_port()
    }

    /// Says whether several sockets may have one address, if all of them say so
    /// (`SO_REUSEPORT`). Linux then spreads the connections over those that listen there.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_reuseport(&self, reuseport: bool) -> io::Result<()> {
        self.inner.set_reuse_port(reuseport)
    }
}
