//! Looking at the next datagram without taking it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::task::{Context, Poll};

use rt_io::ReadBuf;
use rt_reactor::{Direction, Interest};
use rt_task::wait::WaitKind;
use socket2::SockRef;

use super::UdpSocket;
use crate::uninit::{Keep, internet};

/// Looking at the next datagram: the next `recv` gets it, too. What does not fit into the buffer
/// is left out; on Windows it is an error, the system's 10040, and nothing is copied.
impl UdpSocket {
    /// Waits for a datagram from the address that the socket is connected to, and copies it.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    #[track_caller]
    pub fn peek<'a>(
        &'a self,
        buf: &'a mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + Send + Sync + 'a {
        let peek = || self.receive(&mut ReadBuf::new(buf), Keep::All);
        let registration = self.socket.os().registration();
        registration.async_io(Interest::READABLE, WaitKind::Readable, peek)
    }

    /// As [`peek`](Self::peek), appending to `buf`, for one task.
    ///
    /// # Errors
    /// As `peek`.
    #[track_caller]
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wait = self.wait(Direction::Read, Location::caller());
        let peek = || self.receive(buf, Keep::All);
        let registration = self.socket.os().registration();
        registration.poll_io(cx, Direction::Read, wait, peek).map_ok(drop)
    }

    /// As [`peek`](Self::peek), without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if nothing was received, as far as is known. As `peek`.
    pub fn try_peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        let peek = || self.receive(&mut ReadBuf::new(buf), Keep::All);
        self.socket.os().attempt(Interest::READABLE, peek)
    }

    /// Waits for a datagram from anywhere, copies it, and tells its length and its sender.
    ///
    /// # Errors
    /// As [`recv_from`](Self::recv_from).
    #[track_caller]
    pub fn peek_from<'a>(
        &'a self,
        buf: &'a mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + Send + Sync + 'a {
        let peek = || self.receive_from(&mut ReadBuf::new(buf), Keep::All);
        let registration = self.socket.os().registration();
        registration.async_io(Interest::READABLE, WaitKind::Readable, peek)
    }

    /// As [`peek_from`](Self::peek_from), appending to `buf`, for one task. Tells the sender.
    ///
    /// # Errors
    /// As `peek_from`.
    #[track_caller]
    pub fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        let wait = self.wait(Direction::Read, Location::caller());
        let peek = || self.receive_from(buf, Keep::All);
        let registration = self.socket.os().registration();
        registration.poll_io(cx, Direction::Read, wait, peek).map_ok(|(_, sender)| sender)
    }

    /// As [`peek_from`](Self::peek_from), without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if nothing was received, as far as is known. As `peek_from`.
    pub fn try_peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let peek = || self.receive_from(&mut ReadBuf::new(buf), Keep::All);
        self.socket.os().attempt(Interest::READABLE, peek)
    }

    /// Waits for a datagram from anywhere, and tells its sender.
    ///
    /// # Errors
    /// As [`recv_from`](Self::recv_from).
    #[track_caller]
    pub fn peek_sender(&self) -> impl Future<Output = io::Result<SocketAddr>> + Send + Sync + '_ {
        let peek = || self.sender();
        let registration = self.socket.os().registration();
        registration.async_io(Interest::READABLE, WaitKind::Readable, peek)
    }

    /// As [`peek_sender`](Self::peek_sender), for one task.
    ///
    /// # Errors
    /// As `peek_sender`.
    #[track_caller]
    pub fn poll_peek_sender(&self, cx: &mut Context<'_>) -> Poll<io::Result<SocketAddr>> {
        let wait = self.wait(Direction::Read, Location::caller());
        let registration = self.socket.os().registration();
        registration.poll_io(cx, Direction::Read, wait, || self.sender())
    }

    /// As [`peek_sender`](Self::peek_sender), without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if nothing was received, as far as is known. As `peek_sender`.
    pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
        self.socket.os().attempt(Interest::READABLE, || self.sender())
    }

    fn sender(&self) -> io::Result<SocketAddr> {
        let source = self.socket.os().source();
        let sender = source.try_io(|| SockRef::from(source).peek_sender())?;
        internet(&sender)
    }
}
