//! Wakers that panic in one of their functions, and such that count.

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::ledger::boom;
use crate::support::block_until;

/// Which function panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WakerFault {
    Clone,
    Wake,
    Drop,
}

pub(super) const FAULTS: [WakerFault; 3] = [WakerFault::Clone, WakerFault::Wake, WakerFault::Drop];

/// What the clones of a waker share.
pub(super) struct Woken {
    wakes: AtomicUsize,
    /// Panics where it should, while this holds.
    armed: AtomicBool,
    fault: Option<WakerFault>,
}

impl Woken {
    /// A waker that only counts.
    pub(super) fn counting() -> Arc<Self> {
        Self::new(None)
    }

    pub(super) fn bomb(fault: WakerFault) -> Arc<Self> {
        Self::new(Some(fault))
    }

    fn new(fault: Option<WakerFault>) -> Arc<Self> {
        Arc::new(Self { wakes: AtomicUsize::new(0), armed: AtomicBool::new(true), fault })
    }

    pub(super) fn waker(self: &Arc<Self>) -> Waker {
        let data = Arc::into_raw(self.clone()).cast();
        // SAFETY: the table takes what `into_raw` gave, and counts as a waker's holders do.
        unsafe { Waker::from_raw(RawWaker::new(data, &TABLE)) }
    }

    pub(super) fn was_woken(&self) -> bool {
        self.wakes.load(SeqCst) > 0
    }

    /// From now on it panics no more.
    pub(super) fn disarm(&self) {
        self.armed.store(false, SeqCst);
    }

    /// Every waker that was made is gone, once.
    #[track_caller]
    pub(super) fn is_gone(self: Arc<Self>) {
        // A thread may still be on its way out of the wake that panicked.
        block_until(|| Arc::strong_count(&self) == 1);
    }

    fn at(&self, fault: WakerFault) {
        if self.fault == Some(fault) && self.armed.load(SeqCst) {
            boom();
        }
    }
}

static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// The `Woken` of a waker, which stays the waker's.
///
/// # Safety
/// `data` is from `Arc::into_raw`, and not dropped yet.
unsafe fn shared(data: *const ()) -> ManuallyDrop<Arc<Woken>> {
    // SAFETY: the contract is the same.
    ManuallyDrop::new(unsafe { Arc::from_raw(data.cast()) })
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: called for a waker that is there.
    let woken = unsafe { shared(data) };
    woken.at(WakerFault::Clone);
    RawWaker::new(Arc::into_raw(Arc::clone(&woken)).cast(), &TABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: called once, for a waker that ends here.
    let woken = ManuallyDrop::into_inner(unsafe { shared(data) });
    woken.wakes.fetch_add(1, SeqCst);
    woken.at(WakerFault::Wake);
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: called for a waker that is there.
    let woken = unsafe { shared(data) };
    woken.wakes.fetch_add(1, SeqCst);
    woken.at(WakerFault::Wake);
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: called once, for a waker that ends here.
    let woken = ManuallyDrop::into_inner(unsafe { shared(data) });
    woken.at(WakerFault::Drop);
}
