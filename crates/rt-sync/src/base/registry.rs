//! Every queue in which somebody has ever waited: where waits are looked up by who asks why a program is stuck.
//!
//! A queue is registered when it is made, which is when somebody waits for the first time, and leaves when its
//! lock is dropped. Waiting and waking do not come here.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::Cell;
use core::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::permits::Queue;
use crate::deadlocks::LockWait;

/// A queue, and where it stands among all.
pub(crate) struct Registered {
    queue: Queue,
    /// Place in the registry; changed under its lock.
    place: Cell<usize>,
}

/// Those that exist. Not one of the model's: it guards what no protocol relies on.
static QUEUES: Mutex<Queues> = Mutex::new(Queues(Vec::new()));

struct Queues(Vec<NonNull<Registered>>);

// SAFETY: what it points to may be reached from any thread: `queue` is `Sync`, `place` is the lock's.
unsafe impl Send for Queues {}

fn queues() -> MutexGuard<'static, Queues> {
    QUEUES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Registered {
    /// Allocates, and registers.
    pub(crate) fn new(queue: Queue) -> NonNull<Self> {
        let new = Box::leak(Box::new(Self { queue, place: Cell::new(0) })).into();
        let mut queues = queues();
        // SAFETY: just made, and `place` is touched under the lock.
        unsafe { NonNull::<Self>::as_ref(&new) }.place.set(queues.0.len());
        queues.0.push(new);
        new
    }

    /// # Safety
    /// `this` comes from `new`, and nobody uses it any more.
    pub(crate) unsafe fn free(this: NonNull<Self>) {
        let mut queues = queues();
        // SAFETY: alive (contract).
        let place = unsafe { this.as_ref() }.place.get();
        queues.0.swap_remove(place);
        if let Some(moved) = queues.0.get(place) {
            // SAFETY: registered, hence alive, and `place` is touched under the lock.
            unsafe { moved.as_ref() }.place.set(place);
        }
        drop(queues);
        // SAFETY: made by `new`; nobody uses it (contract), nor finds it any more.
        drop(unsafe { Box::from_raw(this.as_ptr()) });
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }
}

/// Everybody that waits now in one of the queues.
pub(crate) fn waits() -> Vec<LockWait> {
    let queues = queues();
    let mut all = Vec::new();
    for queue in &queues.0 {
        let object = queue.addr().get();
        // SAFETY: registered, hence alive: it leaves under the lock that is held.
        let queue = &unsafe { queue.as_ref() }.queue;
        let held = queue.holder.read().map(Into::into);
        // No allocation under the byte lock: with too little room, once more.
        loop {
            let (start, mut missed) = (all.len(), 0);
            queue.waiters.lock().for_each(|want| match all.len() < all.capacity() {
                true => all.push(LockWait::new(object, want.who, held)),
                false => missed += 1,
            });
            if missed == 0 {
                break;
            }
            let seen = all.len() - start;
            all.truncate(start);
            all.reserve(2 * (seen + missed));
        }
    }
    all
}

#[cfg(all(test, not(rt_loom)))]
mod tests {
    use super::*;
    use crate::Semaphore;
    use crate::kit::Polled;

    #[test]
    fn a_queue_is_here_until_its_lock_goes() {
        let semaphore = Semaphore::new(0);
        let line = line!() + 1;
        let mut wait = Polled::new(semaphore.acquire());
        wait.pends();
        let mine = |wait: &LockWait| wait.at().file() == file!() && wait.at().line() == line;
        let object = waits().into_iter().find(mine).expect("it waits").object();
        let is_here = || queues().0.iter().any(|queue| queue.addr().get() == object);
        drop(wait);
        assert!(is_here());
        drop(semaphore);
        assert!(!is_here());
    }
}
