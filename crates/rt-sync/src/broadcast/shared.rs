//! What all halves of a channel share: the ring of messages, its end, the counts, and who waits.
//!
//! # Protocol: messages to all
//! | sender                                               | receiver                                      |
//! |------------------------------------------------------|-----------------------------------------------|
//! | S1 lock the tail; try to lock the next slot, else wait for that without the tail, and again | R1 load `end`: is there a message at `next`? |
//! | S2 put the message into the slot, with its position and a share for each receiver | R2 if not: the same under the tail's lock, else join the crowd |
//! | S3 store `end`; unlock the tail, then the slot       | R3 lock the slot: is its position `next`? take a share: clone the message or, with the last share, take it |
//! | S4 tell the crowd                                    | R4 if not, it lagged: go on with the oldest   |
//!
//! **Claim (in order, or told).** A receiver gets the messages sent since it came once each and in order, or is
//! told how many it missed.
//! **Why.** The tail's lock orders the sends, and a receiver comes and goes under it: a message has a share
//! for each that is there. A receiver that reads S3 in R1 locks the slot after the sender: if before, its unlock
//! would come before the sender's lock, and S3 after R1. So R3 finds that message, or one that has overwritten
//! it. What a message is goes by the slot's lock, so `end` publishes nothing, and is Relaxed.
//! **Breaks if** S3 comes before the slot is locked, or after it is unlocked.
//! **Checked by** `broadcast::loom_tests::messages_come_in_order` and
//! `broadcast::loom_tests::a_receiver_that_lags_is_told`.
//!
//! **Claim (closed after all).** A receiver that finds no sender finds all messages.
//! **Why.** Each sender gives its count back with Release, after its sends; R1 reads it with Acquire, and then
//! looks at `end` once more.
//! **Breaks if** the count is weaker on either side.
//! **Checked by** `broadcast::loom_tests::the_end_comes_after_all_messages`.
//!
//! **Invariants.**
//! - **B1** `shares` of a slot are the receivers that are at its position or before; the message is there while
//!   there are any.
//! - **B2** Foreign code (a clone or a drop of a message) runs under no byte lock. A clone runs under its slot's
//!   lock, since messages need not be `Sync`; a drop under none.
//! - **B3** A slot's lock is waited for with no other lock held.

use alloc::boxed::Box;

use rt_task::base::byte_lock::ByteLock;
use rt_task::base::shim::{AtomicUsize, Ordering::*, site};

use super::error::TryRecvError;
use crate::base::crowd::{Crowd, tell_all, tell_all_holding};
use crate::base::value_lock::{ValueLock, WriteGuard};

/// See the module.
pub(super) struct Shared<T> {
    look: Look<T>,
    weak_senders: AtomicUsize,
    pub(super) tail: ByteLock<Tail>,
}

/// What receivers look at for each message.
#[repr(align(128))] // Not beside the tail, which each writes that comes to wait. Two lines: some processors fetch pairs.
struct Look<T> {
    slots: Box<[Slot<T>]>,
    /// The position of the next message. Written under the tail's lock.
    ///
    /// Positions wrap: with 32 bits, a receiver that misses a multiple of 2³² messages takes it for none.
    end: AtomicUsize,
    senders: AtomicUsize,
}

pub(super) struct Tail {
    end: usize,
    receivers: usize,
    /// Receivers, for a message.
    messages: Crowd,
    /// Senders, for the end of all receivers.
    ends: Crowd,
}

impl Tail {
    pub(super) fn messages(&mut self) -> &mut Crowd {
        &mut self.messages
    }

    pub(super) fn ends(&mut self) -> &mut Crowd {
        &mut self.ends
    }

    pub(super) fn receivers(&self) -> usize {
        self.receivers
    }
}

/// Place for one message.
struct Slot<T> {
    /// Receivers that have not had it. Written under the lock; others take it for a statistic.
    shares: AtomicUsize,
    place: ValueLock<Place<T>>,
}

struct Place<T> {
    position: usize,
    message: Option<T>,
}

// SAFETY: the lock is taken for writing alone, so that a message is one thread's at a time.
unsafe impl<T: Send> Sync for Slot<T> {}

impl<T> Slot<T> {
    /// Takes a share of the message at `position`, if it is there still. With the last, the message comes
    /// out, and with another the lock on it.
    #[inline]
    fn share(&self, position: usize) -> Option<Share<'_, T>> {
        let mut place = self.place.write();
        if place.position != position {
            return None;
        }
        let left = self.shares.load(Relaxed) - 1; // ours, by the lock (B1)
        self.shares.store(left, Relaxed);
        if left > 0 {
            return Some(Share::One(place));
        }
        let message = place.message.take();
        drop(place);
        Some(Share::Last(message.expect("there, for the last share (B1)")))
    }
}

enum Share<'a, T> {
    One(WriteGuard<'a, Place<T>>),
    Last(T),
}

impl<T> Shared<T> {
    /// With one sender, and `receivers`. `capacity` is a power of two.
    pub(super) fn new(capacity: usize, receivers: usize) -> Self {
        let slot = |n: usize| Slot {
            shares: AtomicUsize::new(0),
            place: ValueLock::new(Place { position: n.wrapping_sub(capacity), message: None }),
        };
        let tail = Tail { end: 0, receivers, messages: Crowd::new(), ends: Crowd::new() };
        let look = Look {
            slots: (0..capacity).map(slot).collect(),
            end: AtomicUsize::new(0),
            senders: AtomicUsize::new(1),
        };
        Self { look, weak_senders: AtomicUsize::new(0), tail: ByteLock::new(tail) }
    }

    fn slot(&self, position: usize) -> &Slot<T> {
        &self.look.slots[position & (self.look.slots.len() - 1)]
    }

    /// Sends, to how many. The message comes back if there is nobody.
    pub(super) fn send(&self, message: T) -> Result<usize, T> {
        loop {
            let mut guard = self.tail.lock(); // S1
            let (end, receivers) = guard.with(|tail| (tail.end, tail.receivers));
            if receivers == 0 {
                return Err(message);
            }
            let slot = self.slot(end);
            let Some(mut place) = slot.place.try_write() else {
                drop(guard);
                drop(slot.place.write()); // B3: a receiver clones what is to be overwritten
                continue;
            };
            place.position = end; // S2
            let old = place.message.replace(message);
            slot.shares.store(receivers, Relaxed); // ours, by the lock
            guard.with(|tail| tail.end = end.wrapping_add(1));
            self.look.end.store(end.wrapping_add(1), Relaxed); // S3, with the slot locked
            tell_all_holding(&self.tail, guard, place, Tail::messages); // S4
            drop(old); // B2
            return Ok(receivers);
        }
    }

    /// The position of the next message.
    #[inline]
    pub(super) fn end(&self) -> usize {
        self.look.end.load(Relaxed) // R1; R3 orders
    }

    /// Whether there is a message at `next`: an error if not.
    #[inline]
    pub(super) fn look(&self, next: usize) -> Result<(), TryRecvError> {
        if self.end() != next {
            return Ok(());
        }
        if !self.is_closed() {
            return Err(TryRecvError::Empty);
        }
        match self.end() != next {
            true => Ok(()), // sent before the last sender went, and after the first look
            false => Err(TryRecvError::Closed),
        }
    }

    /// The message at `next`, which moves on.
    ///
    /// A panic of the clone goes through; the message then counts as received.
    #[inline]
    pub(super) fn receive(&self, next: &mut usize) -> Result<T, TryRecvError>
    where
        T: Clone,
    {
        self.look(*next)?;
        let Some(share) = self.slot(*next).share(*next) else {
            // R4: who has overwritten it came to S3 before it unlocked the slot, which orders.
            let oldest = self.end().wrapping_sub(self.look.slots.len());
            let missed = oldest.wrapping_sub(*next);
            *next = oldest;
            return Err(TryRecvError::Lagged(missed as u64));
        };
        *next = next.wrapping_add(1);
        Ok(match share {
            Share::One(place) => place.message.clone().expect("there, for shares (B1)"),
            Share::Last(message) => message,
        })
    }

    /// One more receiver. Where it begins.
    ///
    /// # Panics
    /// If there are too many to be counted.
    #[track_caller]
    pub(super) fn add_receiver(&self) -> usize {
        let (end, receivers) = self.tail.lock().with(|tail| {
            let receivers = tail.receivers;
            tail.receivers += usize::from(receivers < RECEIVERS_MAX);
            (tail.end, receivers)
        });
        assert!(
            receivers < RECEIVERS_MAX,
            "a broadcast channel has {RECEIVERS_MAX} receivers at most"
        );
        end
    }

    /// A receiver goes, that was at `next`, and gives its shares back.
    pub(super) fn remove_receiver(&self, next: usize) {
        /// Tells the senders in the end, also when a message panics in its drop.
        struct Tell<'a, T>(&'a Shared<T>);
        impl<T> Drop for Tell<'_, T> {
            fn drop(&mut self) {
                tell_all(&self.0.tail, Tail::ends);
            }
        }
        let (end, left) = self.tail.lock().with(|tail| {
            tail.receivers -= 1;
            (tail.end, tail.receivers)
        });
        let _tell = (left == 0).then(|| Tell(self));
        let behind = end.wrapping_sub(next).min(self.look.slots.len());
        for back in (1..=behind).rev() {
            let position = end.wrapping_sub(back);
            if let Some(Share::Last(message)) = self.slot(position).share(position) {
                drop(message); // B2
            }
        }
    }

    pub(super) fn receivers(&self) -> usize {
        self.tail.lock().receivers
    }

    /// Messages that some receiver has not had. Older ones are had by more.
    pub(super) fn len(&self) -> usize {
        let capacity = self.look.slots.len();
        self.tail.lock().with(|tail| {
            let (mut had, mut not) = (0, capacity);
            while had < not {
                let middle = had.midpoint(not);
                // The oldest is at the end, a ring before.
                match self.slot(tail.end.wrapping_add(middle)).shares.load(Relaxed) {
                    0 => had = middle + 1,
                    _ => not = middle,
                }
            }
            capacity - had
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        let end = self.end();
        self.slot(end.wrapping_sub(1)).shares.load(Relaxed) == 0
    }

    pub(super) fn senders(&self) -> usize {
        self.look.senders.load(Relaxed) // a statistic
    }

    /// Whether all senders are gone.
    pub(super) fn is_closed(&self) -> bool {
        self.look.senders.load(site("broadcast.closed", Acquire)) == 0 // pairs with the last one's Release
    }

    pub(super) fn add_sender(&self) {
        self.look.senders.fetch_add(1, Relaxed); // the caller has one, so it is not zero
    }

    /// One more sender, unless all are gone.
    pub(super) fn revive_sender(&self) -> bool {
        let more = |count: usize| (count > 0).then(|| count + 1);
        self.look.senders.fetch_update(Relaxed, Relaxed, more).is_ok() // publishes nothing, like a clone
    }

    /// A sender goes; the last one tells the receivers.
    pub(super) fn remove_sender(&self) {
        // pairs with `is_closed`
        if self.look.senders.fetch_sub(1, site("broadcast.count", Release)) == 1 {
            tell_all(&self.tail, Tail::messages);
        }
    }

    pub(super) fn weak_senders(&self) -> usize {
        self.weak_senders.load(Relaxed) // a statistic
    }

    pub(super) fn add_weak_sender(&self) {
        self.weak_senders.fetch_add(1, Relaxed);
    }

    pub(super) fn remove_weak_sender(&self) {
        self.weak_senders.fetch_sub(1, Relaxed);
    }
}

/// So that a share for each fits a count, with room for those that come at once.
const RECEIVERS_MAX: usize = usize::MAX >> 2;
