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
