//! [`TcpListener`].

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use rt_reactor::{Direction, Handle, Interest};
use rt_task::wait::WaitKind;
use socket2::SockRef;

use super::TcpStream;
use super::exhausted::{Exhausted, Rest, is_exhaustion, is_gone};
use crate::socket::{DUPLEX, Os, Socket, reactor};
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
    pub(crate) socket: Socket<mio::net::TcpListener>,
    exhausted: Exhausted,
    /// The rest that `poll_accept` was in when it last returned.
    rest: Mutex<Option<Rest>>,
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
        listener.socket.os().lend(); // the caller may have kept a copy
        Ok(listener)
    }

    pub(super) fn new(listener: mio::net::TcpListener, reactor: &Handle) -> io::Result<Self> {
        let os = Os::new(listener, Interest::READABLE, reactor)?;
        let (exhausted, rest) = (Exhausted::default(), Mutex::new(None));
        Ok(Self { socket: Socket::Os(os), exhausted, rest })
    }

    /// The listener as one of std's. It stays in non-blocking mode.
    ///
    /// # Errors
    /// When the reactor cannot let go of it.
    pub fn into_std(self) -> io::Result<std::net::TcpListener> {
        Ok(self.socket.into_os().into_source()?.into())
    }

    /// Waits for a connection, and returns it with the address of its other side.
    ///
    /// Any number of tasks may wait. Connections that are gone before they could be accepted are
    /// passed over. Cancel safe: no connection is lost.
    ///
    /// # Errors
    /// When there is no descriptor or no memory for a connection (`EMFILE`, `ENFILE`, `ENOBUFS`,
    /// `ENOMEM`): the connection stays in the queue. This is reported once; then `accept` tries
    /// again after 1 ms, 2 ms, and so on up to once a second, and says no more until it succeeds.
    /// Where no timer is entered it reports every time, after the other tasks had their turn.
    ///
    /// When the I/O driver is gone.
    #[track_caller]
    pub fn accept(&self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send + '_ {
        let os = self.socket.os();
        let accept = || accept(os.source());
        let attempt = os.registration().async_io(Interest::READABLE, WaitKind::Accept, accept);
        async move {
            let mut attempt = pin!(attempt);
            loop {
                if let Some(mut rest) = self.exhausted.rest() {
                    poll_fn(|cx| rest.poll(cx)).await;
                    self.exhausted.rested();
                }
                let accepted = attempt.as_mut().await;
                if let Some(done) = self.conclude(accepted) {
                    return done;
                }
            }
        }
    }

    /// As [`accept`](Self::accept), for one task: of those that poll, the last one is woken.
    #[track_caller]
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let os = self.socket.os();
        let wait = os.wait(WaitKind::Accept, Location::caller());
        loop {
            if self.exhausted.is_resting() {
                ready!(self.poll_rest(cx));
            }
            let accept = || accept(os.source());
            let accepted = ready!(os.registration().poll_io(cx, Direction::Read, wait, accept));
            if let Some(done) = self.conclude(accepted) {
                return Poll::Ready(done);
            }
        }
    }

    /// What to return for the outcome of an attempt, unless there is to be another one.
    fn conclude(
        &self,
        accepted: io::Result<(mio::net::TcpStream, SocketAddr)>,
    ) -> Option<io::Result<(TcpStream, SocketAddr)>> {
        match accepted {
            Ok((stream, peer)) => {
                self.exhausted.well();
                Some(self.registered(stream).map(|stream| (stream, peer)))
            }
            Err(error) if is_exhaustion(&error) => self.exhausted.failed().then_some(Err(error)),
            Err(error) => Some(Err(error)),
        }
    }

    /// With the listener's own reactor: none needs to be entered to accept.
    fn registered(&self, stream: mio::net::TcpStream) -> io::Result<TcpStream> {
        let reactor = self.socket.os().registration().handle();
        // A new connection can be written, and often its first bytes are there.
        let os = Os::new_ready(stream, DUPLEX, reactor)?;
        Ok(TcpStream { socket: Socket::Os(os) })
    }

    /// The rest of `poll_accept`, kept from one call to the next.
    #[cold]
    fn poll_rest(&self, cx: &mut Context<'_>) -> Poll<()> {
        // Out of the lock to be polled: that may run anything.
        let kept = self.lock_rest().take();
        let Some(mut rest) = kept.or_else(|| self.exhausted.rest()) else {
            return Poll::Ready(()); // over since
        };
        if rest.poll(cx).is_ready() {
            self.exhausted.rested();
            return Poll::Ready(());
        }
        let before = self.lock_rest().replace(rest);
        drop(before);
        Poll::Pending
    }

    fn lock_rest(&self) -> std::sync::MutexGuard<'_, Option<Rest>> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The address that it listens at.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.os().source().local_addr()
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
}

/// Connections that queue. As many as Linux allows unless told otherwise: one that finds no room
/// is tried again by its client only a second later.
const BACKLOG: i32 = 4096;

/// The next connection that is alive.
fn accept(listener: &mio::net::TcpListener) -> io::Result<(mio::net::TcpStream, SocketAddr)> {
    loop {
        match listener.accept() {
            Err(error) if is_gone(&error) => {}
            result => return result,
        }
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
        self.socket.fmt(f)
    }
}

sys::borrowed!(TcpListener);
