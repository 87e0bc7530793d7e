//! Sleeps that end: how late, and never too soon.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::in_task;
use crate::gate::Countdown;
use crate::latency::Latencies;
use crate::meter::{Cost, Meter, wall_ns};
use crate::subject::{Promise, Subject};

const MS: u64 = 1_000_000;

/// What tasks that sleep tell of it.
struct Diary {
    lateness: Latencies,
    early: AtomicU64,
    left: Countdown,
}

impl Diary {
    fn new(sleeps: u64, tasks: u64) -> &'static Self {
        let diary = Self {
            lateness: Latencies::of(sleeps),
            early: AtomicU64::new(0),
            left: Countdown::default(),
        };
        diary.left.set(tasks);
        Box::leak(Box::new(diary))
    }

    /// A sleep has ended that was to end then.
    fn note(&self, place: u64, due_ns: u64) {
        let now = wall_ns();
        if now < due_ns {
            self.early.fetch_add(1, Ordering::Relaxed);
        }
        self.lateness.record(place, now.saturating_sub(due_ns));
    }

    /// The cost with what they told, once all have.
    fn cost<S: Subject>(&self, cost: Cost) -> Cost {
        let early = self.early.load(Ordering::Relaxed);
        let may = S::WITHHOLDS.contains(&Promise::NeverEarly);
        assert!(early == 0 || may, "{early} sleeps ended before their time");
        Cost { latency: self.lateness.latency(), early: Some(early), ..cost }
    }
}

/// Numbers below `below` that look like chance and are the same for every subject.
fn scattered(place: u64, below: u64) -> u64 {
    /// Two to the 64th, by the golden ratio.
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed = (place + 1).wrapping_mul(ODD);
    ((u128::from(mixed) * u128::from(below)) >> u64::BITS) as u64
}

/// Each sleeps once; a hundred thousand of them, over a second.
pub(super) fn sleeps<S: Subject>(runtime: S, n: u64) -> Cost {
    /// On average.
    const APART_NS: u64 = 10_000;
    /// The first falls due when most are armed.
    const ARMING_NS: u64 = 1_000;
    /// Few enough for any queue.
    const BATCH: u64 = 100;
    let diary = Diary::new(n, n);
    in_task(runtime, async move {
        let meter = Meter::start();
        for place in 0..n {
            drop(S::spawn(async move {
                let length = MS + n * ARMING_NS + scattered(place, n * APART_NS);
                let due = wall_ns() + length;
                S::sleep(Duration::from_nanos(length)).await;
                diary.note(place, due);
                diary.left.one_less();
            }));
            if place % BATCH == 0 {
                S::yield_now().await;
            }
        }
        diary.left.reached().await;
        diary.cost::<S>(meter.stop())
    })
}

/// Periods of the interval storm, in milliseconds; so many tasks have each.
const PERIODS: [u64; 5] = [1, 2, 4, 5, 10];
const OF_EACH_PERIOD: u64 = 200;

/// A stretch after which all have ticked a whole number of times, in milliseconds.
const STRETCH: u64 = 20;

/// Ticks of a stretch.
pub(super) const STRETCH_TICKS: u64 = {
    let mut ticks = 0;
    let mut at = 0;
    while at < PERIODS.len() {
        ticks += OF_EACH_PERIOD * STRETCH / PERIODS[at];
        at += 1;
    }
    ticks
};

/// A thousand tasks tick, each by sleeping until the next multiple of its period.
pub(super) fn interval_storm<S: Subject>(runtime: S, n: u64) -> Cost {
    let stretches = n / STRETCH_TICKS;
    let diary = Diary::new(stretches * STRETCH_TICKS, OF_EACH_PERIOD * PERIODS.len() as u64);
    in_task(runtime, async move {
        let meter = Meter::start();
        let mut first = 0;
        for period in PERIODS {
            let ticks = stretches * STRETCH / period;
            for _ in 0..OF_EACH_PERIOD {
                let places = first..first + ticks;
                first = places.end;
                drop(S::spawn(async move {
                    for place in places {
                        let now = wall_ns();
                        let length = period * MS - now % (period * MS);
                        S::sleep(Duration::from_nanos(length)).await;
                        diary.note(place, now + length);
                    }
                    diary.left.one_less();
                }));
            }
        }
        diary.left.reached().await;
        diary.cost::<S>(meter.stop())
    })
}

#[cfg(test)]
mod tests {
    use super::{STRETCH_TICKS, scattered};

    #[test]
    fn a_stretch_has_the_ticks_of_all_periods() {
        assert_eq!(STRETCH_TICKS, 200 * (20 + 10 + 5 + 4 + 2));
    }

    #[test]
    fn scattered_numbers_stay_below_and_are_spread() {
        let mut tenths = [0; 10];
        (0..1_000).for_each(|place| tenths[scattered(place, 1_000) as usize / 100] += 1);
        assert!(tenths.iter().all(|&count| (90..=110).contains(&count)), "{tenths:?}");
    }
}
