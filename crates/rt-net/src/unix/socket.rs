//! [`UnixSocket`]: a socket before it is a stream, a listener or one for datagrams.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::path::Path;

use rt_reactor::Handle;
use socket2::{Domain, SockAddr, Socket, Type};

use super::{UnixDatagram, UnixListener, UnixStream};
use crate::socket::reactor;
use crate::sys;

/// A Unix socket that neither listens nor is connected yet: to give it an address of its own
/// first.
///
/// It needs no runtime until it becomes something else. Dropping it closes it.
pub struct UnixSocket {
    /// In non-blocking mode.
    inner: Socket,
}

impl UnixSocket {
    /// A socket that becomes a stream or a listener.
    ///
    /// # Errors
    /// When the system has no descriptor for it.
    pub fn new_stream() -> io::Result<Self> {
        Self::new(Type::STREAM)
    }

    /// A socket for datagrams.
    ///
    /// # Errors
    /// When the system has no descriptor for it.
    pub fn new_datagram() -> io::Result<Self> {
        Self::new(Type::DGRAM)
    }

    fn new(kind: Type) -> io::Result<Self> {
        let inner = Socket::new(Domain::UNIX, kind, None)?;
        inner.set_nonblocking(true)?;
        Ok(Self { inner })
    }

    /// Gives the socket an address of its own: makes a file at `path`, which stays when the socket
    /// is closed. On Linux, a path that begins with a zero byte is an abstract name, and no file.
    ///
    /// # Errors
    /// Such as `AddrInUse` if there is a file already, `NotFound` without its directory, and
    /// `InvalidInput` for a path that is too long (about 100 bytes).
    pub fn bind(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.inner.bind(&SockAddr::unix(path)?)
    }

    /// Listens, with room for `backlog` connections that are not accepted yet, or as many as the
    /// system allows.
    ///
    /// # Errors
    /// If it is a socket for datagrams. If no reactor is entered; names the call site and the fix.
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<UnixListener> {
        const WHAT: &str = "UnixSocket::listen";
        let reactor = reactor(WHAT, Location::caller())?;
        self.expect(WHAT, Type::STREAM)?;
        self.into_listener(backlog.try_into().unwrap_or(i32::MAX), &reactor)
    }

    pub(super) fn into_listener(self, backlog: i32, reactor: &Handle) -> io::Result<UnixListener> {
        self.inner.listen(backlog)?;
        UnixListener::new(mio::net::UnixListener::from_std(self.inner.into()), reactor)
    }

    /// Connects to `path`, or, on Linux, to the abstract name after a zero byte. Ready at once on
    /// most systems.
    ///
    /// # Errors
    /// If it is a socket for datagrams. As [`UnixStream::connect`].
    #[track_caller]
    pub fn connect<P: AsRef<Path>>(
        self,
        path: P,
    ) -> impl Future<Output = io::Result<UnixStream>> + Send + Sync + use<P> {
        const WHAT: &str = "UnixSocket::connect";
        let address = self.expect(WHAT, Type::STREAM).and_then(|()| SockAddr::unix(path));
        self.connect_to(WHAT, address, Location::caller())
    }

    pub(super) async fn connect_to(
        self,
        what: &'static str,
        address: io::Result<SockAddr>,
        site: &'static Location<'static>,
    ) -> io::Result<UnixStream> {
        let reactor = reactor(what, site)?;
        match self.inner.connect(&address?) {
            Err(error) if !sys::is_under_way(&error) => return Err(error),
            _ => {}
        }
        let stream = mio::net::UnixStream::from_std(self.inner.into());
        UnixStream::new(stream, &reactor)?.connected(site).await
    }

    /// The socket as one for datagrams.
    ///
    /// # Errors
    /// If it is a socket for streams. If no reactor is entered; names the call site and the fix.
    #[track_caller]
    pub fn datagram(self) -> io::Result<UnixDatagram> {
        const WHAT: &str = "UnixSocket::datagram";
        let reactor = reactor(WHAT, Location::caller())?;
        self.expect(WHAT, Type::DGRAM)?;
        self.into_datagram(&reactor)
    }

    pub(super) fn into_datagram(self, reactor: &Handle) -> io::Result<UnixDatagram> {
        UnixDatagram::new(mio::net::UnixDatagram::from_std(self.inner.into()), reactor)
    }

    fn expect(&self, what: &str, kind: Type) -> io::Result<()> {
        if self.inner.r#type()? == kind {
            return Ok(());
        }
        let (of, make) = match kind {
            Type::STREAM => ("datagrams", "new_stream"),
            _ => ("streams", "new_datagram"),
        };
        let message = format!("`{what}` on a socket for {of}: make one by `UnixSocket::{make}`");
        Err(io::Error::new(io::ErrorKind::InvalidInput, message))
    }
}

impl fmt::Debug for UnixSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

sys::owned!(UnixSocket);
