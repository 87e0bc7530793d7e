//! Whose waker is called.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Wake;

use super::*;

#[derive(Default)]
struct Counts(AtomicUsize);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn counted() -> (Arc<Counts>, Waker) {
    let counts = Arc::new(Counts::default());
    (counts.clone(), Waker::from(counts))
}

#[test]
fn every_poller_is_woken_once() {
    let outer = Outer::new();
    let pollers: Vec<_> = (0..4).map(|_| counted()).collect();
    for _ in 0..2 {
        for (key, (_, waker)) in pollers.iter().enumerate() {
            outer.leave(key as u64, waker);
        }
    }
    outer.unpark();
    outer.unpark();
    assert!(pollers.iter().all(|(counts, _)| counts.0.load(SeqCst) == 1));
    assert!(pollers.iter().all(|(counts, _)| Arc::strong_count(counts) == 2), "none is kept");
}

#[test]
fn a_poller_that_changes_its_waker_keeps_one_place() {
    let outer = Outer::new();
    for key in [0, 1, 2] {
        let (first, second) = (counted(), counted());
        outer.leave(key, &first.1);
        outer.leave(key, &second.1);
        assert_eq!(Arc::strong_count(&first.0), 2, "the waker before is dropped");
        assert_eq!(Arc::strong_count(&second.0), 3);
        if key == 2 {
            outer.unpark();
            assert_eq!(second.0.0.load(SeqCst), 1);
        }
    }
}

#[test]
fn who_polls_no_more_is_not_woken_and_others_go_on() {
    let outer = Outer::new();
    let (leaves, stays) = (counted(), counted());
    outer.leave(0, &leaves.1);
    outer.forget(0);
    assert_eq!(leaves.0.0.load(SeqCst), 0);
    outer.leave(1, &stays.1);
    outer.leave(0, &leaves.1);
    outer.forget(0);
    assert_eq!((leaves.0.0.load(SeqCst), stays.0.0.load(SeqCst)), (0, 1));
}

#[test]
fn a_waker_that_panics_keeps_no_other_from_being_woken() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            std::panic::resume_unwind(Box::new("a waker"));
        }
    }
    let outer = Outer::new();
    let pollers: Vec<_> = (0..3).map(|_| counted()).collect();
    outer.leave(0, &Waker::from(Arc::new(Panics)));
    for (key, (_, waker)) in (1..).zip(&pollers) {
        outer.leave(key, waker);
    }
    outer.unpark();
    assert!(pollers.iter().all(|(counts, _)| counts.0.load(SeqCst) == 1));
}
