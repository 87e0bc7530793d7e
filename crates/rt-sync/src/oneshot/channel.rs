//! What the two halves share: one word, a place for the value, and one for the waker of each half.
//!
//! ```text
//!    6         5        4         3      2      1          0
//! ┌─────────┬────────┬─────────┬──────┬──────┬──────────┬──────────┐
//! │ RX_GONE │ CLOSED │ TX_GONE │ SENT │ BUSY │ TX_WAITS │ RX_WAITS │
//! └─────────┴────────┴─────────┴──────┴──────┴──────────┴──────────┘
//! ```
//! | field      | set by     | while set                                                       |
//! |------------|------------|-----------------------------------------------------------------|
//! | `RX_WAITS` | W2         | the receiver's waker is in its place                            |
//! | `TX_WAITS` | W2         | the sender's waker is in its place                              |
//! | `BUSY`     | S2, R1     | who set it takes wakers out; the other half leaves the word alone |
//! | `SENT`     | S2, S3     | the value is there, and the sender touches nothing any more     |
//! | `TX_GONE`  | S2, S3     | there is no value, and the sender touches nothing any more      |
//! | `CLOSED`   | R1, R2     | the receiver wants no value                                     |
//! | `RX_GONE`  | R1, R2     | the receiver touches nothing any more; `CLOSED` is set, too     |
//!
//! # Protocol: one message
//! | sender leaves                                    | receiver closes, or leaves                      |
//! |--------------------------------------------------|-------------------------------------------------|
//! | S0 load: `RX_GONE`? it frees the channel         | R0 load: `SENT`, `TX_GONE`? it frees the channel |
//! | S1 write the value                               |                                                 |
//! | S2 compare-exchange → `SENT`; or → `BUSY`, if the receiver waits | R1 compare-exchange → `CLOSED`; or → `BUSY`, if anybody waits |
//! | S3 after `BUSY`: take the waker, store `SENT`    | R2 after `BUSY`: take the wakers, store `CLOSED` |
//! | S4 wake                                          | R3 wake                                         |
//!
//! | either half waits                                            |
//! |--------------------------------------------------------------|
//! | W0 load: is it over, or is my waker there?                   |
//! | W1 if another waker of mine is there: compare-exchange it out |
//! | W2 write my waker; compare-exchange `_WAITS` in              |
//!
//! **Claim (freed once).** Who finds the other half gone frees the channel, and nobody touches it any more.
//! **Why.** A half's last touch is the one that sets its `SENT`, `TX_GONE` or `RX_GONE` (S2, S3, R1, R2): a
//! waker is taken out before, and woken after it from the stack. Each of these is a change of one word, so
//! one of the two comes second and finds the other: that one frees. They are Releases, read with Acquire by
//! S0 and R0: what is freed is touched before.
//! **Breaks if** S2, S3, R1 or R2 is weaker than Release, or S0 or R0 than Acquire.
//! **Checked by** `oneshot::loom_tests::a_receiver_that_leaves_while_it_is_sent_to` and
//! `oneshot::loom_tests::a_sender_that_leaves_while_it_is_closed`.
//!
//! **Claim (no lost wake).** A half that waits is woken by what ends its wait, and sees it.
//! **Why.** W2 and S2 (R1) change one word: W2 first, then S2 finds the waker, and its Acquire reads the
//! Release of W2; S2 first, then W2 fails and looks again.
//! **Breaks if** W2 is weaker than Release, or S2 or R1 than Acquire.
//! **Checked by** `oneshot::loom_tests::a_receiver_that_changes_its_task_is_woken` and
//! `oneshot::loom_tests::a_sender_that_changes_its_task_is_woken`.
//!
//! **Invariants.**
//! - **O1** The value's place is the sender's until `SENT`, then the receiver's.
//! - **O2** A waker's place is written by its half while its `_WAITS` is not set, and read by both while it
//!   is. Who clears `_WAITS` owns the waker.
//! - **O3** `BUSY` goes within a few instructions, none of them foreign code.

use alloc::boxed::Box;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::task::Waker;

use rt_task::base::shim::{AtomicU8, Ordering::*, UnsafeCell, relax, site};

const RX_WAITS: u8 = 1;
const TX_WAITS: u8 = 1 << 1;
const BUSY: u8 = 1 << 2;
const SENT: u8 = 1 << 3;
const TX_GONE: u8 = 1 << 4;
const CLOSED: u8 = 1 << 5;
const RX_GONE: u8 = 1 << 6;

struct Channel<T> {
    word: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
    rx_waker: UnsafeCell<MaybeUninit<Waker>>,
    tx_waker: UnsafeCell<MaybeUninit<Waker>>,
}

/// A half's pointer. The channel is there until the half's last touch (Claim: freed once).
struct Shared<T>(NonNull<Channel<T>>);

/// The right to send once. Its holder calls [`send`](Self::send) or [`leave`](Self::leave) in the end.
pub(super) struct SendSide<T>(Shared<T>);

/// The right to receive once. Its holder calls [`receive`](Self::receive) or [`leave`](Self::leave) in the end.
pub(super) struct ReceiveSide<T>(Shared<T>);

// SAFETY: a half touches the value, which may be sent, in turn with the other (O1), and wakers (O2).
unsafe impl<T: Send> Send for SendSide<T> {}
// SAFETY: a shared reference reads the word alone.
unsafe impl<T: Send> Sync for SendSide<T> {}
// SAFETY: as for the sender's.
unsafe impl<T: Send> Send for ReceiveSide<T> {}
// SAFETY: as for the sender's.
unsafe impl<T: Send> Sync for ReceiveSide<T> {}

/// What a receiver finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The value: it may be received.
    Value,
    /// No value, now and ever.
    Closed,
    /// No value yet.
    Empty,
}

/// A half, as far as it waits.
#[derive(Clone, Copy)]
enum Half {
    Sender,
    Receiver,
}

impl Half {
    fn waits(self) -> u8 {
        match self {
            Self::Sender => TX_WAITS,
            Self::Receiver => RX_WAITS,
        }
    }

    /// What ends its wait.
    fn ends(self) -> u8 {
        match self {
            Self::Sender => CLOSED,
            Self::Receiver => SENT | TX_GONE | CLOSED,
        }
    }
}

/// Both sides of a channel. One allocation.
pub(super) fn new<T>() -> (SendSide<T>, ReceiveSide<T>) {
    let channel = Box::new(Channel {
        word: AtomicU8::new(0),
        value: UnsafeCell::new(MaybeUninit::uninit()),
        rx_waker: UnsafeCell::new(MaybeUninit::uninit()),
        tx_waker: UnsafeCell::new(MaybeUninit::uninit()),
    });
    let channel = NonNull::from(Box::leak(channel));
    (SendSide(Shared(channel)), ReceiveSide(Shared(channel)))
}

impl<T> SendSide<T> {
    /// Sends, or gives the value back if the receiver wants none. One read-modify-write.
    pub(super) fn send(self, value: T) -> Result<(), T> {
        // SAFETY: S1: the sender's (O1); it holds nothing.
        self.0.value().with_mut(|place| unsafe { place.cast::<T>().write(value) });
        if self.0.sender_quits(SENT) {
            return Ok(());
        }
        let value = self.0.take_value();
        self.leave();
        Err(value)
    }

    /// Goes, without a value.
    pub(super) fn leave(self) {
        if !self.0.sender_quits(TX_GONE) {
            self.0.free();
        }
    }

    /// Whether the receiver wants no value. A load.
    pub(super) fn is_closed(&self) -> bool {
        // pairs with R1 and R2: what came before the close is seen
        self.0.word().load(site("oneshot.is_closed", Acquire)) & CLOSED != 0
    }

    /// Whether the receiver wants no value; if it does, `waker` will be woken once it does not.
    pub(super) fn wait(&mut self, waker: &Waker) -> bool {
        self.0.wait(Half::Sender, waker) & CLOSED != 0
    }

    pub(super) fn address(&self) -> usize {
        self.0.0.as_ptr().addr()
    }
}

impl<T> ReceiveSide<T> {
    /// What is there. A load.
    #[inline]
    pub(super) fn look(&self) -> Found {
        Found::of(self.0.word().load(site("oneshot.look", Acquire))) // pairs with S2 and S3
    }

    /// What is there; if nothing, `waker` will be woken once there is.
    #[inline]
    pub(super) fn wait(&mut self, waker: &Waker) -> Found {
        match self.look() {
            Found::Empty => Found::of(self.0.wait(Half::Receiver, waker)),
            found => found,
        }
    }

    /// Takes the value, which was [found](Found::Value).
    pub(super) fn receive(self) -> T {
        debug_assert_eq!(self.look(), Found::Value);
        let value = self.0.take_value();
        self.0.free();
        value
    }

    /// Wants no value any more; one that was sent stays.
    pub(super) fn close(&mut self) {
        _ = self.0.receiver_quits(CLOSED);
    }

    /// Goes. A value that was sent and not received is dropped.
    pub(super) fn leave(self) {
        let seen = self.0.receiver_quits(CLOSED | RX_GONE);
        let value = (seen & SENT != 0).then(|| self.0.take_value());
        if seen & (SENT | TX_GONE) != 0 {
            self.0.free();
        }
        drop(value); // with nothing left to do: it may panic
    }

    pub(super) fn address(&self) -> usize {
        self.0.0.as_ptr().addr()
    }
}

impl Found {
    #[inline]
    fn of(word: u8) -> Self {
        match word {
            word if word & SENT != 0 => Self::Value,
            word if word & (TX_GONE | CLOSED) != 0 => Self::Closed,
            _ => Self::Empty,
        }
    }
}

impl<T> Shared<T> {
    #[inline]
    fn word(&self) -> &AtomicU8 {
        // SAFETY: the half is not gone, so the channel is there (Claim: freed once). A reference to the
        // word alone: the call that ends the half has no reference to what the other may free.
        unsafe { &(*self.0.as_ptr()).word }
    }

    fn value(&self) -> &UnsafeCell<MaybeUninit<T>> {
        // SAFETY: as in `word`.
        unsafe { &(*self.0.as_ptr()).value }
    }

    fn waker_of(&self, half: Half) -> &UnsafeCell<MaybeUninit<Waker>> {
        let channel = self.0.as_ptr();
        match half {
            // SAFETY: as in `word`.
            Half::Sender => unsafe { &(*channel).tx_waker },
            // SAFETY: as in `word`.
            Half::Receiver => unsafe { &(*channel).rx_waker },
        }
    }

    /// Takes the value out: of the sender's place back, or sent (O1).
    fn take_value(&self) -> T {
        // SAFETY: the caller's (O1), written by S1, and taken once: the half ends by it.
        self.value().with_mut(|place| unsafe { place.cast::<T>().read() })
    }

    /// Takes a waker out, by who owns it (O2).
    fn take_waker(&self, half: Half) -> Waker {
        // SAFETY: `_WAITS` was set, so it is there; and who cleared it, or has set BUSY, owns it (O2).
        self.waker_of(half).with(|place| unsafe { place.cast::<Waker>().read() })
    }

    /// The word, once nobody is busy with it.
    #[inline]
    fn settled(&self) -> u8 {
        let mut turns = 0;
        loop {
            let seen = self.word().load(site("oneshot.S0", Acquire)); // S0, R0, W0; pairs with S2, S3, R1, R2
            if seen & BUSY == 0 {
                return seen;
            }
            relax(&mut turns); // O3
        }
    }

    /// S0 to S4. False if the receiver wants no value: after `SENT` the value and the side are the caller's,
    /// as they were; after `TX_GONE` the channel is to be freed.
    fn sender_quits(&self, how: u8) -> bool {
        loop {
            let seen = self.settled();
            let unwanted = if how == SENT { CLOSED } else { RX_GONE };
            if seen & unwanted != 0 {
                return false;
            }
            let waits = seen & RX_WAITS != 0;
            let next = if waits { seen | BUSY } else { seen | how };
            // S2, pairs with R0 and W2
            if self.exchange(seen, next, site("oneshot.S2", AcqRel)) {
                if waits {
                    let waker = self.take_waker(Half::Receiver);
                    let next = seen & !RX_WAITS | how;
                    self.word().store(next, site("oneshot.S3", Release)); // S3, pairs with R0
                    waker.wake(); // S4: the channel may be gone
                }
                return true;
            }
        }
    }

    /// R0 to R3. The word before it: if the sender was gone by then, nothing was done, and the channel is
    /// the receiver's alone.
    fn receiver_quits(&self, how: u8) -> u8 {
        loop {
            let seen = self.settled();
            if seen & (SENT | TX_GONE) != 0 || seen & how == how {
                return seen;
            }
            let waits = seen & (RX_WAITS | TX_WAITS);
            let next = if waits == 0 { seen | how } else { seen | BUSY };
            // R1, pairs with S0 and W2
            if self.exchange(seen, next, site("oneshot.R1", AcqRel)) {
                if waits != 0 {
                    let of =
                        |half: Half| (waits & half.waits() != 0).then(|| self.take_waker(half));
                    let (own, other) = (of(Half::Receiver), of(Half::Sender));
                    let next = seen & !waits | how;
                    self.word().store(next, site("oneshot.R2", Release)); // R2, pairs with S0
                    let _own = own; // dropped last, also when the wake panics
                    if let Some(waker) = other {
                        waker.wake(); // R3: the channel may be gone
                    }
                }
                return seen;
            }
        }
    }

    /// W0 to W2. What ends the wait is in the word that comes back, or nothing, and `waker` will be woken.
    fn wait(&self, half: Half, waker: &Waker) -> u8 {
        let seen = self.settled();
        if seen & half.ends() != 0 {
            return seen;
        }
        let place = self.waker_of(half);
        // SAFETY: there (`_WAITS`), and nobody writes it but this half (O2). If the other half takes it
        // meanwhile, its bits stay, and are compared, no more.
        let is_same =
            |place: *const MaybeUninit<Waker>| unsafe { &*place.cast::<Waker>() }.will_wake(waker);
        let waits = half.waits();
        if seen & waits != 0 && place.with(is_same) {
            return seen;
        }
        let fresh = waker.clone(); // may run anything, and nothing was changed yet
        if seen & waits != 0 {
            match self.clear(half) {
                // W1; the drop may run anything: nobody waits now
                Ok(()) => drop(self.take_waker(half)),
                Err(seen) => return seen,
            }
        }
        // SAFETY: this half's: `_WAITS` is not set (O2). It holds nothing.
        place.with_mut(|place| unsafe { place.cast::<Waker>().write(fresh) });
        loop {
            let seen = self.settled();
            if seen & half.ends() != 0 {
                drop(self.take_waker(half)); // this half's: `_WAITS` was not set
                return seen;
            }
            // W2, pairs with S2 and R1
            if self.exchange(seen, seen | waits, site("oneshot.W2", Release)) {
                return seen;
            }
        }
    }

    /// W1: the half waits no more. Or its wait is over, which comes back.
    fn clear(&self, half: Half) -> Result<(), u8> {
        loop {
            let seen = self.settled();
            if seen & half.ends() != 0 {
                return Err(seen);
            }
            // Relaxed: the waker is this half's own, and what the other has left stays readable through it.
            if self.exchange(seen, seen & !half.waits(), Relaxed) {
                return Ok(());
            }
        }
    }

    #[inline]
    fn exchange(&self, from: u8, to: u8, order: core::sync::atomic::Ordering) -> bool {
        self.word().compare_exchange(from, to, order, Relaxed).is_ok()
    }

    /// Frees the channel, by who found the other half gone. The value was taken, or was never there.
    fn free(&self) {
        let left = self.word().load(Relaxed); // nobody writes it any more
        // SAFETY: from `new`, and its last user is the caller (Claim: freed once).
        let channel = unsafe { Box::from_raw(self.0.as_ptr()) };
        debug_assert_eq!(
            left & (BUSY | RX_WAITS),
            0,
            "its half, or the one that left, has taken it"
        );
        // In a model these are touches, which must come after all others.
        channel.value.with_mut(|_| ());
        channel.rx_waker.with_mut(|_| ());
        let waker = channel.tx_waker.with_mut(|place| {
            // SAFETY: there (`TX_WAITS`): the sender waited once, and left.
            (left & TX_WAITS != 0).then(|| unsafe { place.cast::<Waker>().read() })
        });
        drop(channel);
        drop(waker); // may run anything
    }
}
