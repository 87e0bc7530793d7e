//! One message, from one to one.
//!
//! The halves and their futures live here; what they share, and who frees it, is in `oneshot/channel.rs`.
//!
//! ```
//! use rt_sync::oneshot;
//!
//! let (sender, receiver) = oneshot::channel();
//! sender.send("the answer").unwrap();
//! assert_eq!(receiver.blocking_recv().unwrap(), "the answer");
//! ```
//!
//! # What it costs
//! One allocation for both halves, and in atomic read-modify-writes:
//!
//! | operation                                    | read-modify-writes                          |
//! |----------------------------------------------|---------------------------------------------|
//! | [`Sender::send`], or its drop                | 1                                           |
//! | receive what is there, and go                | 0: two loads                                |
//! | wait for it                                  | 1; none to be polled again by the same task |
//! | [`Receiver`]'s drop, the sender still there  | 1                                           |
//! | the later half's drop                        | 0                                           |
//!
//! Who waits is woken by its own waker, by value: no count of references to the task is touched.

mod channel;
/// What can go wrong with one message.
pub mod error;

use core::fmt;
use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use rt_task::wait::{Wait, WaitKind, poll_leaf};

use channel::{Found, ReceiveSide, SendSide};
use error::{RecvError, TryRecvError};

/// Makes a channel for one value.
///
/// The receiver is the future of the value. Both halves may be dropped at any time, and the other learns of
/// it.
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = channel::new();
    let site = Location::caller();
    (Sender { side: Some(sender) }, Receiver { side: Some(receiver), site })
}

/// Sends one value to the [`Receiver`] made with it by [`channel`].
///
/// Dropped without a send, it ends the receiver's wait with an error.
pub struct Sender<T> {
    /// There until it has sent.
    side: Option<SendSide<T>>,
}

impl<T> Sender<T> {
    /// Sends `value`. Never waits, so it may be called from anywhere.
    ///
    /// `Ok` does not say that it will be received: the receiver may be dropped with the value in it.
    ///
    /// # Errors
    /// The value comes back if the receiver was dropped or [closed](Receiver::close).
    pub fn send(mut self, value: T) -> Result<(), T> {
        self.side.take().expect(HELD).send(value)
    }

    /// Waits until the receiver is dropped or [closed](Receiver::close), so that the work for the value can be
    /// given up.
    ///
    /// Cancel safe: dropped, it has done nothing.
    #[track_caller]
    pub fn closed(&mut self) -> Closed<'_, T> {
        Closed { sender: self, site: Location::caller() }
    }

    /// Whether the receiver was dropped or [closed](Receiver::close): a send would fail.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.side.as_ref().expect(HELD).is_closed()
    }

    /// Polls for what [`closed`](Self::closed) waits for. The waker of the last call that pended is woken.
    #[track_caller]
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_closed_for(cx, Location::caller())
    }

    fn poll_closed_for(
        &mut self,
        cx: &mut Context<'_>,
        site: &'static Location<'static>,
    ) -> Poll<()> {
        let side = self.side.as_mut().expect(HELD);
        let object = side.address();
        let wait = || Wait { kind: WaitKind::Closed, object, site };
        poll_leaf(cx, wait, |cx| match side.wait(cx.waker()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
    }
}

/// Of a side: nobody sees a sender that has none.
const HELD: &str = "the side is there until the send";

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if let Some(side) = self.side.take() {
            side.leave();
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_closed = self.side.as_ref().is_some_and(SendSide::is_closed);
        f.debug_struct("Sender").field("is_closed", &is_closed).finish_non_exhaustive()
    }
}

/// Receives the value of the [`Sender`] made with it by [`channel`]: a future of the value.
///
/// Cancel safe: polled by reference (`&mut receiver`) and given up, it has lost nothing. Dropped, it closes
/// the channel, and drops a value that was sent.
///
/// # Panics
/// Polled after it gave its result, here or by [`try_recv`](Self::try_recv).
#[must_use = "a receiver does nothing unless it is awaited or asked"]
pub struct Receiver<T> {
    /// There until the result was given.
    side: Option<ReceiveSide<T>>,
    site: &'static Location<'static>,
}

impl<T> Receiver<T> {
    /// Wants no value any more: the sender learns of it, and a send fails.
    ///
    /// A value that was sent before can still be received.
    pub fn close(&mut self) {
        if let Some(side) = &mut self.side {
            side.close();
        }
    }

    /// Whether the result was given: to poll it again would panic.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.side.is_none()
    }

    /// Whether there is no value to receive now.
    ///
    /// True as well when there will never be one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.side.as_ref().is_none_or(|side| side.look() != Found::Value)
    }

    /// The value, if it is there. Never waits.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`] if it may still come, and [`TryRecvError::Closed`] if not: then, as after a
    /// value, the receiver has given its result.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let found = self.side.as_ref().map_or(Found::Closed, ReceiveSide::look);
        match found {
            Found::Empty => Err(TryRecvError::Empty),
            found => self.end(found).map_err(|_| TryRecvError::Closed),
        }
    }

    /// Gives the result.
    fn end(&mut self, found: Found) -> Result<T, RecvError> {
        match (self.side.take(), found) {
            (Some(side), Found::Value) => Ok(side.receive()),
            (side, _) => {
                if let Some(side) = side {
                    side.leave();
                }
                Err(RecvError(()))
            }
        }
    }
}

#[cfg(feature = "std")]
mod by_thread {
    use super::{Receiver, RecvError};
    use crate::base::blocking;

    impl<T> Receiver<T> {
        /// Waits for the value with this thread.
        ///
        /// # Errors
        /// As awaiting it: the sender is gone, or this was closed.
        ///
        /// # Panics
        /// If the thread drives a runtime; and as the future.
        #[track_caller]
        pub fn blocking_recv(self) -> Result<T, RecvError> {
            blocking::wait("oneshot::Receiver::blocking_recv", "receiver.await", self)
        }
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let site = this.site;
        let Some(side) = &mut this.side else {
            panic!(
                "the `oneshot::Receiver` of the channel made at {site} was polled after it gave its \
                 result: ask `is_terminated` first",
            );
        };
        let object = side.address();
        let wait = || Wait { kind: WaitKind::Receive, object, site };
        let found = ready!(poll_leaf(cx, wait, |cx| match side.wait(cx.waker()) {
            Found::Empty => Poll::Pending,
            found => Poll::Ready(found),
        }));
        Poll::Ready(this.end(found))
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if let Some(side) = self.side.take() {
            side.leave();
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("is_terminated", &self.is_terminated())
            .field("is_empty", &self.is_empty())
            .finish_non_exhaustive()
    }
}

/// The future of [`Sender::closed`].
#[must_use = "a future does nothing unless it is awaited"]
#[derive(Debug)]
pub struct Closed<'a, T> {
    sender: &'a mut Sender<T>,
    site: &'static Location<'static>,
}

impl<T> Future for Closed<'_, T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.sender.poll_closed_for(cx, this.site)
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod model_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
