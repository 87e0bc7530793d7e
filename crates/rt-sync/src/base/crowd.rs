//! Those that wait for one event, and are all told of it: a crowd, under its owner's byte lock.
//!
//! An event tells who waits when it happens, in batches of wakers with the lock held once for each. Who is told
//! may wait again before the last batch: it comes to the list's end with a later round, where the event's
//! batches stop. So they end, however fast it comes back.
//!
//! # Protocol: crowd
//! | member                                       | event                                           |
//! |----------------------------------------------|-------------------------------------------------|
//! |                                              | E1 let it be seen, in a word of the owner's      |
//! | M1 lock; has it happened? if not, link with the round; unlock | E2 lock; next round; unlink the first 32 of rounds before, tell them; unlock; wake |
//! | M2 woken: has it happened?                   | E3 again while there are any                    |
//!
//! **Claim (all are told).** A member that waits when an event happens is woken after it.
//! **Why.** M1 and E2 hold one lock. M1 first: the member is in the list, in a round before. E2 first: what E1
//! wrote is seen in M1.
//! **Breaks if** the owner looks outside of the lock alone before it links.
//! **Checked by** `watch::loom_tests::a_change_is_not_missed`.

use core::pin::Pin;
use core::task::Waker;

use rt_task::base::byte_lock::{ByteGuard, ByteLock};
use rt_task::base::seam::Wakes;
use rt_task::base::shim::const_fn;
use rt_task::base::wake_batch::WakeBatch;

use super::waiters::{Waiter, Waiters};

/// See the module. Lives in a [`ByteLock`].
pub(crate) struct Crowd {
    waiters: Waiters<usize>,
    /// Events so far, wrapping.
    round: usize,
}

/// What a waiter is told: that it has happened.
const HAPPENED: u8 = 1;

impl Crowd {
    const_fn! {
        /// Nobody.
        pub(crate) const fn new() -> Self {
            Self { waiters: Waiters::new(), round: 0 }
        }
    }

    /// The next round (E2), if anybody waits.
    #[inline]
    fn event(&mut self) -> Option<usize> {
        if self.waiters.is_empty() {
            return None;
        }
        self.round = self.round.wrapping_add(1);
        Some(self.round)
    }

    /// E2 for as many as there is room for, under the lock. Whether there may be more.
    pub(crate) fn tell_some(&mut self, batch: &mut WakeBatch) -> bool {
        self.event().is_some_and(|round| self.take(round, batch))
    }

    /// Takes who waits since before `round`, up to a batch. Whether there may be more.
    fn take(&mut self, round: usize, batch: &mut WakeBatch) -> bool {
        while !batch.is_full() {
            let first = self.waiters.first();
            if first.is_none_or(|joined| round.wrapping_sub(*joined).cast_signed() <= 0) {
                return false;
            }
            if let Some(waker) = self.waiters.tell_first(HAPPENED) {
                batch.push(waker);
            }
        }
        true
    }
}

/// Tells all that wait now in the crowd that `of` finds. One read-modify-write, and one for each further 32.
///
/// The event is seen by who looks under the lock from now on (E1).
pub(crate) fn tell_all<L>(lock: &ByteLock<L>, of: impl Fn(&mut L) -> &mut Crowd) {
    tell_all_from(lock, lock.lock(), of);
}

/// [`tell_all`], with the lock held already.
#[inline]
pub(crate) fn tell_all_from<'a, L>(
    lock: &'a ByteLock<L>,
    guard: ByteGuard<'a, L>,
    of: impl Fn(&mut L) -> &mut Crowd,
) {
    tell_all_holding(lock, guard, (), of);
}

/// [`tell_all_from`], with something held besides, which is dropped once the lock is let go, and before anybody
/// is woken.
#[inline]
pub(crate) fn tell_all_holding<'a, L, H>(
    lock: &'a ByteLock<L>,
    mut guard: ByteGuard<'a, L>,
    held: H,
    of: impl Fn(&mut L) -> &mut Crowd,
) {
    match guard.with(|owner| of(owner).event()) {
        Some(round) => tell_round(lock, guard, held, round, of),
        None => {
            drop(guard);
            drop(held);
        }
    }
}

fn tell_round<'a, L, H>(
    lock: &'a ByteLock<L>,
    mut guard: ByteGuard<'a, L>,
    held: H,
    round: usize,
    of: impl Fn(&mut L) -> &mut Crowd,
) {
    let mut batch = WakeBatch::new();
    let mut held = Some(held);
    loop {
        let may_be_more = guard.with(|owner| of(owner).take(round, &mut batch));
        drop(guard);
        drop(held.take());
        batch.wake_all();
        if !may_be_more {
            return;
        }
        guard = lock.lock();
    }
}

/// A future's place in a crowd.
///
/// [`leave`](Self::leave) is called before it goes.
pub(crate) struct Member {
    waiter: Waiter<usize>,
    /// It was linked, and nobody has looked since whether it was told.
    may_be_linked: bool,
}

impl Member {
    pub(crate) fn new() -> Self {
        Self { waiter: Waiter::new(), may_be_linked: false }
    }

    /// Waits for the event, of which `happened` tells under the lock. With `None`, `waker` will be woken.
    ///
    /// Always with the same lock and crowd.
    pub(crate) fn wait<L, R>(
        self: Pin<&mut Self>,
        lock: &ByteLock<L>,
        of: impl Fn(&mut L) -> &mut Crowd,
        waker: &Waker,
        happened: impl FnOnce(&mut L) -> Option<R>,
    ) -> Option<R> {
        // SAFETY: nothing is moved out of it, and the waiter stays where it is.
        let this = unsafe { self.get_unchecked_mut() };
        if this.may_be_linked {
            if this.waiter.poll(lock, |owner| &mut of(owner).waiters, waker) == 0 {
                return None;
            }
            this.may_be_linked = false;
        }
        let mut fresh = Some(waker.clone()); // with no lock held: it may run anything
        let result = lock.lock().with(|owner| {
            let result = happened(owner); // M1
            if result.is_none() {
                let crowd = of(owner);
                let waker = fresh.take().expect("nobody has taken it");
                // SAFETY: under the lock; not linked, by the flag; pinned, and unlinked by `leave`; the
                // same list always (contract).
                unsafe { crowd.waiters.link(&this.waiter, waker, crowd.round) };
                this.may_be_linked = true;
            }
            result
        });
        drop(fresh);
        result
    }

    /// Waits no more. Costs nothing if it was told, or never waited.
    pub(crate) fn leave<L>(
        self: Pin<&mut Self>,
        lock: &ByteLock<L>,
        of: impl Fn(&mut L) -> &mut Crowd,
    ) {
        // SAFETY: nothing is moved out of it.
        let this = unsafe { self.get_unchecked_mut() };
        if this.may_be_linked && this.waiter.told() == 0 {
            let waker = lock.lock().with(|owner| of(owner).waiters.unlink(&this.waiter));
            drop(waker); // with no lock held
        }
        this.may_be_linked = false;
    }
}
