//! [`UnixListener`].

use std::fmt;
use std::future::Future;
use std::io;
use std::os::unix::net;
use std::panic::Location;
use std::path::Path;
use std::task::{Context, Poll};

use rt_reactor::Handle;
use socket2::SockRef;

use super::{SocketAddr, UnixSocket, UnixStream};
use crate::listening::{Accepts, BACKLOG, Listening};
use crate::socket::{Socket, reactor};
use crate::sys;

/// A Unix socket that accepts streams.
///
/// Any number of tasks may accept from it at once. Dropping it closes it, and leaves the file
/// where it is.
///
/// When the process has no descriptors left, `accept` fails once and then rests between its
/// attempts, as a [`TcpListener`](crate::TcpListener)'s does.
pub struct UnixListener {
    inner: Listening<mio::net::UnixListener>,
}

impl UnixListener {
    /// Listens at `path`: makes a file there, which stays when the listener is closed. On Linux, a
    /// path that begins with a zero byte is an abstract name, and no file.
    ///
    /// Up to 4096 connections queue until they are accepted, or as many as the system allows.
    ///
    /// # Errors
    /// Such as `AddrInUse` if there is a file already, `NotFound` without its directory,
    /// `InvalidInput` for a path that is too long (about 100 bytes). If no reactor is entered;
    /// names the call site and the fix.
    #[track_caller]
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        let reactor = reactor("UnixListener::bind", Location::caller())?;
        let socket = UnixSocket::new_stream()?;
        socket.bind(path)?;
        socket.into_listener(BACKLOG, &reactor)
    }

    /// The same, by an address of any kind.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    #[track_caller]
    pub fn bind_addr(address: &SocketAddr) -> io::Result<Self> {
        let reactor = reactor("UnixListener::bind_addr", Location::caller())?;
        let listener = mio::net::UnixListener::bind_addr(&address.0)?;
        // It listens already, with less room.
        SockRef::from(&listener).listen(BACKLOG)?;
        Self::new(listener, &reactor)
    }

    /// A listener of std's, which listens already. Puts it into non-blocking mode.
    ///
    /// # Errors
    /// If no reactor is entered; names the call site and the fix. When the system or the reactor
    /// refuses.
    #[track_caller]
    pub fn from_std(listener: net::UnixListener) -> io::Result<Self> {
        let reactor = reactor("UnixListener::from_std", Location::caller())?;
        listener.set_nonblocking(true)?;
        let listener = Self::new(mio::net::UnixListener::from_std(listener), &reactor)?;
        listener.socket().os().lend(); // the caller may have kept a copy
        Ok(listener)
    }

    pub(super) fn new(listener: mio::net::UnixListener, reactor: &Handle) -> io::Result<Self> {
        Ok(Self { inner: Listening::new(listener, reactor)? })
    }

    /// The listener as one of std's. It stays in non-blocking mode.
    ///
    /// # Errors
    /// When the reactor cannot let go of it.
    pub fn into_std(self) -> io::Result<net::UnixListener> {
        Ok(self.inner.socket.into_os().into_source()?.into())
    }

    /// Waits for a connection, and returns it with the address of its other side, which usually
    /// is none.
    ///
    /// Any number of tasks may wait. Cancel safe: no connection is lost.
    ///
    /// # Errors
    /// When there is no descriptor or no memory for a connection: reported once, then tried again
    /// in silence, as by [`TcpListener::accept`](crate::TcpListener::accept). When the I/O driver
    /// is gone.
    #[track_caller]
    pub fn accept(
        &self,
    ) -> impl Future<Output = io::Result<(UnixStream, SocketAddr)>> + Send + Sync + '_ {
        let accept = self.inner.accept();
        async move { accept.await.map(|(socket, peer)| (UnixStream { socket }, peer)) }
    }

    /// As [`accept`](Self::accept), for one task: of those that poll, the last one is woken.
    ///
    /// # Errors
    /// As `accept`.
    #[track_caller]
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let accepted = self.inner.poll_accept(cx, Location::caller());
        accepted.map_ok(|(socket, peer)| (UnixStream { socket }, peer))
    }

    fn socket(&self) -> &Socket<mio::net::UnixListener> {
        &self.inner.socket
    }

    /// The address that it listens at.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket().os().source().local_addr().map(SocketAddr)
    }

    /// Takes the error that is pending (`SO_ERROR`), if one is.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket().os().source().take_error()
    }
}

impl Accepts for mio::net::UnixListener {
    type Stream = mio::net::UnixStream;
    type Address = SocketAddr;

    fn accept(&self) -> io::Result<(Self::Stream, SocketAddr)> {
        self.accept().map(|(stream, peer)| (stream, SocketAddr(peer)))
    }
}

impl TryFrom<net::UnixListener> for UnixListener {
    type Error = io::Error;

    /// As [`from_std`](Self::from_std).
    #[track_caller]
    fn try_from(listener: net::UnixListener) -> io::Result<Self> {
        Self::from_std(listener)
    }
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket().fmt(f)
    }
}

sys::borrowed!(UnixListener);
