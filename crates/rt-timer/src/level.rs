//! One level of the wheel: 64 slots of one span each, and which of them are occupied.
//!
//! A slot is a list of entries, first in, first out. Its hint is a tick that no entry in it is due
//! before, and that lies in the slot's span.

use core::ptr::NonNull;

use crate::entry::{Entry, Link};

/// Slots per level: as many as a word has bits.
pub(crate) const SLOTS: usize = 64;
/// Bits of a tick that one level looks at.
pub(crate) const LEVEL_BITS: u32 = SLOTS.trailing_zeros();

pub(crate) struct Level {
    /// Bit `n` is set if slot `n` holds an entry.
    occupied: u64,
    slots: [Slot; SLOTS],
}

#[derive(Clone, Copy)]
struct Slot {
    first: Link,
    last: Link,
    /// Means something while the slot is occupied.
    hint: u64,
}

impl Level {
    pub(crate) const fn new() -> Self {
        Self { occupied: 0, slots: [Slot { first: None, last: None, hint: 0 }; SLOTS] }
    }

    #[inline]
    pub(crate) fn is_occupied(&self, slot: usize) -> bool {
        self.occupied & (1 << slot) != 0
    }

    /// How many slots after `from`, going round, the first occupied one comes.
    #[inline]
    pub(crate) fn distance_from(&self, from: usize) -> Option<usize> {
        match self.occupied {
            0 => None,
            occupied => Some(occupied.rotate_right(from as u32).trailing_zeros() as usize),
        }
    }

    /// The slot's hint.
    #[inline]
    pub(crate) fn hint(&self, slot: usize) -> u64 {
        debug_assert!(self.is_occupied(slot));
        self.slots[slot].hint
    }

    /// Any slot that is occupied.
    pub(crate) fn any(&self) -> Option<usize> {
        self.distance_from(0)
    }

    /// # Safety
    /// The caller has the entry (see [`entry`](mod@crate::entry)), and it is linked nowhere. It stays
    /// alive and in its place until it is unlinked.
    #[inline]
    pub(crate) unsafe fn push_back(&mut self, slot: usize, entry: NonNull<Entry>, hint: u64) {
        let occupied = self.is_occupied(slot);
        self.occupied |= 1 << slot;
        let slot = &mut self.slots[slot];
        // SAFETY: alive (contract).
        let pushed = unsafe { entry.as_ref() };
        // SAFETY: the caller has the entry (contract).
        unsafe { pushed.set_links(slot.last, None) };
        match slot.last {
            // SAFETY: linked, hence alive.
            Some(last) => unsafe { has(last) }.next(Some(entry)),
            None => slot.first = Some(entry),
        }
        slot.last = Some(entry);
        slot.hint = if occupied { slot.hint.min(hint) } else { hint };
    }

    /// Returns the slot's hint if it is empty now.
    ///
    /// # Safety
    /// The entry is linked in that slot.
    #[inline]
    pub(crate) unsafe fn unlink(&mut self, slot: usize, entry: NonNull<Entry>) -> Option<u64> {
        // SAFETY: linked, hence alive.
        let unlinked = unsafe { entry.as_ref() };
        // SAFETY: linked here, and the wheel is held by `&mut`: the caller has the entry.
        let links = unsafe { unlinked.links() };
        // SAFETY: as above.
        unsafe { unlinked.set_links(None, None) };
        let list = &mut self.slots[slot];
        match links.previous {
            // SAFETY: linked, hence alive.
            Some(previous) => unsafe { has(previous) }.next(links.next),
            None => list.first = links.next,
        }
        match links.next {
            // SAFETY: linked, hence alive.
            Some(next) => unsafe { has(next) }.previous(links.previous),
            None => list.last = links.previous,
        }
        if list.first.is_some() {
            return None;
        }
        self.occupied &= !(1 << slot);
        Some(list.hint)
    }

    /// Takes the first entry of the slot.
    #[inline]
    pub(crate) fn pop_front(&mut self, slot: usize) -> Option<NonNull<Entry>> {
        let first = self.slots[slot].first?;
        // SAFETY: the first of that slot's list.
        unsafe { self.unlink(slot, first) };
        Some(first)
    }
}

/// An entry that is linked in the level held by `&mut`.
struct Linked<'a>(&'a Entry);

/// # Safety
/// The entry is linked in a level that the caller holds by `&mut` as long as the result lives.
#[inline]
unsafe fn has<'a>(entry: NonNull<Entry>) -> Linked<'a> {
    // SAFETY: linked, hence alive and in its place (contract of `push_back`).
    Linked(unsafe { entry.as_ref() })
}

impl Linked<'_> {
    #[inline]
    fn next(&self, to: Link) {
        // SAFETY: linked in a level that is held: the caller has the entry (contract of `has`).
        unsafe { self.0.set_next(to) };
    }

    #[inline]
    fn previous(&self, to: Link) {
        // SAFETY: as above.
        unsafe { self.0.set_previous(to) };
    }
}
