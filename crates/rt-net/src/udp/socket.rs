//! [`UdpSocket`]: how one is made. Its datagrams are sent in `send.rs`, received in `recv.rs`, and
//! looked at in `peek.rs`.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;

use rt_io::ReadBuf;
use rt_reactor::Handle;

use crate::socket::{DUPLEX, Os, Socket, reactor, readiness};
use crate::uninit::{self, Keep};
use crate::{Bind, ToSocketAddrs, sys};

/// A UDP socket.
///
/// All operations take `&self`: put it into an `Arc`, or borrow it, to send and receive in
/// several tasks. Dropping it closes it.
pub struct UdpSocket {
    pub(crate) socket: Socket<mio::net::UdpSocket>,
}

impl UdpSocket {
    /// A socket bound to `address`: to the first that it stands for and that can be bound. Port 0
    /// lets the system choose; see [`local_addr`](Self::local_addr).
    ///
    /// # Errors
    /// The last address's, such as `AddrInUse`; that of the look-up, if `address` is a name. If no
    /// reactor is entered where the future is polled; names the call site and the fix.
    #[track_caller]
    pub fn bind<A: ToSocketAddrs>(address: A) -> Bind<Self> {
        const WHAT: &str = "UdpSocket::bind";
        Bind::new(WHAT, address, Location::caller(), |address, site| {
            let reactor = reactor(WHAT, site)?;
            Self::new(mio::net::UdpSocket::bind(address)?, &reactor)
        })
    }

    /// A socket of std's. Puts it into non-blocking mode.
    ///
    /// # Errors
    /// If no reactor is entered; names the call site and the fix. When the system or the reactor
    /// refuses.
    #[track_caller]
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<Self> {
        let reactor = reactor("UdpSocket::from_std", Location::caller())?;
        socket.set_nonblocking(true)?;
        let socket = Self::new(mio::net::UdpSocket::from_std(socket), &reactor)?;
        socket.socket.os().lend(); // the caller may have kept a copy
        Ok(socket)
    }

    fn new(socket: mio::net::UdpSocket, reactor: &Handle) -> io::Result<Self> {
        Ok(Self { socket: Socket::Os(Os::new(socket, DUPLEX, reactor)?) })
    }

    /// The socket as one of std's. It stays in non-blocking mode.
    ///
    /// # Errors
    /// When the reactor cannot let go of it.
    pub fn into_std(self) -> io::Result<std::net::UdpSocket> {
        Ok(self.socket.into_os().into_source()?.into())
    }

    readiness!();

    pub(super) fn socket(&self) -> &Socket<mio::net::UdpSocket> {
        &self.socket
    }

    pub(super) fn send_now(&self, datagram: &[u8]) -> io::Result<usize> {
        let source = self.socket.os().source();
        source.try_io(|| sys::send_datagram(source, datagram))
    }

    /// Appends the next datagram to `buf`; what does not fit is lost, unless all is kept.
    pub(super) fn receive(&self, buf: &mut ReadBuf<'_>, keep: Keep) -> io::Result<usize> {
        let source = self.socket.os().source();
        source.try_io(|| uninit::recv(source, buf, keep))
    }

    /// As [`receive`](Self::receive), and tells the sender.
    pub(super) fn receive_from(
        &self,
        buf: &mut ReadBuf<'_>,
        keep: Keep,
    ) -> io::Result<(usize, SocketAddr)> {
        let source = self.socket.os().source();
        source.try_io(|| uninit::recv_from(source, buf, keep))
    }
}

impl TryFrom<std::net::UdpSocket> for UdpSocket {
    type Error = io::Error;

    /// As [`from_std`](Self::from_std).
    #[track_caller]
    fn try_from(socket: std::net::UdpSocket) -> io::Result<Self> {
        Self::from_std(socket)
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}

sys::borrowed!(UdpSocket);
