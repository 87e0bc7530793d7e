//! What all sockets have in common: a source, and its stay in a reactor.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use mio::event::Source;
use rt_reactor::{Direction, Handle, Interest, ReadyFuture, Registration};
use rt_task::base::shim::{AtomicBool, Ordering::Relaxed};
use rt_task::wait::{Wait, WaitKind};

/// A socket's inside: who carries its bytes. Asked in one place, [`os`](Self::os).
///
/// The operating system, so far. A simulator's sockets will be another variant, and every
/// `os()` a match.
pub(crate) enum Socket<S: Source> {
    Os(Os<S>),
}

impl<S: Source> Socket<S> {
    #[inline]
    pub(crate) fn os(&self) -> &Os<S> {
        let Self::Os(os) = self;
        os
    }

    #[inline]
    pub(crate) fn os_mut(&mut self) -> &mut Os<S> {
        let Self::Os(os) = self;
        os
    }

    pub(crate) fn into_os(self) -> Os<S> {
        let Self::Os(os) = self;
        os
    }
}

/// A socket of the operating system, registered with a reactor.
///
/// When it is closed the system forgets the registration by itself, which saves a call to say
/// so; but only if no copy of the descriptor is left. Nobody has one whom the descriptor was not
/// lent to.
pub(crate) struct Os<S: Source> {
    /// There until it is taken. Before `registration`, so that it is closed before that goes.
    source: Option<S>,
    registration: Registration,
    /// Whether the descriptor was ever lent. Set by shared reference and read by the owner, so
    /// that nothing needs to be ordered.
    lent: AtomicBool,
}

/// The system's number of a source: what a dump calls it.
pub(crate) trait Numbered {
    fn number(&self) -> usize;
}

/// Both ways.
pub(crate) const DUPLEX: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// The reactor that is entered, for `what` called at `site`.
///
/// # Errors
/// If none is.
pub(crate) fn reactor(what: &str, site: &'static Location<'static>) -> io::Result<Handle> {
    Handle::current().map_err(|missing| missing.io_error(what, site))
}

impl<S: Source> Os<S> {
    /// `source`, registered for `interest`.
    pub(crate) fn new(mut source: S, interest: Interest, reactor: &Handle) -> io::Result<Self>
    where
        S: Numbered,
    {
        let mut registration = Registration::new(&mut source, interest, reactor)?;
        registration.set_object(source.number());
        Ok(Self { source: Some(source), registration, lent: AtomicBool::new(false) })
    }

    /// The same, for one that is likely ready.
    pub(crate) fn new_ready(mut source: S, interest: Interest, reactor: &Handle) -> io::Result<Self>
    where
        S: Numbered,
    {
        let mut registration = Registration::new_ready(&mut source, interest, reactor)?;
        registration.set_object(source.number());
        Ok(Self { source: Some(source), registration, lent: AtomicBool::new(false) })
    }

    /// The source alone, free to be registered anew.
    pub(crate) fn into_source(mut self) -> io::Result<S> {
        let mut source = self.source.take().expect("taken here alone");
        self.registration.deregister(&mut source)?;
        Ok(source)
    }

    #[inline]
    pub(crate) fn source(&self) -> &S {
        self.source.as_ref().expect("there until taken")
    }

    /// The source, for a caller who may copy its descriptor.
    #[inline]
    pub(crate) fn lend(&self) -> &S {
        self.lent.store(true, Relaxed);
        self.source()
    }

    #[inline]
    pub(crate) fn registration(&self) -> &Registration {
        &self.registration
    }

    /// The source, and the stay in the reactor of whoever has both to itself.
    #[inline]
    pub(crate) fn alone(&mut self) -> (&S, &mut Registration) {
        let source = self.source.as_ref().expect("there until taken");
        (source, &mut self.registration)
    }

    /// What a dump shows of a task that waits here.
    #[inline]
    pub(crate) fn wait(&self, kind: WaitKind, site: &'static Location<'static>) -> Wait {
        Wait { kind, object: self.registration.object(), site }
    }

    /// Waits until it is ready in `direction`, for one task.
    pub(crate) fn poll_direction(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<()>> {
        let kind = match direction {
            Direction::Read => WaitKind::Readable,
            Direction::Write => WaitKind::Writable,
        };
        self.registration.poll_ready(cx, direction, self.wait(kind, site)).map_ok(drop)
    }

    /// Tells the reactor what was kept for whoever has the source alone: others use it, too.
    pub(crate) fn share(&mut self) {
        self.registration.share();
    }

    /// Runs `f` whenever `ready` says that it is worth a try, until it neither would block nor was
    /// interrupted. For a future whose `ready` is made before it is known what to do: else
    /// `Registration::async_io` does the same at less cost.
    pub(crate) fn poll_with<R>(
        &self,
        cx: &mut Context<'_>,
        mut ready: Pin<&mut ReadyFuture<'_>>,
        f: impl Fn() -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        loop {
            let event = ready!(ready.as_mut().poll(cx))?;
            match uninterrupted(&f) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.registration.clear_ready(event);
                }
                result => return Poll::Ready(result),
            }
        }
    }

    /// Runs `f` if the socket is known to be ready, and again if a signal interrupted it.
    pub(crate) fn attempt<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.registration.try_io(interest, || uninterrupted(&mut f))
    }
}

impl<S: Source> Drop for Os<S> {
    fn drop(&mut self) {
        if let Some(source) = &mut self.source
            && self.lent.load(Relaxed)
        {
            // It is closed in a moment; that it was unknown is no news to anybody.
            let _unknown = self.registration.deregister(source);
        }
    }
}

/// Runs `f` until no signal interrupts it.
pub(crate) fn uninterrupted<R>(mut f: impl FnMut() -> io::Result<R>) -> io::Result<R> {
    loop {
        match f() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl<S: Source + fmt::Debug> fmt::Debug for Socket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What the reactor knows is not the reader's concern.
        self.os().source().fmt(f)
    }
}

/// The methods that wait for readiness, the same for every socket that goes both ways; or some of
/// them.
macro_rules! readiness {
    () => {
        $crate::socket::readiness!(ready);
        $crate::socket::readiness!(readable);
        $crate::socket::readiness!(writable);
        $crate::socket::readiness!(try_io);
        $crate::socket::readiness!(async_io);
    };

    (ready) => {
        /// Waits until the socket is ready for any of `interest`, and tells for which.
        ///
        /// Readiness is a hint, and is kept until an operation would block: try, and wait again
        /// if it does. Any number of tasks may wait. Cancel safe: nothing is consumed.
        ///
        /// # Errors
        /// When the I/O driver is gone.
        #[track_caller]
        pub fn ready(
            &self,
            interest: rt_reactor::Interest,
        ) -> impl std::future::Future<Output = std::io::Result<rt_reactor::Ready>>
        + Send
        + Sync
        + '_
        {
            let ready = self.socket().os().registration().ready(interest);
            async move { Ok(ready.await?.ready) }
        }
    };

    (readable) => {
        /// Waits until reading may not block. See [`ready`](Self::ready).
        ///
        /// # Errors
        /// When the I/O driver is gone.
        #[track_caller]
        pub fn readable(
            &self,
        ) -> impl std::future::Future<Output = std::io::Result<()>> + Send + Sync + '_ {
            let ready = self.socket().os().registration().readable();
            async move { ready.await.map(drop) }
        }
    };

    (writable) => {
        /// Waits until writing may not block. See [`ready`](Self::ready).
        ///
        /// # Errors
        /// When the I/O driver is gone.
        #[track_caller]
        pub fn writable(
            &self,
        ) -> impl std::future::Future<Output = std::io::Result<()>> + Send + Sync + '_ {
            let ready = self.socket().os().registration().writable();
            async move { ready.await.map(drop) }
        }
    };

    (try_io) => {
        /// Runs `f`, an operation of your own on the descriptor, if the socket is known to be
        /// ready for `interest`; takes note if `f` would block.
        ///
        /// `f` must not block, and not return `WouldBlock` for any other reason.
        ///
        /// # Errors
        /// That of `f`; `WouldBlock` if the socket is not ready as far as is known.
        pub fn try_io<R>(
            &self,
            interest: rt_reactor::Interest,
            f: impl FnOnce() -> std::io::Result<R>,
        ) -> std::io::Result<R> {
            let os = self.socket().os();
            os.registration().try_io(interest, || os.source().try_io(f))
        }
    };

    (async_io) => {
        /// Runs `f`, an operation of your own on the descriptor, once the socket is ready for
        /// `interest`, and again as long as it would block.
        ///
        /// Any number of tasks may wait. Cancel safe as far as `f` is: it has not succeeded when
        /// the future is dropped early.
        ///
        /// # Errors
        /// That of `f`; or when the I/O driver is gone.
        #[track_caller]
        pub fn async_io<'a, R: 'a, F>(
            &'a self,
            interest: rt_reactor::Interest,
            mut f: F,
        ) -> rt_reactor::AsyncIo<'a, R, impl FnMut() -> std::io::Result<R> + use<'a, R, F>>
        where
            F: FnMut() -> std::io::Result<R> + 'a,
        {
            let os = self.socket().os();
            let kind = match interest.is_readable() {
                true => rt_task::wait::WaitKind::Readable,
                false => rt_task::wait::WaitKind::Writable,
            };
            os.registration().async_io(interest, kind, move || os.source().try_io(&mut f))
        }
    };
}
pub(crate) use readiness;

#[cfg(all(test, not(rt_loom)))]
mod tests;
