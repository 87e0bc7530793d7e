//! What the choices of a runtime begin with.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::num::ParseIntError;
use std::str::FromStr;

/// What the choices of a runtime begin with, so that they repeat: which branch of a `select!` is looked at first,
/// and from whom a worker steals. Given to [`Builder::rng_seed`](crate::runtime::Builder::rng_seed).
///
/// Its `Display` is what [`from_str`](Self::from_str) reads: a test that chooses one by
/// [`generate`](Self::generate) prints it, and the failure is repeated with it.
///
/// ```
/// use rt_facade::runtime::{Builder, RngSeed};
///
/// let seed = RngSeed::generate();
/// let again: RngSeed = seed.to_string().parse()?;
/// assert_eq!(seed, again);
/// let _runtime = Builder::new_current_thread().rng_seed(seed).build();
/// # Ok::<(), std::num::ParseIntError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RngSeed(u64);

impl RngSeed {
    /// One that no other is likely to be.
    #[must_use]
    pub fn generate() -> Self {
        Self(RandomState::new().build_hasher().finish())
    }

    /// One that depends on each of `bytes`. The same in every version of this crate and on every machine.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        // FNV-1a.
        let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(hash)
    }

    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

impl From<u64> for RngSeed {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for RngSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#018x}", self.0)
    }
}

impl FromStr for RngSeed {
    type Err = ParseIntError;

    /// Reads a number: hexadecimal after `0x`, else decimal.
    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).map(Self),
            None => text.parse().map(Self),
        }
    }
}
