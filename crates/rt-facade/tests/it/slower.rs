//! How patient tests are, of every kind.

/// How many times longer everything may take: more than once where `cargo xtask verify ports` has the processor
/// or the system emulated.
pub(crate) const SLOWER: u64 = if option_env!("RT_TESTS_EMULATED").is_some() { 10 } else { 1 };
