//! A short look around before a thread sleeps.
//!
//! To wake a sleeping thread costs a system call and two switches, on an idle machine also an
//! interrupt to a processor that must wake first: often much more than the work that it waits for.
//! When work comes back to back, the next piece is there within the time that all this takes. So a
//! thread looks for as long as sleeping would cost, and sleeps then: at worst it pays twice.
//!
//! Whether it is worth it is learned. A look in vain doubles the number of waits that go to sleep
//! at once, a look that found something halves it: with less than every second one successful, looks
//! die out but for one in `SKIPS_MAX`. Who waits for something that no other thread brings (an
//! event of the operating system) should not look at all.

use core::time::Duration;

use super::clock::Monotonic;
use super::seam::Clock;
use super::shim::{spin_loop, thread};

/// What one thread has learned about looking.
#[derive(Debug)]
pub struct Look {
    /// There from the first look on.
    clock: Option<Monotonic>,
    /// Waits that go to sleep at once before the next look.
    skips_left: u32,
    /// Waits between two looks.
    skips: u32,
}

impl Default for Look {
    fn default() -> Self {
        Self::new()
    }
}

impl Look {
    /// Nothing learned yet.
    #[must_use]
    pub fn new() -> Self {
        Self { clock: None, skips_left: SKIPS_FIRST, skips: SKIPS_FIRST }
    }

    /// Looks until `found`, or not at all. `may_look` is asked last: whether this is a moment for it.
    pub fn around(&mut self, may_look: impl FnOnce() -> bool, found: impl Fn() -> bool) {
        // Called already: that costs nothing and teaches nothing.
        if cfg!(rt_loom) || found() || !self.is_due() || !may_look() {
            return;
        }
        let seen = watch(self.clock.get_or_insert_with(Monotonic::new), found);
        self.learn(seen);
    }

    fn is_due(&mut self) -> bool {
        match self.skips_left.checked_sub(1) {
            Some(left) => {
                self.skips_left = left;
                false
            }
            None => true,
        }
    }

    fn learn(&mut self, seen: bool) {
        self.skips = match seen {
            true => self.skips / 2,
            false => (self.skips * 2).clamp(1, SKIPS_MAX),
        };
        self.skips_left = self.skips;
    }
}

/// Looks for as long as `clock` says. Tells whether `found` ever held.
fn watch(clock: &impl Clock, found: impl Fn() -> bool) -> bool {
    let end = clock.now().saturating_add(LOOK_MAX);
    while clock.now() < end {
        for _ in 0..PAUSES {
            spin_loop();
            if found() {
                return true;
            }
        }
        // Who is to bring it may be waiting for this very processor: the system likes to wake a
        // thread where its waker runs.
        thread::yield_now();
        if found() {
            return true;
        }
    }
    false
}

/// About what sleeping and being woken costs, sender and sleeper together: 5 µs where processors
/// idle lightly, 35 µs on a virtual machine that takes an exit for each interrupt.
const LOOK_MAX: Duration = Duration::from_micros(20);
/// Pauses between two looks at the clock, which costs as much as one or two of them.
const PAUSES: u32 = 16;
/// A thread that is new looks only when it has been used a few times.
const SKIPS_FIRST: u32 = 4;
/// In vain, the looks cost the 256th part of `LOOK_MAX` per wait: 80 ns.
const SKIPS_MAX: u32 = 256;

#[cfg(all(test, not(rt_loom)))]
mod tests {
    use super::*;
    use crate::base::clock::Pausable;
    use core::cell::Cell;

    fn waits_until_due(look: &mut Look) -> u32 {
        (0..).find(|_| look.is_due()).expect("a look comes")
    }

    #[test]
    fn looks_in_vain_die_out_but_for_one_in_256() {
        let mut look = Look::new();
        for skipped in [4, 8, 16, 32, 64, 128, 256, 256, 256] {
            assert_eq!(waits_until_due(&mut look), skipped);
            look.learn(false);
        }
    }

    #[test]
    fn looks_that_find_something_come_back_within_520_waits() {
        let mut look = Look::new();
        look.skips = SKIPS_MAX;
        look.skips_left = SKIPS_MAX;
        let mut waits = 0;
        for skips in [128, 64, 32, 16, 8, 4, 2, 1, 0] {
            waits += waits_until_due(&mut look) + 1;
            look.learn(true);
            assert_eq!(look.skips, skips);
        }
        assert!(waits <= 520, "{waits}");
        assert!(
            look.is_due() && {
                look.learn(true);
                look.is_due()
            },
            "each wait looks now"
        );
    }

    #[test]
    fn it_looks_once_where_it_may_not_and_when_it_is_found_at_once() {
        let mut look = Look::new();
        look.skips_left = 0;
        let glances = Cell::new(0);
        let glance = |found| {
            glances.set(glances.get() + 1);
            found
        };
        look.around(|| false, || glance(false));
        assert_eq!(glances.get(), 1);
        look.skips_left = 0;
        look.around(|| unreachable!("found already"), || glance(true));
        assert_eq!((glances.get(), look.skips), (2, SKIPS_FIRST), "nothing was learned");
    }

    #[test]
    fn it_looks_when_it_is_due_and_may_and_learns() {
        let mut look = Look::new();
        let glances = Cell::new(0);
        let glance = |nth| {
            glances.set(glances.get() + 1);
            glances.get() == nth
        };
        look.around(|| unreachable!("not due"), || glance(0));
        assert_eq!((glances.replace(0), look.skips_left), (1, SKIPS_FIRST - 1));
        look.skips_left = 0;
        look.around(|| true, || glance(2));
        assert_eq!((glances.replace(0), look.skips), (2, SKIPS_FIRST / 2), "found");
        look.skips_left = 0;
        look.around(|| true, || glance(0));
        assert_eq!((glances.get() > 2, look.skips), (true, SKIPS_FIRST), "in vain");
    }

    #[test]
    fn it_looks_until_it_finds_or_the_time_is_over() {
        let clock = Pausable::new();
        clock.pause().unwrap();
        let glances = Cell::new(0);
        let glance = |found: u32| {
            glances.set(glances.get() + 1);
            glances.get() == found
        };
        assert!(watch(&clock, || glance(1000)));
        assert_eq!(glances.get(), 1000);
        glances.set(0);
        let span = LOOK_MAX / 100;
        assert!(!watch(&clock, || {
            clock.advance(span).unwrap();
            glance(0)
        }));
        assert_eq!(glances.get(), 100_u32.next_multiple_of(PAUSES + 1));
    }
}
