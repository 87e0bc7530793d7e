//! Places and wakers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Wake, Waker};

use super::Slot;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn tell(slot: &Slot, anyway: bool) {
    let mut wakers = Vec::new();
    slot.take_wakers(anyway, &mut wakers);
    wakers.into_iter().for_each(Waker::wake);
}

#[test]
fn everybody_who_waits_is_woken_once_for_any_number_of_signals() {
    let slot = Slot::new(true);
    let counts = [0; 3].map(|_| Arc::new(Count::default()));
    for count in &counts {
        assert!(slot.poll(slot.join(), 0, &Waker::from(count.clone())).is_pending());
    }
    tell(&slot, false);
    assert!(counts.iter().all(|count| count.0.load(SeqCst) == 0), "there was no news");
    slot.record();
    slot.record();
    tell(&slot, false);
    tell(&slot, false);
    assert!(counts.iter().all(|count| count.0.load(SeqCst) == 1));
}

#[test]
fn places_are_used_again_and_keep_no_waker() {
    let slot = Slot::new(true);
    let count = Arc::new(Count::default());
    for _ in 0..10 {
        let place = slot.join();
        assert!(slot.poll(place, 0, &Waker::from(count.clone())).is_pending());
        slot.leave(place);
    }
    assert_eq!((slot.places(), Arc::strong_count(&count)), (1, 1));
    slot.record();
    tell(&slot, true);
    assert_eq!(count.0.load(SeqCst), 0);
}

#[test]
fn the_last_waker_left_is_the_one_that_is_woken() {
    let slot = Slot::new(true);
    let (old, new) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let place = slot.join();
    assert!(slot.poll(place, 0, &Waker::from(old.clone())).is_pending());
    assert!(slot.poll(place, 0, &Waker::from(new.clone())).is_pending());
    assert!(slot.poll(place, 0, &Waker::from(new.clone())).is_pending());
    tell(&slot, true);
    assert_eq!((old.0.load(SeqCst), new.0.load(SeqCst)), (0, 1));
}
