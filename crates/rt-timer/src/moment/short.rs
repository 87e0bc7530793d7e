//! A number of 64 bits told in 32, as well as it can be.
//!
//! ```text
//!  31    26 25             0
//! ┌────────┬────────────────┐
//! │ SHIFT  │ the first bits │
//! └────────┴────────────────┘
//! ```
//! What is left out is less than one in 33 million: of nanoseconds since a process started, less than three
//! milliseconds after a day, a tenth of a second after a month, a second after a year. Nothing is, below 2^26.

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Short(u32);

/// How many of the first bits are kept.
const KEPT: u32 = 26;
const _: () = assert!(u64::BITS - KEPT < 1 << (u32::BITS - KEPT), "each shift fits what is left");

impl Short {
    /// Rounds down.
    #[inline]
    pub(super) fn of(number: u64) -> Self {
        let shift = (u64::BITS - number.leading_zeros()).saturating_sub(KEPT);
        Self(shift << KEPT | (number >> shift) as u32)
    }

    pub(super) fn number(self) -> u64 {
        u64::from(self.0 % (1 << KEPT)) << (self.0 >> KEPT)
    }

    #[inline]
    pub(super) fn to_word(self) -> u32 {
        self.0
    }

    /// Any word: what is no `Short` is some number, too.
    pub(super) fn of_word(word: u32) -> Self {
        Self(word)
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Of any length with equal chances.
    fn numbers() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0..u64::BITS).prop_map(|(number, shift)| number >> shift)
    }

    proptest! {
        #[test]
        fn a_number_comes_back_a_little_smaller_at_most(number in numbers()) {
            let told = Short::of(number).number();
            prop_assert!(told <= number && number - told <= number >> (KEPT - 1), "{}", told);
            prop_assert_eq!(Short::of(told).number(), told, "and then no more");
            prop_assert_eq!(Short::of_word(Short::of(number).to_word()), Short::of(number));
        }

        #[test]
        fn the_order_is_kept(one in numbers(), other in numbers()) {
            prop_assert!(one > other || Short::of(one) <= Short::of(other));
        }

        #[test]
        fn any_word_is_some_number(word in any::<u32>()) {
            Short::of_word(word).number();
        }
    }

    #[test]
    fn the_ends_fit() {
        for number in [0, 1, (1 << KEPT) - 1, 1 << KEPT] {
            assert_eq!(Short::of(number).number(), number, "as it was");
        }
        assert_eq!(Short::of(u64::MAX).number(), u64::MAX << (u64::BITS - KEPT));
        assert_eq!(Short::of(0).to_word(), 0, "which tells nothing");
    }
}
