//! A block of slots: the unit in which the queue has memory.

use alloc::boxed::Box;
use core::ptr::{self, NonNull};

use rt_task::base::shim::{AtomicPtr, Ordering::*};

use super::slot::Slot;

/// Messages in a block.
pub(crate) const SLOTS: usize = if cfg!(rt_loom) { 2 } else { 32 };
const _: () = assert!(SLOTS.is_power_of_two());

/// See the module.
pub(crate) struct Block<T> {
    slots: [Slot<T>; SLOTS],
    /// The one after it; null until the last slot is claimed.
    next: AtomicPtr<Block<T>>,
}

impl<T> Block<T> {
    /// Writes an empty one to `place`, piece by piece: it may be too large for the stack.
    ///
    /// # Safety
    /// `place` may be written, and holds nothing.
    pub(crate) unsafe fn init(place: *mut Self) {
        // SAFETY: inside of `place` (contract); no reference is made.
        let slots = unsafe { &raw mut (*place).slots }.cast::<Slot<T>>();
        for index in 0..SLOTS {
            // SAFETY: inside of `slots`.
            let slot = unsafe { slots.add(index) };
            // SAFETY: it may be written, and holds nothing (contract).
            unsafe { slot.write(Slot::new()) };
        }
        // SAFETY: inside of `place` (contract); no reference is made.
        let next = unsafe { &raw mut (*place).next };
        // SAFETY: it may be written, and holds nothing (contract).
        unsafe { next.write(AtomicPtr::new(ptr::null_mut())) };
    }

    /// An empty one on the heap.
    #[cold]
    pub(crate) fn allocate() -> NonNull<Self> {
        let place = Box::into_raw(Box::<Self>::new_uninit()).cast::<Self>();
        // SAFETY: fresh memory.
        unsafe { Self::init(place) };
        NonNull::new(place).expect("a box is somewhere")
    }

    /// # Safety
    /// Of [`allocate`](Self::allocate), and nobody uses it any more. No message is in it.
    #[cold]
    pub(crate) unsafe fn free(block: NonNull<Self>) {
        // SAFETY: from a box, by `allocate`; the caller's alone (contract).
        drop(unsafe { Box::from_raw(block.as_ptr()) });
    }

    /// As new. It is the caller's alone, and its messages were read.
    pub(crate) fn clear(&self) {
        self.slots.iter().for_each(Slot::clear);
        self.next.store(ptr::null_mut(), Relaxed); // seen by senders through the queue's Q2
    }

    #[inline]
    pub(crate) fn slot(&self, index: usize) -> &Slot<T> {
        &self.slots[index % SLOTS]
    }

    #[inline]
    pub(crate) fn next(&self) -> Option<NonNull<Self>> {
        // Relaxed: who asks has seen what was published after it (queue, Claim (chain)).
        NonNull::new(self.next.load(Relaxed))
    }

    #[inline]
    pub(crate) fn set_next(&self, next: Option<NonNull<Self>>) {
        self.next.store(next.map_or(ptr::null_mut(), NonNull::as_ptr), Relaxed); // published by Q4
    }
}
