//! [`TcpSocket`]: a socket before it is a stream or a listener.

mod options;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod options_linux;
#[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
mod options_shared;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;

use socket2::{Domain, Protocol, Socket, Type};

use super::{TcpListener, TcpStream};
use crate::socket::reactor;
use crate::sys;

/// A TCP socket that neither listens nor is connected yet, to be told how it shall be first.
///
/// [`TcpStream::connect`] and [`TcpListener::bind`] make one by themselves; this is for who must
/// say more: which address or interface to come from, how large the system's buffers are, whether
/// several may listen at one port. It needs no runtime until it connects or listens. Dropping it
/// closes it.
///
/// ```no_run
/// # async fn doc() -> std::io::Result<()> {
/// let socket = rt_net::TcpSocket::new_v4()?;
/// socket.set_reuseaddr(true)?;
/// socket.bind(([127, 0, 0, 1], 8080).into())?;
/// let listener = socket.listen(1024)?;
/// # Ok(()) }
/// ```
pub struct TcpSocket {
    /// In non-blocking mode.
    inner: Socket,
}

impl TcpSocket {
    /// A socket for IPv4 addresses.
    ///
    /// # Errors
    /// When the system has no descriptor for it.
    pub fn new_v4() -> io::Result<Self> {
        Self::new(Domain::IPV4)
    }

    /// A socket for IPv6 addresses.
    ///
    /// # Errors
    /// When the system has no descriptor for it, or does not speak IPv6.
    pub fn new_v6() -> io::Result<Self> {
        Self::new(Domain::IPV6)
    }

    fn new(domain: Domain) -> io::Result<Self> {
        let inner = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        inner.set_nonblocking(true)?;
        Ok(Self { inner })
    }

    /// The socket that std's `stream` is, which is best not connected yet: libraries that make
    /// sockets hand them out as such. It must be in non-blocking mode, or connecting blocks.
    #[must_use]
    pub fn from_std_stream(stream: std::net::TcpStream) -> Self {
        Self { inner: stream.into() }
    }

    /// Gives the socket an address of its own, before it connects or listens. Port 0 lets the
    /// system choose; see [`local_addr`](Self::local_addr).
    ///
    /// # Errors
    /// Such as `AddrInUse`, `PermissionDenied`; when it has an address already, or the address is
    /// of the other family.
    pub fn bind(&self, address: SocketAddr) -> io::Result<()> {
        self.inner.bind(&address.into())
    }

    /// The address that it has.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let address = self.inner.local_addr()?;
        address.as_socket().ok_or_else(|| io::Error::other("the socket has no internet address"))
    }

    /// Connects to `address`.
    ///
    /// There is no time limit but the system's, which may be minutes: put a timeout around it.
    /// Cancel safe: dropping the future gives the attempt up, and closes the socket.
    ///
    /// # Errors
    /// Such as `ConnectionRefused`; that of the system, when `address` is of the other family. If
    /// no reactor is entered where the future is polled; names the call site and the fix.
    #[track_caller]
    pub fn connect(
        self,
        address: SocketAddr,
    ) -> impl Future<Output = io::Result<TcpStream>> + Send + Sync {
        let site = Location::caller();
        async move {
            let reactor = reactor("TcpSocket::connect", site)?;
            match self.inner.connect(&address.into()) {
                Err(error) if !sys::is_under_way(&error) => return Err(error),
                _ => {}
            }
            let stream = mio::net::TcpStream::from_std(self.inner.into());
            TcpStream::new(stream, &reactor)?.connected(site).await
        }
    }

    /// Listens, with room for `backlog` connections that are not accepted yet, or as many as the
    /// system allows.
    ///
    /// # Errors
    /// Such as `AddrInUse`, when another socket listens at its address. If no reactor is entered;
    /// names the call site and the fix.
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        let reactor = reactor("TcpSocket::listen", Location::caller())?;
        self.inner.listen(backlog.try_into().unwrap_or(i32::MAX))?;
        TcpListener::new(mio::net::TcpListener::from_std(self.inner.into()), &reactor)
    }
}

impl fmt::Debug for TcpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

sys::owned!(TcpSocket);
