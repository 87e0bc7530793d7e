//! The receiving half, and the futures of both.

use core::fmt;
use core::future::Future;
use core::panic::{Location, RefUnwindSafe, UnwindSafe};
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use rt_task::base::shim::Arc;
use rt_task::wait::{Wait, WaitKind, poll_leaf};

use super::Sender;
use super::error::{RecvError, TryRecvError};
use super::shared::{Shared, Tail};
use crate::base::crowd::Member;

/// Receives a clone of each message that is sent as long as it is there. Made by
/// [`channel`](super::channel), [`Sender::subscribe`] or [`resubscribe`](Self::resubscribe).
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    /// The position that it comes to next.
    next: usize,
}

impl<T> Receiver<T> {
    /// A receiver of what is sent from now on.
    #[track_caller]
    pub(super) fn new(shared: &Arc<Shared<T>>) -> Self {
        let next = shared.add_receiver();
        Self { shared: shared.clone(), next }
    }

    /// The receiver that a new channel counts.
    pub(super) fn first(shared: Arc<Shared<T>>) -> Self {
        Self { shared, next: 0 }
    }

    /// How many messages it has not received, those that were overwritten included: it may be more than the
    /// capacity.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.end().wrapping_sub(self.next)
    }

    /// Whether it has received all messages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether all senders are gone. Messages may be left.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// Whether both receive from the same senders.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// How many [`Sender`]s there are.
    #[must_use]
    pub fn sender_strong_count(&self) -> usize {
        self.shared.senders()
    }

    /// How many [`WeakSender`](super::WeakSender)s there are.
    #[must_use]
    pub fn sender_weak_count(&self) -> usize {
        self.shared.weak_senders()
    }
}

impl<T: Clone> Receiver<T> {
    /// Another receiver of the channel, of what is sent from now on: messages that this one has not received
    /// are not for it.
    #[track_caller]
    #[must_use]
    pub fn resubscribe(&self) -> Self {
        Self::new(&self.shared)
    }

    /// Waits for the next message.
    ///
    /// Cancel safe: dropped before it returned, it has received nothing. All that wait are woken by each
    /// message, those that came first, first.
    ///
    /// # Errors
    /// [`RecvError::Closed`] if all senders are gone, and all messages were received;
    /// [`RecvError::Lagged`] if messages were overwritten since the last call: the next returns the oldest that
    /// is kept.
    ///
    /// # Panics
    /// If the clone of the message does. It then counts as received.
    ///
    /// A clone is made with the message locked: it must not receive the same message, or send so many that
    /// this one is overwritten.
    #[track_caller]
    pub fn recv(&mut self) -> Recv<'_, T> {
        Recv { receiver: self, member: Member::new(), site: Location::caller() }
    }

    /// The next message, if it is there. Never waits for one.
    ///
    /// # Errors
    /// As [`recv`](Self::recv), and [`TryRecvError::Empty`] if it would wait.
    ///
    /// # Panics
    /// As [`recv`](Self::recv).
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.shared.receive(&mut self.next)
    }
}

#[cfg(feature = "std")]
mod by_thread {
    use super::{Receiver, RecvError};
    use crate::base::blocking;

    impl<T: Clone> Receiver<T> {
        /// Waits for the next message with this thread.
        ///
        /// # Errors
        /// As [`recv`](Self::recv).
        ///
        /// # Panics
        /// If the thread drives a runtime; and as [`recv`](Self::recv).
        #[track_caller]
        pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
            let future = self.recv();
            blocking::wait("broadcast::Receiver::blocking_recv", "recv().await", future)
        }
    }
}

// As for the sender.
impl<T> UnwindSafe for Receiver<T> {}
impl<T> RefUnwindSafe for Receiver<T> {}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.remove_receiver(self.next);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("len", &self.len())
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`Receiver::recv`].
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct Recv<'a, T> {
        receiver: &'a mut Receiver<T>,
        #[pin]
        member: Member,
        site: &'static Location<'static>,
    }

    impl<T> PinnedDrop for Recv<'_, T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            this.member.leave(&this.receiver.shared.tail, Tail::messages);
        }
    }
}

impl<T: Clone> Future for Recv<'_, T> {
    type Output = Result<T, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Receiver { shared, next } = &mut **this.receiver;
        let (object, site) = (Arc::as_ptr(shared).addr(), *this.site);
        let wait = || Wait { kind: WaitKind::Receive, object, site };
        poll_leaf(cx, wait, |cx| {
            loop {
                match shared.receive(next) {
                    Ok(message) => return Poll::Ready(Ok(message)),
                    Err(TryRecvError::Closed) => return Poll::Ready(Err(RecvError::Closed)),
                    Err(TryRecvError::Lagged(n)) => return Poll::Ready(Err(RecvError::Lagged(n))),
                    Err(TryRecvError::Empty) => {}
                }
                let is_over = |_: &mut Tail| match shared.look(*next) {
                    Err(TryRecvError::Empty) => None,
                    _ => Some(()),
                };
                let member = this.member.as_mut();
                if member.wait(&shared.tail, Tail::messages, cx.waker(), is_over).is_none() {
                    return Poll::Pending;
                }
            }
        })
    }
}

impl<T> fmt::Debug for Recv<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recv").finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`Sender::closed`].
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct Closed<'a, T> {
        shared: &'a Arc<Shared<T>>,
        #[pin]
        member: Member,
        site: &'static Location<'static>,
    }

    impl<T> PinnedDrop for Closed<'_, T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            this.member.leave(&this.shared.tail, Tail::ends);
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
        let wait = || Wait { kind: WaitKind::Closed, object: Arc::as_ptr(shared).addr(), site };
        let is_over = |tail: &mut Tail| (tail.receivers() == 0).then_some(());
        poll_leaf(cx, wait, |cx| {
            let over = this.member.wait(&shared.tail, Tail::ends, cx.waker(), is_over);
            over.map_or(Poll::Pending, Poll::Ready)
        })
    }
}

impl<T> fmt::Debug for Closed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").finish_non_exhaustive()
    }
}
