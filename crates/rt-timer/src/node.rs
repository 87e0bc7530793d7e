//! One timer: its entry in the wheel, its waker, and the state that tells who has it.
//!
//! | state    | set by                   | means                                              |
//! |----------|--------------------------|----------------------------------------------------|
//! | `IDLE`   | `new`, reset             | linked nowhere; the owner's alone                  |
//! | `DUE`    | `new`                    | the same, and the deadline has passed              |
//! | `ARMED`  | N1, lock held            | linked in the shard's wheel, with a waker          |
//! | `FIRED`  | F2, lock held; the owner | the deadline has passed; the owner's alone again   |
//! | `CLOSED` | F2, lock held            | the driver is gone; the owner's alone again        |
//!
//! "The owner" is who holds the `Sleep`: one thread at a time, by `&mut` or by dropping it.
//!
//! # Protocol: fire
//! | driver (or whoever advances it), lock held | owner                                  |
//! |---------------------------------------------|----------------------------------------|
//! | F1 unlink, take the waker                   | N1 lock: link, store ARMED             |
//! | F2 store FIRED or CLOSED                    | N2 load the state                      |
//! | let go of the lock, wake                    | N3 if ARMED: lock, look again          |
//!
//! **Claim (the last touch).** Once N2 sees FIRED or CLOSED, or N3 sees anything but ARMED, nobody
//! but the owner touches the node, so it may be freed or armed anew. If N3 sees ARMED, the node is
//! linked, and the owner unlinks it before it lets go of the lock: no pointer to it is left.
//! **Why.** A linked node is reached through the wheel alone, under the lock. F1 takes it out, and F2
//! is the last access; what F1 wrote, N2 sees by the pair F2 (Release) and N2 (Acquire), and N3 by
//! the lock. The waker leaves the node before F2, and is woken after the lock.
//! **Breaks if** F2 is weaker than Release or N2 than Acquire, or the waker is taken after F2.
//! **Checked by** `node::loom_tests::fire_against_drop`,
//! `node::loom_tests::neighbours_fire_and_are_dropped` and `node::loom_tests::close_against_drop`.
//!
//! **Claim (a reset is final).** After a reset to a later tick the node does not fire for the old
//! one: either it had fired before, and starts over, or it is armed for the new tick.
//! **Why.** The reset looks at the state and writes the tick under one hold of the lock, and F1 fires
//! what is due by the tick that it reads under it.
//! **Breaks if** the state is not looked at again under the lock.
//! **Checked by** `node::loom_tests::fire_against_reset`.

use core::cell::Cell;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Poll, Waker};

use rt_task::base::shim::{AtomicU8, Ordering::*, UnsafeCell, site};

use crate::entry::{Entry, Spot};
use crate::group::{Group, Stamp};
use crate::moment::{Moment, Rest, Split};
use crate::shard::{Held, Shard};

const IDLE: u8 = 0;
const DUE: u8 = 1;
const ARMED: u8 = 2;
const FIRED: u8 = 3;
const CLOSED: u8 = 4;

/// A timer, pinned in the `Sleep` that owns it. See the module for who may touch it when.
#[repr(C)] // `entry` comes first: a pointer to it is one to the node.
pub(crate) struct Node {
    entry: Entry,
    waker: UnsafeCell<Option<Waker>>,
    group: &'static Group,
    generation: u16,
    /// The owner's. Which of the group's shards it is armed in, or was last.
    shard: Cell<u16>,
    /// The owner's. What the tick in `entry` leaves out of the deadline.
    rest: Cell<Rest>,
    state: AtomicU8,
}

// SAFETY: what is shared between threads follows the Claims of the module; wakers are `Send`.
unsafe impl Send for Node {}
// SAFETY: a shared reference reads the state, the shard and the deadline: which change by
// `Pin<&mut Node>` alone, or are read under the lock.
unsafe impl Sync for Node {}

/// The driver is gone: the timer will not fire.
#[derive(Debug)]
pub(crate) struct Closed;

impl Node {
    /// A timer of the driver that `stamp` names. One that is `due` never meets the driver.
    #[inline]
    pub(crate) fn new(stamp: Stamp, deadline: Moment, due: bool) -> Self {
        let Split { tick, rest } = stamp.group.phase().split(deadline);
        Self {
            entry: Entry::new(tick),
            waker: UnsafeCell::new(None),
            group: stamp.group,
            generation: stamp.generation,
            shard: Cell::new(0),
            rest: Cell::new(rest),
            state: AtomicU8::new(if due { DUE } else { IDLE }),
        }
    }

    /// N2. With FIRED or CLOSED, the node is the owner's alone.
    #[inline]
    fn look(&self) -> u8 {
        self.state.load(site("timer.N2", Acquire)) // pairs with F2
    }

    /// The state, for who holds the lock, which orders.
    #[inline]
    fn is_armed(&self) -> bool {
        self.state.load(Relaxed) == ARMED
    }

    /// Whether it has fired. Decides nothing, orders nothing.
    #[inline]
    pub(crate) fn is_fired(&self) -> bool {
        self.state.load(Relaxed) == FIRED
    }

    /// The shard it is armed in.
    #[inline]
    fn shard(&self) -> &'static Shard {
        self.group.shard(self.shard.get())
    }

    fn entry(&self) -> NonNull<Entry> {
        // From the whole node: who fires it needs more than the entry.
        NonNull::from(self).cast()
    }

    /// Ready once the deadline has passed; else `waker` is woken then, and `deadline` told.
    #[inline]
    pub(crate) fn poll_telling(
        self: Pin<&mut Self>,
        waker: &Waker,
        deadline: &Cell<Option<Moment>>,
    ) -> Poll<Result<(), Closed>> {
        let node = self.into_ref().get_ref();
        match node.look() {
            FIRED => Poll::Ready(Ok(())),
            DUE => {
                node.state.store(FIRED, Relaxed); // the owner's alone: publishes nothing
                Poll::Ready(Ok(()))
            }
            IDLE => node.arm(node.group.here(), waker, deadline),
            ARMED => node.watch(waker, deadline),
            _ => Poll::Ready(Err(Closed)),
        }
    }

    /// Without asking for the deadline.
    #[cfg(test)]
    pub(crate) fn poll(self: Pin<&mut Self>, waker: &Waker) -> Poll<Result<(), Closed>> {
        self.poll_telling(waker, &Cell::new(None))
    }

    /// N1. Two read-modify-writes: the lock and the waker's clone.
    fn arm(
        &self,
        shard: u16,
        waker: &Waker,
        deadline: &Cell<Option<Moment>>,
    ) -> Poll<Result<(), Closed>> {
        let waker = waker.clone();
        // SAFETY: IDLE, so the node is the owner's alone, and the caller is the owner.
        unsafe { self.replace_waker(Some(waker)) };
        self.shard.set(shard);
        let mut shard = self.shard().lock();
        let armed = match shard.is(self.generation) {
            true => self.arm_in(&mut shard, deadline),
            false => Poll::Ready(Err(Closed)),
        };
        shard.unlock_and_call();
        if armed.is_ready() {
            // SAFETY: not linked, so the node is still the owner's alone.
            drop(unsafe { self.replace_waker(None) });
        }
        armed
    }

    fn arm_in(
        &self,
        shard: &mut Held<'_>,
        deadline: &Cell<Option<Moment>>,
    ) -> Poll<Result<(), Closed>> {
        // SAFETY: linked nowhere, and the caller is the owner: it has the entry.
        let tick = unsafe { self.entry.spot() }.tick();
        if tick <= shard.wheel().elapsed() {
            self.state.store(FIRED, Relaxed); // the owner's alone: publishes nothing
            return Poll::Ready(Ok(()));
        }
        deadline.set(Some(Split { tick, rest: self.rest.get() }.deadline()));
        // SAFETY: linked nowhere; pinned, and unlinked by `drop` if not before.
        unsafe { shard.insert(self.entry(), tick) };
        self.state.store(ARMED, Relaxed); // published by the lock
        Poll::Pending
    }

    /// Polled again: N3, and another waker if it is another task's. One read-modify-write when
    /// it is the same.
    fn watch(&self, waker: &Waker, deadline: &Cell<Option<Moment>>) -> Poll<Result<(), Closed>> {
        let shard = self.shard().lock();
        // SAFETY: the lock of the shard that it is linked in is held; or it is the owner's alone.
        deadline.set(Some(unsafe { self.deadline_unlocked() }));
        let same = self.waker.with(|known| {
            // SAFETY: nobody writes it: armed, and the lock is held; or it is the owner's alone.
            let known = unsafe { &*known };
            known.as_ref().is_some_and(|known| known.will_wake(waker))
        });
        if same {
            return Poll::Pending;
        }
        drop(shard);
        // Cloning and dropping may run anything, so they run outside the lock.
        let mut other = Some(waker.clone());
        let shard = self.shard().lock();
        if !self.is_armed() {
            drop(shard);
            return self.settled();
        }
        // SAFETY: armed, and the lock is held: the waker is ours to write.
        other = unsafe { self.replace_waker(other) };
        drop(shard);
        drop(other);
        Poll::Pending
    }

    /// What N3 leaves of a timer that was armed and is not.
    fn settled(&self) -> Poll<Result<(), Closed>> {
        match self.is_fired() {
            true => Poll::Ready(Ok(())),
            false => Poll::Ready(Err(Closed)),
        }
    }

    /// # Safety
    /// The caller is the owner and the node is not linked, or the caller holds the lock and it is.
    #[inline]
    unsafe fn replace_waker(&self, waker: Option<Waker>) -> Option<Waker> {
        // SAFETY: nobody else looks at it meanwhile (contract, the last touch).
        self.waker.with_mut(|slot| core::mem::replace(unsafe { &mut *slot }, waker))
    }

    /// The first poll, as if on the worker that the shard belongs to.
    #[cfg(all(test, rt_loom))]
    pub(crate) fn poll_in(
        self: Pin<&mut Self>,
        shard: u16,
        waker: &Waker,
    ) -> Poll<Result<(), Closed>> {
        self.into_ref().get_ref().arm(shard, waker, &Cell::new(None))
    }

    /// Starts over with another deadline. The waker of one that is armed stays.
    pub(crate) fn reset(self: Pin<&mut Self>, deadline: Moment) {
        let node = self.into_ref().get_ref();
        let split = node.group.phase().split(deadline);
        if node.look() == ARMED && node.reset_armed(split) {
            return;
        }
        let Split { tick, rest } = split;
        // SAFETY: not linked, and the caller is the owner: it has the entry.
        unsafe { node.entry.set_spot(Spot::new(tick, 0)) };
        node.rest.set(rest);
        node.state.store(IDLE, Relaxed); // the owner's alone: publishes nothing
    }

    /// Whether it was still armed. One read-modify-write.
    fn reset_armed(&self, Split { tick, rest }: Split) -> bool {
        let mut shard = self.shard().lock();
        if !self.is_armed() {
            return false;
        }
        self.rest.set(rest);
        if tick > shard.wheel().elapsed() {
            // SAFETY: armed, hence linked in this shard's wheel.
            unsafe { shard.reset(self.entry(), tick) };
            shard.unlock_and_call();
            return true;
        }
        // The wheel has been there already: no later turn need come for it.
        // SAFETY: armed, hence linked in this shard's wheel.
        unsafe { shard.remove(self.entry()) };
        // SAFETY: unlinked just now, by the holder of the lock, who is the owner, too.
        unsafe { self.entry.set_spot(Spot::new(tick, 0)) };
        // SAFETY: as above.
        let waker = unsafe { self.replace_waker(None) };
        self.state.store(FIRED, Relaxed); // the owner's alone: publishes nothing
        drop(shard);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// The deadline. Takes the lock while armed: the driver may just be moving the entry.
    pub(crate) fn deadline(&self) -> Moment {
        let _shard = (self.look() == ARMED).then(|| self.shard().lock());
        // SAFETY: not armed, and no `&mut` to arm it exists; or the lock is held.
        unsafe { self.deadline_unlocked() }
    }

    /// # Safety
    /// The caller has the entry.
    unsafe fn deadline_unlocked(&self) -> Moment {
        // SAFETY: the contract is the same.
        let tick = unsafe { self.entry.spot() }.tick();
        Split { tick, rest: self.rest.get() }.deadline()
    }
}

/// F1 and F2 for an entry that was just unlinked: hands out the waker of its node.
///
/// # Safety
/// The wheel of the lock that the caller holds has handed out `entry`.
#[inline]
pub(crate) unsafe fn fire(entry: NonNull<Entry>, how: Fire) -> Option<Waker> {
    let node: NonNull<Node> = entry.cast();
    // SAFETY: every linked entry is the first field of a node, pointed to as a whole (`entry()`);
    // the node is alive until F2, since its owner waits for the lock to drop it.
    let node = unsafe { node.as_ref() };
    // SAFETY: it was linked just now, and the lock is held.
    let waker = unsafe { node.replace_waker(None) };
    let fired = match how {
        Fire::Due => FIRED,
        Fire::Close => CLOSED,
    };
    node.state.store(fired, site("timer.F2", Release)); // pairs with N2; the last access
    waker
}

/// Why a timer leaves the wheel.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fire {
    Due,
    Close,
}

impl Drop for Node {
    fn drop(&mut self) {
        let node = &*self;
        let mut waker = None;
        if node.look() == ARMED {
            let mut shard = node.shard().lock();
            if node.is_armed() {
                // SAFETY: armed, hence linked in this shard's wheel.
                unsafe { shard.remove(node.entry()) };
                // SAFETY: unlinked by the holder of the lock, who is the owner, too.
                waker = unsafe { node.replace_waker(None) };
            }
        } else {
            // SAFETY: not linked, and the owner is dropping it. There is none; the model checker
            // sees the access.
            waker = unsafe { node.replace_waker(None) };
        }
        drop(waker); // after the lock: it may run anything
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
