//! The Claim of the bell, over every interleaving.

use super::*;
use rt_task::base::park::ThreadPark;
use rt_task::base::shim::{Arc, UnsafeCell, model, thread};

#[test]
fn no_lost_call() {
    model(|| {
        let park = ThreadPark::new();
        let bell = Arc::new(Bell::new(park.unparker()));
        let work = Arc::new([UnsafeCell::new(false), UnsafeCell::new(false)]);
        let callers: Vec<_> = [ROOT, INBOX]
            .into_iter()
            .enumerate()
            .map(|(n, bit)| {
                let (bell, work) = (bell.clone(), work.clone());
                thread::spawn(move || {
                    // SAFETY: the scheduler reads it only after this caller's bit (Claim).
                    work[n].with_mut(|done| unsafe { *done = true }); // B1
                    bell.ring(bit, false);
                })
            })
            .collect();
        let mut called = 0;
        while called != ROOT | INBOX {
            if bell.try_sleep() {
                park.park(); // S3
            }
            called |= bell.answer();
            for (n, bit) in [ROOT, INBOX].into_iter().enumerate() {
                if called & bit != 0 {
                    // SAFETY: its caller rang, hence is done with it (Claim).
                    assert!(work[n].with(|done| unsafe { *done }));
                }
            }
        }
        for caller in callers {
            caller.join().unwrap();
        }
    });
}
