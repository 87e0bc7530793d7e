//! The Claim of the thread parker, over every interleaving.

use super::*;
use loom::cell::UnsafeCell;

#[test]
fn no_lost_unpark() {
    loom::model(|| {
        let park = ThreadPark::new();
        let data = Arc::new(UnsafeCell::new(0_u32));
        let caller = {
            let (unparker, data) = (park.unparker(), data.clone());
            loom::thread::spawn(move || {
                // SAFETY: the reader waits for the unpark.
                data.with_mut(|n| unsafe { *n = 1 });
                unparker.unpark();
            })
        };
        park.park();
        // SAFETY: the writer is done: it unparked after writing.
        assert_eq!(data.with(|n| unsafe { *n }), 1);
        caller.join().unwrap();
    });
}

#[test]
fn a_timed_wait_sees_what_came_before_the_unpark() {
    loom::model(|| {
        let park = ThreadPark::new();
        let data = Arc::new(UnsafeCell::new(0_u32));
        let caller = {
            let (unparker, data) = (park.unparker(), data.clone());
            loom::thread::spawn(move || {
                // SAFETY: the reader waits for the unpark.
                data.with_mut(|n| unsafe { *n = 1 });
                unparker.unpark();
            })
        };
        if park.park_timeout(Duration::from_millis(1)) || park.park_timeout(Duration::ZERO) {
            // SAFETY: the writer is done: it unparked after writing.
            assert_eq!(data.with(|n| unsafe { *n }), 1);
        }
        caller.join().unwrap();
    });
}

#[test]
fn two_unparks_that_are_one_show_what_came_before_both() {
    loom::model(|| {
        let park = ThreadPark::new();
        let said = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
        let callers = [0, 1].map(|caller| {
            let (unparker, said) = (park.unparker(), said.clone());
            loom::thread::spawn(move || {
                said[caller].store(1, Relaxed);
                unparker.unpark();
            })
        });
        // A stale look at what a caller said would be the last one: the model finds it stuck.
        while said.iter().any(|said| said.load(Relaxed) == 0) {
            park.park();
        }
        for caller in callers {
            caller.join().unwrap();
        }
    });
}
