//! The seedable source of choices.

use core::cell::Cell;

use super::seam::{Choice, Choose};

/// A small, fast generator (xorshift with a multiplied output, after Vigna 2014). Not for
/// secrets: it decides victims, branches and ties.
#[derive(Debug)]
pub struct FastRng {
    state: Cell<u64>,
}

impl FastRng {
    /// A generator that repeats its choices for the same `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        // Zero is the one state that the generator never leaves.
        Self { state: Cell::new(seed ^ 0x9e37_79b9_7f4a_7c15 | 1) }
    }

    /// Starts over with `seed`.
    pub fn reseed(&self, seed: u64) {
        self.state.set(Self::new(seed).state.get());
    }

    /// The next 32 bits.
    pub fn next(&self) -> u32 {
        let mut x = self.state.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.state.set(x);
        (x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }
}

impl Choose for FastRng {
    fn below(&self, n: u32, _choice: Choice) -> u32 {
        // The high half of the product is as uniform as 32 bits allow, without a division.
        ((u64::from(self.next()) * u64::from(n)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_same_choices() {
        let (a, b) = (FastRng::new(7), FastRng::new(7));
        for _ in 0..100 {
            assert_eq!(a.next(), b.next());
        }
    }

    #[test]
    fn below_stays_below_and_reaches_all() {
        let rng = FastRng::new(0);
        let mut seen = [false; 7];
        for _ in 0..1000 {
            seen[rng.below(7, Choice::Tie) as usize] = true;
        }
        assert!(seen.iter().all(|&s| s));
    }
}
