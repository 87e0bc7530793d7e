//! Waiting for the receiver to close the channel or to go: an event that it makes happen.

use core::fmt;
use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use rt_task::wait::{Wait, WaitKind, poll_leaf};

use crate::base::crowd::Member;
use crate::base::event::Event;

pin_project! {
    /// The future of [`Sender::closed`](super::Sender::closed) and of
    /// [`UnboundedSender::closed`](super::UnboundedSender::closed).
    #[must_use = "futures do nothing unless polled"]
    pub struct Closed<'a> {
        closing: &'a Event,
        site: &'static Location<'static>,
        #[pin]
        member: Member,
    }

    impl PinnedDrop for Closed<'_> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            this.closing.leave(this.member);
        }
    }
}

impl<'a> Closed<'a> {
    #[track_caller]
    pub(crate) fn new(closing: &'a Event) -> Self {
        Self { closing, site: Location::caller(), member: Member::new() }
    }
}

impl Future for Closed<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let (closing, site) = (*this.closing, *this.site);
        let object = core::ptr::from_ref(closing).addr();
        let wait = || Wait { kind: WaitKind::Closed, object, site };
        poll_leaf(cx, wait, |cx| closing.poll(this.member, cx.waker()))
    }
}

impl fmt::Debug for Closed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").finish_non_exhaustive()
    }
}
