//! Waiting for the receiver to close the channel or to go.

use core::fmt;
use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use rt_task::base::byte_lock::ByteLock;
use rt_task::base::seam::Wakes;
use rt_task::base::wake_batch::WakeBatch;
use rt_task::wait::{Wait, WaitKind, poll_leaf};

use crate::base::waiters::{Waiter, Waiters};

/// Who waits for the end.
pub(crate) struct Closing {
    list: ByteLock<List>,
}

struct List {
    is_closed: bool,
    waiters: Waiters<()>,
}

const TOLD: u8 = 1;

impl Closing {
    pub(crate) fn new() -> Self {
        Self { list: ByteLock::new(List { is_closed: false, waiters: Waiters::new() }) }
    }

    /// It is closed: wakes all that wait.
    pub(crate) fn tell(&self) {
        let mut batch = WakeBatch::new();
        loop {
            let is_done = self.list.lock().with(|list| {
                list.is_closed = true;
                while !batch.is_full() {
                    match list.waiters.tell_first(TOLD) {
                        Some(waker) => batch.push(waker),
                        None => return true,
                    }
                }
                false
            });
            if is_done {
                return; // the batch wakes
            }
            batch.wake_all();
        }
    }

    #[track_caller]
    pub(crate) fn wait(&self) -> Closed<'_> {
        Closed { closing: self, site: Location::caller(), is_seated: false, seat: Waiter::new() }
    }
}

pin_project! {
    /// The future of [`Sender::closed`](super::Sender::closed) and of
    /// [`UnboundedSender::closed`](super::UnboundedSender::closed).
    #[must_use = "futures do nothing unless polled"]
    pub struct Closed<'a> {
        closing: &'a Closing,
        site: &'static Location<'static>,
        is_seated: bool,
        #[pin]
        seat: Waiter<()>,
    }

    impl PinnedDrop for Closed<'_> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if *this.is_seated && this.seat.told() == 0 {
                let seat = this.seat.as_ref();
                let waker = this.closing.list.lock().with(|list| list.waiters.unlink(&seat));
                drop(waker); // with the lock let go
            }
        }
    }
}

impl Future for Closed<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let (closing, site) = (*this.closing, *this.site);
        let wait =
            || Wait { kind: WaitKind::Closed, object: core::ptr::from_ref(closing).addr(), site };
        poll_leaf(cx, wait, |cx| {
            let seat = this.seat.as_ref();
            if *this.is_seated {
                return match seat.poll(&closing.list, |list| &mut list.waiters, cx.waker()) {
                    0 => Poll::Pending,
                    _ => Poll::Ready(()),
                };
            }
            let mut waker = Some(cx.waker().clone());
            let is_closed = closing.list.lock().with(|list| {
                if !list.is_closed {
                    let waker = waker.take().expect("cloned above");
                    // SAFETY: under the lock; pinned, and unlinked when it is dropped unless told before.
                    unsafe { list.waiters.link(&seat, waker, ()) };
                }
                list.is_closed
            });
            *this.is_seated = !is_closed;
            match is_closed {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
    }
}

impl fmt::Debug for Closed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").finish_non_exhaustive()
    }
}
