//! Options that Linux has, and few other systems.

use std::io;

use super::UdpSocket;
use crate::options::options;

/// Options of Linux and Android.
impl UdpSocket {
    options! {
        sock_ref:
            /// The traffic class (`IPV6_TCLASS`) of what is sent.
            tclass_v6,
            /// Sets the traffic class (`IPV6_TCLASS`) of what is sent.
            set_tclass_v6 -> u32;
    }

    /// The name of the interface that the socket is bound to (`SO_BINDTODEVICE`), if it is.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn device(&self) -> io::Result<Option<Vec<u8>>> {
        self.sock_ref().device()
    }

    /// Binds the socket to the interface of that name (`SO_BINDTODEVICE`), or to none.
    ///
    /// # Errors
    /// When the system refuses; it may need a privilege.
    pub fn bind_device(&self, interface: Option<&[u8]>) -> io::Result<()> {
        self.sock_ref().bind_device(interface)
    }
}
