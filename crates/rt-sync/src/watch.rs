//! A value that some send and many watch: a receiver sees the latest, not each.
//!
//! The halves live here; when a change is seen and who is woken by it, is in `watch/shared.rs`; the futures are
//! in `watch/futures.rs`.
//!
//! ```
//! use rt_sync::watch;
//!
//! let (sender, mut receiver) = watch::channel("idle");
//! sender.send("busy").unwrap();
//! # rt_task::block_on(async {
//! receiver.changed().await.unwrap();
//! assert_eq!(*receiver.borrow_and_update(), "busy");
//! # });
//! ```
//!
//! # Locks
//! The value is behind a lock that blocks the thread: the system's with the feature `std`, one that spins
//! without. A [`Ref`] holds it for reading, so it should be short-lived, and never across an await. As long as
//! a send waits for it, new reads wait, too: a thread that holds one `Ref` and asks for a second may wait for
//! ever.
//!
//! # What it costs
//! In atomic read-modify-writes, nobody in the way:
//!
//! | operation                                          | read-modify-writes                     |
//! |----------------------------------------------------|----------------------------------------|
//! | [`Sender::send`] and the like                      | 3, and one for each 32 woken after the first 32 |
//! | [`Receiver::changed`], there is news               | 0                                      |
//! | [`Receiver::changed`], waits                       | 1; to be polled in vain, by the same task: 1 |
//! | a [`Ref`]                                          | 2                                      |
//! | [`Receiver::has_changed`], `mark_*`                | 0                                      |
//!
//! No wait allocates. Those that wait are one list, woken in the order in which they came.

/// What can go wrong with a value that is watched.
pub mod error;
mod futures;
mod shared;

use core::fmt;
use core::mem;
use core::ops::Deref;
use core::panic::{Location, RefUnwindSafe, UnwindSafe};

use rt_task::base::shim::Arc;

use crate::base::value_lock::ReadGuard;
use error::{RecvError, SendError};
use shared::{Shared, Version};

pub use futures::{Changed, Closed, WaitFor};

/// Makes a channel that holds `initial`, which counts as seen by the receiver.
pub fn channel<T>(initial: T) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::new(initial);
    let receiver = sender.subscribe();
    (sender, receiver)
}

/// Sends values to all [`Receiver`]s. Clones send to the same.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// A sender without a receiver yet: they come by [`subscribe`](Self::subscribe).
    #[must_use]
    pub fn new(initial: T) -> Self {
        Self { shared: Arc::new(Shared::new(initial)) }
    }

    /// Sends `value`: receivers see it instead of the one before.
    ///
    /// Blocks as long as somebody holds a [`Ref`].
    ///
    /// # Errors
    /// If there is no receiver, with `value` in the error: the channel keeps what it has.
    /// [`send_replace`](Self::send_replace) sends all the same.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.is_closed() {
            return Err(SendError(value));
        }
        self.send_replace(value);
        Ok(())
    }

    /// Changes the value in place, and tells the receivers, whether there are any or not.
    ///
    /// # Panics
    /// If `modify` does: what it did until then stays, and receivers are not told.
    pub fn send_modify<F>(&self, modify: F)
    where
        F: FnOnce(&mut T),
    {
        self.send_if_modified(|value| {
            modify(value);
            true
        });
    }

    /// Changes the value in place, and tells the receivers if `modify` returns true. Returns what it does.
    ///
    /// The lock of the value is held meanwhile: `modify` must not touch this channel.
    ///
    /// # Panics
    /// If `modify` does: what it did until then stays, and receivers are not told.
    pub fn send_if_modified<F>(&self, modify: F) -> bool
    where
        F: FnOnce(&mut T) -> bool,
    {
        self.shared.change(modify)
    }

    /// Sends `value` whether there are receivers or not, and returns the one before.
    pub fn send_replace(&self, mut value: T) -> T {
        self.send_modify(|place| mem::swap(place, &mut value));
        value
    }

    /// The value now. Blocks as long as a send goes on.
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref::new(&self.shared, None)
    }

    /// Whether there is no receiver.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
    }

    /// Waits until there is no receiver.
    ///
    /// Receivers that come and go while it waits may keep it waiting. Cancel safe: dropped, it has done
    /// nothing.
    #[track_caller]
    pub fn closed(&self) -> Closed<'_, T> {
        Closed::new(self, Location::caller())
    }

    /// One more receiver, which counts the value now as seen.
    pub fn subscribe(&self) -> Receiver<T> {
        let shared = self.shared.clone();
        let seen = shared.version();
        shared.add_receiver();
        Receiver { shared, seen }
    }

    /// How many receivers there are.
    #[must_use]
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers()
    }

    /// How many senders there are.
    #[must_use]
    pub fn sender_count(&self) -> usize {
        self.shared.senders()
    }

    /// Whether both send to the same receivers.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.add_sender();
        Self { shared: self.shared.clone() }
    }
}

// A panic under the value's lock leaves what a change did until then, as it says.
impl<T> UnwindSafe for Sender<T> {}
impl<T> RefUnwindSafe for Sender<T> {}

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.shared.remove_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("version", &self.shared.version())
            .field("receiver_count", &self.receiver_count())
            .finish_non_exhaustive()
    }
}

/// Sees the latest value of its [`Sender`]s, and remembers which it has seen. A clone has seen the same.
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    seen: Version,
}

impl<T> Receiver<T> {
    /// The value now, which does not count as seen by that. Blocks as long as a send goes on.
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref::new(&self.shared, Some(self.seen))
    }

    /// The value now, which counts as seen. Blocks as long as a send goes on.
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let value = Ref::new(&self.shared, Some(self.seen));
        self.seen = self.shared.version(); // under the lock that `value` holds
        value
    }

    /// Whether there is a value that was not seen.
    ///
    /// # Errors
    /// If all senders are gone, seen or not.
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        self.shared.has_changed(self.seen)
    }

    /// Whether all senders are gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// Counts the value as not seen: [`changed`](Self::changed) returns at once.
    pub fn mark_changed(&mut self) {
        self.seen = self.seen.before();
    }

    /// Counts the value as seen.
    pub fn mark_unchanged(&mut self) {
        self.seen = self.shared.version();
    }

    /// Waits for a value that was not seen, which then counts as seen.
    ///
    /// Cancel safe: dropped before it returned, it has counted nothing as seen.
    ///
    /// # Errors
    /// If all senders are gone, and the last value was seen.
    #[track_caller]
    pub fn changed(&mut self) -> Changed<'_, T> {
        Changed::new(self, Location::caller())
    }

    /// Waits for a value of which `predicate` is true, from the one now on, and borrows it. What it was asked
    /// about counts as seen.
    ///
    /// Between two questions values may be missed: it is asked about the latest. The value's lock is held
    /// meanwhile, so it must not touch this channel. Cancel safe: what it was asked about stays seen, and no
    /// more is lost.
    ///
    /// # Errors
    /// If all senders are gone, and the predicate is false of the last value.
    ///
    /// # Panics
    /// If `predicate` does. The channel goes on.
    #[track_caller]
    pub fn wait_for<F>(&mut self, predicate: F) -> WaitFor<'_, T, F>
    where
        F: FnMut(&T) -> bool,
    {
        WaitFor::new(self, predicate, Location::caller())
    }

    /// Whether both receive from the same senders.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.shared.add_receiver();
        Self { shared: self.shared.clone(), seen: self.seen }
    }
}

// As for the sender.
impl<T> UnwindSafe for Receiver<T> {}
impl<T> RefUnwindSafe for Receiver<T> {}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.remove_receiver();
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("seen", &self.seen)
            .field("version", &self.shared.version())
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// The value, borrowed: sends wait until it is dropped. Stays on its thread.
pub struct Ref<'a, T> {
    value: ReadGuard<'a, T>,
    has_changed: bool,
}

impl<'a, T> Ref<'a, T> {
    /// Of who has seen `seen`; a sender has seen all.
    fn new(shared: &'a Shared<T>, seen: Option<Version>) -> Self {
        let value = shared.value.read();
        let has_changed = seen.is_some_and(|seen| seen != shared.version());
        Self { value, has_changed }
    }

    /// Whether the receiver had not seen it when it borrowed it. False for a sender's.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Ref<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ref")
            .field("value", &self.value)
            .field("has_changed", &self.has_changed)
            .finish()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod model_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
