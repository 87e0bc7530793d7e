//! The Claims of the pair lock, over every interleaving.

use super::*;
use rt_task::base::park::ThreadPark;
use rt_task::base::shim::{Arc, model, thread};

/// Locks as often as `times`, waiting by a waker, and counts.
fn count(lock: &PairLock<usize>, times: usize) {
    let park = ThreadPark::new();
    let waker = park.unparker().into_waker();
    let mut cx = Context::from_waker(&waker);
    for _ in 0..times {
        loop {
            match lock.poll_lock(&mut cx) {
                Poll::Ready(mut guard) => {
                    *guard.pinned() += 1;
                    break;
                }
                Poll::Pending => {
                    park.park();
                    thread::yield_now(); // after P5, the holder goes on first
                }
            }
        }
    }
}

#[test]
fn one_at_a_time() {
    model(|| {
        let lock = Arc::new(PairLock::new(0));
        let other = lock.clone();
        let other = thread::spawn(move || count(&other, 1));
        count(&lock, 2);
        other.join().unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(mut guard) = lock.poll_lock(&mut cx) else { panic!("nobody holds it") };
        assert_eq!(*guard.pinned(), 3);
    });
}

/// One side gives up and comes anew with another waker.
#[test]
fn sides_that_come_and_go() {
    model(|| {
        let lock = Arc::new(PairLock::new(0));
        let other = lock.clone();
        let other = thread::spawn(move || {
            let mut cx = Context::from_waker(Waker::noop());
            for _ in 0..2 {
                if let Poll::Ready(mut guard) = other.poll_lock(&mut cx) {
                    *guard.pinned() += 1;
                }
            }
            count(&other, 1);
        });
        count(&lock, 1);
        other.join().unwrap();
    });
}

/// A side that did not wait after all took its waker back before it locked.
#[test]
fn the_slot_goes_from_one_side_to_the_other() {
    model(|| {
        let lock = Arc::new(PairLock::new(0));
        let other = lock.clone();
        let other = thread::spawn(move || {
            let mut cx = Context::from_waker(Waker::noop());
            core::mem::forget(other.poll_lock(&mut cx)); // held for ever, or waited for
        });
        let mut cx = Context::from_waker(Waker::noop());
        drop(lock.poll_lock(&mut cx));
        thread::yield_now();
        drop(lock.poll_lock(&mut cx));
        other.join().unwrap();
    });
}
