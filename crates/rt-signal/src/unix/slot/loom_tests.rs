//! The Claim of the slot.

use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Poll, Wake, Waker};

use rt_task::base::shim::{Arc, model, thread};

use super::Slot;

/// Whether it was woken. Not modelled: what it tells is asked for after a join.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: StdArc<Self>) {
        self.0.store(true, Relaxed);
    }
}

/// A signal comes, and the one reactor hears.
fn come(slot: &Slot) {
    slot.record(); // H1; the ring is this thread's own order
    hear(slot);
}

fn hear(slot: &Slot) {
    let mut wakers = Vec::new();
    slot.take_wakers(false, &mut wakers);
    wakers.into_iter().for_each(Waker::wake);
}

/// Polls once; whether there was news, or else the flag of its waker.
fn listen(slot: &Slot, place: usize) -> Result<(), StdArc<Flag>> {
    let flag = StdArc::new(Flag(AtomicBool::new(false)));
    match slot.poll(place, 0, &Waker::from(flag.clone())) {
        Poll::Ready(_) => Ok(()),
        Poll::Pending => Err(flag),
    }
}

#[test]
fn no_signal_is_slept_over() {
    model(|| {
        let slot = Arc::new(Slot::new(true));
        let (one, other) = (slot.join(), slot.join());
        let comes = {
            let slot = slot.clone();
            thread::spawn(move || come(&slot))
        };
        let listens = {
            let slot = slot.clone();
            thread::spawn(move || listen(&slot, other))
        };
        let heard = [listen(&slot, one), listens.join().unwrap()];
        comes.join().unwrap();
        for heard in heard {
            assert!(heard.map_or_else(|flag| flag.0.load(Relaxed), |()| true), "slept over");
        }
    });
}

#[test]
fn one_of_two_reactors_that_hear_is_enough() {
    model(|| {
        let slot = Arc::new(Slot::new(true));
        let place = slot.join();
        let comes = {
            let slot = slot.clone();
            thread::spawn(move || come(&slot))
        };
        let hears = {
            let slot = slot.clone();
            thread::spawn(move || hear(&slot))
        };
        let heard = listen(&slot, place);
        comes.join().unwrap();
        hears.join().unwrap();
        assert!(heard.map_or_else(|flag| flag.0.load(Relaxed), |()| true), "slept over");
    });
}
