//! A timer's place in the wheel: two links, the tick at which it is due, and its slot.
//!
//! Entries are intrusive: the wheel owns none of them and allocates nothing. So every access rests
//! on one rule, named **has the entry** below: the caller holds the wheel (by `&mut`) that the
//! entry is linked in, or the entry is linked in none and is the caller's own.

use core::marker::PhantomPinned;
use core::ptr::NonNull;

use rt_task::base::shim::UnsafeCell;

/// The intrusive part of a timer. Never moved while it is linked.
pub(crate) struct Entry {
    links: UnsafeCell<Links>,
    spot: UnsafeCell<Spot>,
    _pin: PhantomPinned,
}

/// A neighbour in the slot's list.
pub(crate) type Link = Option<NonNull<Entry>>;

#[derive(Clone, Copy)]
pub(crate) struct Links {
    pub(crate) previous: Link,
    pub(crate) next: Link,
}

/// The tick at which an entry is due (55 bits), and the index of the slot it is linked in (9 bits).
///
/// In one word so that a whole sleep fits 64 bytes. 55 bits of ticks are 142,000 years.
#[derive(Clone, Copy)]
pub(crate) struct Spot(u64);

const SLOT_BITS: u32 = 9;

/// The last tick there is: later ones count as this.
pub(crate) const TICK_MAX: u64 = u64::MAX >> SLOT_BITS;

impl Spot {
    pub(crate) fn new(tick: u64, slot: usize) -> Self {
        debug_assert!(slot < 1 << SLOT_BITS);
        Self(tick.min(TICK_MAX) << SLOT_BITS | slot as u64)
    }

    pub(crate) fn tick(self) -> u64 {
        self.0 >> SLOT_BITS
    }

    pub(crate) fn slot(self) -> usize {
        (self.0 & ((1 << SLOT_BITS) - 1)) as usize
    }
}

impl Entry {
    /// An entry that is linked nowhere.
    pub(crate) fn new(tick: u64) -> Self {
        Self {
            links: UnsafeCell::new(Links { previous: None, next: None }),
            spot: UnsafeCell::new(Spot::new(tick, 0)),
            _pin: PhantomPinned,
        }
    }

    /// # Safety
    /// The caller has the entry.
    #[inline]
    pub(crate) unsafe fn spot(&self) -> Spot {
        // SAFETY: nobody writes it meanwhile: the caller has the entry (contract).
        self.spot.with(|spot| unsafe { *spot })
    }

    /// # Safety
    /// The caller has the entry.
    #[inline]
    pub(crate) unsafe fn set_spot(&self, to: Spot) {
        // SAFETY: nobody else looks at it meanwhile: the caller has the entry (contract).
        self.spot.with_mut(|spot| unsafe { *spot = to });
    }

    /// # Safety
    /// The caller has the entry.
    #[inline]
    pub(crate) unsafe fn links(&self) -> Links {
        // SAFETY: as in `spot`.
        self.links.with(|links| unsafe { *links })
    }

    /// # Safety
    /// The caller has the entry.
    #[inline]
    pub(crate) unsafe fn set_links(&self, previous: Link, next: Link) {
        // SAFETY: as in `set_spot`.
        self.links.with_mut(|links| unsafe { *links = Links { previous, next } });
    }

    /// # Safety
    /// The caller has the entry.
    #[inline]
    pub(crate) unsafe fn set_previous(&self, to: Link) {
        // SAFETY: as in `set_spot`.
        self.links.with_mut(|links| unsafe { (*links).previous = to });
    }

    /// # Safety
    /// The caller has the entry.
    #[inline]
    pub(crate) unsafe fn set_next(&self, to: Link) {
        // SAFETY: as in `set_spot`.
        self.links.with_mut(|links| unsafe { (*links).next = to });
    }
}
