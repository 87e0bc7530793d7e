//! Waiting for permits, and having them: what every lock, semaphore and bounded channel is built from.
//!
//! How permits are counted and handed on is in `permits.rs`.

use core::fmt;
use core::panic::Location;
use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use rt_task::wait::{self, Wait, WaitKind};

use super::holder::Who;
use super::permits::{Closed, GIVEN, Permits, TryTake, Want};
use super::waiters::Waiter;

/// What has permits: borrowed or owned by who asks for some. Stays where it is meanwhile.
pub(crate) trait Owner {
    /// Whether it is kept who got some last.
    const IS_KEPT: bool;
    /// Where they are.
    fn permits(&self) -> &Permits;
}

impl Owner for &Permits {
    const IS_KEPT: bool = true;
    fn permits(&self) -> &Permits {
        self
    }
}

/// Permits that go back when this is dropped.
pub(crate) struct Taken<O: Owner> {
    owner: O,
    n: usize,
}

impl<O: Owner> Taken<O> {
    /// `n` that were taken by other means.
    #[inline]
    pub(crate) fn new(owner: O, n: usize) -> Self {
        Self { owner, n }
    }

    /// Takes `n`, if they are free and nobody waits.
    #[inline]
    pub(crate) fn try_new(
        owner: O,
        n: usize,
        kind: WaitKind,
        site: &'static Location<'static>,
    ) -> Result<Self, TryTake> {
        owner.permits().try_take(n)?;
        if O::IS_KEPT {
            owner.permits().keep(Who::here(kind, site));
        }
        Ok(Self { owner, n })
    }

    #[inline]
    pub(crate) fn owner(&self) -> &O {
        &self.owner
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.n
    }

    /// Takes `n` of them out: they go back by themselves.
    ///
    /// # Panics
    /// If there are fewer.
    pub(crate) fn split(&mut self, n: usize) -> usize {
        self.n = self.n.checked_sub(n).expect("no more than there are");
        n
    }

    /// They never go back.
    pub(crate) fn forget(mut self) {
        self.n = 0;
    }

    /// Takes those of `other`, of the same owner, over.
    pub(crate) fn merge(&mut self, mut other: Self) {
        self.n += core::mem::take(&mut other.n);
    }

    /// They do not go back by themselves any more.
    #[inline]
    pub(crate) fn keep(self) -> O {
        let this = core::mem::ManuallyDrop::new(self);
        // SAFETY: read once, since `this` is never dropped.
        unsafe { ptr::read(&this.owner) }
    }

    /// The same permits, by another owner of them.
    pub(crate) fn map<P: Owner>(self, f: impl FnOnce(O) -> P) -> Taken<P> {
        let this = core::mem::ManuallyDrop::new(self);
        // SAFETY: read once, since `this` is never dropped.
        let owner = unsafe { ptr::read(&this.owner) };
        Taken { owner: f(owner), n: this.n }
    }
}

impl<O: Owner> Drop for Taken<O> {
    #[inline]
    fn drop(&mut self) {
        if self.n > 0 {
            if O::IS_KEPT {
                self.owner.permits().let_go();
            }
            self.owner.permits().give(self.n);
        }
    }
}

pin_project! {
    /// A wait for permits.
    pub(crate) struct Acquire<O>
    where
        O: Owner,
    {
        owner: Option<O>,
        asked: usize,
        site: &'static Location<'static>,
        kind: WaitKind,
        is_seated: bool,
        #[pin]
        seat: Waiter<Want>,
    }

    impl<O> PinnedDrop for Acquire<O>
    where
        O: Owner,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let (Some(owner), true) = (&*this.owner, *this.is_seated) {
                owner.permits().leave(&this.seat.as_ref(), *this.asked);
            }
        }
    }
}

impl<O: Owner> Acquire<O> {
    /// Of `asked` permits of `owner`, for `kind`; asked for at `site`.
    #[inline]
    pub(crate) fn new(
        owner: O,
        asked: usize,
        kind: WaitKind,
        site: &'static Location<'static>,
    ) -> Self {
        Self { owner: Some(owner), asked, site, kind, is_seated: false, seat: Waiter::new() }
    }
}

impl<O: Owner> Future for Acquire<O> {
    type Output = Result<Taken<O>, Closed>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let owner = this.owner.as_ref().expect("polled after it was ready");
        let (permits, site, kind, asked) = (owner.permits(), *this.site, *this.kind, *this.asked);
        let note = || Wait { kind, object: permits.address(), site };
        let got = wait::poll_leaf(cx, note, |cx| {
            if *this.is_seated {
                return match this.seat.poll(&permits.queue().waiters, |list| list, cx.waker()) {
                    0 => Poll::Pending,
                    GIVEN => {
                        *this.is_seated = false;
                        Poll::Ready(Ok(()))
                    }
                    _ => Poll::Ready(Err(Closed)), // leaves when it is dropped
                };
            }
            match permits.try_take(asked) {
                Ok(()) if O::IS_KEPT => permits.keep(Who::here(kind, site)),
                Ok(()) => {}
                Err(TryTake::Closed) => return Poll::Ready(Err(Closed)),
                Err(TryTake::NoPermits) => {
                    let want =
                        Want { needed: asked, is_kept: O::IS_KEPT, who: Who::here(kind, site) };
                    // SAFETY: pinned; left when it is dropped, or told before.
                    let got =
                        unsafe { permits.wait(&this.seat.as_ref(), want, cx.waker().clone()) };
                    *this.is_seated = got.is_pending();
                    return got;
                }
            }
            Poll::Ready(Ok(()))
        });
        let taken = |()| Taken { owner: this.owner.take().expect("looked at above"), n: asked };
        got.map(|got| got.map(taken))
    }
}

impl<O: Owner> fmt::Debug for Acquire<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acquire").field("asked", &self.asked).finish_non_exhaustive()
    }
}
