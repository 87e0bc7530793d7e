//! A socket that listens: what TCP's and Unix's have in common.

use std::future::{Future, poll_fn};
use std::io;
use std::panic::Location;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use mio::event::Source;
use rt_reactor::{Direction, Handle, Interest};
use rt_task::wait::WaitKind;

use crate::exhausted::{Exhausted, Rest, Resting, is_exhaustion, is_gone};
use crate::socket::{DUPLEX, Numbered, Os, Socket};

/// A source that accepts connections. Does not block.
pub(crate) trait Accepts: Source + Numbered + Send + Sync {
    type Stream: Source + Numbered + Send + Sync;
    type Address: Send + Sync;

    /// The next connection, be it alive or gone.
    fn accept(&self) -> io::Result<(Self::Stream, Self::Address)>;
}

/// See the module.
pub(crate) struct Listening<L: Source> {
    pub(crate) socket: Socket<L>,
    exhausted: Exhausted,
    /// The rest that `poll_accept` was in when it last returned.
    rest: Mutex<Option<Rest>>,
}

/// A connection, and the address of its other side.
type Accepted<L> = io::Result<(Socket<<L as Accepts>::Stream>, <L as Accepts>::Address)>;

impl<L: Accepts> Listening<L> {
    pub(crate) fn new(listener: L, reactor: &Handle) -> io::Result<Self> {
        let os = Os::new(listener, Interest::READABLE, reactor)?;
        let (exhausted, rest) = (Exhausted::default(), Mutex::new(None));
        Ok(Self { socket: Socket::Os(os), exhausted, rest })
    }

    /// Waits for a connection, as one of any number of tasks.
    #[track_caller]
    pub(crate) fn accept(&self) -> impl Future<Output = Accepted<L>> + Send + Sync + '_ {
        let os = self.socket.os();
        let accept = || accept(os.source());
        let attempt = os.registration().async_io(Interest::READABLE, WaitKind::Accept, accept);
        async move {
            let mut attempt = pin!(attempt);
            loop {
                if let Some(rest) = self.exhausted.rest() {
                    let mut resting = Resting::new(rest, &self.exhausted);
                    poll_fn(|cx| resting.poll(cx)).await;
                }
                let accepted = attempt.as_mut().await;
                if let Some(done) = self.conclude(accepted) {
                    return done;
                }
            }
        }
    }

    /// Waits for a connection, as the one task that polls.
    pub(crate) fn poll_accept(
        &self,
        cx: &mut Context<'_>,
        site: &'static Location<'static>,
    ) -> Poll<Accepted<L>> {
        let os = self.socket.os();
        let wait = os.wait(WaitKind::Accept, site);
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
    fn conclude(&self, accepted: io::Result<(L::Stream, L::Address)>) -> Option<Accepted<L>> {
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
    fn registered(&self, stream: L::Stream) -> io::Result<Socket<L::Stream>> {
        let reactor = self.socket.os().registration().handle();
        // A new connection can be written, and often its first bytes are there.
        Os::new_ready(stream, DUPLEX, reactor).map(Socket::Os)
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
}

/// Connections that queue. As many as Linux allows unless told otherwise: one that finds no room
/// is tried again by its client only a second later.
pub(crate) const BACKLOG: i32 = 4096;

/// The next connection that is alive.
fn accept<L: Accepts>(listener: &L) -> io::Result<(L::Stream, L::Address)> {
    loop {
        match listener.accept() {
            Err(error) if is_gone(&error) => {}
            result => return result,
        }
    }
}
