//! Whether the process was forked since something was made.
//!
//! A child of `fork` has one thread and copies of all memory: a runtime in it has lost its workers, and
//! shares its descriptors (so the system's list of what it watches) with the parent. It must not be used.
//! So who makes one asks for the [`Generation`], and compares later: one relaxed load of a word that
//! is written in a child alone.
//!
//! A child that is not made through the C library (`clone` by hand, `vfork`) is not noticed; nor is any where
//! there is no `fork`.

#[cfg(not(unix))]
mod never;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use never::watch;
#[cfg(unix)]
use unix::watch;

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// How many forks lie between the first process that asked and this one.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// The process, as far as forks tell one from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(u32);

impl Generation {
    /// That of this process. The first call says to the system that forks are to be counted.
    #[must_use]
    pub fn current() -> Self {
        watch();
        Self(FORKS.load(Relaxed))
    }

    /// Whether this process is a fork of the one in which it was asked for. One relaxed load.
    #[inline]
    #[must_use]
    pub fn is_past(self) -> bool {
        // Written by the only thread that a child begins with: nothing is to be ordered.
        self.0 != FORKS.load(Relaxed)
    }
}

/// Called in a child, before anything else.
#[cfg_attr(not(unix), expect(dead_code, reason = "there is no fork"))]
extern "C" fn forked() {
    FORKS.fetch_add(1, Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_before_a_fork_is_past_after_it() {
        let parent = Generation::current();
        assert!(!parent.is_past());
        forked(); // what a child does first
        assert!(parent.is_past());
        let child = Generation::current();
        assert!(!child.is_past());
        assert_ne!(parent, child);
    }
}
