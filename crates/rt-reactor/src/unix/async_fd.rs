//! Bring your own descriptor: [`AsyncFd`].

use std::error::Error;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::Location;
use std::task::{Context, Poll, ready};

use mio::unix::SourceFd;
use rt_task::base::context::Missing;
use rt_task::wait::{Wait, WaitKind};

use super::future::{AsyncFdReady, AsyncFdReadyMut};
use super::guard::{AsyncFdReadyGuard, AsyncFdReadyMutGuard};
use crate::future::AsyncIo;
use crate::handle::Handle;
use crate::interest::Interest;
use crate::ready::{Direction, ReadyEvent};
use crate::registration::Registration;

/// A descriptor of any kind that the operating system can watch (a socket, a pipe, an eventfd; not
/// a regular file), with the reactor telling when it is ready.
///
/// The descriptor must be in non-blocking mode; nothing here sets that. Wait with
/// [`readable`](Self::readable), try the operation, and clear the readiness when it would block:
/// [`try_io`](AsyncFdReadyGuard::try_io) and [`async_io`](Self::async_io) do that for you. The
/// example `fd_of_your_own` has a whole program.
///
/// Dropping it deregisters the descriptor and drops the inner value.
///
/// # Examples
/// ```
/// use rt_reactor::unix::AsyncFd;
/// use rt_reactor::{Driver, Interest};
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// let mut driver = Driver::new()?;
/// let (mut far, near) = UnixStream::pair()?;
/// near.set_nonblocking(true)?;
/// let fd = AsyncFd::with_handle(near, Interest::READABLE, &driver.handle())?;
///
/// far.write_all(b"hello")?;
/// # use rt_task::base::driver::{Reactor, WakeBatch};
/// driver.poll(None, &mut WakeBatch::new())?; // a runtime does this for you
///
/// let mut buffer = [0; 8];
/// let count = rt_task::block_on(fd.async_io(Interest::READABLE, |mut near| near.read(&mut buffer)))?;
/// assert_eq!(&buffer[..count], b"hello");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct AsyncFd<T: AsRawFd> {
    registration: Registration,
    /// `None` only while being taken apart.
    inner: Option<T>,
}

impl<T: AsRawFd> AsyncFd<T> {
    /// Watches `inner`, for reading and writing, on the reactor that is entered.
    ///
    /// # Errors
    /// If none is entered, with the call site and the fix; else as
    /// [`with_handle`](Self::with_handle). `inner` is dropped then; see
    /// [`try_new`](Self::try_new).
    #[track_caller]
    pub fn new(inner: T) -> io::Result<Self> {
        Ok(Self::try_new(inner)?)
    }

    /// Watches `inner`, for `interest` only, on the reactor that is entered.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    #[track_caller]
    pub fn with_interest(inner: T, interest: Interest) -> io::Result<Self> {
        Ok(Self::try_with_interest(inner, interest)?)
    }

    /// The same as [`new`](Self::new), except that `inner` comes back with the error.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    #[track_caller]
    pub fn try_new(inner: T) -> Result<Self, AsyncFdRegisterError<T>> {
        Self::try_with_interest(inner, Interest::READABLE | Interest::WRITABLE)
    }

    /// The same as [`with_interest`](Self::with_interest), except that `inner` comes back with
    /// the error.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    #[track_caller]
    pub fn try_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<Self, AsyncFdRegisterError<T>> {
        let site = Location::caller();
        let missing = |missing: Missing| missing.io_error("AsyncFd", site);
        match Handle::current().map_err(missing) {
            Ok(handle) => Self::try_with_handle(inner, interest, &handle),
            Err(cause) => Err(AsyncFdRegisterError { inner, cause }),
        }
    }

    /// Watches `inner` on the reactor of `handle`.
    ///
    /// # Errors
    /// When the operating system refuses: such as `EPERM` for a kind of file that it cannot watch,
    /// or `EEXIST` for a descriptor that is watched already; when the driver is gone.
    pub fn with_handle(inner: T, interest: Interest, handle: &Handle) -> io::Result<Self> {
        Ok(Self::try_with_handle(inner, interest, handle)?)
    }

    fn try_with_handle(
        inner: T,
        interest: Interest,
        handle: &Handle,
    ) -> Result<Self, AsyncFdRegisterError<T>> {
        let fd = inner.as_raw_fd();
        match Registration::new(&mut SourceFd(&fd), interest, handle) {
            Ok(mut registration) => {
                registration.set_object(fd as usize);
                Ok(Self { registration, inner: Some(inner) })
            }
            Err(cause) => Err(AsyncFdRegisterError { inner, cause }),
        }
    }

    /// [`try_new`](Self::try_new), with the promise that the model runtime asks for.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// # Safety
    /// `inner.as_raw_fd()` is an open descriptor, and the same one, until the result is dropped
    /// or taken apart.
    #[track_caller]
    pub unsafe fn register(inner: T) -> Result<Self, AsyncFdRegisterError<T>> {
        Self::try_new(inner)
    }

    /// [`try_with_interest`](Self::try_with_interest), with the promise that the model runtime
    /// asks for.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// # Safety
    /// As [`register`](Self::register).
    #[track_caller]
    pub unsafe fn register_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<Self, AsyncFdRegisterError<T>> {
        Self::try_with_interest(inner, interest)
    }

    /// The inner value. Operations on it do not touch the known readiness; see
    /// [`try_io`](Self::try_io).
    pub fn get_ref(&self) -> &T {
        self.inner.as_ref().expect(WHOLE)
    }

    /// The inner value. It must keep its descriptor: putting another in its place leaves the old
    /// one watched.
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.as_mut().expect(WHOLE)
    }

    /// Deregisters the descriptor and gives the inner value back.
    pub fn into_inner(mut self) -> T {
        self.take_inner().expect(WHOLE)
    }

    fn take_inner(&mut self) -> Option<T> {
        let inner = self.inner.take()?;
        let fd = inner.as_raw_fd();
        // Fails if the descriptor was closed, which has deregistered it.
        let _ = self.registration.deregister(&mut SourceFd(&fd));
        Some(inner)
    }

    pub(super) fn registration(&self) -> &Registration {
        &self.registration
    }

    pub(super) fn clear(&self, event: ReadyEvent) {
        self.registration.clear_ready(event);
    }

    /// Waits until the descriptor can be read, as the one poll-style reader: of several tasks that
    /// call this, the last one is woken.
    ///
    /// # Errors
    /// When the driver is gone.
    #[track_caller]
    pub fn poll_read_ready<'a>(
        &'a self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        let event = ready!(self.poll_event(cx, Direction::Read, Location::caller()))?;
        Poll::Ready(Ok(AsyncFdReadyGuard::new(self, event)))
    }

    /// Waits until the descriptor can be read; see [`poll_read_ready`](Self::poll_read_ready).
    ///
    /// # Errors
    /// When the driver is gone.
    #[track_caller]
    pub fn poll_read_ready_mut<'a>(
        &'a mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        let event = ready!(self.poll_event(cx, Direction::Read, Location::caller()))?;
        Poll::Ready(Ok(AsyncFdReadyMutGuard::new(self, event)))
    }

    /// Waits until the descriptor can be written, as the one poll-style writer: of several tasks
    /// that call this, the last one is woken.
    ///
    /// # Errors
    /// When the driver is gone.
    #[track_caller]
    pub fn poll_write_ready<'a>(
        &'a self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        let event = ready!(self.poll_event(cx, Direction::Write, Location::caller()))?;
        Poll::Ready(Ok(AsyncFdReadyGuard::new(self, event)))
    }

    /// Waits until the descriptor can be written; see
    /// [`poll_write_ready`](Self::poll_write_ready).
    ///
    /// # Errors
    /// When the driver is gone.
    #[track_caller]
    pub fn poll_write_ready_mut<'a>(
        &'a mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        let event = ready!(self.poll_event(cx, Direction::Write, Location::caller()))?;
        Poll::Ready(Ok(AsyncFdReadyMutGuard::new(self, event)))
    }

    fn poll_event(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<ReadyEvent>> {
        let kind = match direction {
            Direction::Read => WaitKind::Readable,
            Direction::Write => WaitKind::Writable,
        };
        let wait = Wait { kind, object: self.registration.object(), site };
        self.registration.poll_ready(cx, direction, wait)
    }

    /// Waits until the descriptor is ready for any of `interest`, which should be among those that
    /// it was registered with. Any number of tasks may.
    ///
    /// Cancel safe: nothing is consumed.
    #[track_caller]
    pub fn ready(&self, interest: Interest) -> AsyncFdReady<'_, T> {
        AsyncFdReady::new(self, interest, Location::caller())
    }

    /// The same as [`ready`](Self::ready), for who owns the descriptor.
    #[track_caller]
    pub fn ready_mut(&mut self, interest: Interest) -> AsyncFdReadyMut<'_, T> {
        AsyncFdReadyMut::new(self, interest, Location::caller())
    }

    /// Waits until the descriptor can be read. See [`ready`](Self::ready).
    #[track_caller]
    pub fn readable(&self) -> AsyncFdReady<'_, T> {
        self.ready(Interest::READABLE)
    }

    /// Waits until the descriptor can be read. See [`ready_mut`](Self::ready_mut).
    #[track_caller]
    pub fn readable_mut(&mut self) -> AsyncFdReadyMut<'_, T> {
        self.ready_mut(Interest::READABLE)
    }

    /// Waits until the descriptor can be written. See [`ready`](Self::ready).
    #[track_caller]
    pub fn writable(&self) -> AsyncFdReady<'_, T> {
        self.ready(Interest::WRITABLE)
    }

    /// Waits until the descriptor can be written. See [`ready_mut`](Self::ready_mut).
    #[track_caller]
    pub fn writable_mut(&mut self) -> AsyncFdReadyMut<'_, T> {
        self.ready_mut(Interest::WRITABLE)
    }

    /// Runs `f` if the descriptor is ready for `interest`, and takes note if that would block.
    ///
    /// # Errors
    /// `WouldBlock` if it is not ready, as far as is known, and that of `f`.
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.registration.try_io(interest, || f(self.get_ref()))
    }

    /// The same as [`try_io`](Self::try_io), for who owns the descriptor.
    ///
    /// # Errors
    /// As [`try_io`](Self::try_io).
    pub fn try_io_mut<R>(
        &mut self,
        interest: Interest,
        f: impl FnOnce(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let inner = self.inner.as_mut().expect(WHOLE);
        self.registration.try_io(interest, || f(inner))
    }

    /// Runs `f` once the descriptor is ready for `interest`, and again until it neither would
    /// block nor was interrupted. See [`Registration::async_io`], also for cancel safety.
    ///
    /// # Errors
    /// That of `f`; or when the driver is gone.
    #[track_caller]
    pub fn async_io<'a, R, F: FnMut(&T) -> io::Result<R>>(
        &'a self,
        interest: Interest,
        mut f: F,
    ) -> AsyncIo<'a, R, impl FnMut() -> io::Result<R> + use<'a, T, R, F>> {
        let inner = self.get_ref();
        self.registration.async_io(interest, kind_of(interest), move || f(inner))
    }

    /// The same as [`async_io`](Self::async_io), for who owns the descriptor.
    ///
    /// # Errors
    /// As [`async_io`](Self::async_io).
    #[track_caller]
    pub fn async_io_mut<'a, R, F: FnMut(&mut T) -> io::Result<R>>(
        &'a mut self,
        interest: Interest,
        mut f: F,
    ) -> AsyncIo<'a, R, impl FnMut() -> io::Result<R> + use<'a, T, R, F>> {
        let inner = self.inner.as_mut().expect(WHOLE);
        self.registration.async_io(interest, kind_of(interest), move || f(inner))
    }
}

const WHOLE: &str = "the inner value is there until it is taken out by value";

fn kind_of(interest: Interest) -> WaitKind {
    match interest {
        Interest::READABLE => WaitKind::Readable,
        Interest::WRITABLE => WaitKind::Writable,
        _ => WaitKind::Other,
    }
}

impl<T: AsRawFd> AsRawFd for AsyncFd<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.get_ref().as_raw_fd()
    }
}

impl<T: AsRawFd + AsFd> AsFd for AsyncFd<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.get_ref().as_fd()
    }
}

impl<T: AsRawFd + fmt::Debug> fmt::Debug for AsyncFd<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFd").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<T: AsRawFd> Drop for AsyncFd<T> {
    fn drop(&mut self) {
        drop(self.take_inner());
    }
}

/// A descriptor that could not be registered, and why.
pub struct AsyncFdRegisterError<T> {
    inner: T,
    cause: io::Error,
}

impl<T> AsyncFdRegisterError<T> {
    /// The inner value, unharmed, and the error.
    #[must_use]
    pub fn into_parts(self) -> (T, io::Error) {
        (self.inner, self.cause)
    }
}

impl<T> fmt::Debug for AsyncFdRegisterError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.cause, f)
    }
}

impl<T> fmt::Display for AsyncFdRegisterError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.cause, f)
    }
}

impl<T> Error for AsyncFdRegisterError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

impl<T> From<AsyncFdRegisterError<T>> for io::Error {
    fn from(error: AsyncFdRegisterError<T>) -> Self {
        error.cause
    }
}
