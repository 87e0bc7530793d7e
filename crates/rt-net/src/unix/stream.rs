//! [`UnixStream`].

use std::fmt;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice, IoSliceMut, Read};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net;
use std::panic::Location;
use std::path::Path;
use std::task::{Context, Poll};

use rt_io::ReadBuf;
use rt_reactor::{Direction, Handle};
use socket2::SockAddr;

use super::{SocketAddr, UCred, UnixSocket, credentials};
use crate::socket::{DUPLEX, Os, Socket, reactor, readiness};
use crate::stream::{
    Reads, Writes, polls_reading, polls_writing, reads, reads_alone, tries_reading, tries_writing,
    writes, writes_alone,
};
use crate::sys;
use crate::uninit::{self, Keep};

/// A connection to another process of the same machine.
///
/// As a [`TcpStream`](crate::TcpStream): reading and writing are methods of its own as well as the
/// traits of `rt-io` and, with features, of others; nothing is ever held back. Dropping it closes
/// it.
pub struct UnixStream {
    pub(crate) socket: Socket<mio::net::UnixStream>,
}

impl UnixStream {
    /// Connects to the socket that listens at `path`, or, on Linux, to the one with the abstract
    /// name after a zero byte.
    ///
    /// Cancel safe: dropping the future gives the attempt up.
    ///
    /// # Errors
    /// Such as `NotFound`, `ConnectionRefused` if nobody listens, `PermissionDenied`,
    /// `InvalidInput` for a path that is too long (about 100 bytes); on Linux `WouldBlock` if the
    /// listener's queue is full. If no reactor is entered where the future is polled; names the
    /// call site and the fix.
    #[track_caller]
    pub fn connect<P: AsRef<Path>>(
        path: P,
    ) -> impl Future<Output = io::Result<Self>> + Send + Sync + use<P> {
        let site = Location::caller();
        let address = SockAddr::unix(path);
        async move {
            let socket = UnixSocket::new_stream()?;
            socket.connect_to("UnixStream::connect", address, site).await
        }
    }

    /// The same, by the address of a listener: of any kind.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    #[track_caller]
    pub fn connect_addr(
        address: &SocketAddr,
    ) -> impl Future<Output = io::Result<Self>> + Send + Sync + '_ {
        let site = Location::caller();
        async move {
            let reactor = reactor("UnixStream::connect_addr", site)?;
            let stream = mio::net::UnixStream::connect_addr(&address.0)?;
            Self::new(stream, &reactor)?.connected(site).await
        }
    }

    /// Two streams that are connected to each other, and have no address.
    ///
    /// # Errors
    /// When the system has no descriptors for them. If no reactor is entered; names the call site
    /// and the fix.
    #[track_caller]
    pub fn pair() -> io::Result<(Self, Self)> {
        let reactor = reactor("UnixStream::pair", Location::caller())?;
        let (one, other) = mio::net::UnixStream::pair()?;
        Ok((Self::new(one, &reactor)?, Self::new(other, &reactor)?))
    }

    /// A stream of std's. Puts it into non-blocking mode.
    ///
    /// # Errors
    /// If no reactor is entered; names the call site and the fix. When the system or the reactor
    /// refuses.
    #[track_caller]
    pub fn from_std(stream: net::UnixStream) -> io::Result<Self> {
        let reactor = reactor("UnixStream::from_std", Location::caller())?;
        stream.set_nonblocking(true)?;
        let stream = Self::new(mio::net::UnixStream::from_std(stream), &reactor)?;
        stream.socket.os().lend(); // the caller may have kept a copy
        Ok(stream)
    }

    pub(super) fn new(stream: mio::net::UnixStream, reactor: &Handle) -> io::Result<Self> {
        Ok(Self { socket: Socket::Os(Os::new(stream, DUPLEX, reactor)?) })
    }

    /// The stream, which is on its way, once it is there.
    pub(super) async fn connected(self, site: &'static Location<'static>) -> io::Result<Self> {
        poll_fn(|cx| self.socket.os().poll_direction(cx, Direction::Write, site)).await?;
        match self.take_error()? {
            None => Ok(self),
            Some(error) => Err(error),
        }
    }

    /// The stream as one of std's. It stays in non-blocking mode.
    ///
    /// # Errors
    /// When the reactor cannot let go of it.
    pub fn into_std(self) -> io::Result<net::UnixStream> {
        Ok(self.socket.into_os().into_source()?.into())
    }

    fn socket(&self) -> &Socket<mio::net::UnixStream> {
        &self.socket
    }

    /// The address of this side: usually none, of the side that connected.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.os().source().local_addr().map(SocketAddr)
    }

    /// The address of the other side.
    ///
    /// # Errors
    /// `NotConnected` if there is none.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.os().source().peer_addr().map(SocketAddr)
    }

    /// Who was at the other end when the connection was made, or the two were.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn peer_cred(&self) -> io::Result<UCred> {
        credentials::peer(self.socket.os().source().as_fd())
    }

    /// Takes the error that is pending (`SO_ERROR`), if one is.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.os().source().take_error()
    }
}

/// Reading and writing.
impl UnixStream {
    reads!();
    writes!();
    polls_reading!();
    polls_writing!();
    tries_reading!();
    tries_writing!();
    readiness!();
}

reads_alone!(UnixStream);
writes_alone!(UnixStream);

impl Reads for mio::net::UnixStream {
    /// What came with descriptors ends a read, whatever follows it: a count that is short for that
    /// would be waited on for ever, as nothing new comes.
    const SHORT_IS_ALL: bool = false;

    #[inline]
    fn receive(&self, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
        uninit::recv(self, buf, Keep::Nothing)
    }

    fn receive_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let mut stream = self;
        stream.read_vectored(bufs)
    }
}

impl Writes for mio::net::UnixStream {
    #[inline]
    fn send(&self, buf: &[u8]) -> io::Result<usize> {
        sys::send(self, buf)
    }

    fn send_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        sys::send_vectored(self, bufs)
    }

    fn end(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl TryFrom<net::UnixStream> for UnixStream {
    type Error = io::Error;

    /// As [`from_std`](Self::from_std).
    #[track_caller]
    fn try_from(stream: net::UnixStream) -> io::Result<Self> {
        Self::from_std(stream)
    }
}

impl AsRef<Self> for UnixStream {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for UnixStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}

sys::borrowed!(UnixStream);
