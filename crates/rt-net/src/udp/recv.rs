//! Receiving.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::task::{Context, Poll};

use rt_io::ReadBuf;
use rt_reactor::{Direction, Interest};
use rt_task::wait::WaitKind;

use super::UdpSocket;
use crate::uninit::Keep;

/// Receiving. What does not fit into the buffer of a datagram is lost. An error may be that of
/// a datagram sent before, such as `ConnectionRefused`.
impl UdpSocket {
    /// Waits for a datagram from the address that the socket is connected to, and tells its length.
    ///
    /// Cancel safe: no datagram is lost.
    ///
    /// # Errors
    /// What the system tells; or when the I/O driver is gone.
    #[track_caller]
    pub fn recv<'a>(
        &'a self,
        buf: &'a mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + Send + Sync + 'a {
        let recv = || self.receive(&mut ReadBuf::new(buf), Keep::Nothing);
        let registration = self.socket.os().registration();
        registration.async_io(Interest::READABLE, WaitKind::Readable, recv)
    }

    /// As [`recv`](Self::recv), appending to `buf`, for one task.
    ///
    /// # Errors
    /// As `recv`.
    #[track_caller]
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wait = self.wait(Direction::Read, Location::caller());
        let recv = || self.receive(buf, Keep::Nothing);
        let registration = self.socket.os().registration();
        registration.poll_io(cx, Direction::Read, wait, recv).map_ok(drop)
    }

    /// As [`recv`](Self::recv), without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if nothing was received, as far as is known. As `recv`.
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        let recv = || self.receive(&mut ReadBuf::new(buf), Keep::Nothing);
        self.socket.os().attempt(Interest::READABLE, recv)
    }

    /// Waits for a datagram from anywhere, and tells its length and its sender.
    ///
    /// Cancel safe: no datagram is lost.
    ///
    /// # Errors
    /// What the system tells; or when the I/O driver is gone.
    #[track_caller]
    pub fn recv_from<'a>(
        &'a self,
        buf: &'a mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + Send + Sync + 'a {
        let recv = || self.receive_from(&mut ReadBuf::new(buf), Keep::Nothing);
        let registration = self.socket.os().registration();
        registration.async_io(Interest::READABLE, WaitKind::Readable, recv)
    }

    /// As [`recv_from`](Self::recv_from), appending to `buf`, for one task. Tells the sender.
    ///
    /// # Errors
    /// As `recv_from`.
    #[track_caller]
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        let wait = self.wait(Direction::Read, Location::caller());
        let recv = || self.receive_from(buf, Keep::Nothing);
        let registration = self.socket.os().registration();
        registration.poll_io(cx, Direction::Read, wait, recv).map_ok(|(_, sender)| sender)
    }

    /// As [`recv_from`](Self::recv_from), without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if nothing was received, as far as is known. As `recv_from`.
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let recv = || self.receive_from(&mut ReadBuf::new(buf), Keep::Nothing);
        self.socket.os().attempt(Interest::READABLE, recv)
    }
}
