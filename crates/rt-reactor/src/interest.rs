//! What is asked of a source: [`Interest`].

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

use crate::ready::Ready;

/// What to watch a source for. Never empty.
///
/// ```
/// use rt_reactor::Interest;
///
/// let both = Interest::READABLE | Interest::WRITABLE;
/// assert!(both.is_readable() && both.is_writable());
/// assert_eq!(both.remove(Interest::READABLE), Some(Interest::WRITABLE));
/// assert_eq!(both.remove(both), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interest(u8);

const READABLE: u8 = 1 << 0;
const WRITABLE: u8 = 1 << 1;
const PRIORITY: u8 = 1 << 2;
const ERROR: u8 = 1 << 3;

impl Interest {
    /// Whether reading would not block, or the other side will send no more.
    pub const READABLE: Self = Self(READABLE);
    /// Whether writing would not block, or the other side will read no more.
    pub const WRITABLE: Self = Self(WRITABLE);
    /// Whether there is urgent data, or what the system calls that. Never, where the system
    /// does not tell: only Linux and Android do.
    pub const PRIORITY: Self = Self(PRIORITY);
    /// Whether an error is pending. Systems differ in when they tell.
    pub const ERROR: Self = Self(ERROR);

    /// Whether it includes [`READABLE`](Self::READABLE).
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.0 & READABLE != 0
    }

    /// Whether it includes [`WRITABLE`](Self::WRITABLE).
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.0 & WRITABLE != 0
    }

    /// Whether it includes [`PRIORITY`](Self::PRIORITY).
    #[must_use]
    pub const fn is_priority(self) -> bool {
        self.0 & PRIORITY != 0
    }

    /// Whether it includes [`ERROR`](Self::ERROR).
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 & ERROR != 0
    }

    /// Both.
    #[must_use]
    pub const fn add(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is left without `other`, if anything.
    #[must_use]
    pub const fn remove(self, other: Self) -> Option<Self> {
        match self.0 & !other.0 {
            0 => None,
            left => Some(Self(left)),
        }
    }

    /// The readiness that satisfies it.
    #[inline]
    pub(crate) const fn mask(self) -> Ready {
        MASKS[self.0 as usize]
    }

    const fn make_mask(self) -> Ready {
        let mut mask = Ready::EMPTY;
        if self.is_readable() {
            mask = mask.union(Ready::READABLE.union(Ready::READ_CLOSED));
        }
        if self.is_writable() {
            mask = mask.union(Ready::WRITABLE.union(Ready::WRITE_CLOSED));
        }
        if self.is_priority() {
            mask = mask.union(Ready::PRIORITY.union(Ready::READ_CLOSED));
        }
        if self.is_error() {
            mask = mask.union(Ready::ERROR);
        }
        mask
    }
}

/// The mask of every interest there is.
const MASKS: [Ready; 16] = {
    let mut masks = [Ready::EMPTY; 16];
    let mut bits = 0;
    while bits < masks.len() {
        masks[bits] = Interest(bits as u8).make_mask();
        bits += 1;
    }
    masks
};

impl BitOr for Interest {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.add(other)
    }
}

impl BitOrAssign for Interest {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(u8, &str); 4] = [
            (READABLE, "READABLE"),
            (WRITABLE, "WRITABLE"),
            (PRIORITY, "PRIORITY"),
            (ERROR, "ERROR"),
        ];
        let mut between = "";
        for (bit, name) in NAMES {
            if self.0 & bit != 0 {
                write!(f, "{between}{name}")?;
                between = " | ";
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_half_satisfies_those_who_wait_for_that_half() {
        assert!(Interest::READABLE.mask().is_read_closed());
        assert!(Interest::PRIORITY.mask().is_read_closed());
        assert!(!Interest::READABLE.mask().is_write_closed());
        assert!(Interest::WRITABLE.mask().is_write_closed());
        assert_eq!(Interest::ERROR.mask(), Ready::ERROR);
    }

    #[test]
    fn it_prints_as_it_is_written() {
        let interest = Interest::WRITABLE | Interest::READABLE;
        assert_eq!(format!("{interest:?}"), "READABLE | WRITABLE");
    }
}
