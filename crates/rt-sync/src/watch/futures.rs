//! The futures of a value that changes.

use core::fmt;
use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;
use rt_task::wait::{Wait, WaitKind, poll_leaf};

use super::error::RecvError;
use super::shared::{Crowds, Shared, Version};
use super::{Receiver, Ref, Sender};
use crate::base::crowd::Member;

pin_project! {
    /// The future of [`Receiver::changed`].
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct Changed<'a, T> {
        shared: &'a Shared<T>,
        seen: &'a mut Version,
        #[pin]
        member: Member,
        site: &'static Location<'static>,
    }

    impl<T> PinnedDrop for Changed<'_, T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            this.member.leave(&this.shared.crowds, Crowds::changes);
        }
    }
}

impl<'a, T> Changed<'a, T> {
    pub(super) fn new(receiver: &'a mut Receiver<T>, site: &'static Location<'static>) -> Self {
        let Receiver { shared, seen } = receiver;
        Self { shared, seen, member: Member::new(), site }
    }
}

impl<T> Future for Changed<'_, T> {
    type Output = Result<(), RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (shared, site) = (*this.shared, *this.site);
        let wait = || wait(WaitKind::Change, shared, site);
        poll_leaf(cx, wait, |cx| poll_change(shared, this.seen, this.member, cx.waker()))
    }
}

pin_project! {
    /// The future of [`Receiver::wait_for`].
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct WaitFor<'a, T, F> {
        shared: &'a Shared<T>,
        seen: &'a mut Version,
        predicate: F,
        // The predicate was asked about the version seen.
        is_asked: bool,
        // No version comes after it.
        is_last: bool,
        #[pin]
        member: Member,
        site: &'static Location<'static>,
    }

    impl<T, F> PinnedDrop for WaitFor<'_, T, F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            this.member.leave(&this.shared.crowds, Crowds::changes);
        }
    }
}

impl<'a, T, F: FnMut(&T) -> bool> WaitFor<'a, T, F> {
    pub(super) fn new(
        receiver: &'a mut Receiver<T>,
        predicate: F,
        site: &'static Location<'static>,
    ) -> Self {
        let Receiver { shared, seen } = receiver;
        let member = Member::new();
        Self { shared, seen, predicate, is_asked: false, is_last: false, member, site }
    }

    fn poll_inner(self: Pin<&mut Self>, waker: &Waker) -> Poll<Result<Ref<'a, T>, RecvError>> {
        let mut this = self.project();
        let shared = *this.shared;
        loop {
            if !*this.is_asked {
                let now = Ref::new(shared, Some(**this.seen));
                let version = shared.version(); // under the lock that `now` holds
                **this.seen = version;
                // A panic goes through: the lock is let go, and the version counts as seen.
                if (!*this.is_last || now.has_changed()) && (this.predicate)(&now) {
                    return Poll::Ready(Ok(now));
                }
                *this.is_asked = true;
            }
            if *this.is_last {
                return Poll::Ready(Err(RecvError(())));
            }
            match poll_change(shared, this.seen, this.member.as_mut(), waker) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(change) => {
                    *this.is_asked = false;
                    *this.is_last = change.is_err();
                }
            }
        }
    }
}

impl<'a, T, F: FnMut(&T) -> bool> Future for WaitFor<'a, T, F> {
    type Output = Result<Ref<'a, T>, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (shared, site) = (self.shared, self.site);
        let wait = || wait(WaitKind::Change, shared, site);
        poll_leaf(cx, wait, |cx| self.poll_inner(cx.waker()))
    }
}

pin_project! {
    /// The future of [`Sender::closed`].
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct Closed<'a, T> {
        shared: &'a Shared<T>,
        #[pin]
        member: Member,
        site: &'static Location<'static>,
    }

    impl<T> PinnedDrop for Closed<'_, T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            this.member.leave(&this.shared.crowds, Crowds::ends);
        }
    }
}

impl<'a, T> Closed<'a, T> {
    pub(super) fn new(sender: &'a Sender<T>, site: &'static Location<'static>) -> Self {
        Self { shared: &sender.shared, member: Member::new(), site }
    }
}

impl<T> Future for Closed<'_, T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let (shared, site) = (*this.shared, *this.site);
        let wait = || wait(WaitKind::Closed, shared, site);
        let is_over = || (shared.receivers() == 0).then_some(());
        poll_leaf(cx, wait, |cx| {
            let over = is_over().or_else(|| {
                this.member.wait(&shared.crowds, Crowds::ends, cx.waker(), |_| is_over())
            });
            over.map_or(Poll::Pending, Poll::Ready)
        })
    }
}

/// Waits for another version than `seen`, which then is it.
fn poll_change<T>(
    shared: &Shared<T>,
    seen: &mut Version,
    member: Pin<&mut Member>,
    waker: &Waker,
) -> Poll<Result<(), RecvError>> {
    let news = shared
        .news(seen)
        .or_else(|| member.wait(&shared.crowds, Crowds::changes, waker, |_| shared.news(seen)));
    news.map_or(Poll::Pending, Poll::Ready)
}

fn wait<T>(kind: WaitKind, shared: &Shared<T>, site: &'static Location<'static>) -> Wait {
    Wait { kind, object: core::ptr::from_ref(shared).addr(), site }
}

impl<T> fmt::Debug for Changed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changed").finish_non_exhaustive()
    }
}

impl<T, F> fmt::Debug for WaitFor<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitFor").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Closed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").finish_non_exhaustive()
    }
}
