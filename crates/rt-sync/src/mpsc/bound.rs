//! What bounds a channel: permits, or nothing.

use rt_task::base::shim::RawWord;

use super::queue::{CLOSED, GONE};
use crate::base::permits::Permits;

/// What bounds a channel.
pub(crate) trait Bound {
    /// The queue's flags at which nothing is sent any more.
    const STOP: RawWord;
    /// Whether, once closed, what is claimed is all that will come.
    const IS_SENT_WHEN_CLOSED: bool;

    /// Gives back the room of `n` messages. Tells whether it is closed, and all the room was given back.
    fn give(&self, n: usize) -> bool;
    /// Hands out no more room. Tells whether none was out.
    fn close(&self) -> bool;
}

/// Nothing.
pub(crate) struct Unbounded;

impl Bound for Unbounded {
    const STOP: RawWord = CLOSED | GONE;
    const IS_SENT_WHEN_CLOSED: bool = true;

    #[inline(always)]
    fn give(&self, _n: usize) -> bool {
        false
    }
    fn close(&self) -> bool {
        false
    }
}

/// Permits, one for each message that there is room for.
pub(crate) struct Bounded {
    pub(crate) permits: Permits,
    pub(crate) max: usize,
}

impl Bounded {
    /// Whether it is closed, and nobody has a permit: neither a sender nor a message.
    ///
    /// Of those that close it and give back the last permits, who comes last sees it.
    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        self.permits.is_done(self.max)
    }
}

impl Bound for Bounded {
    const STOP: RawWord = GONE;
    const IS_SENT_WHEN_CLOSED: bool = false;

    #[inline]
    fn give(&self, n: usize) -> bool {
        self.permits.give(n);
        self.is_done()
    }

    fn close(&self) -> bool {
        self.permits.close();
        self.is_done()
    }
}
