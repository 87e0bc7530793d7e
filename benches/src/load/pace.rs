//! When requests fall due.

/// A loop's schedule.
pub(super) enum Pace {
    /// Whenever somebody is free.
    Closed,
    /// At times that were fixed before the first request.
    Open(Schedule),
}

/// Times at which requests fall due, as if many people asked who do not know of each other: the
/// gaps between them are distributed exponentially, and the same in every run.
pub(super) struct Schedule {
    /// In nanoseconds, exactly: gaps are no whole numbers, and a second has a million of them.
    due: f64,
    begin: u64,
    gap_ns: f64,
    state: u64,
}

impl Pace {
    pub(super) fn closed() -> Self {
        Self::Closed
    }

    /// So many a second, on average, from `begin` on.
    pub(super) fn open(begin: u64, rate: u64) -> Self {
        const SECOND_NS: f64 = 1e9;
        const SEED: u64 = 0x2545_f491_4f6c_dd1d;
        let gap_ns = SECOND_NS / rate.max(1) as f64;
        let mut schedule = Schedule { due: 0.0, begin, gap_ns, state: SEED };
        schedule.next();
        Self::Open(schedule)
    }

    /// When the next request falls due, or fell: now, in a closed loop.
    pub(super) fn due(&self, now: u64) -> u64 {
        match self {
            Self::Closed => now,
            Self::Open(schedule) => schedule.begin + schedule.due as u64,
        }
    }

    /// On to the one after it.
    pub(super) fn next(&mut self) {
        if let Self::Open(schedule) = self {
            schedule.next();
        }
    }
}

impl Schedule {
    fn next(&mut self) {
        // A step of xorshift, and the upper half as a fraction that is never nought.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let fraction = ((self.state >> 32) as f64 + 1.0) / (u64::from(u32::MAX) as f64 + 1.0);
        self.due -= fraction.ln() * self.gap_ns;
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    fn dues(mut pace: Pace, count: usize) -> Vec<u64> {
        let next = || {
            let due = pace.due(0);
            pace.next();
            due
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    #[test]
    fn a_schedule_keeps_its_rate_and_its_order() {
        let dues = dues(Pace::open(5_000, 10_000), 100_000);
        assert!(dues.is_sorted() && dues[0] >= 5_000);
        let seconds = (dues[99_999] - 5_000) as f64 / 1e9;
        assert!((9.9..10.1).contains(&seconds), "100,000 at 10,000 a second take {seconds} s");
    }

    #[test]
    fn its_gaps_are_those_of_chance() {
        let dues = dues(Pace::open(0, 1_000_000), 100_000);
        let longer = |ns| dues.windows(2).filter(|pair| pair[1] - pair[0] > ns).count();
        // Of gaps of 1,000 ns on average, a share of 1/e is longer than that.
        assert!((36_000..38_000).contains(&longer(1_000)), "{}", longer(1_000));
        assert!((12_800..14_300).contains(&longer(2_000)), "{}", longer(2_000));
    }

    #[test]
    fn it_is_the_same_in_every_run() {
        assert_eq!(dues(Pace::open(7, 50), 100), dues(Pace::open(7, 50), 100));
    }

    #[test]
    fn a_closed_loop_never_waits() {
        let mut pace = Pace::closed();
        assert_eq!(pace.due(3), 3);
        pace.next();
        assert_eq!(pace.due(4), 4);
    }
}
