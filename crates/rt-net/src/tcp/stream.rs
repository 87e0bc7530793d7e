//! [`TcpStream`]: how one is made, and its options. Its bytes move in `transfer.rs`.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::task::{Context, Poll};
use std::time::Duration;

use rt_reactor::Handle;
use socket2::SockRef;

use super::Connect;
use crate::socket::{DUPLEX, Os, Socket, reactor, readiness};
use crate::stream::{
    polls_reading, polls_writing, reads, reads_alone, tries_reading, tries_writing, writes,
    writes_alone,
};
use crate::{ToSocketAddrs, sys};

/// A TCP connection.
///
/// Reading and writing are methods of its own ([`read`](Self::read),
/// [`write_all`](Self::write_all) and so on) as well as the traits `rt_io::AsyncRead` and
/// `AsyncWrite`; with features, also those of `futures-io`, `tokio` and `hyper`. Writes go to the
/// system at once: nothing is ever held back, and `flush` does nothing.
///
/// Dropping it closes it. What was written is still delivered, unless bytes were received that
/// nobody read: then the system resets the connection.
pub struct TcpStream {
    pub(crate) socket: Socket<mio::net::TcpStream>,
}

impl TcpStream {
    /// Connects to `address`: tries what it stands for one after the other, until one answers.
    ///
    /// A name is resolved on the blocking pool that is entered. There is no time limit but the
    /// system's, which may be minutes: put a timeout around it. Cancel safe: dropping the future
    /// gives the attempt up.
    ///
    /// # Errors
    /// The last address's, such as `ConnectionRefused`; that of the look-up, if `address` is a
    /// name; `InvalidInput` if it stands for no address at all. If no reactor is entered where the
    /// future is polled; names the call site and the fix.
    #[track_caller]
    pub fn connect<A: ToSocketAddrs>(address: A) -> Connect {
        Connect::new(address, Location::caller())
    }

    /// A stream of std's. Puts it into non-blocking mode.
    ///
    /// It may be connecting still: wait until it is [`writable`](Self::writable), then ask
    /// [`take_error`](Self::take_error).
    ///
    /// # Errors
    /// If no reactor is entered; names the call site and the fix. When the system or the reactor
    /// refuses.
    #[track_caller]
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<Self> {
        let reactor = reactor("TcpStream::from_std", Location::caller())?;
        stream.set_nonblocking(true)?;
        let stream = Self::new(mio::net::TcpStream::from_std(stream), &reactor)?;
        stream.socket.os().lend(); // the caller may have kept a copy
        Ok(stream)
    }

    pub(super) fn new(stream: mio::net::TcpStream, reactor: &Handle) -> io::Result<Self> {
        Ok(Self { socket: Socket::Os(Os::new(stream, DUPLEX, reactor)?) })
    }

    /// The stream as one of std's. It stays in non-blocking mode.
    ///
    /// # Errors
    /// When the reactor cannot let go of it.
    pub fn into_std(self) -> io::Result<std::net::TcpStream> {
        Ok(self.socket.into_os().into_source()?.into())
    }

    pub(super) fn socket(&self) -> &Socket<mio::net::TcpStream> {
        &self.socket
    }

    /// The address of this side.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.os().source().local_addr()
    }

    /// The address of the other side.
    ///
    /// # Errors
    /// `NotConnected` if there is none.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.os().source().peer_addr()
    }

    /// Takes the error that is pending (`SO_ERROR`), if one is.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.os().source().take_error()
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.socket.os().source().nodelay()
    }

    /// Says whether to send small writes at once (`TCP_NODELAY`), or to wait for the other side
    /// to confirm what was sent before.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.socket.os().source().set_nodelay(nodelay)
    }

    /// How long closing waits for what was written to be confirmed (`SO_LINGER`).
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.sock_ref().linger()
    }

    /// Says how long closing waits for what was written to be confirmed (`SO_LINGER`).
    ///
    /// # Errors
    /// When the system refuses.
    #[deprecated = "closing then blocks the thread; `set_zero_linger` does not"]
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.sock_ref().set_linger(linger)
    }

    /// Makes closing reset the connection at once: what was written and not sent is lost, and
    /// the other side's reads fail with `ConnectionReset`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.sock_ref().set_linger(Some(Duration::ZERO))
    }

    /// The time to live (`IP_TTL`, in hops) of the packets that are sent.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket.os().source().ttl()
    }

    /// Sets the time to live (`IP_TTL`, in hops) of the packets that are sent.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket.os().source().set_ttl(ttl)
    }

    pub(super) fn sock_ref(&self) -> SockRef<'_> {
        SockRef::from(self.socket.os().source())
    }
}

/// Reading and writing.
impl TcpStream {
    reads!();
    writes!();
    polls_reading!();
    polls_writing!();
    tries_reading!();
    tries_writing!();
    readiness!();
}

reads_alone!(TcpStream);
writes_alone!(TcpStream);

impl TryFrom<std::net::TcpStream> for TcpStream {
    type Error = io::Error;

    /// As [`from_std`](Self::from_std).
    #[track_caller]
    fn try_from(stream: std::net::TcpStream) -> io::Result<Self> {
        Self::from_std(stream)
    }
}

impl AsRef<Self> for TcpStream {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}

sys::borrowed!(TcpStream);
