//! A slot: what the reactor knows of one source, and who waits for it.
//!
//! The [word](crate::word) decides, the [cells](crate::cell) and the [list](crate::list) hold the
//! wakers. This file is the order in which they are touched. Wakers are cloned before a claim and
//! dropped after it, since both may run any code; those that an event satisfies go to the caller,
//! who holds no lock and no claim then.
//!
//! # Protocol: a future leaves
//! A future knows its cell by the owner that is written there, its own address: no other living
//! future has that. It cannot look and take in one step, so it takes first.
//!
//! | leaving future                              | others                        |
//! |---------------------------------------------|-------------------------------|
//! | F1 the cell is WAITING and ours: W2 claim it; if it is CLAIMED and ours, look again | an event takes it; another future waits there |
//! | F2 ours still: take the waker, W3           |                               |
//! | F3 another's by now: W1 give it back; if READY came meanwhile, take the waker, W3, wake it | an event passes a claimed cell over |
//!
//! A future that is polled with another waker takes the old one out by F1, too.
//!
//! **Claim (its own, and all of it).** A future that leaves takes its own waker out of the cell if
//! it is there, and keeps no other future from being woken.
//! **Why.** F2 and F3 look at the owner while nobody else may write it. F3 does for the event what
//! that left undone, as E1 and the W1 of F3 change one word. A cell that is ours and claimed is
//! held by a future in F3, or by one about to write its own address.
//! **Breaks if** F1 trusts its first look, or does not wait for a future in F3.
//! **Checked by** `slot::loom_tests::a_cancelled_future_takes_no_wake_from_another` and
//! `slot::loom_tests::one_owner_of_a_future_cell`.

use std::task::{Poll, Waker};

use rt_task::base::seam::Wakes;
use rt_task::base::shim::relax;

use crate::cell::WakerCell;
use crate::list::{Entry, List, Listed};
use crate::ready::{Direction, Ready, ReadyEvent};
use crate::word::{Cell, Claim, Fired, Known, State, Word};

/// What a wait comes to.
pub(crate) type Waited = Poll<Result<ReadyEvent, Gone>>;

impl Known {
    fn into_waited(self) -> Waited {
        match self {
            Self::Nothing => Poll::Pending,
            Self::Ready(event) => Poll::Ready(Ok(event)),
            Self::Shutdown => Poll::Ready(Err(Gone)),
        }
    }
}

/// The driver is gone: no event will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

/// See the module. Two cache lines of its own, as neighbours may belong to other threads; what
/// every wait touches comes first.
#[derive(Debug)]
#[repr(C, align(128))]
pub(crate) struct Slot {
    state: State,
    cells: [WakerCell; Cell::COUNT],
    list: List,
}

#[cfg(not(rt_loom))]
const _: () = assert!(size_of::<Slot>() == 128, "a slot is two cache lines");

impl Slot {
    pub(crate) fn new() -> Self {
        Self {
            state: State::new(),
            cells: std::array::from_fn(|_| WakerCell::new()),
            list: List::new(),
        }
    }

    #[inline]
    fn cell(&self, cell: Cell) -> &WakerCell {
        &self.cells[cell as usize]
    }

    /// The word now.
    #[inline]
    pub(crate) fn word(&self) -> Word {
        self.state.load()
    }

    /// See [`State::assume`].
    pub(crate) fn assume(&self, ready: Ready) {
        self.state.assume(ready);
    }

    /// See [`State::clear`].
    #[inline]
    pub(crate) fn clear(&self, event: ReadyEvent) {
        self.state.clear(event);
    }

    /// An event for the tenant of `generation`: hands out the wakers of all that it satisfies. Does
    /// nothing if that tenant has left.
    #[inline]
    pub(crate) fn event(&self, generation: u32, ready: Ready, out: &mut impl Wakes) {
        let fired = self.state.event(generation, ready);
        self.hand_out(fired, ready, out);
    }

    /// The driver is gone: hands out all wakers.
    pub(crate) fn shutdown(&self, out: &mut impl Wakes) {
        let fired = self.state.shutdown();
        self.hand_out(fired, Ready::ALL, out);
    }

    /// The tenant leaves, and with it the wakers of its poll-style waiters; and those of futures
    /// that were leaked, since all others borrow the tenant.
    pub(crate) fn depart(&self) {
        let fired = self.state.depart();
        self.hand_out(fired, Ready::ALL, &mut Discard);
    }

    #[inline]
    fn hand_out(&self, fired: Fired, ready: Ready, out: &mut impl Wakes) {
        if let Some(cell) = fired.only() {
            // SAFETY: we cleared WAITING of this cell (I3).
            out.push(unsafe { self.cell(cell).take() });
        } else if fired.any() {
            // All are taken before the first is handed out: a full batch wakes at once, and what
            // it wakes may want one of these cells.
            for waker in self.take(fired).into_iter().flatten() {
                out.push(waker);
            }
        }
        if fired.listed {
            self.list.hand_out(ready, &self.state, out);
        }
    }

    fn take(&self, fired: Fired) -> [Option<Waker>; Cell::COUNT] {
        Cell::ALL.map(|cell| {
            fired.has(cell).then(|| {
                // SAFETY: we cleared WAITING of this cell (I3).
                unsafe { self.cell(cell).take() }
            })
        })
    }

    /// Waits as the poll-style waiter of `direction`, in place of the last one; after clearing
    /// what `seen` told. Costs nothing if `waker` waits here already; else one clone and two
    /// read-modify-writes, the first of which is the clearing.
    #[inline]
    pub(crate) fn poll_wait(
        &self,
        direction: Direction,
        waker: &Waker,
        seen: Option<ReadyEvent>,
    ) -> Waited {
        let cell = Cell::polled(direction);
        if seen.is_none() {
            let word = self.word();
            match word.known(cell.mask()) {
                Known::Ready(event) => return Poll::Ready(Ok(event)),
                Known::Shutdown => return Poll::Ready(Err(Gone)),
                Known::Nothing => {}
            }
            if word.is_waiting(cell) && self.cell(cell).holds(waker) {
                return Poll::Pending;
            }
        }
        self.begin_poll_wait(cell, waker, seen)
    }

    /// The part of [`poll_wait`](Self::poll_wait) that is not worth a copy at every caller.
    #[inline(never)]
    fn begin_poll_wait(&self, cell: Cell, waker: &Waker, seen: Option<ReadyEvent>) -> Waited {
        let waker = waker.clone();
        let mut turns = 0;
        loop {
            match self.state.claim(cell, seen) {
                Claim::Ready(event) => return Poll::Ready(Ok(event)),
                Claim::Shutdown => return Poll::Ready(Err(Gone)),
                // Another poll is between its claim and its wait.
                Claim::Busy => relax(&mut turns),
                Claim::Claimed { waiting } => return self.wait_in(cell, waiting, waker, 0),
            }
        }
    }

    /// [`poll_wait`](Self::poll_wait), for a waiter that has its cell to itself: one clone and one
    /// read-modify-write to wait, after clearing what `seen` told.
    ///
    /// # Safety
    /// Of all calls that wait as the poll-style waiter of `direction`, no other overlaps with this.
    #[inline]
    pub(crate) unsafe fn poll_wait_alone(
        &self,
        direction: Direction,
        waker: &Waker,
        seen: Option<ReadyEvent>,
    ) -> Waited {
        let cell = Cell::polled(direction);
        let word = self.word();
        match word.known_after(seen, cell.mask()) {
            Known::Ready(event) => return Poll::Ready(Ok(event)),
            Known::Shutdown => return Poll::Ready(Err(Gone)),
            Known::Nothing => {}
        }
        if !word.is_waiting(cell) {
            // SAFETY: no other call overlaps (contract), and nobody but such a call sets WAITING.
            return unsafe { self.begin_wait_alone(cell, waker, seen) };
        }
        match self.cell(cell).holds(waker) {
            true => Poll::Pending,
            false => self.begin_poll_wait(cell, waker, seen),
        }
    }

    /// # Safety
    /// The polled `cell` is not WAITING, and its waiter's alone.
    #[inline(never)]
    unsafe fn begin_wait_alone(
        &self,
        cell: Cell,
        waker: &Waker,
        seen: Option<ReadyEvent>,
    ) -> Waited {
        self.cell(cell).put(waker.clone(), 0);
        let known = self.state.wait_alone(cell, seen);
        if known == Known::Nothing {
            return Poll::Pending;
        }
        // SAFETY: not WAITING, so the waker just put there is the waiter's.
        let _after = unsafe { self.cell(cell).take() };
        known.into_waited()
    }

    /// Puts `waker` into the claimed `cell`, in place of one that is there if `waiting`.
    #[inline(always)]
    fn wait_in(&self, cell: Cell, waiting: bool, waker: Waker, owner: usize) -> Waited {
        // SAFETY: the cell is claimed, and its waker ours with that (I3).
        let _before = waiting.then(|| unsafe { self.cell(cell).take() });
        self.cell(cell).put(waker, owner);
        match self.state.wait(cell) {
            Known::Nothing => Poll::Pending,
            known => self.wait_no_more(cell, known),
        }
    }

    /// Empties the claimed `cell`, to which a waker was just put in vain.
    #[cold]
    fn wait_no_more(&self, cell: Cell, known: Known) -> Waited {
        // SAFETY: still claimed, and the waker was just put there (I3).
        let _after = unsafe { self.cell(cell).take() };
        self.state.release(cell);
        known.into_waited()
    }

    /// Waits as one of any number of futures, after clearing what `seen` told. `entry` says what
    /// for, and remembers where.
    ///
    /// The first future of a direction costs as much as a poll-style waiter; others, and those
    /// that wait for several things at once, go through the list and its lock.
    ///
    /// # Safety
    /// `entry` stays where it is, and alive, until [`cancel`](Self::cancel) was called with it. No
    /// two calls for one entry overlap.
    #[inline]
    pub(crate) unsafe fn future_wait(
        &self,
        entry: &Entry,
        waker: &Waker,
        seen: Option<ReadyEvent>,
    ) -> Waited {
        if seen.is_none() {
            let word = self.word();
            match word.known(entry.mask()) {
                Known::Ready(event) => return Poll::Ready(Ok(event)),
                Known::Shutdown => return Poll::Ready(Err(Gone)),
                Known::Nothing => {}
            }
            let waits_already = match entry.is_listed() {
                true => self.list.holds(entry, waker),
                false => self.cell_of(entry).is_some_and(|cell| self.cell(cell).holds(waker)),
            };
            if waits_already {
                return Poll::Pending;
            }
        }
        let waker = waker.clone();
        // SAFETY: passed on.
        unsafe { self.begin_wait(entry, waker, seen) }
    }

    /// The cell in which `entry` waits.
    #[inline]
    fn cell_of(&self, entry: &Entry) -> Option<Cell> {
        if !entry.is_in_cell() {
            return None;
        }
        let cell = entry.cell()?;
        let place = self.cell(cell);
        let mut turns = 0;
        loop {
            let word = self.word();
            if word.is_waiting(cell) {
                return place.is_of(entry.address()).then_some(cell);
            }
            if !word.is_claimed(cell) || !place.is_of(entry.address()) {
                return None; // an event took it
            }
            // Of a future in F3, or of one that is about to put its own waker there.
            relax(&mut turns);
        }
    }

    /// # Safety
    /// As [`future_wait`](Self::future_wait).
    unsafe fn begin_wait(
        &self,
        entry: &Entry,
        waker: Waker,
        mut seen: Option<ReadyEvent>,
    ) -> Waited {
        if let Some(cell) = self.take_back(entry) {
            return self.wait_in(cell, true, waker, entry.address());
        }
        // In a list, it stays there.
        if let Some(cell) = entry.cell().filter(|_| !entry.is_listed()) {
            match self.state.claim(cell, seen.take()) {
                Claim::Ready(event) => return Poll::Ready(Ok(event)),
                Claim::Shutdown => return Poll::Ready(Err(Gone)),
                Claim::Busy => {}
                Claim::Claimed { waiting } => {
                    entry.set_in_cell(true);
                    return self.wait_in(cell, waiting, waker, entry.address());
                }
            }
        }
        if let Some(event) = seen {
            self.clear(event);
        }
        entry.set_in_cell(false);
        // SAFETY: the entry stays until it is cancelled (contract).
        let listed = unsafe { self.list.add(entry, waker, &self.state) };
        match listed {
            Listed::Waiting => Poll::Pending,
            Listed::Not(Known::Ready(event)) => Poll::Ready(Ok(event)),
            Listed::Not(_) => Poll::Ready(Err(Gone)),
        }
    }

    /// F1: claims the cell in which `entry` waits, with the waker there.
    #[inline]
    fn take_back(&self, entry: &Entry) -> Option<Cell> {
        loop {
            let cell = self.cell_of(entry)?;
            if !self.state.reclaim(cell) {
                continue; // changed since
            }
            if self.cell(cell).is_of(entry.address()) {
                return Some(cell);
            }
            self.give_back(cell);
        }
    }

    /// F3: undoes the reclaim of a `cell` that turned out to be another future's.
    #[cold]
    fn give_back(&self, cell: Cell) {
        if self.state.wait(cell) == Known::Nothing {
            return;
        }
        // An event came meanwhile and passed the cell over, since it was claimed.
        // SAFETY: still claimed, and the waker there is ours with that (I3).
        let waker = unsafe { self.cell(cell).take() };
        self.state.release(cell);
        waker.wake();
    }

    /// `entry` waits no more. Costs nothing if it was woken; else two read-modify-writes.
    pub(crate) fn cancel(&self, entry: &Entry) {
        if entry.is_listed() {
            self.list.remove(entry, &self.state);
        }
        if let Some(cell) = self.take_back(entry) {
            // F2
            // SAFETY: claimed, and the waker there is ours with that (I3).
            let _waker = unsafe { self.cell(cell).take() };
            self.state.release(cell);
        }
    }
}

/// Drops what it is handed.
struct Discard;

impl Wakes for Discard {
    fn push(&mut self, waker: Waker) {
        drop(waker);
    }
    fn is_full(&self) -> bool {
        false
    }
    fn wake_all(&mut self) {}
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, not(rt_loom)))]
mod tests;
