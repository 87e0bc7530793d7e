//! Receiving into the buffers of `bytes`, which need not be initialised.

use std::net::SocketAddr;

use super::UdpSocket;
use crate::datagram::receives_buf;

/// Receiving into `bytes`. A datagram goes into the next chunk of the buffer alone; what does not
/// fit there is lost (on Windows, the datagram is, and that is an error), so reserve room first.
impl UdpSocket {
    receives_buf!(SocketAddr);
}
