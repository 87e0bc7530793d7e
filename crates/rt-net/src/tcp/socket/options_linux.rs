//! Options that Linux has, and few other systems.

use std::io;

use super::TcpSocket;

/// Options of Linux and Android.
impl TcpSocket {
    /// The traffic class (`IPV6_TCLASS`) of what is sent.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn tclass_v6(&self) -> io::Result<u32> {
        self.inner.tclass_v6()
    }

    /// Sets the traffic class (`IPV6_TCLASS`) of what is sent.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_tclass_v6(&self, tclass: u32) -> io::Result<()> {
        self.inner.set_tclass_v6(tclass)
    }

    /// The name of the interface that the socket is bound to (`SO_BINDTODEVICE`), if it is.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn device(&self) -> io::Result<Option<Vec<u8>>> {
        self.inner.device()
    }

    /// Binds the socket to the interface of that name (`SO_BINDTODEVICE`), or to none.
    ///
    /// # Errors
    /// When the system refuses; it may need a privilege.
    pub fn bind_device(&self, interface: Option<&[u8]>) -> io::Result<()> {
        self.inner.bind_device(interface)
    }
}
