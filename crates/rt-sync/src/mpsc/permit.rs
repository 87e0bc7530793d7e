//! Room in a bounded channel that somebody has.

use core::fmt;
use core::iter::FusedIterator;
use core::mem;
use core::panic::{RefUnwindSafe, UnwindSafe};

use super::bound::Bounded;
use super::bounded::Sender;
use super::sending::Sending;
use crate::base::acquire::{Owner, Taken};
use crate::base::permits::Permits;

/// Who asks for room, by a sender that it borrows.
///
/// When it goes, permits may just have gone back that it had waited for: if they were the last, the receiver
/// is told that nothing is to come.
pub(crate) struct Asker<'a, T>(pub(crate) &'a Sending<T, Bounded>);

/// [`Asker`] with a sender of its own.
pub(crate) struct OwnAsker<T>(Option<Sender<T>>);

impl<T> Owner for Asker<'_, T> {
    const IS_KEPT: bool = false;
    #[inline]
    fn permits(&self) -> &Permits {
        &self.0.chan().bound().permits
    }
}

impl<T> Drop for Asker<'_, T> {
    #[inline]
    fn drop(&mut self) {
        let chan = self.0.chan();
        if chan.bound().is_done() {
            chan.end_idle();
        }
    }
}

impl<T> OwnAsker<T> {
    pub(crate) fn new(sender: Sender<T>) -> Self {
        Self(Some(sender))
    }

    pub(crate) fn sender(&self) -> &Sender<T> {
        self.0.as_ref().expect("there until it is dropped")
    }

    fn into_sender(mut self) -> Sender<T> {
        self.0.take().expect("there until it is dropped")
    }
}

impl<T> Owner for OwnAsker<T> {
    const IS_KEPT: bool = false;
    fn permits(&self) -> &Permits {
        &self.sender().inner.chan().bound().permits
    }
}

impl<T> Drop for OwnAsker<T> {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            drop(Asker(&sender.inner));
        }
    }
}

/// Sends by a permit. Gives the message back if the receiver is gone.
#[inline]
pub(crate) fn send_by<T>(taken: Taken<Asker<'_, T>>, message: T) -> Result<(), T> {
    let sending = taken.owner().0;
    let wake = sending.chan().queue.send(message, <Bounded as super::bound::Bound>::STOP)?;
    mem::forget(taken.keep()); // the message has the permit: there is nothing to look for
    wake.now();
    Ok(())
}

/// Room for one message. Of [`Sender::reserve`] and [`Sender::try_reserve`].
///
/// Dropped, it gives the room back.
#[must_use = "the room is given back at once"]
pub struct Permit<'a, T> {
    pub(crate) taken: Taken<Asker<'a, T>>,
}

impl<T> Permit<'_, T> {
    /// Sends `message`, without waiting.
    ///
    /// Also when the receiver has closed the channel meanwhile: it waits for who has room. If it is gone, the
    /// message is dropped.
    pub fn send(self, message: T) {
        drop(send_by(self.taken, message));
    }
}

/// Room for several messages. Of [`Sender::reserve_many`] and [`Sender::try_reserve_many`].
///
/// Dropped, it gives the room back that was not taken.
#[must_use = "the room is given back at once"]
pub struct PermitIterator<'a, T> {
    pub(crate) taken: Taken<Asker<'a, T>>,
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Permit<'a, T>> {
        if self.taken.len() == 0 {
            return None;
        }
        let one = self.taken.split(1);
        Some(Permit { taken: Taken::new(Asker(self.taken.owner().0), one) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.taken.len(), Some(self.taken.len()))
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}
impl<T> FusedIterator for PermitIterator<'_, T> {}

/// Room for one message, with the sender. Of [`Sender::reserve_owned`] and [`Sender::try_reserve_owned`].
///
/// Dropped, it gives the room back.
#[must_use = "the room is given back at once"]
pub struct OwnedPermit<T> {
    pub(crate) taken: Taken<OwnAsker<T>>,
}

impl<T> OwnedPermit<T> {
    /// Sends `message`, without waiting, and gives the sender back. See [`Permit::send`].
    pub fn send(self, message: T) -> Sender<T> {
        let sender = self.taken.keep().into_sender();
        drop(send_by(Taken::new(Asker(&sender.inner), 1), message));
        sender
    }

    /// Gives the room back, and the sender to the caller.
    pub fn release(self) -> Sender<T> {
        let sender = self.taken.keep().into_sender();
        drop(Taken::new(Asker(&sender.inner), 1));
        sender
    }

    /// Whether both send to the same receiver.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.same_channel_as_sender(other.taken.owner().sender())
    }

    /// Whether it sends to the same receiver as `sender`.
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        self.taken.owner().sender().same_channel(sender)
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for PermitIterator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermitIterator")
            .field("capacity", &self.taken.len())
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").finish_non_exhaustive()
    }
}

// A panic of somebody's code leaves the channel whole.
impl<T> UnwindSafe for Permit<'_, T> {}
impl<T> RefUnwindSafe for Permit<'_, T> {}
impl<T> UnwindSafe for PermitIterator<'_, T> {}
impl<T> RefUnwindSafe for PermitIterator<'_, T> {}
impl<T> UnwindSafe for OwnedPermit<T> {}
impl<T> RefUnwindSafe for OwnedPermit<T> {}
