//! Sending.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use rt_reactor::{Direction, Interest, ReadyFuture};

use super::UdpSocket;
use crate::datagram::sends;
use crate::lookup::{Lookup, first_of, no_address};
use crate::{Addresses, ToSocketAddrs};

/// Sending. A datagram is sent whole or not at all; that it was sent does not mean that it comes
/// anywhere.
impl UdpSocket {
    /// Connects the socket to `address`: to the first that it stands for and that the system
    /// accepts. From then on [`send`](Self::send) sends there, and what comes from elsewhere is
    /// dropped.
    ///
    /// Nothing is sent. Connecting again replaces the address.
    ///
    /// # Errors
    /// The last address's; that of the look-up, if `address` is a name; `InvalidInput` if it
    /// stands for no address at all.
    #[track_caller]
    pub fn connect<A: ToSocketAddrs>(&self, address: A) -> UdpConnect<'_> {
        let lookup = Lookup::new("UdpSocket::connect", address, Location::caller());
        UdpConnect { socket: self, lookup }
    }

    /// The address that the socket is connected to.
    ///
    /// # Errors
    /// `NotConnected` if it is not.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.os().source().peer_addr()
    }

    sends!();

    /// Sends `datagram` to the first address that `target` stands for, and tells its length.
    ///
    /// Cancel safe: it is not sent when the future is dropped early.
    ///
    /// # Errors
    /// That of the look-up, if `target` is a name; `InvalidInput` if it stands for no address at
    /// all. As [`send`](Self::send).
    #[track_caller]
    pub fn send_to<'a, A: ToSocketAddrs>(&'a self, datagram: &'a [u8], target: A) -> SendTo<'a> {
        SendTo {
            socket: self,
            datagram,
            lookup: Lookup::new("UdpSocket::send_to", target, Location::caller()),
            target: None,
            ready: self.socket.os().registration().writable(),
        }
    }

    /// As [`send_to`](Self::send_to), for one task.
    ///
    /// # Errors
    /// As `send`.
    #[track_caller]
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        datagram: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let os = self.socket.os();
        let wait = self.wait(Direction::Write, Location::caller());
        let send = || os.source().send_to(datagram, target);
        os.registration().poll_io(cx, Direction::Write, wait, send)
    }

    /// As [`send_to`](Self::send_to), without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if nothing can be sent now, as far as is known. As `send`.
    pub fn try_send_to(&self, datagram: &[u8], target: SocketAddr) -> io::Result<usize> {
        let os = self.socket.os();
        os.attempt(Interest::WRITABLE, || os.source().send_to(datagram, target))
    }
}

/// The future of [`UdpSocket::connect`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct UdpConnect<'a> {
    socket: &'a UdpSocket,
    lookup: Lookup,
}

impl Future for UdpConnect<'_> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let addresses = ready!(self.lookup.poll(cx))?;
        let source = self.socket.socket.os().source();
        Poll::Ready(first_of(addresses, |address| source.connect(address)))
    }
}

pin_project! {
    /// The future of [`UdpSocket::send_to`].
    #[must_use = "futures do nothing unless polled"]
    pub struct SendTo<'a> {
        socket: &'a UdpSocket,
        datagram: &'a [u8],
        lookup: Lookup,
        // Once it is known.
        target: Option<SocketAddr>,
        // Made where `send_to` was called, and polled anew for every attempt.
        #[pin]
        ready: ReadyFuture<'a>,
    }
}

impl Future for SendTo<'_> {
    type Output = io::Result<usize>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.project();
        let target = match this.target {
            Some(target) => *target,
            None => {
                let mut addresses: Addresses = ready!(this.lookup.poll(cx))?;
                *this.target.insert(addresses.next().ok_or_else(no_address)?)
            }
        };
        let os = this.socket.socket.os();
        os.poll_with(cx, this.ready, || os.source().send_to(this.datagram, target))
    }
}

impl fmt::Debug for SendTo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendTo")
            .field("socket", &self.socket)
            .field("lookup", &self.lookup)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
