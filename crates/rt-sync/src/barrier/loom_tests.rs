//! The Claim of the barrier, over every interleaving.

use rt_task::base::shim::{Arc, UnsafeCell, model, thread};

use crate::Barrier;
use crate::kit::Polled;

/// What each writes before it comes, and the other reads after: a race unless ordered.
struct Shared {
    barrier: Barrier,
    written: [UnsafeCell<u32>; 2],
}

// SAFETY: each cell is written by one, before its wait, and read by the other, after its own.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

impl Shared {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            barrier: Barrier::new(2),
            written: [UnsafeCell::new(0), UnsafeCell::new(0)],
        })
    }

    /// Comes as one of the two. Returns whether it was the leader.
    fn come(&self, me: usize) -> bool {
        // SAFETY: the other one reads it after this one has come.
        self.written[me].with_mut(|written| unsafe { *written = 7 });
        let mut wait = Polled::new(self.barrier.wait());
        let end = loop {
            match wait.poll() {
                core::task::Poll::Ready(end) => break end,
                core::task::Poll::Pending => thread::yield_now(),
            }
        };
        // SAFETY: the other one has come, and writes no more.
        self.written[1 - me].with(|written| assert_eq!(unsafe { *written }, 7));
        end.is_leader()
    }
}

#[test]
fn all_or_none() {
    model(|| {
        let shared = Shared::new();
        let other = {
            let shared = shared.clone();
            thread::spawn(move || shared.come(1))
        };
        let here = shared.come(0);
        assert_ne!(here, other.join().unwrap(), "one leader");
    });
}

#[test]
fn who_leaves_is_counted_out() {
    model(|| {
        let shared = Shared::new();
        let mut first = Polled::new(shared.barrier.wait());
        first.pends();
        let other = {
            let shared = shared.clone();
            thread::spawn(move || Polled::new(shared.barrier.wait()).is_ready())
        };
        drop(first);
        // It came before that, as the leader of both; or alone, and has left.
        let _was_leader = other.join().unwrap();
        let mut next = Polled::new(shared.barrier.wait());
        next.pends();
        assert!(Polled::new(shared.barrier.wait()).ready().is_leader());
        assert_eq!(next.wakes(), 1);
        assert!(!next.ready().is_leader());
    });
}
