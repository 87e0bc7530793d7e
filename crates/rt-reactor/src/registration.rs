//! One source's stay in a reactor: [`Registration`].

use std::fmt;
use std::io;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::ptr::NonNull;
use std::task::{Context, Poll};

use rt_task::wait::{Wait, WaitKind, poll_leaf};

use crate::future::{AsyncIo, ReadyFuture};
use crate::handle::{Handle, gone};
use crate::interest::Interest;
use crate::ready::{Direction, Ready, ReadyEvent};
use crate::selector::{DRAINED_BY_SHORT_COUNT, Token, to_mio};
use crate::slot::{Gone, Slot};
use crate::word::{KEEPS_SHORT, Known};

/// One source's stay in a reactor: what is known of it, and who waits for it.
///
/// Any number of tasks may wait at once through the futures, and one per direction through the
/// `poll_*` methods (of those, the last one to call is woken). Readiness is kept until an
/// operation would block: try first, wait then.
///
/// Dropping it gives the slot back and forgets the poll-style waiters. The source should be
/// [deregistered](Self::deregister) or closed first; what it still tells is ignored.
///
/// # Examples
/// ```
/// use rt_reactor::{Driver, Interest, Registration};
/// use std::io::{Read, Write};
///
/// let driver = Driver::new()?;
/// let (mut near, mut far) = pair()?;
/// let registration = Registration::new(&mut near, Interest::READABLE, &driver.handle())?;
///
/// // Nobody has told that there is something to read, so nothing is tried.
/// let mut buffer = [0; 8];
/// let tried = registration.try_io(Interest::READABLE, || near.read(&mut buffer));
/// assert_eq!(tried.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
///
/// // Once the driver was turned, somebody has.
/// far.write_all(b"hello")?;
/// turn(driver)?;
/// let count = registration.try_io(Interest::READABLE, || near.read(&mut buffer))?;
/// assert_eq!(&buffer[..count], b"hello");
///
/// # fn turn(mut driver: Driver) -> std::io::Result<()> {
/// #     use rt_task::base::driver::{Reactor, WakeBatch};
/// #     driver.poll(None, &mut WakeBatch::new()).map(drop)
/// # }
/// # fn pair() -> std::io::Result<(mio::net::TcpStream, std::net::TcpStream)> {
/// #     let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// #     let far = std::net::TcpStream::connect(listener.local_addr()?)?;
/// #     let near = listener.accept()?.0;
/// #     near.set_nonblocking(true)?;
/// #     Ok((mio::net::TcpStream::from_std(near), far))
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Registration {
    /// Keeps the slot's memory.
    handle: Handle,
    slot: NonNull<Slot>,
    token: Token,
    /// What a dump calls it.
    object: usize,
    /// The last event of each direction, if a short count showed since that it is used up, and the
    /// slot was not told: of whoever has the registration to itself.
    short: [Option<ReadyEvent>; Direction::COUNT],
}

// SAFETY: a slot is shared: all of it is atomics, and what they guard (wakers) may be sent.
unsafe impl Send for Registration {}
// SAFETY: as above.
unsafe impl Sync for Registration {}

// No call leaves a slot half-changed: whatever runs foreign code does so before or after.
impl UnwindSafe for Registration {}
impl RefUnwindSafe for Registration {}

impl Registration {
    /// Registers `source`. It counts as not ready until an event says otherwise; if the operating
    /// system finds it ready now, that event comes with the next turn.
    ///
    /// # Errors
    /// When the operating system refuses (no memory, the limit on watches, a kind of file that
    /// cannot be watched); when the driver is gone; `Unsupported` if the reactor knows no
    /// operating system.
    pub fn new<E: mio::event::Source + ?Sized>(
        source: &mut E,
        interest: Interest,
        handle: &Handle,
    ) -> io::Result<Self> {
        Self::with_token(handle, |token| match &handle.shared.registry {
            Some(registry) => {
                registry.register(source, mio::Token(token.as_usize()), to_mio(interest))
            }
            None => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this reactor's selector knows no sources of the operating system",
            )),
        })
    }

    /// The same, for a source that is likely ready: the first operation is tried at once, without
    /// waiting for an event to say so. For connections that are made.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn new_ready<E: mio::event::Source + ?Sized>(
        source: &mut E,
        interest: Interest,
        handle: &Handle,
    ) -> io::Result<Self> {
        let registration = Self::new(source, interest, handle)?;
        let both = Ready::READABLE | Ready::WRITABLE;
        registration.slot().assume(interest.mask() & both);
        Ok(registration)
    }

    /// A stay for a source of another kind: `register` makes the selector know it by the token.
    ///
    /// # Errors
    /// That of `register`; or when the driver is gone.
    pub fn with_token(
        handle: &Handle,
        register: impl FnOnce(Token) -> io::Result<()>,
    ) -> io::Result<Self> {
        let (token, slot) = handle.shared.slots.occupy()?;
        let object = token.index();
        let registration =
            Self { handle: handle.clone(), slot, token, object, short: [None; Direction::COUNT] };
        register(token)?; // failing or panicking, it gives the slot back
        Ok(registration)
    }

    /// Makes the operating system forget `source`, which must be the one that was registered.
    ///
    /// # Errors
    /// When the operating system does not know it.
    pub fn deregister<E: mio::event::Source + ?Sized>(&self, source: &mut E) -> io::Result<()> {
        match &self.handle.shared.registry {
            Some(registry) => registry.deregister(source),
            None => Ok(()),
        }
    }

    pub(crate) fn slot(&self) -> &Slot {
        // SAFETY: slots live as long as the reactor's shared half, which the handle keeps.
        unsafe { self.slot.as_ref() }
    }

    /// What tells it from the others of its reactor, for a [`Wait`]: a number of the reactor's, unless it was
    /// [named](Self::set_object).
    #[must_use]
    pub fn object(&self) -> usize {
        self.object
    }

    /// Names it for a [`Wait`], by its descriptor, say.
    pub fn set_object(&mut self, object: usize) {
        self.object = object;
    }

    /// The reactor that it stays in.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Waits until the source is ready in `direction`, as the one poll-style waiter of that
    /// direction. `wait` tells a dump what for.
    ///
    /// Costs two read-modify-writes and the waker's clone to wait; nothing if the same waker waits
    /// already.
    ///
    /// # Errors
    /// When the driver is gone.
    #[inline]
    pub fn poll_ready(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        wait: Wait,
    ) -> Poll<io::Result<ReadyEvent>> {
        poll_leaf(
            cx,
            || wait,
            |cx| {
                let waited = self.slot().poll_wait(direction, cx.waker(), None);
                waited.map_err(|Gone| gone())
            },
        )
    }

    /// [`poll_ready`](Self::poll_ready) for who is no leaf of a task: a waker that has code of its own
    /// behind it. Takes no part in the budget, and is no wait of the task that happens to run here.
    ///
    /// # Errors
    /// When the driver is gone.
    pub fn poll_event(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<ReadyEvent>> {
        self.slot().poll_wait(direction, cx.waker(), None).map_err(|Gone| gone())
    }

    /// Says that an operation found it otherwise than `event` told: it would block. Does nothing
    /// if another event came since. A closed half stays closed.
    #[inline]
    pub fn clear_ready(&self, event: ReadyEvent) {
        self.slot().clear(event);
    }

    /// Waits until the source is ready for any of `interest`. Any number of tasks may.
    ///
    /// Cancel safe: nothing is consumed.
    #[track_caller]
    pub fn ready(&self, interest: Interest) -> ReadyFuture<'_> {
        ReadyFuture::new(self, interest, Location::caller())
    }

    /// Waits until the source can be read. See [`ready`](Self::ready).
    #[track_caller]
    pub fn readable(&self) -> ReadyFuture<'_> {
        ReadyFuture::new(self, Interest::READABLE, Location::caller())
    }

    /// Waits until the source can be written. See [`ready`](Self::ready).
    #[track_caller]
    pub fn writable(&self) -> ReadyFuture<'_> {
        ReadyFuture::new(self, Interest::WRITABLE, Location::caller())
    }

    /// Runs `f` if the source is ready for `interest`, and takes note if that would block.
    ///
    /// # Errors
    /// `WouldBlock` if the source is not ready, as far as is known, and that of `f`.
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        let event = self.slot().word().ready_event(interest.mask());
        if event.ready.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = f();
        if would_block(&result) {
            self.clear_ready(event);
        }
        result
    }

    /// Runs `f` once the source is ready in `direction`, as its one poll-style waiter, and again
    /// until it neither would block nor was interrupted. `wait` tells a dump what for.
    ///
    /// Costs nothing but `f` if that succeeds; two read-modify-writes and the waker's clone if it
    /// would block.
    ///
    /// # Errors
    /// That of `f`; or when the driver is gone.
    #[inline]
    pub fn poll_io<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        wait: Wait,
        mut f: impl FnMut() -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        poll_leaf(cx, || wait, |cx| self.try_or_wait(cx, direction, |_| f()))
    }

    /// As [`poll_io`](Self::poll_io), for an `f` that moves up to `len` bytes of a stream: if it
    /// moves some and less than that, the source counts as not ready any more, which saves the
    /// call that would find that out.
    ///
    /// # Errors
    /// That of `f`; or when the driver is gone.
    #[inline]
    pub fn poll_transfer(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        wait: Wait,
        len: usize,
        mut f: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        poll_leaf(
            cx,
            || wait,
            |cx| {
                self.try_or_wait(cx, direction, |event| {
                    let result = f();
                    self.note_count(event, &result, len);
                    result
                })
            },
        )
    }

    /// [`poll_transfer`](Self::poll_transfer), for whoever has the registration to itself: one
    /// read-modify-write and the waker's clone to wait, and none to take note of a short count.
    /// (Who uses a shared reference later on learns by a try what a short count told here.)
    ///
    /// # Errors
    /// That of `f`; or when the driver is gone.
    #[inline]
    pub fn poll_transfer_alone(
        &mut self,
        cx: &mut Context<'_>,
        direction: Direction,
        wait: Wait,
        len: usize,
        mut f: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        // SAFETY: as in `slot`.
        let slot = unsafe { self.slot.as_ref() };
        let short = &mut self.short[direction as usize];
        poll_leaf(
            cx,
            || wait,
            |cx| {
                let mut attempt = Attempt::default();
                loop {
                    let seen = attempt.blocked.or(short.take());
                    // SAFETY: `self` is borrowed mutably, so no other call overlaps.
                    let waited = unsafe { slot.poll_wait_alone(direction, cx.waker(), seen) };
                    let polled = attempt.run(cx, waited, &mut |event| {
                        let result = f();
                        if is_short(&result, len) {
                            match KEEPS_SHORT {
                                true => *short = Some(event),
                                false => slot.clear(event),
                            }
                        }
                        result
                    });
                    if let Poll::Ready(done) = polled {
                        return done;
                    }
                }
            },
        )
    }

    /// Tells the slot what was kept for whoever has the registration to itself, before others use
    /// it by a shared reference for longer than a while. One read-modify-write if anything was.
    pub fn share(&mut self) {
        for direction in [Direction::Read, Direction::Write] {
            if let Some(event) = self.short[direction as usize].take() {
                self.clear_ready(event);
            }
        }
    }

    /// Clears what `event` told if a transfer of up to `len` bytes fell short of that.
    #[inline]
    pub(crate) fn note_count(&self, event: ReadyEvent, result: &io::Result<usize>, len: usize) {
        if is_short(result, len) {
            self.clear_ready(event);
        }
    }

    #[inline]
    fn try_or_wait<R>(
        &self,
        cx: &Context<'_>,
        direction: Direction,
        mut f: impl FnMut(ReadyEvent) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let mut attempt = Attempt::default();
        loop {
            let waited = self.slot().poll_wait(direction, cx.waker(), attempt.blocked);
            if let Poll::Ready(done) = attempt.run(cx, waited, &mut f) {
                return done;
            }
        }
    }

    /// Runs `f` once the source is ready for `interest`, and again until it neither would block
    /// nor was interrupted. Any number of tasks may wait. `kind` tells a dump what for.
    ///
    /// Cancel safe as far as `f` is: it is dropped before `f` succeeds, or `f` has succeeded and
    /// its result is the output. Costs as much as [`poll_io`](Self::poll_io) as long as one task
    /// waits for the same thing.
    ///
    /// # Errors
    /// That of `f`; or when the driver is gone.
    #[track_caller]
    pub fn async_io<R, F: FnMut() -> io::Result<R>>(
        &self,
        interest: Interest,
        kind: WaitKind,
        f: F,
    ) -> AsyncIo<'_, R, F> {
        AsyncIo::new(self, interest, kind, f, Location::caller())
    }

    /// Whether the driver is gone.
    #[must_use]
    pub fn is_shutdown(&self) -> bool {
        matches!(self.slot().word().known(Ready::EMPTY), Known::Shutdown)
    }
}

/// The tries of one poll.
#[derive(Default)]
pub(crate) struct Attempt {
    /// What the event told after which `f` would block all the same.
    pub(crate) blocked: Option<ReadyEvent>,
}

impl Attempt {
    /// What to make of a wait: `Ready` with what the poll returns, `Pending` to wait again.
    #[inline]
    pub(crate) fn run<R>(
        &mut self,
        cx: &Context<'_>,
        waited: Poll<Result<ReadyEvent, Gone>>,
        f: &mut impl FnMut(ReadyEvent) -> io::Result<R>,
    ) -> Poll<Poll<io::Result<R>>> {
        let event = match waited {
            Poll::Pending => return Poll::Ready(Poll::Pending),
            Poll::Ready(Err(Gone)) => return Poll::Ready(Poll::Ready(Err(gone()))),
            Poll::Ready(Ok(event)) => event,
        };
        if self.blocked.take().is_some_and(|seen| seen.tick == event.tick) {
            // A closed half, and yet it would block: nothing tells when that changes. Others
            // run before the next try.
            cx.waker().wake_by_ref();
            return Poll::Ready(Poll::Pending);
        }
        match f(event) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.blocked = Some(event);
                Poll::Pending
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Poll::Pending,
            result => Poll::Ready(Poll::Ready(result)),
        }
    }
}

/// Whether a transfer of up to `len` bytes shows that the next one would block.
#[inline]
fn is_short(result: &io::Result<usize>, len: usize) -> bool {
    DRAINED_BY_SHORT_COUNT && matches!(*result, Ok(count) if 0 < count && count < len)
}

fn would_block<R>(result: &io::Result<R>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.handle.shared.slots.vacate(self.token.index());
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("object", &self.object())
            .field("state", &self.slot().word())
            .finish()
    }
}
