//! The channel with room for so many messages: who finds it full waits.

use alloc::vec::Vec;
use core::fmt;
use core::panic::{Location, RefUnwindSafe, UnwindSafe};
use core::task::{Context, Poll};
use core::time::Duration;

use rt_task::base::context;
use rt_task::base::shim::RawWord;

use super::bound::Bounded;
use super::chan::Chan;
use super::error::{TryRecvError, TrySendError};
use super::futures::{
    Closed, Recv, RecvMany, Reserve, ReserveMany, ReserveOwned, Send, SendTimeout,
};
use super::permit::{Asker, OwnAsker, OwnedPermit, Permit, PermitIterator};
use super::receiving::Receiving;
use super::sending::{Sending, Weak};
use crate::base::acquire::Taken;
use crate::base::permits::{Permits, TryTake};

/// Makes a channel with room for `buffer` messages.
///
/// Who finds it full waits for room, first come, first served. One allocation, with room for 32 messages; one
/// more per 32 that are on their way at a time, and one when a sender waits for the first time.
///
/// ```
/// let (sender, mut receiver) = rt_sync::mpsc::channel(2);
/// rt_task::block_on(async {
///     sender.send("hello").await.unwrap();
///     let room = sender.reserve().await.unwrap();
///     assert!(sender.try_send("no room").is_err());
///     room.send("world");
///     drop(sender);
///     assert_eq!(receiver.recv().await, Some("hello"));
///     assert_eq!(receiver.recv().await, Some("world"));
///     assert_eq!(receiver.recv().await, None); // all senders are gone
/// });
/// ```
///
/// # Panics
/// If `buffer` is zero, or more than [`Semaphore::MAX_PERMITS`](crate::Semaphore::MAX_PERMITS).
#[must_use]
#[track_caller]
pub fn channel<T>(buffer: usize) -> (Sender<T>, Receiver<T>) {
    channel_at(buffer, 0)
}

/// A channel that has seen `start` messages.
#[track_caller]
pub(crate) fn channel_at<T>(buffer: usize, start: RawWord) -> (Sender<T>, Receiver<T>) {
    assert!(buffer > 0, "mpsc bounded channel requires buffer > 0");
    assert!(
        buffer <= Permits::MAX,
        "mpsc bounded channel requires buffer <= {} (`Semaphore::MAX_PERMITS`)",
        Permits::MAX
    );
    let bound = Bounded { permits: Permits::new(buffer), max: buffer };
    let (chan, head) = Chan::allocate(bound, start);
    // SAFETY: made with one sender.
    let inner = unsafe { Sending::new(chan) };
    let sender = Sender { inner };
    // SAFETY: made with the receiver's reference; the head is its queue's.
    let inner = unsafe { Receiving::new(chan, head) };
    (sender, Receiver { inner })
}

/// Sends to a [`Receiver`]. Made by [`channel`]. A clone sends to the same.
///
/// Messages of one sender arrive in order. When the last sender is dropped, the receiver gets what was sent,
/// and then `None`.
pub struct Sender<T> {
    pub(crate) inner: Sending<T, Bounded>,
}

/// A sender that does not keep the channel open.
///
/// [`upgrade`](Self::upgrade) makes a sender of it as long as there is another.
pub struct WeakSender<T> {
    inner: Weak<T, Bounded>,
}

/// Receives from [`Sender`]s. Made by [`channel`].
///
/// When it is dropped, so are the messages that were not received.
pub struct Receiver<T> {
    pub(crate) inner: Receiving<T, Bounded>,
}

impl<T> Sender<T> {
    #[inline]
    fn bound(&self) -> &Bounded {
        self.inner.chan().bound()
    }

    /// Waits for room, and sends `message`.
    ///
    /// A message that was sent may still not be received: the receiver may go before.
    ///
    /// **Cancel safety.** Dropped before it is ready, it has sent nothing, and the message is dropped with it;
    /// its place in the line is lost. To keep the message, [`reserve`](Self::reserve) first.
    ///
    /// Three read-modify-writes where there is room.
    ///
    /// # Errors
    /// With the message if the receiver has closed the channel or is gone.
    #[track_caller]
    #[inline]
    pub fn send(&self, message: T) -> Send<'_, T> {
        Send::new(self, message, Location::caller())
    }

    /// Sends `message`, if there is room and nobody waits for it.
    ///
    /// # Errors
    /// With the message: [`Full`](TrySendError::Full), or [`Closed`](TrySendError::Closed).
    #[inline]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        match self.bound().permits.try_take(1) {
            Ok(()) => {}
            Err(TryTake::Closed) => return Err(TrySendError::Closed(message)),
            Err(TryTake::NoPermits) => return Err(TrySendError::Full(message)),
        }
        let taken = Taken::new(Asker(&self.inner), 1);
        super::permit::send_by(taken, message).map_err(TrySendError::Closed)
    }

    /// Waits for room for up to `timeout`, and sends `message`.
    ///
    /// The time starts when the future first finds the channel full. Cancel safe as [`send`](Self::send) is.
    ///
    /// # Errors
    /// With the message if there was no room in time, or the receiver has closed the channel or is gone.
    ///
    /// # Panics
    /// If no timer is entered; names the call site and the fix.
    #[track_caller]
    pub fn send_timeout(&self, message: T, timeout: Duration) -> SendTimeout<'_, T> {
        let site = Location::caller();
        match context::delay() {
            Ok(timer) => SendTimeout::new(Send::new(self, message, site), timer, timeout),
            Err(missing) => panic!("{}", missing.message("`Sender::send_timeout`", site)),
        }
    }

    /// Waits for room for one message, and keeps it.
    ///
    /// Cancel safe: dropped before it is ready, it has nothing, and its place in the line is lost.
    ///
    /// # Errors
    /// If the receiver has closed the channel or is gone.
    #[track_caller]
    #[inline]
    pub fn reserve(&self) -> Reserve<'_, T> {
        Reserve::new(self, Location::caller())
    }

    /// Waits for room for `n` messages, and keeps it.
    ///
    /// Cancel safe, as [`reserve`](Self::reserve) is. Meanwhile it gathers what gets free, and nobody behind
    /// it gets any.
    ///
    /// # Errors
    /// If the receiver has closed the channel or is gone, or `n` is more than
    /// [`max_capacity`](Self::max_capacity).
    #[track_caller]
    pub fn reserve_many(&self, n: usize) -> ReserveMany<'_, T> {
        ReserveMany::new(self, n, Location::caller())
    }

    /// Waits for room for one message, and keeps it with the sender, for who cannot borrow it.
    ///
    /// Dropped before it is ready, it drops the sender.
    ///
    /// # Errors
    /// If the receiver has closed the channel or is gone; the sender is dropped.
    #[track_caller]
    pub fn reserve_owned(self) -> ReserveOwned<T> {
        ReserveOwned::new(self, Location::caller())
    }

    /// Keeps room for one message, if there is some and nobody waits for it.
    ///
    /// # Errors
    /// [`Full`](TrySendError::Full), or [`Closed`](TrySendError::Closed).
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        Ok(Permit { taken: self.try_take(1)? })
    }

    /// Keeps room for `n` messages, if there is so much and nobody waits for it.
    ///
    /// # Errors
    /// [`Full`](TrySendError::Full), also if `n` is more than [`max_capacity`](Self::max_capacity), or
    /// [`Closed`](TrySendError::Closed).
    pub fn try_reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        if n > self.max_capacity() {
            return Err(TrySendError::Full(()));
        }
        Ok(PermitIterator { taken: self.try_take(n)? })
    }

    /// Keeps room for one message with the sender, if there is some and nobody waits for it.
    ///
    /// # Errors
    /// With the sender: [`Full`](TrySendError::Full), or [`Closed`](TrySendError::Closed).
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        match self.bound().permits.try_take(1) {
            Ok(()) => Ok(OwnedPermit { taken: Taken::new(OwnAsker::new(self), 1) }),
            Err(TryTake::Closed) => Err(TrySendError::Closed(self)),
            Err(TryTake::NoPermits) => Err(TrySendError::Full(self)),
        }
    }

    fn try_take(&self, n: usize) -> Result<Taken<Asker<'_, T>>, TrySendError<()>> {
        match self.bound().permits.try_take(n) {
            Ok(()) => Ok(Taken::new(Asker(&self.inner), n)),
            Err(TryTake::Closed) => Err(TrySendError::Closed(())),
            Err(TryTake::NoPermits) => Err(TrySendError::Full(())),
        }
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

    /// For how many messages there is room now. Room that somebody has reserved is not counted.
    pub fn capacity(&self) -> usize {
        self.bound().permits.free()
    }

    /// For how many messages there is room when it is empty.
    pub fn max_capacity(&self) -> usize {
        self.bound().max
    }

    /// A sender that does not keep the channel open.
    #[must_use = "the sender stays as it is"]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender { inner: self.inner.downgrade() }
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

impl<T> WeakSender<T> {
    /// A sender, unless all are gone.
    pub fn upgrade(&self) -> Option<Sender<T>> {
        self.inner.upgrade().map(|inner| Sender { inner })
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

impl<T> Receiver<T> {
    /// Waits for the next message; `None` when there is none and none will come, since all senders are gone,
    /// or the channel was [closed](Self::close) and nobody has room any more.
    ///
    /// Cancel safe: a message is lost never. One read-modify-write if one is there, to give the room back; to
    /// wait costs one and a clone of the waker.
    #[track_caller]
    #[inline]
    pub fn recv(&mut self) -> Recv<'_, Self> {
        Recv { receiver: self, site: Location::caller() }
    }

    /// Waits until there are messages, and moves up to `limit` of them to the end of `buffer`. Returns how
    /// many; zero if none will come, or `limit` is zero.
    ///
    /// Does not wait until there are `limit`. The buffer grows as needed. Cancel safe: no message is moved
    /// unless the future is ready. One read-modify-write gives all the room back.
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

    /// Hands out no more room: sending and reserving fail from here on.
    ///
    /// What was sent before is still to be received, and what those send that have room. `None` comes when
    /// all of it was received or given back.
    pub fn close(&mut self) {
        self.inner.close();
    }

    /// Whether no more room will be asked for: the channel was closed, or all senders are gone.
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

    /// For how many messages there is room now. Room that somebody has reserved is not counted.
    pub fn capacity(&self) -> usize {
        self.inner.chan().bound().permits.free()
    }

    /// For how many messages there is room when it is empty.
    pub fn max_capacity(&self) -> usize {
        self.inner.chan().bound().max
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
    use super::super::error::SendError;
    use super::{Receiver, Sender, Vec};
    use crate::base::blocking;

    impl<T> Sender<T> {
        /// Waits for room with the thread, and sends `message`; see [`send`](Self::send).
        ///
        /// # Errors
        /// As there.
        ///
        /// # Panics
        /// On a thread that drives a runtime.
        #[track_caller]
        pub fn blocking_send(&self, message: T) -> Result<(), SendError<T>> {
            blocking::wait("Sender::blocking_send", "send", self.send(message))
        }
    }

    impl<T> Receiver<T> {
        /// Waits for the next message with the thread; see [`recv`](Self::recv).
        ///
        /// # Panics
        /// On a thread that drives a runtime.
        #[track_caller]
        pub fn blocking_recv(&mut self) -> Option<T> {
            blocking::wait("Receiver::blocking_recv", "recv", self.recv())
        }

        /// Waits for messages with the thread; see [`recv_many`](Self::recv_many).
        ///
        /// # Panics
        /// On a thread that drives a runtime.
        #[track_caller]
        pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
            let many = self.recv_many(buffer, limit);
            blocking::wait("Receiver::blocking_recv_many", "recv_many", many)
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("capacity", &self.capacity())
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender").finish()
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

// A panic of somebody's code leaves the channel whole.
impl<T> UnwindSafe for Sender<T> {}
impl<T> RefUnwindSafe for Sender<T> {}
impl<T> UnwindSafe for WeakSender<T> {}
impl<T> RefUnwindSafe for WeakSender<T> {}
impl<T> UnwindSafe for Receiver<T> {}
impl<T> RefUnwindSafe for Receiver<T> {}
