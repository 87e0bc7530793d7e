//! Receiving.

use std::net::SocketAddr;

use super::UdpSocket;
use crate::datagram::receives;

/// Receiving. What does not fit into the buffer of a datagram is lost; on Windows, all of it is,
/// and that is an error, the system's 10040. An error may be that of a datagram sent before:
/// `ConnectionRefused`, on Windows `ConnectionReset`.
impl UdpSocket {
    receives!(SocketAddr, "On Windows, also that the datagram did not fit (10040): it is lost.");
}
