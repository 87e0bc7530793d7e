//! The Claims of the event, with a value.

use rt_task::base::shim::{Arc, UnsafeCell, model, thread};

use crate::SetOnce;
use crate::kit::Polled;

/// What else is written before the cell is set: a race unless ordered.
struct Shared {
    cell: SetOnce<u32>,
    beside: UnsafeCell<u32>,
}

// SAFETY: written before the cell is set, and read after.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

#[test]
fn seen_with_its_value() {
    model(|| {
        let shared = Arc::new(Shared { cell: SetOnce::new(), beside: UnsafeCell::new(0) });
        let setter = {
            let shared = shared.clone();
            thread::spawn(move || {
                // SAFETY: nobody reads before the cell is set.
                shared.beside.with_mut(|beside| unsafe { *beside = 2 });
                shared.cell.set(1).unwrap();
            })
        };
        let mut wait = Polled::new(shared.cell.wait());
        if let core::task::Poll::Ready(value) = wait.poll() {
            assert_eq!(*value, 1);
        } else {
            // Until it is woken; the flag itself is looked at as well.
            while !wait.is_woken() && shared.cell.get().is_none() {
                thread::yield_now();
            }
            assert_eq!(*wait.ready(), 1);
        }
        // SAFETY: the cell is set.
        shared.beside.with(|beside| assert_eq!(unsafe { *beside }, 2));
        drop(wait);
        setter.join().unwrap();
    });
}

#[test]
fn set_by_one() {
    model(|| {
        let cell = Arc::new(SetOnce::new());
        let mut wait = Polled::new(cell.wait());
        let mut left = Polled::new(cell.wait());
        let is_ready = wait.is_ready() || left.is_ready();
        assert!(!is_ready);
        let other = {
            let cell = cell.clone();
            thread::spawn(move || cell.set(1).is_ok())
        };
        drop(left);
        let here = cell.set(2).is_ok();
        let there = other.join().unwrap();
        assert_ne!(here, there);
        assert_eq!(wait.wakes(), 1);
        assert_eq!(*wait.ready(), if here { 2 } else { 1 });
    });
}
