//! [`TcpListener`].

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::task::{Context, Poll};

use rt_reactor::Handle;
use socket2::SockRef;

use super::TcpStream;
use crate::listening::{Accepts, BACKLOG, Listening};
use crate::socket::{Socket, reactor};
use crate::{Bind, ToSocketAddrs, sys};

/// A socket that accepts TCP connections.
///
/// Any number of tasks may accept from it at once. Dropping it closes it; connections that were
/// not accepted are reset.
///
/// When the process has no descriptors left, `accept` fails once and then rests between its
/// attempts, up to a second, until one succeeds: a loop around it neither spins nor loses the
/// listener. See [`accept`](Self::accept).
pub struct TcpListener {
    inner: Listening<mio::net::TcpListener>,
}

impl TcpListener {
    /// Listens at `address`: at the first that it stands for and that can be bound. Port 0 lets
    /// the system choose; see [`local_addr`](Self::local_addr).
    ///
    /// Sets `SO_REUSEADDR` on Unix. Up to 4096 connections queue until they are accepted, or as
    /// many as the system allows.
    ///
    /// # Errors
    /// The last address's, such as `AddrInUse` or `PermissionDenied`; that of the look-up, if
    /// `address` is a name. If no reactor is entered where the future is polled; names the call
    /// site and the fix.
    #[track_caller]
    pub fn bind<A: ToSocketAddrs>(address: A) -> Bind<Self> {
        const WHAT: &str = "TcpListener::bind";
        Bind::new(WHAT, address, Location::caller(), |address, site| {
            let reactor = reactor(WHAT, site)?;
            let listener = mio::net::TcpListener::bind(address)?;
            // It listens already, with room for 128: too few for a burst.
            SockRef::from(&listener).listen(BACKLOG)?;
            Self::new(listener, &reactor)
        })
    }

    /// A listener of std's, which listens already. Puts it into non-blocking mode.
    ///
    /// # Errors
    /// If no reactor is entered; names the call site and the fix. When the system or the reactor
    /// refuses.
    #[track_caller]
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<Self> {
        let reactor = reactor("TcpListener::from_std", Location::caller())?;
        listener.set_nonblocking(true)?;
        let listener = Self::new(mio::net::TcpListener::from_std(listener), &reactor)?;
        listener.socket().os().lend(); // the caller may have kept a copy
        Ok(listener)
    }

    pub(super) fn new(listener: mio::net::TcpListener, reactor: &Handle) -> io::Result<Self> {
        Ok(Self { inner: Listening::new(listener, reactor)? })
    }

    /// The listener as one of std's. It stays in non-blocking mode.
    ///
    /// # Errors
    /// When the reactor cannot let go of it.
    pub fn into_std(self) -> io::Result<std::net::TcpListener> {
        Ok(self.inner.socket.into_os().into_source()?.into())
    }

    /// Waits for a connection, and returns it with the address of its other side.
    ///
    /// Any number of tasks may wait. Connections that are gone before they could be accepted are
    /// passed over. Cancel safe: no connection is lost.
    ///
    /// # Errors
    /// When there is no descriptor or no memory for a connection (`EMFILE`, `ENFILE`, `ENOBUFS`,
    /// `ENOMEM`): the connection stays in the queue. This is reported once; then `accept` tries
    /// again after 1 ms, 2 ms, and so on up to once a second, and says no more until it succeeds. An `accept` that
    /// is dropped meanwhile halves the wait of the next one.
    /// Where no timer is entered it reports every time, after the other tasks had their turn.
    ///
    /// When the I/O driver is gone.
    #[track_caller]
    pub fn accept(
        &self,
    ) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send + Sync + '_ {
        let accept = self.inner.accept();
        async move { accept.await.map(|(socket, peer)| (TcpStream { socket }, peer)) }
    }

    /// As [`accept`](Self::accept), for one task: of those that poll, the last one is woken.
    ///
    /// # Errors
    /// As `accept`.
    #[track_caller]
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let accepted = self.inner.poll_accept(cx, Location::caller());
        accepted.map_ok(|(socket, peer)| (TcpStream { socket }, peer))
    }

    fn socket(&self) -> &Socket<mio::net::TcpListener> {
        &self.inner.socket
    }

    /// The address that it listens at.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket().os().source().local_addr()
    }

    /// The time to live (`IP_TTL`, in hops) of the packets that are sent.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket().os().source().ttl()
    }

    /// Sets the time to live (`IP_TTL`, in hops) of the packets that are sent.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket().os().source().set_ttl(ttl)
    }
}

impl Accepts for mio::net::TcpListener {
    type Stream = mio::net::TcpStream;
    type Address = SocketAddr;

    fn accept(&self) -> io::Result<(Self::Stream, SocketAddr)> {
        self.accept()
    }
}

impl TryFrom<std::net::TcpListener> for TcpListener {
    type Error = io::Error;

    /// As [`from_std`](Self::from_std).
    #[track_caller]
    fn try_from(listener: std::net::TcpListener) -> io::Result<Self> {
        Self::from_std(listener)
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket().fmt(f)
    }
}

sys::borrowed!(TcpListener);
