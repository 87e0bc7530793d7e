//! What happens once: a flag, and the crowd that waits for it.
//!
//! # Protocol: event
//! | who makes it happen                                | who waits                                    |
//! |----------------------------------------------------|----------------------------------------------|
//! | V1 lock; write what comes with it; store the flag  | V2 load the flag                             |
//! | V3 tell the crowd, some at a time; wake them       | V4 lock; look again; join the crowd; unlock  |
//!
//! **Claim (once, and seen).** One caller makes it happen; who sees the flag sees what was written before; who
//! waits is woken after it.
//! **Why.** The flag changes under the crowd's lock. V1 is a Release store, V2 an Acquire load. V4 before V1: it is
//! in the crowd, which V3 tells; V1 before V4: V4 sees the flag.
//! **Breaks if** V1 is weaker than Release, or V2 than Acquire, or V4 does not look again.
//! **Checked by** `set_once::loom_tests::seen_with_its_value`, `set_once::loom_tests::set_by_one` and
//! `cancellation::loom_tests::seen_with_what_was_before`.

use core::fmt;
use core::pin::Pin;
use core::task::{Poll, Waker};

use rt_task::base::byte_lock::ByteLock;
use rt_task::base::shim::{AtomicBool, Ordering::*, const_fn, site};
use rt_task::base::wake_batch::WakeBatch;

use super::crowd::{Crowd, Member, tell_all, tell_all_from};

/// See the module.
pub(crate) struct Event {
    has_happened: AtomicBool,
    crowd: ByteLock<Crowd>,
}

impl Event {
    const_fn! {
        /// One that has happened, or not yet.
        pub(crate) const fn new(has_happened: bool) -> Self {
            Self { has_happened: AtomicBool::new(has_happened), crowd: ByteLock::new(Crowd::new()) }
        }
    }

    /// One load.
    #[inline]
    pub(crate) fn has_happened(&self) -> bool {
        self.has_happened.load(site("event.V2", Acquire)) // V2, pairs with V1
    }

    /// Runs `first`, if it has not happened yet, and makes it happen. Returns whether it did.
    ///
    /// `first` is to move a value and nothing else: a lock is held. One read-modify-write, and one for each 32
    /// that wait beyond the first ones.
    pub(crate) fn happen(&self, first: impl FnOnce()) -> bool {
        let guard = self.crowd.lock();
        if self.has_happened.load(Relaxed) {
            return false; // and stays so; seen by the lock
        }
        first();
        self.has_happened.store(true, site("event.V1", Release)); // V1, pairs with V2
        tell_all_from(&self.crowd, guard, |crowd| crowd); // V3
        true
    }

    /// Makes it happen, and tells as many as `wakers` has room for; those are to be woken by the caller.
    /// Returns whether there may be more, for [`wake_all`](Self::wake_all).
    pub(crate) fn mark(&self, wakers: &mut WakeBatch) -> bool {
        self.crowd.lock().with(|crowd| {
            self.has_happened.store(true, site("event.V1-mark", Release)); // V1, pairs with V2
            crowd.tell_some(wakers)
        })
    }

    /// Wakes all that wait still, once it was [marked](Self::mark).
    pub(crate) fn wake_all(&self) {
        tell_all(&self.crowd, |crowd| crowd); // V3
    }

    /// Ready once it has happened; else `waker` is woken when it does.
    pub(crate) fn poll(&self, member: Pin<&mut Member>, waker: &Waker) -> Poll<()> {
        if self.has_happened() {
            return Poll::Ready(());
        }
        // V4: under the lock, which orders it after V1.
        let look = |_: &mut Crowd| self.has_happened.load(Relaxed).then_some(());
        match member.wait(&self.crowd, |crowd| crowd, waker, look) {
            Some(()) => Poll::Ready(()),
            None => Poll::Pending,
        }
    }

    /// `member` waits no more.
    pub(crate) fn leave(&self, member: Pin<&mut Member>) {
        member.leave(&self.crowd, |crowd| crowd);
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("has_happened", &self.has_happened()).finish_non_exhaustive()
    }
}
