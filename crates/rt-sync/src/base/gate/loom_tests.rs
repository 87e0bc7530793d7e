//! The Claim of the gate, over every interleaving.

use rt_task::base::shim::{Arc, UnsafeCell, model, thread};

use super::Gate;

/// The word's part of the owner: a count.
const STEP: usize = 2;

#[test]
fn excludes() {
    model(|| {
        let gate = Arc::new(Gate::new(0, 0_u32));
        let step = |gate: &Gate<u32>| {
            let mut held = gate.lock();
            held.with(|behind| *behind += 1);
            held.set_word(held.word() + STEP);
        };
        let other = {
            let gate = gate.clone();
            thread::spawn(move || step(&gate))
        };
        step(&gate);
        gate.update(|word| Some(word + STEP)).unwrap();
        other.join().unwrap();
        assert_eq!(gate.lock().with(|behind| *behind), 2);
        assert_eq!(gate.load(), 3 * STEP);
    });
}

struct Written {
    gate: Gate<()>,
    value: UnsafeCell<u32>,
}

// SAFETY: the value is written before the word says so, and read after.
unsafe impl Sync for Written {}
// SAFETY: as above.
unsafe impl Send for Written {}

/// What was written before a change of the word is seen by who reads it, in each way, also when another change
/// came in between.
#[test]
fn hands_over() {
    for (by_lock, reads) in
        [false, true].into_iter().flat_map(|lock| (0..4).map(move |read| (lock, read)))
    {
        model(move || {
            let shared = Arc::new(Written { gate: Gate::new(0, ()), value: UnsafeCell::new(0) });
            let writer = {
                let shared = shared.clone();
                thread::spawn(move || {
                    // SAFETY: nobody reads before the word says so.
                    shared.value.with_mut(|value| unsafe { *value = 7 });
                    if by_lock {
                        let mut held = shared.gate.lock();
                        held.set_word(held.word() | STEP);
                    } else {
                        shared.gate.update(|word| Some(word | STEP)).unwrap();
                    }
                })
            };
            // Until it is seen, where that changes nothing: the checker overlooks that a look may come last.
            let is_seen = match reads {
                0 => until(|| shared.gate.load() & STEP != 0),
                1 => until(|| shared.gate.update(|_| None) != Err(0)),
                2 => shared.gate.update(|word| Some(word | STEP << 1)) == Ok(STEP),
                _ => shared.gate.lock().word() == STEP,
            };
            if is_seen {
                // SAFETY: the word says so.
                shared.value.with(|value| assert_eq!(unsafe { *value }, 7));
            }
            writer.join().unwrap();
        });
    }
}

fn until(is_seen: impl Fn() -> bool) -> bool {
    while !is_seen() {
        thread::yield_now();
    }
    true
}
