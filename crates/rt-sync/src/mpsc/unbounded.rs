//! The channel that always has room.

use alloc::vec::Vec;
use core::fmt;
use core::panic::{Location, RefUnwindSafe, UnwindSafe};
use core::task::{Context, Poll};

use rt_task::base::shim::RawWord;

use super::bound::Unbounded;
use super::chan::Chan;
use super::error::{SendError, TryRecvError};
use super::futures::{Closed, Recv, RecvMany};
use super::receiving::Receiving;
use super::sending::{Sending, Weak};

/// Makes a channel without a bound: sending never waits.
///
/// Memory is the bound: with a receiver that is slower than its senders, the messages fill it. Prefer
/// [`channel`](super::channel) where senders can wait.
///
/// One allocation, with room for 32 messages; one more per 32 that are on their way at a time.
///
/// ```
/// let (sender, mut receiver) = rt_sync::mpsc::unbounded_channel();
/// sender.send("hello").unwrap();
/// drop(sender);
/// rt_task::block_on(async {
///     assert_eq!(receiver.recv().await, Some("hello"));
///     assert_eq!(receiver.recv().await, None); // all senders are gone
/// });
/// ```
#[must_use]
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    unbounded_channel_at(0)
}

/// A channel that has seen `start` messages.
pub(crate) fn unbounded_channel_at<T>(
    start: RawWord,
) -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let (chan, head) = Chan::allocate(Unbounded, start);
    // SAFETY: made with one sender.
    let inner = unsafe { Sending::new(chan) };
    let sender = UnboundedSender { inner };
    // SAFETY: made with the receiver's reference; the head is its queue's.
    let inner = unsafe { Receiving::new(chan, head) };
    (sender, UnboundedReceiver { inner })
}

/// Sends to an [`UnboundedReceiver`]. Made by [`unbounded_channel`]. A clone sends to the same.
///
/// Messages of one sender arrive in order. When the last sender is dropped, the receiver gets what was sent,
/// and then `None`.
pub struct UnboundedSender<T> {
    inner: Sending<T, Unbounded>,
}

/// A sender that does not keep the channel open.
///
/// [`upgrade`](Self::upgrade) makes a sender of it as long as there is another.
pub struct WeakUnboundedSender<T> {
    inner: Weak<T, Unbounded>,
}

/// Receives from [`UnboundedSender`]s. Made by [`unbounded_channel`].
///
/// When it is dropped, so are the messages that were not received.
pub struct UnboundedReceiver<T> {
    pub(crate) inner: Receiving<T, Unbounded>,
}

impl<T> UnboundedSender<T> {
    /// Sends `message`; never waits.
    ///
    /// A message that was sent may still not be received: the receiver may go before. Two
    /// read-modify-writes.
    ///
    /// # Errors
    /// With the message if the receiver has closed the channel or is gone.
    #[inline]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.inner.send(message).map_err(SendError)
    }

    /// Waits until the receiver closes the channel, or is dropped.
    ///
    /// Cancel safe. At once if it is closed already.
    #[track_caller]
    pub fn closed(&self) -> Closed<'_> {
        Closed::new(self.inner.chan().closing())
    }

    /// Whether the receiver has closed the channel, or is gone. If so, sending fails.
    pub fn is_closed(&self) -> bool {
        self.inner.chan().is_closed()
    }

    /// Whether both send to the same receiver.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.is_same(&other.inner)
    }

    /// A sender that does not keep the channel open.
    #[must_use = "the sender stays as it is"]
    pub fn downgrade(&self) -> WeakUnboundedSender<T> {
        WeakUnboundedSender { inner: self.inner.downgrade() }
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.inner.chan().sender_count()
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.inner.chan().weak_count()
    }
}

impl<T> WeakUnboundedSender<T> {
    /// A sender, unless all are gone.
    pub fn upgrade(&self) -> Option<UnboundedSender<T>> {
        self.inner.upgrade().map(|inner| UnboundedSender { inner })
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.inner.chan().sender_count()
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.inner.chan().weak_count()
    }
}

impl<T> UnboundedReceiver<T> {
    /// Waits for the next message; `None` when there is none and none will come, since all senders are gone
    /// or the channel was [closed](Self::close).
    ///
    /// Cancel safe: a message is lost never. No read-modify-write if one is there; to wait costs one and a
    /// clone of the waker.
    #[track_caller]
    #[inline]
    pub fn recv(&mut self) -> Recv<'_, Self> {
        Recv { receiver: self, site: Location::caller() }
    }

    /// Waits until there are messages, and moves up to `limit` of them to the end of `buffer`. Returns how
    /// many; zero if none will come, or `limit` is zero.
    ///
    /// Does not wait until there are `limit`. The buffer grows as needed. Cancel safe: no message is moved
    /// unless the future is ready.
    #[track_caller]
    pub fn recv_many<'a>(
        &'a mut self,
        buffer: &'a mut Vec<T>,
        limit: usize,
    ) -> RecvMany<'a, Self, T> {
        RecvMany { receiver: self, buffer, limit, site: Location::caller() }
    }

    /// The next message, if one is there.
    ///
    /// Where a sender has begun to send and another is done, the thread waits until the first is done, too:
    /// that is never told as empty.
    ///
    /// # Errors
    /// [`Empty`](TryRecvError::Empty) if one may come, [`Disconnected`](TryRecvError::Disconnected) if not.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.inner.try_recv()
    }

    /// Takes no more messages: sending fails from here on. What was sent before is still to be received.
    pub fn close(&mut self) {
        self.inner.close();
    }

    /// Whether no more will be sent: the channel was closed, or all senders are gone.
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// Whether no message is there.
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// How many messages are there, or being sent.
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// Polls for the next message, as [`recv`](Self::recv) does.
    ///
    /// Of several wakers that it was polled with, the last one is woken.
    #[track_caller]
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.inner.poll_recv(cx, Location::caller())
    }

    /// Polls for messages, as [`recv_many`](Self::recv_many) does.
    ///
    /// Of several wakers that it was polled with, the last one is woken.
    #[track_caller]
    pub fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Poll<usize> {
        self.inner.poll_recv_many(cx, buffer, limit, Location::caller())
    }

    /// How many senders there are.
    pub fn sender_strong_count(&self) -> usize {
        self.inner.chan().sender_count()
    }

    /// How many weak senders there are.
    pub fn sender_weak_count(&self) -> usize {
        self.inner.chan().weak_count()
    }
}

#[cfg(feature = "std")]
mod by_thread {
    use super::{UnboundedReceiver, Vec};
    use crate::base::blocking;

    impl<T> UnboundedReceiver<T> {
        /// Waits for the next message with the thread; see [`recv`](Self::recv).
        ///
        /// # Panics
        /// On a thread that drives a runtime.
        #[track_caller]
        pub fn blocking_recv(&mut self) -> Option<T> {
            blocking::wait("UnboundedReceiver::blocking_recv", "recv", self.recv())
        }

        /// Waits for messages with the thread; see [`recv_many`](Self::recv_many).
        ///
        /// # Panics
        /// On a thread that drives a runtime.
        #[track_caller]
        pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
            let many = self.recv_many(buffer, limit);
            blocking::wait("UnboundedReceiver::blocking_recv_many", "recv_many", many)
        }
    }
}

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<T> Clone for WeakUnboundedSender<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_closed = self.is_closed();
        f.debug_struct("UnboundedSender").field("is_closed", &is_closed).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for WeakUnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakUnboundedSender").finish()
    }
}

impl<T> fmt::Debug for UnboundedReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnboundedReceiver")
            .field("len", &self.len())
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

// A panic of somebody's code leaves the channel whole.
impl<T> UnwindSafe for UnboundedSender<T> {}
impl<T> RefUnwindSafe for UnboundedSender<T> {}
impl<T> UnwindSafe for WeakUnboundedSender<T> {}
impl<T> RefUnwindSafe for WeakUnboundedSender<T> {}
impl<T> UnwindSafe for UnboundedReceiver<T> {}
impl<T> RefUnwindSafe for UnboundedReceiver<T> {}
