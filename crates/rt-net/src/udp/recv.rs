//! Receiving.

use std::net::SocketAddr;

use super::UdpSocket;
use crate::datagram::receives;

/// Receiving. What does not fit into the buffer of a datagram is lost. An error may be that of
/// a datagram sent before, such as `ConnectionRefused`.
impl UdpSocket {
    receives!(SocketAddr);
}
