//! One place for a message, and whether the receiver waits for it.
//!
//! # Protocol: slot
//! A sender has claimed the slot (see `queue`), and is the only one. The receiver looks at one slot at a
//! time: the one whose message is next.
//!
//! | sender                                      | receiver                                          |
//! |---------------------------------------------|---------------------------------------------------|
//! | S1 write the message                        | R1 load: READY? then read the message             |
//! | S2 compare-exchange EMPTY → READY           | R2 EMPTY: put a waker into the chair; compare-exchange EMPTY → WAITING |
//! | S3 WAITING: compare-exchange → TAKING; take the waker out of the chair | R3 WAITING, and another waker is needed: compare-exchange → EMPTY; take the waker out |
//! | S4 store READY; wake                        | R4 TAKING: look again, the sender is between S3 and S4 |
//! | S5 GONE: the message is the sender's again  | R5 the receiver goes: compare-exchange EMPTY → GONE |
//!
//! After the last message ENDED is published by the same steps as READY, without a message. It may be
//! published by several: all but the first find it there, or being put there.
//!
//! **Claim (one reader).** A message is read once, after it was written: by the receiver, or by the sender
//! that finds GONE.
//! **Why.** S2 and S4 are Release, R1 Acquire. The receiver looks at a slot no more when it has read it, and
//! R5 and S2 are compare-exchanges of one word: one of the two finds what the other put there.
//! **Breaks if** S2 or S4 is weaker than Release, or R1 than Acquire.
//! **Checked by** `mpsc::loom_tests::what_is_sent_is_received_once`, `mpsc::loom_tests::who_waits_sees_what_was_sent` and `mpsc::loom_tests::a_message_meets_a_receiver_that_goes`.
//!
//! **Claim (one in the chair).** The chair is the receiver's, but from S3 to S4 the sender's; a receiver that
//! waits is woken by who makes its slot READY or ENDED.
//! **Why.** R2 is Release and S3 Acquire: the sender finds the waker. S4 is Release and R1 Acquire: the
//! receiver does not touch the chair before the sender is done. The slot waited for is the slot that is
//! published: there is no second word to look at, so nothing is missed between the two.
//! **Breaks if** R2 or S4 is weaker than Release, or S3 or R1 than Acquire.
//! **Checked by** `mpsc::loom_tests::who_waits_sees_what_was_sent` and `mpsc::loom_tests::another_waker_takes_the_chair`.

use core::mem::MaybeUninit;
use core::sync::atomic::Ordering;
use core::task::Waker;

use rt_task::base::shim::{AtomicU8, Ordering::*, UnsafeCell, relax, site};

/// Nothing is here yet.
pub(crate) const EMPTY: u8 = 0;
/// Nothing is here yet, and the receiver's waker is in the chair.
pub(crate) const WAITING: u8 = 1;
/// A sender takes the waker, and publishes in a moment.
pub(crate) const TAKING: u8 = 2;
/// A message is here.
pub(crate) const READY: u8 = 3;
/// There is nothing more to come.
pub(crate) const ENDED: u8 = 4;
/// The receiver went before the message came.
pub(crate) const GONE: u8 = 5;

/// See the module.
pub(crate) struct Slot<T> {
    state: AtomicU8,
    message: UnsafeCell<MaybeUninit<T>>,
}

/// Where the receiver leaves its waker: one for the whole channel.
pub(crate) type Chair = UnsafeCell<Option<Waker>>;

/// The receiver is gone: the message is the sender's.
#[derive(Debug)]
pub(crate) struct Gone;

impl<T> Slot<T> {
    pub(crate) fn new() -> Self {
        Self { state: AtomicU8::new(EMPTY), message: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// As new. The message, if there was one, was read.
    #[inline]
    pub(crate) fn clear(&self) {
        self.state.store(EMPTY, Relaxed); // its owner's; seen by senders through the queue's Q2
    }

    /// S1 to S5. Returns whom to wake.
    ///
    /// # Safety
    /// The slot is claimed by the caller, who has not published yet. `chair` is its channel's.
    #[inline]
    pub(crate) unsafe fn send(&self, message: T, chair: &Chair) -> Result<Option<Waker>, T> {
        // SAFETY: exclusive: claimed by the caller, and not published (contract).
        self.message.with_mut(|place| unsafe { (*place).write(message) }); // S1
        // SAFETY: claimed (contract), and written right above.
        match unsafe { self.publish(READY, chair) } {
            Ok(waker) => Ok(waker),
            // SAFETY: S5: written right above, and the receiver never comes here.
            Err(Gone) => Err(unsafe { self.read() }),
        }
    }

    /// S2 to S5: `to` is READY or ENDED. Returns whom to wake. After it the slot must not be touched.
    ///
    /// # Safety
    /// To READY: as [`send`](Self::send), after S1. To ENDED: no message comes, here or later; the slot is the
    /// next to be claimed. `chair` is the slot's channel's.
    #[inline]
    pub(crate) unsafe fn publish(&self, to: u8, chair: &Chair) -> Result<Option<Waker>, Gone> {
        let mut state = self.state.load(Relaxed);
        loop {
            state = match state {
                EMPTY => match self.swap_state(EMPTY, to, site("mpsc_slot.S2", Release)) {
                    Ok(()) => return Ok(None), // S2, pairs with R1
                    Err(state) => state,
                },
                WAITING => match self.swap_state(WAITING, TAKING, site("mpsc_slot.S3", Acquire)) {
                    Ok(()) => {
                        // S3, pairs with R2
                        // SAFETY: exclusive: S3 made the chair the caller's, until S4 (Claim).
                        let waker = chair.with_mut(|chair| unsafe { (*chair).take() });
                        self.state.store(to, site("mpsc_slot.S4", Release)); // S4, pairs with R1
                        return Ok(waker);
                    }
                    Err(state) => state,
                },
                GONE => return Err(Gone),
                _ => return Ok(None), // the end, published by another
            };
        }
    }

    /// R1
    #[inline]
    pub(crate) fn look(&self) -> u8 {
        self.state.load(site("mpsc_slot.R1", Acquire)) // R1, pairs with S2 and S4
    }

    /// R1, past TAKING.
    #[inline]
    pub(crate) fn look_settled(&self) -> u8 {
        let mut turns = 0;
        loop {
            match self.look() {
                TAKING => relax(&mut turns), // R4
                state => return state,
            }
        }
    }

    /// Takes the message.
    ///
    /// # Safety
    /// R1 returned READY to the caller, the receiver, or the caller sent the message and found GONE. Once.
    #[inline]
    pub(crate) unsafe fn read(&self) -> T {
        self.message.with(|place| {
            // SAFETY: nobody writes it any more, and the slot is alive.
            let place = unsafe { &*place };
            // SAFETY: written by S1, which R1 sees; read once (contract).
            unsafe { place.assume_init_read() }
        })
    }

    /// R2. Tells whether the receiver waits now; if not, something is here, and the waker was dropped.
    ///
    /// # Safety
    /// The caller is the receiver, the slot its next, and EMPTY when it looked last. `chair` is the slot's
    /// channel's.
    pub(crate) unsafe fn wait(&self, waker: Waker, chair: &Chair) -> bool {
        // SAFETY: the chair is the receiver's, since the slot is not WAITING (Claim).
        chair.with_mut(|chair| unsafe { *chair = Some(waker) }); // it was empty: nothing is dropped here
        if self.swap_state(EMPTY, WAITING, site("mpsc_slot.R2", Release)).is_ok() {
            return true; // R2, pairs with S3
        }
        // SAFETY: as above: R2 did not happen.
        let unused = chair.with_mut(|chair| unsafe { (*chair).take() });
        drop(unused);
        false
    }

    /// R3. Returns the waker, unless the slot is not WAITING any more.
    ///
    /// # Safety
    /// The caller is the receiver, and the slot its next. `chair` is the slot's channel's.
    pub(crate) unsafe fn wait_no_more(&self, chair: &Chair) -> Option<Waker> {
        // Relaxed: the chair holds what this thread put there, or who had the receiver before it.
        self.swap_state(WAITING, EMPTY, Relaxed).ok()?;
        // SAFETY: the chair is the receiver's, since the slot is not WAITING any more (Claim).
        chair.with_mut(|chair| unsafe { (*chair).take() })
    }

    /// R5. Tells whether the receiver need not come back; if not, something is here.
    pub(crate) fn abandon(&self) -> bool {
        self.swap_state(EMPTY, GONE, Relaxed).is_ok() // publishes nothing
    }

    #[inline]
    fn swap_state(&self, from: u8, to: u8, order: Ordering) -> Result<(), u8> {
        self.state.compare_exchange(from, to, order, Relaxed).map(drop)
    }
}
