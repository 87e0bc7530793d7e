//! What all halves of a channel share: the value, its version, the counts, and who waits.
//!
//! # Protocol: a value that changes
//! | sender                                       | receiver                                 |
//! |----------------------------------------------|------------------------------------------|
//! | S1 write the value, under its lock           | R1 load the word: is it another than seen? |
//! | S2 store the next version, under it          | R2 if not: the same under the crowd's lock, else join |
//! | S3 tell the crowd                            | R3 read the value, under its lock         |
//!
//! **Claim (a change is seen).** A receiver that learns of a version sees what the sender did before it sent
//! that; and a receiver that waits for a later one is woken by it.
//! **Why.** S2 is a Release that R1 and R2 read with Acquire. The versions follow each other: S2 is under the
//! value's lock, and the last sender's close comes after all of them, since their counts are given back
//! with Release and taken with Acquire. S2 before S3 is what the crowd asks for (its E1).
//! **Breaks if** S2 is weaker than Release, R1 than Acquire, or the count than AcqRel.
//! **Checked by** `watch::loom_tests::a_change_publishes`,
//! `watch::loom_tests::a_change_is_not_missed` and
//! `watch::loom_tests::the_last_sender_closes_after_all_changes`.

use rt_task::base::byte_lock::ByteLock;
use rt_task::base::shim::{AtomicUsize, Ordering::*, site};

use super::error::RecvError;
use crate::base::crowd::{Crowd, tell_all};
use crate::base::value_lock::ValueLock;

/// See the module.
pub(super) struct Shared<T> {
    pub(super) value: ValueLock<T>,
    /// The version, in steps of [`STEP`], and [`CLOSED`]. Written under the value's lock, or by the last
    /// sender.
    word: AtomicUsize,
    senders: AtomicUsize,
    receivers: AtomicUsize,
    pub(super) crowds: ByteLock<Crowds>,
}

/// Who waits.
pub(super) struct Crowds {
    /// Receivers, for another version.
    changes: Crowd,
    /// Senders, for the end of all receivers.
    ends: Crowd,
}

impl Crowds {
    pub(super) fn changes(&mut self) -> &mut Crowd {
        &mut self.changes
    }

    pub(super) fn ends(&mut self) -> &mut Crowd {
        &mut self.ends
    }
}

/// All senders are gone.
const CLOSED: usize = 1;
const STEP: usize = 2;

/// A version of the value, as a receiver has seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version(usize);

impl Version {
    /// Another one than it was: one that is not the latest.
    pub(super) fn before(self) -> Self {
        Self(self.0.wrapping_sub(STEP))
    }
}

impl<T> Shared<T> {
    /// With one sender, and no receiver yet.
    pub(super) fn new(value: T) -> Self {
        Self {
            value: ValueLock::new(value),
            word: AtomicUsize::new(0),
            senders: AtomicUsize::new(1),
            receivers: AtomicUsize::new(0),
            crowds: ByteLock::new(Crowds { changes: Crowd::new(), ends: Crowd::new() }),
        }
    }

    /// The version: under the value's lock, the value's.
    pub(super) fn version(&self) -> Version {
        Version(self.word.load(Relaxed) & !CLOSED) // who reads the value has its lock
    }

    /// Whether there is another version than `seen`; an error if all senders are gone, whatever there is.
    pub(super) fn has_changed(&self, seen: Version) -> Result<bool, RecvError> {
        let word = self.word();
        if word & CLOSED != 0 {
            return Err(RecvError(()));
        }
        Ok(Version(word) != seen)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.word() & CLOSED != 0
    }

    /// What there is to tell to who has seen `seen`, which then has seen it.
    #[inline]
    pub(super) fn news(&self, seen: &mut Version) -> Option<Result<(), RecvError>> {
        let word = self.word();
        let version = Version(word & !CLOSED);
        if version != *seen {
            *seen = version;
            return Some(Ok(()));
        }
        (word & CLOSED != 0).then_some(Err(RecvError(())))
    }

    #[inline]
    fn word(&self) -> usize {
        self.word.load(site("watch.R1", Acquire)) // R1, R2; pairs with S2
    }

    /// Changes the value by `change`, which says whether it did.
    ///
    /// A panic goes through, and leaves the value as it is then and the version as it was.
    pub(super) fn change(&self, change: impl FnOnce(&mut T) -> bool) -> bool {
        let mut value = self.value.write();
        if !change(&mut value) {
            return false; // S1
        }
        let next = self.word.load(Relaxed).wrapping_add(STEP); // ours, by the lock
        self.word.store(next, site("watch.S2", Release)); // S2, pairs with R1
        drop(value);
        tell_all(&self.crowds, Crowds::changes); // S3
        true
    }

    pub(super) fn senders(&self) -> usize {
        self.senders.load(Relaxed) // a statistic
    }

    pub(super) fn add_sender(&self) {
        self.senders.fetch_add(1, Relaxed); // the caller has one, so it is not zero
    }

    /// A sender goes; the last one closes.
    pub(super) fn remove_sender(&self) {
        // pairs with itself: the last one sees all versions
        if self.senders.fetch_sub(1, site("watch.count", AcqRel)) == 1 {
            let closed = self.word.load(Relaxed) | CLOSED; // nobody else writes it any more
            self.word.store(closed, site("watch.close", Release)); // S2, pairs with R1
            tell_all(&self.crowds, Crowds::changes);
        }
    }

    pub(super) fn receivers(&self) -> usize {
        self.receivers.load(Relaxed) // publishes nothing; who waits looks under the crowd's lock
    }

    pub(super) fn add_receiver(&self) {
        self.receivers.fetch_add(1, Relaxed);
    }

    /// A receiver goes; the last one tells the senders.
    pub(super) fn remove_receiver(&self) {
        // Relaxed: seen under the crowd's lock, which comes next
        if self.receivers.fetch_sub(1, Relaxed) == 1 {
            tell_all(&self.crowds, Crowds::ends);
        }
    }
}
