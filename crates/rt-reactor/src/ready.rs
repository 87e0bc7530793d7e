//! What is known of a source: [`Ready`], [`ReadyEvent`] and the two [`Direction`]s.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Sub};

use crate::interest::Interest;

/// What a source is ready for, as far as is known.
///
/// Readiness is a hint: an operation may still find that it would block. A closed half counts
/// as ready, since the operation then tells at once. An event that reports an error makes the
/// source readable and writable too, so that whoever tries next learns of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ready(u8);

impl Ready {
    /// Nothing.
    pub const EMPTY: Self = Self(0);
    /// Reading may not block.
    pub const READABLE: Self = Self(1 << 0);
    /// Writing may not block.
    pub const WRITABLE: Self = Self(1 << 1);
    /// The other side will send no more. Stays.
    pub const READ_CLOSED: Self = Self(1 << 2);
    /// The other side will read no more. Stays.
    pub const WRITE_CLOSED: Self = Self(1 << 3);
    /// Urgent data is there. Only Linux and Android tell.
    pub const PRIORITY: Self = Self(1 << 4);
    /// An error is pending.
    pub const ERROR: Self = Self(1 << 5);
    /// All of them.
    pub const ALL: Self = Self((1 << Self::BITS) - 1);

    /// How many kinds of readiness there are.
    pub(crate) const BITS: u32 = 6;
    /// What no clearing takes away: it is final.
    pub(crate) const CLOSED: Self = Self(Self::READ_CLOSED.0 | Self::WRITE_CLOSED.0);

    /// Whether nothing is ready.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether reading may not block: readable, or closed.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.meets(Self(Self::READABLE.0 | Self::READ_CLOSED.0))
    }

    /// Whether writing may not block: writable, or closed.
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.meets(Self(Self::WRITABLE.0 | Self::WRITE_CLOSED.0))
    }

    /// Whether the other side will send no more.
    #[must_use]
    pub const fn is_read_closed(self) -> bool {
        self.meets(Self::READ_CLOSED)
    }

    /// Whether the other side will read no more.
    #[must_use]
    pub const fn is_write_closed(self) -> bool {
        self.meets(Self::WRITE_CLOSED)
    }

    /// Whether urgent data is there.
    #[must_use]
    pub const fn is_priority(self) -> bool {
        self.meets(Self::PRIORITY)
    }

    /// Whether an error is pending.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.meets(Self::ERROR)
    }

    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the two have anything in common.
    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// What follows: an error is learnt of by trying, in either direction.
    pub(crate) fn with_error_in_both(self) -> Self {
        match self.is_error() {
            true => self | Self::READABLE | Self::WRITABLE,
            false => self,
        }
    }
}

impl BitOr for Ready {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

impl BitAnd for Ready {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Sub for Ready {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.without(other)
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(Ready, &str); Ready::BITS as usize] = [
            (Ready::READABLE, "READABLE"),
            (Ready::WRITABLE, "WRITABLE"),
            (Ready::READ_CLOSED, "READ_CLOSED"),
            (Ready::WRITE_CLOSED, "WRITE_CLOSED"),
            (Ready::PRIORITY, "PRIORITY"),
            (Ready::ERROR, "ERROR"),
        ];
        if self.is_empty() {
            return f.write_str("EMPTY");
        }
        let mut between = "";
        for (bit, name) in NAMES {
            if self.meets(bit) {
                write!(f, "{between}{name}")?;
                between = " | ";
            }
        }
        Ok(())
    }
}

/// What was known of a source at one moment. Given back to say that it turned out otherwise:
/// see [`Registration::clear_ready`](crate::Registration::clear_ready).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadyEvent {
    /// What was ready, of what was asked for.
    pub ready: Ready,
    /// Which event told; a later one makes this stale.
    pub(crate) tick: Tick,
}

impl ReadyEvent {
    /// The same moment, for a part of the readiness only.
    #[must_use]
    pub fn with_ready(self, ready: Ready) -> Self {
        Self { ready: self.ready & ready, ..self }
    }
}

/// Counts the events of a source, and wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tick(pub(crate) u32);

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards us.
    Read,
    /// Away from us.
    Write,
}

impl Direction {
    pub(crate) const COUNT: usize = 2;

    /// The interest that this direction waits with.
    #[must_use]
    pub const fn interest(self) -> Interest {
        match self {
            Self::Read => Interest::READABLE,
            Self::Write => Interest::WRITABLE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_counts_as_ready() {
        assert!(Ready::READ_CLOSED.is_readable());
        assert!(!Ready::READ_CLOSED.is_writable());
        assert!(Ready::WRITE_CLOSED.is_writable());
    }

    #[test]
    fn an_error_is_learnt_of_in_either_direction() {
        let ready = Ready::ERROR.with_error_in_both();
        assert!(ready.is_readable() && ready.is_writable() && ready.is_error());
        assert_eq!(Ready::READABLE.with_error_in_both(), Ready::READABLE);
    }

    #[test]
    fn all_is_the_sum_of_the_parts() {
        assert_eq!(format!("{:?}", Ready::ALL).matches('|').count(), 5);
        assert_eq!(Ready::ALL - Ready::ALL, Ready::EMPTY);
        assert_eq!(format!("{:?}", Ready::EMPTY), "EMPTY");
    }
}
