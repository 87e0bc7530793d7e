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

/// What a waiting future keeps its source's stay by.
pub(crate) trait Host {
    /// `None` once the future is over.
    fn registration(&self) -> Option<&Registration>;
}

impl Host for &Registration {
    fn registration(&self) -> Option<&Registration> {
        Some(self)
    }
}

pin_project! {
    /// An entry that is taken out of its slot when dropped.
    #[project(!Unpin)]
    pub(crate) struct Waiter<H: Host> {
        pub(crate) host: H,
        site: &'static Location<'static>,
        entry: Entry,
    }

    impl<H: Host> PinnedDrop for Waiter<H> {
        fn drop(this: Pin<&mut Self>) {
            this.end();
        }
    }
}

// SAFETY: the entry is reached by its future, of which there is one poll at a time, and by others
// under the list's lock; what it holds (a waker) may be sent.
unsafe impl<H: Host + Send> Send for Waiter<H> {}
// SAFETY: a shared future can only be printed.
unsafe impl<H: Host + Sync> Sync for Waiter<H> {}

impl<H: Host> Waiter<H> {
    pub(crate) fn new(host: H, interest: Interest, site: &'static Location<'static>) -> Self {
        Self { host, site, entry: Entry::new(interest) }
    }

    fn registration(&self) -> &Registration {
        self.host.registration().expect("a future is not polled once it is over")
    }

    fn poll(self: Pin<&mut Self>, waker: &Waker, seen: Option<ReadyEvent>) -> Waited {
        let this = self.into_ref().get_ref();
        let slot = this.registration().slot();
        // SAFETY: pinned, and cancelled when dropped; `Pin<&mut _>` makes calls exclusive.
        unsafe { slot.future_wait(&this.entry, waker, seen) }
    }

    /// Waits as a leaf that is over once the source is ready.
    #[inline]
    pub(crate) fn poll_ready(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<ReadyEvent>> {
        let kind = match self.entry.interest() {
            Interest::READABLE => WaitKind::Readable,
            Interest::WRITABLE => WaitKind::Writable,
            _ => WaitKind::Other,
        };
        let wait = self.wait(kind);
        poll_leaf(
            cx,
            || wait,
            |cx| {
                let waited = self.as_mut().poll(cx.waker(), None);
                waited.map_err(|Gone| gone())
            },
        )
    }

    /// Ends the wait, and gives the host back.
    #[cfg_attr(not(unix), expect(dead_code, reason = "an `AsyncFd` asks for it"))]
    pub(crate) fn finish(self: Pin<&mut Self>) -> H
    where
        H: Default,
    {
        self.end();
        std::mem::take(self.project().host)
    }

    /// Takes the entry out of its slot.
    fn end(&self) {
        if let Some(registration) = self.host.registration() {
            registration.slot().cancel(&self.entry);
        }
    }

    fn wait(&self, kind: WaitKind) -> Wait {
        Wait { kind, object: self.registration().object(), site: self.site }
    }

    pub(crate) fn fmt(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("interest", &self.entry.interest())
            .field("site", &self.site)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// Waits until a source is ready. See [`Registration::ready`].
    #[must_use = "futures do nothing unless polled"]
    pub struct ReadyFuture<'a> {
        #[pin]
        waiter: Waiter<&'a Registration>,
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
        self.project().waiter.poll_ready(cx)
    }
}

impl fmt::Debug for ReadyFuture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.waiter.fmt("ReadyFuture", f)
    }
}

pin_project! {
    /// Runs an operation once its source is ready. See [`Registration::async_io`].
    #[must_use = "futures do nothing unless polled"]
    pub struct AsyncIo<'a, R, F> {
        #[pin]
        waiter: Waiter<&'a Registration>,
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
        let (registration, wait) = (waiter.host, waiter.wait(*this.kind));
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
        self.waiter.fmt("AsyncIo", f)
    }
}
