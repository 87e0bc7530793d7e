//! The seedable source of choices.

use core::cell::Cell;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

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
        // Mixed (splitmix, after Steele et al. 2014), so that neighbouring seeds choose unlike.
        let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^= x >> 31;
        // Zero is the one state that the generator never leaves.
        Self { state: Cell::new(if x == 0 { 1 } else { x }) }
    }

    /// A generator that chooses unlike the one before it: for a thread that nobody seeds, so that what
    /// begins often, and chooses once, does not choose the same each time. A model's repeats.
    pub(crate) fn unseeded() -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        // Two threads at once may get the same: no read-modify-write is worth that they do not.
        let made = MADE.load(Relaxed);
        MADE.store(made.wrapping_add(1), Relaxed);
        Self::new(if cfg!(any(rt_loom, rt_shuttle, rt_sim)) { 0 } else { made as u64 })
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
    use alloc::vec::Vec;

    #[test]
    fn same_seed_same_choices() {
        let (a, b) = (FastRng::new(7), FastRng::new(7));
        for _ in 0..100 {
            assert_eq!(a.next(), b.next());
        }
    }

    #[test]
    fn it_is_the_generator_that_it_says() {
        // Of `xorshift64*`, worked out apart from this code: the high halves.
        let rng = FastRng { state: Cell::new(1) };
        assert_eq!(
            [(); 4].map(|()| rng.next()),
            [1_206_177_355, 2_882_512_552, 3_117_485_455, 1_303_648_416]
        );
        rng.reseed(7);
        assert_eq!(rng.next(), FastRng::new(7).next());
    }

    #[test]
    fn neighbouring_seeds_choose_unlike() {
        // The last one is what the mixing takes to zero.
        let seeds = (0..100).chain([u64::MAX, 0_u64.wrapping_sub(0x9e37_79b9_7f4a_7c15)]);
        let mut first: Vec<_> = seeds.map(|seed| FastRng::new(seed).next()).collect();
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), 102);
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
