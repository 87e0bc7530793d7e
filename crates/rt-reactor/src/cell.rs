//! A place for one waker, in three atomics.
//!
//! Who may touch a cell is said by the slot's [word](crate::word); this file only stores. The
//! parts of the waker are atomics so that a waiter can ask, at no cost, whether the waker that
//! waits is its own, while another thread may be taking it.
//!
//! # Protocol: hand-over
//! | claimer                                    | who cleared WAITING        |
//! |--------------------------------------------|----------------------------|
//! | K1 wait until `vtable` is null             | K3 read the parts          |
//! | K2 write the parts                         | K4 set `vtable` to null    |
//!
//! **Claim (emptied first).** K2 never overwrites a waker that is still to be read.
//! **Why.** K4 is a Release store after K3, which K1 waits for with Acquire. No foreign code runs
//! between the clearing of WAITING and K4, so K1 waits for a few instructions.
//! **Breaks if** K4 is weaker than Release or K1 weaker than Acquire.
//! **Checked by** `slot::loom_tests::one_owner`.

use std::ptr;
use std::task::{RawWakerVTable, Waker};

use rt_task::base::shim::{AtomicPtr, AtomicUsize, Ordering::*, UnsafeCell, relax, site};

/// See the module.
#[derive(Debug)]
pub(crate) struct WakerCell {
    data: AtomicPtr<()>,
    /// Null when the cell is empty.
    vtable: AtomicPtr<RawWakerVTable>,
    /// Which future put the waker here: its address. Zero: none.
    owner: AtomicUsize,
    /// Nothing. Shows the model checker who has exclusive access, and when.
    access: UnsafeCell<()>,
}

impl WakerCell {
    pub(crate) fn new() -> Self {
        Self {
            data: AtomicPtr::new(ptr::null_mut()),
            vtable: AtomicPtr::new(ptr::null_mut()),
            owner: AtomicUsize::new(0),
            access: UnsafeCell::new(()),
        }
    }

    /// K1, K2: stores `waker` for `owner`. Called by the claimer of an empty cell, or of one that
    /// is being emptied.
    #[inline]
    pub(crate) fn put(&self, waker: Waker, owner: usize) {
        // First, so that a future that asks whether the cell is still its own need not wait, too.
        self.owner.store(owner, Relaxed);
        let mut turns = 0;
        // K1, pairs with K4
        while !self.vtable.load(site("reactor.K1", Acquire)).is_null() {
            relax(&mut turns);
        }
        self.access.with_mut(|_| ());
        // K2: published by W1.
        self.data.store(waker.data().cast_mut(), Relaxed);
        let vtable: *const RawWakerVTable = waker.vtable();
        self.vtable.store(vtable.cast_mut(), Relaxed);
        std::mem::forget(waker); // the cell's now
    }

    /// K3, K4: takes the waker out.
    ///
    /// # Safety
    /// The cell holds a waker, and that is the caller's: it cleared WAITING, or put the waker
    /// there and has the cell claimed (I3), or has the cell to itself.
    #[inline]
    pub(crate) unsafe fn take(&self) -> Waker {
        // K3: acquired with WAITING.
        let data = self.data.load(Relaxed);
        let vtable = self.vtable.load(Relaxed);
        self.access.with_mut(|_| ());
        self.vtable.store(ptr::null_mut(), site("reactor.K4", Release)); // K4, pairs with K1
        // SAFETY: not null, and stored by K2 from a `&'static RawWakerVTable`: the cell is full
        // (contract).
        let vtable = unsafe { &*vtable };
        // SAFETY: the parts of one waker that K2 forgot; by I3 they are handed out once.
        unsafe { Waker::new(data, vtable) }
    }

    /// Whether the waker here is `waker`, as far as can be seen while others may change it.
    ///
    /// Right unless another waiter replaces it during the call; that one counts as later then.
    #[inline]
    pub(crate) fn holds(&self, waker: &Waker) -> bool {
        // Who asks has seen WAITING with Acquire, hence this waker's parts or later ones.
        ptr::eq(self.data.load(Relaxed), waker.data())
            && ptr::eq(self.vtable.load(Relaxed), waker.vtable())
    }

    /// Whether the last waker was put here by `owner`.
    pub(crate) fn is_of(&self, owner: usize) -> bool {
        // Only `owner` itself writes its address, and each address is one living future's.
        self.owner.load(Relaxed) == owner
    }
}

impl Drop for WakerCell {
    fn drop(&mut self) {
        if !self.vtable.load(Relaxed).is_null() {
            // SAFETY: full, and nobody else is left.
            drop(unsafe { self.take() });
        }
    }
}
