//! Where events come from: the [`Selector`] seam.
//!
//! [`MioSelector`] asks the operating system; [`mock`] follows a script, and is a template for a
//! port or a simulator. Both pass the same tests (`contract.rs`). A selector knows tokens and
//! readiness, and nothing of slots, wakers or tasks.

#[cfg(all(test, not(rt_loom)))]
mod contract;
mod mio;
pub mod mock;

use std::io;
use std::time::Duration;

use rt_task::base::seam::Unpark;

pub(crate) use self::mio::{DRAINED_BY_SHORT_COUNT, to_mio};
pub use self::mio::{EventsMax, MioSelector, MioUnpark};

use crate::ready::Ready;
use crate::word::GENERATION_BITS;

/// Waits for events of sources, edge-triggered: an event tells of a change, once.
pub trait Selector {
    /// Calls a waiting thread back.
    type Unpark: Unpark;

    /// Waits up to `timeout` (for ever if `None`) for an event or an unpark, and tells `sink` of
    /// each event since the last time. Returns early, without error, when a signal interrupts
    /// it. Tells whether it was unparked.
    ///
    /// # Errors
    /// When the operating system refuses to wait.
    fn select(
        &mut self,
        timeout: Option<Duration>,
        sink: &mut impl FnMut(Token, Ready),
    ) -> io::Result<bool>;

    /// The other half.
    fn unparker(&self) -> Self::Unpark;

    /// Where sources of the operating system are registered; `None` if they cannot be.
    ///
    /// # Errors
    /// When the operating system gives no second handle.
    fn registry(&self) -> io::Result<Option<::mio::Registry>>;
}

/// Names one stay of one source. A later stay in the same slot has another token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(usize);

impl Token {
    /// The rest is the generation.
    pub(crate) const INDEX_BITS: u32 = if usize::BITS == 64 { 32 } else { 28 };
    const INDEX: usize = (1 << Self::INDEX_BITS) - 1;

    /// The driver's own. No slot has its index.
    pub(crate) const UNPARK: Self = Self(usize::MAX);

    pub(crate) fn new(index: u32, generation: u32) -> Self {
        Self(index as usize | (generation as usize) << Self::INDEX_BITS)
    }

    /// The number by which the operating system knows it.
    #[must_use]
    pub fn as_usize(self) -> usize {
        self.0
    }

    /// What [`as_usize`](Self::as_usize) gave.
    #[must_use]
    pub fn from_usize(number: usize) -> Self {
        Self(number)
    }

    pub(crate) fn index(self) -> usize {
        self.0 & Self::INDEX
    }

    pub(crate) fn generation(self) -> u32 {
        (self.0 >> Self::INDEX_BITS) as u32
    }
}

const _: () = assert!(Token::INDEX_BITS + GENERATION_BITS <= usize::BITS);
