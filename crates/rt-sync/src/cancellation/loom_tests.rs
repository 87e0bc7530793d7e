//! The Claims of the tree, over every interleaving.

use rt_task::base::shim::{Arc, UnsafeCell, model, thread};

use crate::CancellationToken;
use crate::kit::Polled;

#[test]
fn a_child_is_linked_or_born_cancelled() {
    model(|| {
        let token = CancellationToken::new();
        let canceller = {
            let token = token.clone();
            thread::spawn(move || token.cancel())
        };
        let child = token.child_token();
        let mut wait = Polled::new(child.cancelled());
        let was_ready = wait.is_ready();
        canceller.join().unwrap();
        assert!(child.is_cancelled());
        assert!(was_ready || wait.is_woken());
        wait.ready();
    });
}

#[test]
fn both_cancel_all() {
    model(|| {
        let token = CancellationToken::new();
        let child = token.child_token();
        let grandchild = child.child_token();
        let other = {
            let (child, grandchild) = (child.clone(), grandchild.clone());
            thread::spawn(move || {
                child.cancel();
                assert!(child.is_cancelled() && grandchild.is_cancelled());
            })
        };
        token.cancel();
        assert!(child.is_cancelled() && grandchild.is_cancelled());
        other.join().unwrap();
    });
}

#[test]
fn freed_once() {
    model(|| {
        let token = CancellationToken::new();
        let between = token.child_token();
        let last = between.child_token();
        drop(between);
        let dropper = thread::spawn(move || {
            let mut wait = Polled::new(last.cancelled());
            let _ = wait.poll();
            drop(wait);
            drop(last);
        });
        token.cancel();
        dropper.join().unwrap();
        assert_eq!(token.handle.nodes(), 1);
    });
    model(|| {
        let token = CancellationToken::new();
        let child = token.child_token();
        let droppers = [(child.clone(), token.clone()), (child, token.clone())]
            .map(|both| thread::spawn(move || drop(both)));
        droppers.into_iter().for_each(|dropper| dropper.join().unwrap());
        assert_eq!(token.handle.nodes(), 1);
    });
}

/// Who sees it cancelled sees what was done before: a race unless ordered.
#[test]
fn seen_with_what_was_before() {
    struct Shared {
        token: CancellationToken,
        written: UnsafeCell<u32>,
    }
    // SAFETY: written before the token is cancelled, and read after.
    unsafe impl Sync for Shared {}
    // SAFETY: as above.
    unsafe impl Send for Shared {}

    model(|| {
        let shared =
            Arc::new(Shared { token: CancellationToken::new(), written: UnsafeCell::new(0) });
        let canceller = {
            let shared = shared.clone();
            thread::spawn(move || {
                // SAFETY: nobody reads before the token is cancelled.
                shared.written.with_mut(|written| unsafe { *written = 3 });
                shared.token.cancel();
            })
        };
        while !shared.token.is_cancelled() {
            thread::yield_now();
        }
        // SAFETY: the token is cancelled.
        shared.written.with(|written| assert_eq!(unsafe { *written }, 3));
        canceller.join().unwrap();
    });
}
