//! How long something took, of many: half of them at most this, 99 of 100 at most that.
//!
//! A mean says nothing of those that wait longest, so every one is recorded. [`Latencies`] is
//! for tasks on any thread, each of which has a place of its own and pays one store;
//! [`Recorder`] is for one thread.

use std::sync::atomic::{AtomicU64, Ordering};

use hdrhistogram::Histogram;

/// How they are distributed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Latency {
    /// The middle one.
    pub p50_ns: u64,
    /// One of 100 took longer.
    pub p99_ns: u64,
    /// One of 1,000 took longer.
    pub p999_ns: u64,
    /// The longest.
    pub max_ns: u64,
}

impl Latency {
    /// A name, a tab and a number a line.
    pub fn print(&self) -> String {
        let Self { p50_ns, p99_ns, p999_ns, max_ns } = self;
        format!("p50_ns\t{p50_ns}\np99_ns\t{p99_ns}\np999_ns\t{p999_ns}\nmax_ns\t{max_ns}")
    }
}

/// Takes times on one thread: to three digits, up to an hour.
#[derive(Debug)]
pub struct Recorder(Histogram<u64>);

impl Default for Recorder {
    fn default() -> Self {
        const HOUR_NS: u64 = 3_600_000_000_000;
        const DIGITS: u8 = 3;
        Self(Histogram::new_with_max(HOUR_NS, DIGITS).expect("the bounds are in order"))
    }
}

impl Recorder {
    /// One more.
    pub fn record(&mut self, ns: u64) {
        self.0.saturating_record(ns);
    }

    /// What it has been told; nothing if it has not been told anything.
    pub fn latency(&self) -> Option<Latency> {
        let at = |share| self.0.value_at_quantile(share);
        (!self.0.is_empty()).then(|| Latency {
            p50_ns: at(0.5),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            max_ns: self.0.max(),
        })
    }
}

/// A place for each of so many times, written once from any thread.
#[derive(Debug)]
pub struct Latencies(Box<[AtomicU64]>);

/// Nobody takes so long.
const UNTOLD: u64 = u64::MAX;

impl Latencies {
    /// For so many.
    pub fn of(count: u64) -> Self {
        Self((0..count).map(|_| AtomicU64::new(UNTOLD)).collect())
    }

    /// The time of this place.
    ///
    /// no site: whoever reads them has heard from the writer otherwise.
    pub fn record(&self, place: u64, ns: u64) {
        self.0[place as usize].store(ns, Ordering::Relaxed);
    }

    /// How all of them are distributed.
    ///
    /// # Panics
    /// If a place has not been written: what it stands for was not done.
    pub fn latency(&self) -> Option<Latency> {
        let mut recorder = Recorder::default();
        for place in &self.0 {
            let ns = place.load(Ordering::Relaxed);
            assert!(ns != UNTOLD, "everything that was asked for has happened");
            recorder.record(ns);
        }
        recorder.latency()
    }
}

#[cfg(test)]
mod tests {
    use super::{Latencies, Latency, Recorder};

    /// Three digits are kept.
    fn is_near(told: u64, exact: u64) -> bool {
        told.abs_diff(exact) * 1_000 <= exact
    }

    #[test]
    fn shares_of_a_thousand_are_told_to_three_digits() {
        let mut recorder = Recorder::default();
        (1..=1_000).rev().for_each(|ms| recorder.record(ms * 1_000_000));
        let Latency { p50_ns, p99_ns, p999_ns, max_ns } = recorder.latency().unwrap();
        assert!(is_near(p50_ns, 500_000_000), "{p50_ns}");
        assert!(is_near(p99_ns, 990_000_000), "{p99_ns}");
        assert!(is_near(p999_ns, 999_000_000), "{p999_ns}");
        assert!(is_near(max_ns, 1_000_000_000), "{max_ns}");
    }

    #[test]
    fn one_that_took_long_is_the_longest_and_no_other() {
        let mut recorder = Recorder::default();
        (0..999).for_each(|_| recorder.record(100));
        recorder.record(u64::MAX);
        let latency = recorder.latency().unwrap();
        assert_eq!([latency.p50_ns, latency.p99_ns, latency.p999_ns], [100; 3]);
        assert!(latency.max_ns >= 3_600_000_000_000, "an hour or more counts as an hour");
    }

    #[test]
    fn nothing_recorded_is_nothing_told() {
        assert_eq!(Recorder::default().latency(), None);
        assert_eq!(Latencies::of(0).latency(), None);
    }

    #[test]
    #[should_panic = "everything that was asked for"]
    fn a_place_left_out_is_noticed() {
        let latencies = Latencies::of(2);
        latencies.record(1, 5);
        latencies.latency();
    }
}
