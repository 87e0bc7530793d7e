//! The channel's memory: the queue, who is there, and who waits for the receiver to go.
//!
//! # Protocol: handles
//! `senders` counts senders. `refs` counts who may touch the memory: each weak sender, the receiver, and all
//! senders together once.
//!
//! | a sender goes                                   | a weak sender becomes a sender          |
//! |-------------------------------------------------|-----------------------------------------|
//! | H1 `senders -= 1`; the last goes on             | H4 compare-exchange: one more, if not zero |
//! | H2 publish the end in the queue                 |                                         |
//! | H3 `refs -=` all senders; who leaves zero frees |                                         |
//!
//! **Claim (end).** The end is published once all that was sent is claimed, and nothing is sent after it.
//! **Why.** Each H1 is a Release, the last an Acquire: every send was before. From zero H4 does not go up.
//! **Breaks if** H1 is weaker than AcqRel.
//! **Checked by** `mpsc::loom_tests::the_last_sender_ends_it`, `mpsc::loom_tests::who_sees_no_sender_sees_what_they_sent` and `mpsc::loom_tests::a_weak_sender_comes_in_time_or_not`.
//!
//! **Claim (idle end).** A bounded channel that is closed ends when all its room was given back, behind all
//! that was sent.
//! **Why.** Whoever brings the permits to their full number, by closing or by giving back, sees that in their
//! word. To give back is a Release and that look an Acquire: every claim was by somebody with a permit, and
//! was before that permit was given back.
//! **Breaks if** the look, `permits.done`, is weaker than Acquire.
//! **Checked by** `mpsc::loom_tests::who_gives_back_the_last_room_ends_it_behind_what_others_sent`, `mpsc::loom_tests::the_last_room_that_is_given_back_ends_it`, `mpsc::loom_tests::room_is_sent_into_or_given_back_while_it_is_closed` and `mpsc::loom_tests::a_wait_for_room_that_is_given_up_ends_it`.
//!
//! **Claim (freed once).** The memory is freed by one, after everybody's last touch.
//! **Why.** H3 is AcqRel, as in any counted pointer.
//! **Breaks if** H3 is weaker than AcqRel.
//! **Checked by** `mpsc::loom_tests::a_message_meets_a_receiver_that_goes`.

use alloc::boxed::Box;
use core::ptr::NonNull;

use rt_task::base::shim::{AtomicUsize, Ordering::*, RawWord, site};

use super::bound::Bound;
use super::queue::{CLOSED, Head, Queue};
use crate::base::event::Event;

/// The receiver, in `refs`.
const RECEIVER: usize = 1;
/// All senders, in `refs`.
const SENDERS: usize = 2;
/// A weak sender, in `refs`.
const WEAK: usize = 4;

/// See the module.
#[repr(C)]
pub(crate) struct Chan<T, B> {
    rest: Rest<B>,
    pub(crate) queue: Queue<T>,
}

/// All but the queue: it is small.
struct Rest<B> {
    bound: B,
    senders: AtomicUsize,
    refs: AtomicUsize,
    closing: Event,
}

impl<T, B: Bound> Chan<T, B> {
    /// One with a sender and a receiver, and the receiver's end of its queue. One allocation.
    pub(crate) fn allocate(bound: B, start: RawWord) -> (NonNull<Self>, Head<T>) {
        let place = Box::into_raw(Box::<Self>::new_uninit()).cast::<Self>();
        let rest = Rest {
            senders: AtomicUsize::new(1),
            refs: AtomicUsize::new(RECEIVER | SENDERS),
            closing: Event::new(false),
            bound,
        };
        // SAFETY: inside of fresh memory; no reference is made.
        let to_rest = unsafe { &raw mut (*place).rest };
        // SAFETY: it may be written, and holds nothing.
        unsafe { to_rest.write(rest) };
        // SAFETY: as above.
        let queue = unsafe { &raw mut (*place).queue };
        // SAFETY: fresh memory, and it stays there until it is freed.
        let head = unsafe { Queue::init(queue, start) };
        (NonNull::new(place).expect("a box is somewhere"), head)
    }

    /// Gives back the room of `n` messages. May wake, and run any code by it.
    #[inline]
    pub(crate) fn give(&self, n: usize) {
        if self.bound().give(n) {
            self.end_idle();
        }
    }

    /// It is closed, and all the room that there is was given back.
    #[cold]
    pub(crate) fn end_idle(&self) {
        debug_assert!(!B::IS_SENT_WHEN_CLOSED);
        // SAFETY: every claim was of somebody who had room, and gave it back since; none is handed out.
        unsafe { self.queue.end() }.now();
    }

    #[inline]
    pub(crate) fn bound(&self) -> &B {
        &self.rest.bound
    }

    pub(crate) fn closing(&self) -> &Event {
        &self.rest.closing
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.queue.tail().1 & CLOSED != 0
    }

    #[inline]
    pub(crate) fn sender_count(&self) -> usize {
        self.rest.senders.load(site("mpsc_chan.look", Acquire)) // pairs with H1: who sees that none is left sees what they sent
    }

    pub(crate) fn weak_count(&self) -> usize {
        self.rest.refs.load(Relaxed) / WEAK
    }

    /// One more sender, beside one that is there.
    #[inline]
    pub(crate) fn add_sender(&self) {
        let before = self.rest.senders.fetch_add(1, Relaxed); // the caller's own keeps it above zero
        if before > COUNT_MAX {
            too_many(&self.rest.senders, 1);
        }
    }

    /// H4
    pub(crate) fn try_add_sender(&self) -> bool {
        let mut count = self.rest.senders.load(Relaxed);
        while count != 0 {
            if count > COUNT_MAX {
                too_many(&self.rest.senders, 0);
            }
            // Relaxed: it orders nothing that the weak sender has not seen.
            match self.rest.senders.compare_exchange_weak(count, count + 1, Relaxed, Relaxed) {
                Ok(_) => return true,
                Err(now) => count = now,
            }
        }
        false
    }

    pub(crate) fn add_weak(&self) {
        let before = self.rest.refs.fetch_add(WEAK, Relaxed); // the caller's own keeps it above zero
        if before > COUNT_MAX {
            too_many(&self.rest.refs, WEAK);
        }
    }

    /// H1 to H3. May wake the receiver.
    ///
    /// # Safety
    /// The caller is a sender, and touches the channel no more.
    #[inline]
    pub(crate) unsafe fn remove_sender(this: NonNull<Self>) {
        // SAFETY: the senders' reference keeps it alive.
        let chan = unsafe { this.as_ref() };
        if chan.rest.senders.fetch_sub(1, site("mpsc_chan.H1", AcqRel)) == 1 {
            // H1, pairs with itself
            // SAFETY: the last sender.
            unsafe { Self::end(this) };
        }
    }

    /// H2 and H3.
    ///
    /// # Safety
    /// The last sender is gone.
    #[cold]
    unsafe fn end(this: NonNull<Self>) {
        /// Also when the waker panics.
        struct LetGo<T, B: Bound>(NonNull<Chan<T, B>>);
        impl<T, B: Bound> Drop for LetGo<T, B> {
            fn drop(&mut self) {
                // SAFETY: the senders' reference, let go by the last of them.
                unsafe { Chan::let_go(self.0, SENDERS) };
            }
        }
        let let_go = LetGo(this);
        // SAFETY: `let_go` keeps it alive.
        let queue = unsafe { &this.as_ref().queue };
        // SAFETY: senders send, and there are none left (Claim (end)).
        let wake = unsafe { queue.end() };
        wake.now();
        drop(let_go);
    }

    /// # Safety
    /// The caller is a weak sender, and touches the channel no more.
    pub(crate) unsafe fn remove_weak(this: NonNull<Self>) {
        // SAFETY: the caller's reference.
        unsafe { Self::let_go(this, WEAK) };
    }

    /// # Safety
    /// The caller is the receiver, which has left the queue, and touches the channel no more.
    pub(crate) unsafe fn remove_receiver(this: NonNull<Self>) {
        // SAFETY: the caller's reference.
        unsafe { Self::let_go(this, RECEIVER) };
    }

    /// H3
    ///
    /// # Safety
    /// The caller has `reference`, and touches the channel no more.
    unsafe fn let_go(this: NonNull<Self>, reference: usize) {
        // SAFETY: the caller's reference keeps it alive.
        let refs = unsafe { &this.as_ref().rest.refs };
        if refs.fetch_sub(reference, site("mpsc_chan.H3", AcqRel)) == reference {
            // H3, pairs with itself
            // SAFETY: from a box, by `allocate`; nobody has a reference any more.
            drop(unsafe { Box::from_raw(this.as_ptr()) });
        }
    }
}

/// As many as memory has no room for, so that only forgotten handles get there.
const COUNT_MAX: usize = usize::MAX / 2;

#[cold]
fn too_many(count: &AtomicUsize, take_back: usize) -> ! {
    count.fetch_sub(take_back, Relaxed);
    panic!("more than {COUNT_MAX} senders of one channel: some of them were forgotten, not dropped")
}
