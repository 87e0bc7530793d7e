//! The futures of `CancellationToken`: waiting for it, and running something until then.

use core::fmt;
use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use rt_task::wait::{Wait, WaitKind, poll_leaf};

use super::CancellationToken;
use crate::base::crowd::Member;

pin_project! {
    /// The future of [`CancellationToken::cancelled`].
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitForCancellationFuture<'a> {
        token: &'a CancellationToken,
        site: &'static Location<'static>,
        #[pin]
        member: Member,
    }

    impl PinnedDrop for WaitForCancellationFuture<'_> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            this.token.handle.event().leave(this.member);
        }
    }
}

pin_project! {
    /// The future of [`CancellationToken::cancelled_owned`].
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitForCancellationFutureOwned {
        token: CancellationToken,
        site: &'static Location<'static>,
        #[pin]
        member: Member,
    }

    impl PinnedDrop for WaitForCancellationFutureOwned {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            this.token.handle.event().leave(this.member); // before the token goes
        }
    }
}

impl<'a> WaitForCancellationFuture<'a> {
    pub(super) fn new(token: &'a CancellationToken, site: &'static Location<'static>) -> Self {
        Self { token, site, member: Member::new() }
    }
}

impl WaitForCancellationFutureOwned {
    pub(super) fn new(token: CancellationToken, site: &'static Location<'static>) -> Self {
        Self { token, site, member: Member::new() }
    }
}

fn poll_cancelled(
    token: &CancellationToken,
    site: &'static Location<'static>,
    member: Pin<&mut Member>,
    cx: &mut Context<'_>,
) -> Poll<()> {
    let wait = || Wait { kind: WaitKind::Cancelled, object: token.handle.address(), site };
    poll_leaf(cx, wait, |cx| token.handle.event().poll(member, cx.waker()))
}

impl Future for WaitForCancellationFuture<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        poll_cancelled(this.token, this.site, this.member, cx)
    }
}

impl Future for WaitForCancellationFutureOwned {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        poll_cancelled(this.token, this.site, this.member, cx)
    }
}

pin_project! {
    /// The future of [`CancellationToken::run_until_cancelled`].
    #[must_use = "futures do nothing unless polled"]
    pub struct RunUntilCancelled<'a, F> {
        was_polled: bool,
        #[pin]
        cancelled: WaitForCancellationFuture<'a>,
        // There until this has ended.
        #[pin]
        future: Option<F>,
    }
}

pin_project! {
    /// The future of [`CancellationToken::run_until_cancelled_owned`].
    #[must_use = "futures do nothing unless polled"]
    pub struct RunUntilCancelledOwned<F> {
        was_polled: bool,
        #[pin]
        cancelled: WaitForCancellationFutureOwned,
        // There until this has ended.
        #[pin]
        future: Option<F>,
    }
}

impl<'a, F> RunUntilCancelled<'a, F> {
    pub(super) fn new(cancelled: WaitForCancellationFuture<'a>, future: F) -> Self {
        Self { was_polled: false, cancelled, future: Some(future) }
    }
}

impl<F> RunUntilCancelledOwned<F> {
    pub(super) fn new(cancelled: WaitForCancellationFutureOwned, future: F) -> Self {
        Self { was_polled: false, cancelled, future: Some(future) }
    }
}

/// The future first, unless it `is_late` for a first poll. What has ended is dropped.
fn poll_either<F: Future>(
    is_late: bool,
    cancelled: Pin<&mut impl Future<Output = ()>>,
    mut future: Pin<&mut Option<F>>,
    cx: &mut Context<'_>,
) -> Poll<Option<F::Output>> {
    let running = future.as_mut().as_pin_mut().expect("polled after it has ended");
    let ended = match (is_late, running) {
        (true, _) => Poll::Ready(None),
        (false, running) => match running.poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => cancelled.poll(cx).map(|()| None),
        },
    };
    if ended.is_ready() {
        future.set(None);
    }
    ended
}

impl<F: Future> Future for RunUntilCancelled<'_, F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let this = self.project();
        let is_late = !*this.was_polled && this.cancelled.token.is_cancelled();
        *this.was_polled = true;
        poll_either(is_late, this.cancelled, this.future, cx)
    }
}

impl<F: Future> Future for RunUntilCancelledOwned<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let this = self.project();
        let is_late = !*this.was_polled && this.cancelled.token.is_cancelled();
        *this.was_polled = true;
        poll_either(is_late, this.cancelled, this.future, cx)
    }
}

impl fmt::Debug for WaitForCancellationFuture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug("WaitForCancellationFuture", self.token, f)
    }
}

impl fmt::Debug for WaitForCancellationFutureOwned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug("WaitForCancellationFutureOwned", &self.token, f)
    }
}

impl<F> fmt::Debug for RunUntilCancelled<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug("RunUntilCancelled", self.cancelled.token, f)
    }
}

impl<F> fmt::Debug for RunUntilCancelledOwned<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug("RunUntilCancelledOwned", &self.cancelled.token, f)
    }
}

fn debug(name: &str, token: &CancellationToken, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let is_cancelled = token.is_cancelled();
    f.debug_struct(name).field("is_cancelled", &is_cancelled).finish_non_exhaustive()
}
