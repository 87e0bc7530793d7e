//! What is known of one signal: how often it came, and who wants to know.
//!
//! # Protocol: a signal and those who wait for it
//! The handler may take no lock, so it only counts, and rings a bell. A reactor hears that, and
//! somebody then looks for whom there is news.
//!
//! | handler            | who hears                       | listener                          |
//! |--------------------|---------------------------------|-----------------------------------|
//! | H1 `received += 1` | B1 is rung                      | L1 compares `received`            |
//! | H2 rings           | B2 under the lock: if `received` is not `told`, stores it there and takes the wakers | L2 under the lock: leaves its waker |
//! |                    | B3 wakes them                   | L3 compares `received` again      |
//!
//! **Claim (no signal is slept over).** After H1 and H2, a listener that saw less at L3 is woken.
//! **Why.** The ring orders H1 before B2 (a descriptor is written before it is read). B2 and L2 hold
//! one lock. B2 before L2: L3 sees what B2 saw. L2 before B2: the waker is there to be taken, and B2
//! takes it, unless `told` is `received` already: then an earlier B2 saw it, and that one came
//! either before L2, too, or took the waker.
//! **Breaks if** L3 is left out, or comes before L2.
//! **Checked by** `slot::loom_tests::no_signal_is_slept_over`
//!
//! Every order is relaxed: nothing but the number is handed over, and the lock orders the rest.

use std::task::{Poll, Waker};

use rt_task::base::shim::{AtomicBool, AtomicUsize, Mutex, MutexGuard, Ordering::*, PoisonError};

/// One signal.
#[derive(Debug)]
pub(super) struct Slot {
    /// How many came, as far as the handler was called. Wraps.
    received: AtomicUsize,
    /// Whether the handler is there. Written under the process's lock; never taken back.
    installed: AtomicBool,
    listeners: Mutex<Listeners>,
}

#[derive(Debug, Default)]
struct Listeners {
    /// The `received` that those who wait were last woken for.
    told: usize,
    places: Vec<Place>,
    free: Vec<usize>,
}

/// A listener's; with a waker while it waits.
type Place = Option<Waker>;

impl Slot {
    pub(super) fn new(installed: bool) -> Self {
        Self {
            received: AtomicUsize::new(0),
            installed: AtomicBool::new(installed),
            listeners: Mutex::default(),
        }
    }

    pub(super) fn is_installed(&self) -> bool {
        self.installed.load(Relaxed)
    }

    pub(super) fn set_installed(&self) {
        self.installed.store(true, Relaxed);
    }

    /// H1. In a handler.
    pub(super) fn record(&self) {
        self.received.fetch_add(1, Relaxed);
    }

    /// How many came.
    pub(super) fn received(&self) -> usize {
        self.received.load(Relaxed)
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more listener.
    pub(super) fn join(&self) -> usize {
        let mut listeners = self.listeners();
        listeners.free.pop().unwrap_or_else(|| {
            listeners.places.push(None);
            listeners.places.len() - 1
        })
    }

    /// The listener of `place` is gone.
    pub(super) fn leave(&self, place: usize) {
        let mut listeners = self.listeners();
        let waker = listeners.places[place].take();
        listeners.free.push(place);
        drop(listeners); // before the waker, whose drop may run anything
        drop(waker);
    }

    /// How many came, once that is not what the listener of `place` has `seen`.
    pub(super) fn poll(&self, place: usize, seen: usize, waker: &Waker) -> Poll<usize> {
        let news = || Some(self.received()).filter(|received| *received != seen);
        if let Some(received) = news() {
            return Poll::Ready(received); // L1
        }
        self.leave_waker(place, waker); // L2
        news().map_or(Poll::Pending, Poll::Ready) // L3
    }

    fn leave_waker(&self, place: usize, waker: &Waker) {
        let is_there = |left: &Place| left.as_ref().is_some_and(|left| left.will_wake(waker));
        if is_there(&self.listeners().places[place]) {
            return;
        }
        let waker = waker.clone();
        let old = self.listeners().places[place].replace(waker);
        drop(old);
    }

    /// B2: appends to `wakers` those of everybody who waits, if there is news, or `anyway`.
    pub(super) fn take_wakers(&self, anyway: bool, wakers: &mut Vec<Waker>) {
        let mut listeners = self.listeners();
        let received = self.received();
        if received != listeners.told || anyway {
            listeners.told = received;
            wakers.extend(listeners.places.iter_mut().filter_map(Option::take));
        }
    }

    #[cfg(all(test, not(rt_loom)))]
    pub(super) fn places(&self) -> usize {
        self.listeners().places.len()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, not(rt_loom)))]
mod tests;
