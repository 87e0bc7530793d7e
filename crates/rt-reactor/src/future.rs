//! The futures of a [`Registration`]: [`ReadyFuture`] and [`AsyncIo`].
//!
//! Each holds an [`Entry`], by which the slot knows it; dropping it takes the entry out. They are
//! pinned for that: an entry may be linked into the slot's list.

use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;
use rt_task::wait::{Wait, WaitKind, poll_leaf};

use crate::handle::gone;
use crate::interest::Interest;
use crate::list::Entry;
use crate::ready::ReadyEvent;
use crate::registration::{Attempt, Registration};
use crate::slot::{Gone, Waited};

/// An entry that is taken out of its slot when dropped.
#[derive(Debug)]
struct Waiter<'a> {
    registration: &'a Registration,
    site: &'static Location<'static>,
    entry: Entry,
}

// SAFETY: the entry is reached by its future, of which there is one poll at a time, and by others
// under the list's lock; what it holds (a waker) may be sent.
unsafe impl Send for Waiter<'_> {}
// SAFETY: a shared future can only be printed.
unsafe impl Sync for Waiter<'_> {}

impl<'a> Waiter<'a> {
    fn new(
        registration: &'a Registration,
        interest: Interest,
        site: &'static Location<'static>,
    ) -> Self {
        Self { registration, site, entry: Entry::new(interest) }
    }

    fn poll(self: Pin<&mut Self>, waker: &Waker, seen: Option<ReadyEvent>) -> Waited {
        let this = self.into_ref().get_ref();
        // SAFETY: pinned, and cancelled when dropped; `Pin<&mut _>` makes calls exclusive.
        unsafe { this.registration.slot().future_wait(&this.entry, waker, seen) }
    }

    fn wait(&self, kind: WaitKind) -> Wait {
        Wait { kind, object: self.registration.object(), site: self.site }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.registration.slot().cancel(&self.entry);
    }
}

pin_project! {
    /// Waits until a source is ready. See [`Registration::ready`].
    #[must_use = "futures do nothing unless polled"]
    pub struct ReadyFuture<'a> {
        #[pin]
        waiter: Waiter<'a>,
    }
}

impl<'a> ReadyFuture<'a> {
    pub(crate) fn new(
        registration: &'a Registration,
        interest: Interest,
        site: &'static Location<'static>,
    ) -> Self {
        Self { waiter: Waiter::new(registration, interest, site) }
    }
}

impl Future for ReadyFuture<'_> {
    type Output = io::Result<ReadyEvent>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let waiter = self.project().waiter;
        let kind = match waiter.entry.interest() {
            Interest::READABLE => WaitKind::Readable,
            Interest::WRITABLE => WaitKind::Writable,
            _ => WaitKind::Other,
        };
        let wait = waiter.wait(kind);
        poll_leaf(cx, || wait, |cx| waiter.poll(cx.waker(), None).map_err(|Gone| gone()))
    }
}

impl fmt::Debug for ReadyFuture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadyFuture")
            .field("interest", &self.waiter.entry.interest())
            .field("site", &self.waiter.site)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// Runs an operation once its source is ready. See [`Registration::async_io`].
    #[must_use = "futures do nothing unless polled"]
    pub struct AsyncIo<'a, R, F> {
        #[pin]
        waiter: Waiter<'a>,
        kind: WaitKind,
        f: F,
        short_of: ShortOf<R>,
        _result: PhantomData<fn() -> R>,
    }
}

/// What to make of a result: takes note of a count that is short of the given one.
struct ShortOf<R> {
    len: usize,
    note: fn(&Registration, ReadyEvent, &io::Result<R>, usize),
}

impl<'a, R, F: FnMut() -> io::Result<R>> AsyncIo<'a, R, F> {
    pub(crate) fn new(
        registration: &'a Registration,
        interest: Interest,
        kind: WaitKind,
        f: F,
        site: &'static Location<'static>,
    ) -> Self {
        Self {
            waiter: Waiter::new(registration, interest, site),
            kind,
            f,
            short_of: ShortOf { len: 0, note: |_, _, _, _| () },
            _result: PhantomData,
        }
    }
}

impl<F: FnMut() -> io::Result<usize>> AsyncIo<'_, usize, F> {
    /// Says that `f` moves up to `len` bytes of a stream. See
    /// [`poll_transfer`](Registration::poll_transfer).
    pub fn transfers(mut self, len: usize) -> Self {
        self.short_of = ShortOf { len, note: Registration::note_count };
        self
    }
}

impl<R, F: FnMut() -> io::Result<R>> Future for AsyncIo<'_, R, F> {
    type Output = io::Result<R>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        let this = self.project();
        let mut waiter = this.waiter;
        let (registration, wait) = (waiter.registration, waiter.wait(*this.kind));
        let (f, short_of) = (this.f, this.short_of);
        poll_leaf(
            cx,
            || wait,
            |cx| {
                let mut attempt = Attempt::default();
                loop {
                    let waited = waiter.as_mut().poll(cx.waker(), attempt.blocked);
                    let done = attempt.run(cx, waited, &mut |event| {
                        let result = f();
                        (short_of.note)(registration, event, &result, short_of.len);
                        result
                    });
                    if let Poll::Ready(done) = done {
                        return done;
                    }
                }
            },
        )
    }
}

impl<R, F> fmt::Debug for AsyncIo<'_, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncIo")
            .field("kind", &self.kind)
            .field("site", &self.waiter.site)
            .finish_non_exhaustive()
    }
}
