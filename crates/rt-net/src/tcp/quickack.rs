//! An option that Linux alone has.

use std::io;

use super::TcpStream;

impl TcpStream {
    /// Whether what is received is confirmed at once (`TCP_QUICKACK`). The system changes it by
    /// itself as the connection goes.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn quickack(&self) -> io::Result<bool> {
        self.sock_ref().tcp_quickack()
    }

    /// Says whether to confirm what is received at once (`TCP_QUICKACK`), for now.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        self.sock_ref().set_tcp_quickack(quickack)
    }
}
