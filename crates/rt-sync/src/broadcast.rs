//! Messages from some to all: each receiver gets a clone of each.
//!
//! The sending halves live here, the receiving one and the futures in `broadcast/receiver.rs`; the ring of
//! messages, and who is told of one, are in `broadcast/shared.rs`.
//!
//! A send never waits: the channel keeps the last messages, as many as its capacity, and a receiver that is
//! slower than that misses the oldest, and is told how many ([`Lagged`](error::RecvError::Lagged)).
//!
//! ```
//! use rt_sync::broadcast;
//!
//! let (sender, mut one) = broadcast::channel(16);
//! let mut two = sender.subscribe();
//! sender.send("to all").unwrap();
//! # rt_task::block_on(async {
//! assert_eq!(one.recv().await.unwrap(), "to all");
//! assert_eq!(two.recv().await.unwrap(), "to all");
//! # });
//! ```
//!
//! # What it costs
//! The ring is allocated with the channel; nothing is after that. In atomic read-modify-writes, nobody in the
//! way:
//!
//! | operation                                          | read-modify-writes                              |
//! |----------------------------------------------------|-------------------------------------------------|
//! | [`Sender::send`]                                   | 3, and one for each 32 woken after the first 32 |
//! | receive what is there                              | 2                                               |
//! | find that nothing is there                         | 0                                               |
//! | wait for it                                        | 1; to be polled in vain, by the same task: 1    |
//!
//! The last receiver of a message gets the message itself: one that has one receiver is never cloned.

/// What can go wrong with messages to all.
pub mod error;
mod receiver;
mod shared;

use core::fmt;
use core::panic::{Location, RefUnwindSafe, UnwindSafe};

use rt_task::base::shim::Arc;

use error::SendError;
use shared::Shared;

pub use receiver::{Closed, Receiver, Recv};

/// Makes a channel that keeps at least the last `capacity` messages: the next power of two.
///
/// # Panics
/// If `capacity` is zero, or more than `usize::MAX / 2`.
#[track_caller]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::with_receivers(capacity, 1);
    let receiver = Receiver::first(sender.shared.clone());
    (sender, receiver)
}

/// Sends messages to all [`Receiver`]s. Clones send to the same.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// A sender of a channel like [`channel`]'s, without a receiver yet.
    ///
    /// # Panics
    /// As [`channel`].
    #[track_caller]
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self::with_receivers(capacity, 0)
    }

    #[track_caller]
    fn with_receivers(capacity: usize, receivers: usize) -> Self {
        assert!(capacity > 0, "a broadcast channel of capacity 0 could keep no message");
        assert!(
            capacity <= usize::MAX >> 1,
            "a broadcast channel of capacity {capacity}: `usize::MAX / 2` is the most",
        );
        Self { shared: Arc::new(Shared::new(capacity.next_power_of_two(), receivers)) }
    }

    /// Sends `message` to all receivers there are, and says how many. Never waits for one to receive.
    ///
    /// What it overwrites is dropped. `Ok` does not say that anybody will receive it: a receiver may go before.
    ///
    /// # Errors
    /// If there is no receiver now. There may be later, by [`subscribe`](Self::subscribe).
    pub fn send(&self, message: T) -> Result<usize, SendError<T>> {
        self.shared.send(message).map_err(SendError)
    }

    /// One more receiver, of what is sent from now on.
    ///
    /// # Panics
    /// If there are `usize::MAX / 4`.
    #[track_caller]
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::new(&self.shared)
    }

    /// A sender that does not keep the channel open.
    #[must_use = "the sender that it is made of stays"]
    pub fn downgrade(&self) -> WeakSender<T> {
        self.shared.add_weak_sender();
        WeakSender { shared: self.shared.clone() }
    }

    /// How many messages are kept that some receiver has not had: at most the capacity.
    ///
    /// Costs a step for each doubling of the capacity.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Whether all receivers have had all messages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shared.is_empty()
    }

    /// How many receivers there are.
    #[must_use]
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers()
    }

    /// Whether both send to the same receivers.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Waits until there is no receiver.
    ///
    /// Receivers that come and go while it waits may keep it waiting. Cancel safe: dropped, it has done
    /// nothing.
    #[track_caller]
    pub fn closed(&self) -> Closed<'_, T> {
        Closed::new(self, Location::caller())
    }

    /// How many senders there are.
    #[must_use]
    pub fn strong_count(&self) -> usize {
        self.shared.senders()
    }

    /// How many [`WeakSender`]s there are.
    #[must_use]
    pub fn weak_count(&self) -> usize {
        self.shared.weak_senders()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.add_sender();
        Self { shared: self.shared.clone() }
    }
}

// A message whose clone panics is whole.
impl<T> UnwindSafe for Sender<T> {}
impl<T> RefUnwindSafe for Sender<T> {}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.shared.remove_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("receiver_count", &self.receiver_count())
            .finish_non_exhaustive()
    }
}

/// A sender that does not keep the channel open: receivers find it closed once all [`Sender`]s are gone.
pub struct WeakSender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> WeakSender<T> {
    /// A sender, unless all are gone.
    #[must_use]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        self.shared.revive_sender().then(|| Sender { shared: self.shared.clone() })
    }

    /// How many [`Sender`]s there are.
    #[must_use]
    pub fn strong_count(&self) -> usize {
        self.shared.senders()
    }

    /// How many weak senders there are.
    #[must_use]
    pub fn weak_count(&self) -> usize {
        self.shared.weak_senders()
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        self.shared.add_weak_sender();
        Self { shared: self.shared.clone() }
    }
}

// As for the sender.
impl<T> UnwindSafe for WeakSender<T> {}
impl<T> RefUnwindSafe for WeakSender<T> {}

impl<T> Drop for WeakSender<T> {
    fn drop(&mut self) {
        self.shared.remove_weak_sender();
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender")
            .field("strong_count", &self.strong_count())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod model_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
