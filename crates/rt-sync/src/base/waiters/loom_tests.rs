//! A waiter and who tells it, in all orders.

use rt_task::base::byte_lock::ByteLock;
use rt_task::base::shim::{Arc, AtomicUsize, Ordering::*, model, thread};
use std::boxed::Box;
use std::task::Waker;

use super::{Waiter, Waiters};

/// A value that one thread writes before it tells, and the waiter reads after: a race unless ordered.
struct Shared {
    list: ByteLock<Waiters<u32>>,
    written: rt_task::base::shim::UnsafeCell<u32>,
    told: AtomicUsize,
}

// SAFETY: `written` is touched by the teller before T1 and by the waiter after W1.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

#[test]
fn told_once() {
    model(|| {
        let shared = Arc::new(Shared {
            list: ByteLock::new(Waiters::new()),
            written: rt_task::base::shim::UnsafeCell::new(0),
            told: AtomicUsize::new(0),
        });
        let waiter = Box::pin(Waiter::new());
        // SAFETY: pinned in its box, and told or unlinked before that goes.
        shared.list.lock().with(|list| unsafe { list.link(&waiter, Waker::noop().clone(), 7) });
        let teller = {
            let shared = shared.clone();
            thread::spawn(move || {
                // SAFETY: nobody reads before it was told.
                shared.written.with_mut(|written| unsafe { *written = 5 });
                if shared.list.lock().with(|list| list.tell_first(1)).is_some() {
                    shared.told.fetch_add(1, Relaxed);
                }
            })
        };
        let is_told = |waiter: &Waiter<u32>| {
            // SAFETY: it was told, so the teller has written, and writes no more.
            shared.written.with(|written| assert_eq!(unsafe { *written }, 5));
            assert_eq!(waiter.value(), Some(&7));
        };
        if waiter.told() != 0 {
            is_told(&waiter);
        } else {
            let unlinked = shared.list.lock().with(|list| list.unlink(&waiter)).is_some();
            if !unlinked {
                is_told(&waiter);
            }
            let told = waiter.told() != 0;
            assert_ne!(told, unlinked, "told or unlinked, one of the two");
        }
        drop(waiter);
        teller.join().unwrap();
    });
}
