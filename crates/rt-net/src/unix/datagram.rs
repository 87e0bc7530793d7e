//! [`UnixDatagram`].

#[cfg(feature = "bytes")]
mod recv_buf;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::Shutdown;
use std::os::unix::net;
use std::panic::Location;
use std::path::Path;
use std::task::{Context, Poll};

use rt_io::ReadBuf;
use rt_reactor::{Direction, Handle, Interest};
use rt_task::wait::WaitKind;
use socket2::{SockAddr, SockRef};

use super::{SocketAddr, UnixSocket};
use crate::datagram::{receives, sends};
use crate::socket::{DUPLEX, Os, Socket, reactor, readiness};
use crate::sys;
use crate::uninit::{self, Keep};

/// A Unix socket for datagrams: whole or not at all, in order, and none is lost; a sender waits as
/// long as the receiver has no room.
///
/// All operations take `&self`: put it into an `Arc`, or borrow it, to send and receive in
/// several tasks. Dropping it closes it, and leaves the file where it is, if it has one.
pub struct UnixDatagram {
    socket: Socket<mio::net::UnixDatagram>,
}

impl UnixDatagram {
    /// A socket with an address: makes a file at `path`, which stays when the socket is closed. On
    /// Linux, a path that begins with a zero byte is an abstract name, and no file.
    ///
    /// # Errors
    /// Such as `AddrInUse` if there is a file already, `NotFound` without its directory,
    /// `InvalidInput` for a path that is too long (about 100 bytes). If no reactor is entered;
    /// names the call site and the fix.
    #[track_caller]
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        let reactor = reactor("UnixDatagram::bind", Location::caller())?;
        let socket = UnixSocket::new_datagram()?;
        socket.bind(path)?;
        socket.into_datagram(&reactor)
    }

    /// Two sockets that are connected to each other, and have no address.
    ///
    /// # Errors
    /// When the system has no descriptors for them. If no reactor is entered; names the call site
    /// and the fix.
    #[track_caller]
    pub fn pair() -> io::Result<(Self, Self)> {
        let reactor = reactor("UnixDatagram::pair", Location::caller())?;
        let (one, other) = mio::net::UnixDatagram::pair()?;
        Ok((Self::new(one, &reactor)?, Self::new(other, &reactor)?))
    }

    /// A socket without an address: it can send, and nobody can answer.
    ///
    /// # Errors
    /// When the system has no descriptor for it. If no reactor is entered; names the call site and
    /// the fix.
    #[track_caller]
    pub fn unbound() -> io::Result<Self> {
        let reactor = reactor("UnixDatagram::unbound", Location::caller())?;
        UnixSocket::new_datagram()?.into_datagram(&reactor)
    }

    /// A socket of std's. Puts it into non-blocking mode.
    ///
    /// # Errors
    /// If no reactor is entered; names the call site and the fix. When the system or the reactor
    /// refuses.
    #[track_caller]
    pub fn from_std(socket: net::UnixDatagram) -> io::Result<Self> {
        let reactor = reactor("UnixDatagram::from_std", Location::caller())?;
        socket.set_nonblocking(true)?;
        let socket = Self::new(mio::net::UnixDatagram::from_std(socket), &reactor)?;
        socket.socket.os().lend(); // the caller may have kept a copy
        Ok(socket)
    }

    pub(super) fn new(socket: mio::net::UnixDatagram, reactor: &Handle) -> io::Result<Self> {
        Ok(Self { socket: Socket::Os(Os::new(socket, DUPLEX, reactor)?) })
    }

    /// The socket as one of std's. It stays in non-blocking mode.
    ///
    /// # Errors
    /// When the reactor cannot let go of it.
    pub fn into_std(self) -> io::Result<net::UnixDatagram> {
        Ok(self.socket.into_os().into_source()?.into())
    }

    /// Connects the socket to the one at `path`. From then on [`send`](Self::send) sends there,
    /// and what comes from elsewhere is refused. Nothing is sent, and nothing waits.
    ///
    /// # Errors
    /// Such as `NotFound`, `ConnectionRefused` if the file is nobody's socket, `InvalidInput` for a
    /// path that is too long.
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        SockRef::from(self.socket.os().source()).connect(&SockAddr::unix(path)?)
    }

    /// Ends receiving, sending, or both; the other side is told.
    ///
    /// # Errors
    /// `NotConnected` if it is not.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.os().source().shutdown(how)
    }

    /// The address that it has, which may be none.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.os().source().local_addr().map(SocketAddr)
    }

    /// The address that it is connected to.
    ///
    /// # Errors
    /// `NotConnected` if it is not.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.os().source().peer_addr().map(SocketAddr)
    }

    /// Takes the error that is pending (`SO_ERROR`), if one is.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.os().source().take_error()
    }

    readiness!();

    fn socket(&self) -> &Socket<mio::net::UnixDatagram> {
        &self.socket
    }

    fn send_now(&self, datagram: &[u8]) -> io::Result<usize> {
        sys::send_datagram(self.socket.os().source(), datagram)
    }

    /// Appends the next datagram to `buf`; what does not fit is lost, unless all is kept.
    fn receive(&self, buf: &mut ReadBuf<'_>, keep: Keep) -> io::Result<usize> {
        uninit::recv(self.socket.os().source(), buf, keep)
    }

    /// As [`receive`](Self::receive), and tells the sender. Makes the buffer hold values first.
    fn receive_from(&self, buf: &mut ReadBuf<'_>, keep: Keep) -> io::Result<(usize, SocketAddr)> {
        debug_assert_eq!(keep, Keep::Nothing, "no operation peeks");
        let (n, sender) = self.socket.os().source().recv_from(buf.initialize_unfilled())?;
        buf.advance(n);
        Ok((n, SocketAddr(sender)))
    }
}

/// Receiving. What does not fit into the buffer of a datagram is lost.
impl UnixDatagram {
    receives!(SocketAddr);
}

/// Sending. A datagram is sent whole or not at all.
impl UnixDatagram {
    sends!();

    /// Sends `datagram` to the socket at `target`, and tells its length.
    ///
    /// Waits while that one has no room, as far as the system tells when there is some again:
    /// Linux does for a socket that is connected alone, so connect to one that may be slow. Cancel
    /// safe: it is not sent when the future is dropped early.
    ///
    /// # Errors
    /// Such as `NotFound`, `ConnectionRefused` if the file is nobody's socket, `InvalidInput` for a
    /// path that is too long, `EMSGSIZE` for a datagram that is; or when the I/O driver is gone.
    #[track_caller]
    pub fn send_to<'a, P: AsRef<Path>>(
        &'a self,
        datagram: &'a [u8],
        target: P,
    ) -> impl Future<Output = io::Result<usize>> + Send + Sync + use<'a, P> {
        let target = SockAddr::unix(target);
        let send = move || self.send_to_now(datagram, &target);
        let registration = self.socket.os().registration();
        registration.async_io(Interest::WRITABLE, WaitKind::Writable, send)
    }

    /// As [`send_to`](Self::send_to), for one task.
    ///
    /// # Errors
    /// As `send_to`.
    #[track_caller]
    pub fn poll_send_to<P: AsRef<Path>>(
        &self,
        cx: &mut Context<'_>,
        datagram: &[u8],
        target: P,
    ) -> Poll<io::Result<usize>> {
        let target = SockAddr::unix(target);
        let wait = self.wait(Direction::Write, Location::caller());
        let send = || self.send_to_now(datagram, &target);
        self.socket.os().registration().poll_io(cx, Direction::Write, wait, send)
    }

    /// As [`send_to`](Self::send_to), without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if nothing can be sent now, as far as is known. As `send_to`.
    pub fn try_send_to<P: AsRef<Path>>(&self, datagram: &[u8], target: P) -> io::Result<usize> {
        let target = SockAddr::unix(target);
        self.socket.os().attempt(Interest::WRITABLE, || self.send_to_now(datagram, &target))
    }

    fn send_to_now(&self, datagram: &[u8], target: &io::Result<SockAddr>) -> io::Result<usize> {
        match target {
            Ok(target) => SockRef::from(self.socket.os().source()).send_to(datagram, target),
            // Told each time it is asked: an error cannot be copied as it is.
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        }
    }
}

impl TryFrom<net::UnixDatagram> for UnixDatagram {
    type Error = io::Error;

    /// As [`from_std`](Self::from_std).
    #[track_caller]
    fn try_from(socket: net::UnixDatagram) -> io::Result<Self> {
        Self::from_std(socket)
    }
}

impl fmt::Debug for UnixDatagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}

sys::borrowed!(UnixDatagram);
