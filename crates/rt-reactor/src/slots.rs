//! All slots of a reactor, by index: pages that are never freed before the reactor is.
//!
//! A page is twice as long as the one before it, and never moves: the driver reaches a slot by
//! the index in a token with one load and no lock, at any time, whether or not it still has the
//! tenant that the token was made for. Which slots are vacant is kept behind a lock, taken once
//! per registration and once per departure.
//!
//! # Protocol: page
//! | registering                        | driver                            |
//! |------------------------------------|-----------------------------------|
//! | P1 store the page's pointer        | P2 load it                        |
//!
//! **Claim (whole page).** Who finds a page finds its slots made.
//! **Why.** P1 is a Release store after they were made, and P2 loads with Acquire.
//! **Breaks if** either is weaker.
//! **Checked by** `slots::loom_tests::whole_page`.

use std::ptr::{self, NonNull};

use rt_task::base::driver::WakeBatch;
use rt_task::base::seam::Wakes;
use rt_task::base::shim::{
    AtomicPtr, AtomicUsize, Mutex, MutexGuard, Ordering::*, PoisonError, site,
};

use crate::selector::Token;
use crate::slot::Slot;

/// See the module.
#[derive(Debug)]
pub(crate) struct Slots {
    pages: [AtomicPtr<Slot>; PAGES],
    vacancy: Mutex<Vacancy>,
    /// How many have a tenant, for those without the lock.
    occupied: AtomicUsize,
}

#[derive(Debug, Default)]
struct Vacancy {
    /// Slots that had a tenant. The last that left comes first: it is still in the cache.
    free: Vec<u32>,
    /// The first slot that never had one.
    fresh: u32,
    /// Tenants there ever were.
    arrived: u64,
    departed: u64,
    /// The driver is gone.
    closed: bool,
}

/// Slots on the first page: 4 KiB, what a small program needs.
const FIRST_PAGE: usize = if cfg!(rt_loom) { 1 } else { 32 };
/// Pages until the index in a token is used up. The last indices are left for the driver's own
/// tokens.
const PAGES: usize =
    if cfg!(rt_loom) { 2 } else { (Token::INDEX_BITS - FIRST_PAGE.trailing_zeros()) as usize };

/// The page of slot `index`, and its place there.
#[inline]
fn locate(index: usize) -> (usize, usize) {
    let from_first = index + FIRST_PAGE;
    let page = (from_first.ilog2() - FIRST_PAGE.ilog2()) as usize;
    (page, from_first - (FIRST_PAGE << page))
}

impl Slots {
    pub(crate) fn new() -> Self {
        Self {
            pages: std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
            vacancy: Mutex::new(Vacancy::default()),
            occupied: AtomicUsize::new(0),
        }
    }

    /// How many slots have a tenant.
    #[inline]
    pub(crate) fn occupied(&self) -> usize {
        self.occupied.load(Relaxed) // a count; orders nothing
    }

    /// How many tenants there ever were, and how many left.
    pub(crate) fn traffic(&self) -> (u64, u64) {
        let vacancy = self.vacancy();
        (vacancy.arrived, vacancy.departed)
    }

    fn vacancy(&self) -> MutexGuard<'_, Vacancy> {
        // Nothing that may panic runs while it is held with a half-done change.
        self.vacancy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a vacant slot to a new tenant, who gives it back by [`vacate`](Self::vacate).
    ///
    /// # Errors
    /// If the driver is gone, or every index is in use.
    pub(crate) fn occupy(&self) -> Result<(Token, NonNull<Slot>), Refused> {
        let mut vacancy = self.vacancy();
        if vacancy.closed {
            return Err(Refused::Gone);
        }
        let index = match vacancy.free.pop() {
            Some(index) => index,
            None => self.open(&mut vacancy)?,
        };
        vacancy.arrived += 1;
        // Under the lock, so that no other change comes between.
        self.occupied.store(self.occupied.load(Relaxed) + 1, Relaxed);
        drop(vacancy);
        let slot = self.at(index as usize).expect("its page is there");
        let token = Token::new(index, slot.word().generation());
        Ok((token, NonNull::from(slot)))
    }

    /// The next slot that never had a tenant.
    fn open(&self, vacancy: &mut Vacancy) -> Result<u32, Refused> {
        let index = vacancy.fresh as usize;
        let (page, place) = locate(index);
        if page >= PAGES {
            return Err(Refused::Full);
        }
        if place == 0 {
            let slots: Box<[Slot]> = (0..FIRST_PAGE << page).map(|_| Slot::new()).collect();
            // Room to take all of them back, so that a departure never allocates.
            let known = FIRST_PAGE * ((1 << (page + 1)) - 1);
            vacancy.free.reserve(known);
            let slots = Box::into_raw(slots).cast::<Slot>();
            self.pages[page].store(slots, site("reactor.P1", Release)); // P1, pairs with P2
        }
        vacancy.fresh += 1;
        Ok(index as u32)
    }

    /// The slot at `index`, if there is one.
    #[inline]
    pub(crate) fn at(&self, index: usize) -> Option<&Slot> {
        let (page, place) = locate(index);
        let page = self.pages.get(page)?.load(site("reactor.P2", Acquire)); // P2, pairs with P1
        if page.is_null() {
            return None;
        }
        // SAFETY: a page is as long as `locate` counts on.
        let slot = unsafe { page.add(place) };
        // SAFETY: made before P1 (Claim), and freed only with `self`.
        Some(unsafe { &*slot })
    }

    /// Takes the slot at `index` back from its tenant, who touches it no more. Drops wakers, which
    /// may run anything.
    pub(crate) fn vacate(&self, index: usize) {
        let slot = self.at(index).expect("it had a tenant");
        let vacated = Vacated { slots: self, index: index as u32 };
        slot.depart();
        drop(vacated);
    }

    /// Lets no slot any more, and wakes all who wait in one: the driver is gone.
    pub(crate) fn close(&self) {
        let mut vacancy = self.vacancy();
        vacancy.closed = true;
        let known = vacancy.fresh;
        drop(vacancy);
        let mut wakers = WakeBatch::new();
        for index in 0..known {
            let slot = self.at(index as usize).expect("its page is there");
            slot.shutdown(&mut wakers);
        }
        wakers.wake_all();
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        for (page, first) in self.pages.iter().enumerate() {
            let first = first.load(Relaxed); // `&mut self`: nobody else is left
            if !first.is_null() {
                let slots = ptr::slice_from_raw_parts_mut(first, FIRST_PAGE << page);
                // SAFETY: the slice that `open` made of a `Box`, of that length, freed once.
                drop(unsafe { Box::from_raw(slots) });
            }
        }
    }
}

/// A slot to be marked vacant, also when a waker that was left there panics.
struct Vacated<'a> {
    slots: &'a Slots,
    index: u32,
}

impl Drop for Vacated<'_> {
    fn drop(&mut self) {
        let mut vacancy = self.slots.vacancy();
        vacancy.free.push(self.index);
        vacancy.departed += 1;
        // Under the lock, so that no other change comes between.
        let occupied = &self.slots.occupied;
        occupied.store(occupied.load(Relaxed) - 1, Relaxed);
    }
}

/// Why no slot was let.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The driver is gone.
    Gone,
    /// Every index is in use.
    Full,
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, not(rt_loom)))]
mod model_tests;
