//! The state word of a slot, and every transition of it.
//!
//! One thought: who is ready and who waits is this one word; no other file changes it.
//!
//! ```text
//!  63          40 39    16 15         14       13 … 6                5 … 0
//! ┌──────────────┬────────┬──────────┬────────┬─────────────────────┬───────┐
//! │ GENERATION   │ TICK   │ SHUTDOWN │ LISTED │ 4 × WAITING CLAIMED │ READY │
//! └──────────────┴────────┴──────────┴────────┴─────────────────────┴───────┘
//! ```
//!
//! | field        | set by         | cleared by     | while set                                     |
//! |--------------|----------------|----------------|-----------------------------------------------|
//! | `READY`      | E1, R1         | C1, C2, W4, D1 | the operation is worth a try                  |
//! | `CLAIMED`    | C2, W2         | W1, W3         | one thread alone may put a waker into the cell |
//! | `WAITING`    | W1, W4         | C2, E1, W2, D1, S1 | the cell holds a waker; who clears this takes it |
//! | `LISTED`     | L1             | L2             | the list of further waiters may hold some     |
//! | `SHUTDOWN`   | S1             | never          | the driver is gone: no event will come        |
//! | `TICK`       | E1 counts up   | D1             | tells a new event from one that was acted on  |
//! | `GENERATION` | D1 counts up   | never          | tells this tenant's events from those of the last |
//!
//! A slot has four cells, for one waker each: of the two directions, one for the poll-style
//! waiter (the last one wins) and one for the first of the futures. Any further futures are in
//! the list.
//!
//! # Invariants
//! - **I1** Of a cell's CLAIMED and WAITING at most one is set.
//! - **I2** While a cell is WAITING, nothing is READY that would satisfy it, and SHUTDOWN is clear.
//! - **I3** Who sets CLAIMED clears it. Who clears WAITING owns the waker in the cell.
//! - **I4** CLOSED readiness goes only with the tenant.
//!
//! # Protocol: event and wait
//! | waiter                                | driver                               |
//! |---------------------------------------|--------------------------------------|
//! | try; it would block                   |                                      |
//! | C2 clear READY if TICK is the same, and set CLAIMED | E1 READY, TICK + 1, clear every WAITING that this satisfies |
//! | K1 wait until the cell is empty; K2 write the waker | K3 take the waker of each, K4 mark the cell empty |
//! | W1 CLAIMED → WAITING, if not READY; else K3, K4, and W3 clear CLAIMED | wake them |
//!
//! **Claim (no missed edge).** After an event, every waiter that it satisfies either is woken, or
//! finds READY.
//! **Why.** E1 and W1 change one word. W1 first: E1 sees WAITING. E1 first: W1 sees READY and does
//! not wait. C2 clears only what was known before the try: E1 in between changes TICK.
//! **Breaks if** C2 ignores TICK.
//! **Checked by** `slot::loom_tests::no_missed_edge`.
//!
//! A waiter that has its cell to itself, since it has the tenant to itself, needs no claim: after
//! its try come K1, K2, and then W4, which is C2 and W1 in one: clear READY if TICK is the same, and
//! set WAITING if not READY; else K3, K4. What a short count told it may keep, too, and clear it by
//! the W4 of its next poll. (An event that comes after 2²⁴ others in between, without a poll, is
//! taken for the old one if it is the last: a peer that can send so many to deaf ears, and then
//! waits, waits until it is timed out.)
//!
//! **Claim (no missed edge, alone).** As above.
//! **Why.** E1 and W4 change one word.
//! **Breaks if** W4 ignores TICK, or READY.
//! **Checked by** `slot::loom_tests::no_missed_edge_alone`.
//!
//! Who has the tenant alone may be followed by those who share it, and the other way round: what a
//! short count told is given up (C1) before it is shared, and a waker that was left in the cell is
//! one that the next waiter replaces (W2).
//!
//! **Claim (no missed edge, by turns).** As above, whoever waited before.
//! **Why.** Each turn ends before the next begins, and a cell is WAITING or empty then (I1).
//! **Breaks if** C1 ignores TICK.
//! **Checked by** `slot::loom_tests::no_missed_edge_alone_then_shared` and
//! `slot::loom_tests::no_missed_edge_shared_then_alone`.
//!
//! **Claim (one owner).** A cell is touched by one thread at a time, and a waker is taken once.
//! **Why.** Before W1 the cell is the claimer's, after it that of who clears WAITING, until K4;
//! K1 waits for K4 (the driver runs nothing foreign between E1 and K4).
//! A cell with a waiter of its own is that one's before W4.
//! **Breaks if** W1, W4, K4 or W3 is weaker than Release, or E1, W2, C2, S1 or K1 weaker than Acquire.
//! **Checked by** `slot::loom_tests::one_owner`.
//!
//! **Claim (readiness publishes).** Who finds READY sees all that came before the event.
//! **Why.** E1 is a Release, and READY is read with Acquire.
//! **Breaks if** either is weaker.
//! **Checked by** `slot::loom_tests::readiness_publishes`.
//!
//! # Protocol: departure
//! | departing tenant                     | driver                          |
//! |--------------------------------------|---------------------------------|
//! | D1 GENERATION + 1, all else but SHUTDOWN cleared; take what was WAITING | E1 only if GENERATION is the token's |
//!
//! **Claim (no stale event).** An event meant for one tenant never makes another one ready.
//! **Why.** D1 and E1 change one word: E1 first is undone by D1, and D1 first makes E1 do nothing.
//! (After 2²⁴ tenants of one slot the generation comes round. An event that was in flight all
//! that time is then a false hint, which costs a try.)
//! **Breaks if** E1 compares the generation before it changes the word, and not with it.
//! **Checked by** `slot::loom_tests::no_stale_event`.
//!
//! # Protocol: shutdown
//! **Claim (nothing hangs).** Once the driver is gone, every waiter has been woken, and none waits.
//! **Why.** S1 takes every WAITING cell and the list, as E1 does; W1 and L1 find SHUTDOWN after it.
//! **Breaks if** W1 or L1 ignores SHUTDOWN.
//! **Checked by** `slot::loom_tests::shutdown_wakes`.

use rt_task::base::shim::{AtomicWord, Ordering, Ordering::*, RawWord, site};

use crate::ready::{Direction, Ready, ReadyEvent, Tick};

const READY: RawWord = Ready::ALL.bits() as RawWord;
const CELLS_AT: u32 = Ready::BITS;
const CELLS: RawWord = ((1 << (2 * Cell::COUNT)) - 1) << CELLS_AT;
/// CLAIMED of the first cell; those of the others are two bits apart.
const CLAIMED: RawWord = 1 << CELLS_AT;
const WAITING: RawWord = CLAIMED << 1;
const LISTED: RawWord = 1 << 14;
const SHUTDOWN: RawWord = 1 << 15;

const TICK_AT: u32 = 16;
/// Where the target has no 64-bit atomics, ticks matter more: a tick that comes round is a lost
/// edge, a generation that does is a false hint.
const TICK_BITS: u32 = if RawWord::BITS == 64 { 24 } else { 12 };
/// Whether ticks come round so rarely that an event may be kept until the next poll.
pub(crate) const KEEPS_SHORT: bool = TICK_BITS == 24;
const TICKS: RawWord = ((1 << TICK_BITS) - 1) << TICK_AT;

const GENERATION_AT: u32 = TICK_AT + TICK_BITS;
/// What is left of a word; of a token, the index needs at least 28 bits.
pub(crate) const GENERATION_BITS: u32 =
    if RawWord::BITS == 64 && usize::BITS == 64 { 24 } else { 4 };
const GENERATIONS: RawWord = ((1 << GENERATION_BITS) - 1) << GENERATION_AT;

const _: () = assert!(READY | CELLS | LISTED | SHUTDOWN == (1 << TICK_AT) - 1);
const _: () = assert!(GENERATION_AT + GENERATION_BITS <= RawWord::BITS);

/// One of the four places of a slot for a waker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    PolledRead,
    PolledWrite,
    FutureRead,
    FutureWrite,
}

impl Cell {
    pub(crate) const COUNT: usize = 4;
    pub(crate) const ALL: [Self; Self::COUNT] =
        [Self::PolledRead, Self::PolledWrite, Self::FutureRead, Self::FutureWrite];

    /// That of the poll-style waiter.
    #[inline]
    pub(crate) const fn polled(direction: Direction) -> Self {
        match direction {
            Direction::Read => Self::PolledRead,
            Direction::Write => Self::PolledWrite,
        }
    }

    /// What its waiter waits for.
    pub(crate) const fn mask(self) -> Ready {
        if matches!(self, Self::PolledRead | Self::FutureRead) {
            Ready::READABLE.union(Ready::READ_CLOSED)
        } else {
            Ready::WRITABLE.union(Ready::WRITE_CLOSED)
        }
    }

    const fn claimed(self) -> RawWord {
        CLAIMED << (2 * self as u32)
    }

    const fn waiting(self) -> RawWord {
        WAITING << (2 * self as u32)
    }
}

/// What an event, a shutdown or a departure leaves to do.
#[must_use]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fired {
    /// WAITING bits that were cleared: the wakers are the caller's.
    cells: RawWord,
    /// Whether the list is to be looked through.
    pub(crate) listed: bool,
}

impl Fired {
    /// Whether any waker is the caller's.
    #[inline]
    pub(crate) fn any(self) -> bool {
        self.cells != 0
    }

    /// The cell whose waker is the caller's, if it is one alone.
    #[inline]
    pub(crate) fn only(self) -> Option<Cell> {
        if !self.cells.is_power_of_two() {
            return None;
        }
        let at = (self.cells.trailing_zeros() - CELLS_AT) / 2;
        Some(Cell::ALL[at as usize])
    }

    /// Whether the waker in `cell` is the caller's.
    pub(crate) fn has(self, cell: Cell) -> bool {
        self.cells & cell.waiting() != 0
    }
}

/// What asking for a cell brings.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// No need to wait.
    Ready(ReadyEvent),
    /// No event will come.
    Shutdown,
    /// The cell is somebody else's.
    Busy,
    /// The cell is the caller's; with the waker of whoever waited there, if `waiting`.
    Claimed { waiting: bool },
}

/// What is known before a wait begins, or when it does not.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing yet: wait.
    Nothing,
    /// No need to wait.
    Ready(ReadyEvent),
    /// No event will come.
    Shutdown,
}

/// A value of the state word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(RawWord);

impl std::fmt::Debug for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.ready())?;
        for cell in Cell::ALL {
            if self.has(cell.claimed()) {
                write!(f, ", {cell:?} claimed")?;
            }
            if self.has(cell.waiting()) {
                write!(f, ", {cell:?} waiting")?;
            }
        }
        for (bit, name) in [(LISTED, "listed"), (SHUTDOWN, "shutdown")] {
            if self.has(bit) {
                write!(f, ", {name}")?;
            }
        }
        write!(f, ", tick {}, generation {}", self.tick().0, self.generation())
    }
}

/// The transitions, pure. `None`: the word stays.
impl Word {
    const NEW: Self = Self(0);

    const fn has(self, bits: RawWord) -> bool {
        self.0 & bits != 0
    }

    fn ready(self) -> Ready {
        Ready::from_bits((self.0 & READY) as u8)
    }

    fn tick(self) -> Tick {
        Tick(((self.0 & TICKS) >> TICK_AT) as u32)
    }

    pub(crate) fn generation(self) -> u32 {
        ((self.0 & GENERATIONS) >> GENERATION_AT) as u32
    }

    /// What is known of `mask`.
    #[inline]
    pub(crate) fn known(self, mask: Ready) -> Known {
        let ready = self.ready() & mask;
        match () {
            () if self.has(SHUTDOWN) => Known::Shutdown,
            () if ready.is_empty() => Known::Nothing,
            () => Known::Ready(ReadyEvent { ready, tick: self.tick() }),
        }
    }

    /// What is ready of `mask`, also after a shutdown.
    #[inline]
    pub(crate) fn ready_event(self, mask: Ready) -> ReadyEvent {
        ReadyEvent { ready: self.ready() & mask, tick: self.tick() }
    }

    pub(crate) fn is_waiting(self, cell: Cell) -> bool {
        self.has(cell.waiting())
    }

    pub(crate) fn is_claimed(self, cell: Cell) -> bool {
        self.has(cell.claimed())
    }

    /// E1: an event for the tenant of `generation`.
    fn event(self, generation: u32, ready: Ready) -> (Option<Self>, Fired) {
        if generation != self.generation() {
            return (None, Fired::default());
        }
        let fired = Fired { cells: self.satisfied(ready), listed: self.has(LISTED) };
        let tick = (self.0 & TICKS).wrapping_add(1 << TICK_AT) & TICKS;
        let kept = self.0 & !(TICKS | fired.cells);
        let next = kept | tick | RawWord::from(ready.bits());
        (Some(Self(next)), fired)
    }

    /// The WAITING bits of the cells that `ready` satisfies.
    fn satisfied(self, ready: Ready) -> RawWord {
        const READ: RawWord = Cell::PolledRead.waiting() | Cell::FutureRead.waiting();
        const WRITE: RawWord = Cell::PolledWrite.waiting() | Cell::FutureWrite.waiting();
        let mut cells = 0;
        if ready.is_readable() {
            cells |= READ;
        }
        if ready.is_writable() {
            cells |= WRITE;
        }
        self.0 & cells
    }

    /// R1: assumed ready, before any event said so.
    fn assume(self, ready: Ready) -> (Option<Self>, ()) {
        (Some(Self(self.0 | RawWord::from(ready.bits()))), ())
    }

    /// What is known of `mask` once what `seen` told is cleared.
    #[inline]
    pub(crate) fn known_after(self, seen: Option<ReadyEvent>, mask: Ready) -> Known {
        seen.map_or(self, |event| self.cleared(event)).known(mask)
    }

    /// C1: what `event` told is no longer so, unless a later one came.
    fn clear(self, event: ReadyEvent) -> (Option<Self>, ()) {
        let cleared = self.cleared(event);
        ((cleared != self).then_some(cleared), ())
    }

    #[inline]
    fn cleared(self, event: ReadyEvent) -> Self {
        if self.tick() != event.tick {
            return self;
        }
        let gone = event.ready - Ready::CLOSED;
        Self(self.0 & !RawWord::from(gone.bits()))
    }

    /// C2: ask for `cell`, after clearing what `seen` told. A poll-style waiter takes the cell
    /// from another one that waits.
    #[inline]
    fn claim(self, cell: Cell, seen: Option<ReadyEvent>) -> (Option<Self>, Claim) {
        let cleared = seen.map_or(self, |event| self.cleared(event));
        let changed = (cleared != self).then_some(cleared);
        match cleared.known(cell.mask()) {
            Known::Ready(event) => return (changed, Claim::Ready(event)),
            Known::Shutdown => return (changed, Claim::Shutdown),
            Known::Nothing => {}
        }
        let waiting = cleared.has(cell.waiting());
        let replaces = matches!(cell, Cell::PolledRead | Cell::PolledWrite);
        if cleared.has(cell.claimed()) || (waiting && !replaces) {
            return (changed, Claim::Busy);
        }
        let claimed = (cleared.0 & !cell.waiting()) | cell.claimed();
        (Some(Self(claimed)), Claim::Claimed { waiting })
    }

    /// W1: the claimed cell holds a waker. If there is no need to wait, it stays claimed.
    fn wait(self, cell: Cell) -> (Option<Self>, Known) {
        debug_assert!(self.has(cell.claimed()), "W1 needs a claim: {self:?}");
        match self.known(cell.mask()) {
            Known::Nothing => {
                let waiting = (self.0 & !cell.claimed()) | cell.waiting();
                (Some(Self(waiting)), Known::Nothing)
            }
            known => (None, known),
        }
    }

    /// W4: the cell, its waiter's alone, holds a waker; after clearing what `seen` told.
    #[inline]
    fn wait_alone(self, cell: Cell, seen: Option<ReadyEvent>) -> (Option<Self>, Known) {
        debug_assert!(!self.has(cell.claimed() | cell.waiting()), "W4 needs the cell: {self:?}");
        let cleared = seen.map_or(self, |event| self.cleared(event));
        match cleared.known(cell.mask()) {
            Known::Nothing => (Some(Self(cleared.0 | cell.waiting())), Known::Nothing),
            known => ((cleared != self).then_some(cleared), known),
        }
    }

    /// W2: take `cell` back from whoever waits there. Tells whether anybody did.
    fn reclaim(self, cell: Cell) -> (Option<Self>, bool) {
        match self.has(cell.waiting()) {
            true => {
                let claimed = (self.0 & !cell.waiting()) | cell.claimed();
                (Some(Self(claimed)), true)
            }
            false => (None, false),
        }
    }

    /// W3: the claimed cell is empty again.
    fn release(self, cell: Cell) -> (Option<Self>, ()) {
        debug_assert!(self.has(cell.claimed()), "W3 needs a claim: {self:?}");
        (Some(Self(self.0 & !cell.claimed())), ())
    }

    /// L1: the list is about to hold a waiter for `mask`.
    fn list(self, mask: Ready) -> (Option<Self>, Known) {
        match self.known(mask) {
            Known::Nothing => (Some(Self(self.0 | LISTED)), Known::Nothing),
            known => (None, known),
        }
    }

    /// L2: the list is empty.
    fn unlist(self) -> (Option<Self>, ()) {
        (Some(Self(self.0 & !LISTED)), ())
    }

    /// D1: the tenant leaves.
    fn depart(self) -> (Option<Self>, Fired) {
        debug_assert!(
            Cell::ALL.iter().all(|cell| !self.has(cell.claimed())),
            "a call is going on: {self:?}"
        );
        let generation = (self.0 & GENERATIONS).wrapping_add(1 << GENERATION_AT) & GENERATIONS;
        let fired = Fired { cells: self.satisfied(Ready::ALL), listed: self.has(LISTED) };
        (Some(Self(generation | (self.0 & SHUTDOWN))), fired)
    }

    /// S1: the driver is gone.
    fn shutdown(self) -> (Option<Self>, Fired) {
        let fired = Fired { cells: self.satisfied(Ready::ALL), listed: self.has(LISTED) };
        (Some(Self((self.0 & !fired.cells) | SHUTDOWN)), fired)
    }
}

/// The state word. Its only writer.
#[derive(Debug)]
pub(crate) struct State {
    word: AtomicWord,
}

impl State {
    pub(crate) fn new() -> Self {
        Self { word: AtomicWord::new(Word::NEW.0) }
    }

    /// Applies a transition.
    #[inline(always)]
    fn change<A>(
        &self,
        success: Ordering,
        failure: Ordering,
        transition: impl Fn(Word) -> (Option<Word>, A),
    ) -> A {
        let mut current = self.word.load(failure);
        loop {
            let (next, action) = transition(Word(current));
            let Some(next) = next else { return action };
            match self.word.compare_exchange_weak(current, next.0, success, failure) {
                Ok(_) => return action,
                Err(changed) => current = changed,
            }
        }
    }

    /// The word now.
    #[inline]
    pub(crate) fn load(&self) -> Word {
        Word(self.word.load(site("reactor.load", Acquire))) // pairs with E1, W1 and W4
    }

    /// E1. One read-modify-write, or none when it is not for this tenant.
    #[inline]
    pub(crate) fn event(&self, generation: u32, ready: Ready) -> Fired {
        // Acquire pairs with W1 and W4, for the wakers. Release with whoever reads READY.
        self.change(site("reactor.E1", AcqRel), Relaxed, |word| word.event(generation, ready))
    }

    /// R1. One read-modify-write.
    pub(crate) fn assume(&self, ready: Ready) {
        // A guess publishes nothing.
        self.change(Relaxed, Relaxed, |word| word.assume(ready));
    }

    /// C1. One read-modify-write, or none when it changes nothing.
    #[inline]
    pub(crate) fn clear(&self, event: ReadyEvent) {
        // Takes a hint away and gives nothing: the next event brings its own order.
        self.change(Relaxed, Relaxed, |word| word.clear(event));
    }

    /// C2. One read-modify-write, or none when it changes nothing.
    #[inline]
    pub(crate) fn claim(&self, cell: Cell, seen: Option<ReadyEvent>) -> Claim {
        // Acquire pairs with W1 and W4 (whose waker it may find) and W3; failing or ready, with E1.
        let acquire = site("reactor.C2", Acquire);
        self.change(acquire, acquire, |word| word.claim(cell, seen))
    }

    /// W1. One read-modify-write, or none when there is no need to wait.
    #[inline]
    pub(crate) fn wait(&self, cell: Cell) -> Known {
        // Release pairs with E1, W2, C2 and S1, for the waker. Acquire, failing, with E1.
        self.change(site("reactor.W1", Release), site("reactor.W1-failed", Acquire), |word| {
            word.wait(cell)
        })
    }

    /// W4. One read-modify-write, or none when there is no need to wait.
    #[inline]
    pub(crate) fn wait_alone(&self, cell: Cell, seen: Option<ReadyEvent>) -> Known {
        // As W1.
        self.change(site("reactor.W4", Release), site("reactor.W4-failed", Acquire), |word| {
            word.wait_alone(cell, seen)
        })
    }

    /// W2. One read-modify-write, or none when nobody waits there.
    pub(crate) fn reclaim(&self, cell: Cell) -> bool {
        // Acquire pairs with W1.
        self.change(site("reactor.W2", Acquire), Relaxed, |word| word.reclaim(cell))
    }

    /// W3. One read-modify-write.
    pub(crate) fn release(&self, cell: Cell) {
        // Release pairs with C2.
        self.change(site("reactor.W3", Release), Relaxed, |word| word.release(cell));
    }

    /// L1. One read-modify-write, or none when there is no need to wait.
    pub(crate) fn list(&self, mask: Ready) -> Known {
        // The list has its own lock. Acquire, failing, pairs with E1.
        self.change(Relaxed, site("reactor.L1-failed", Acquire), |word| word.list(mask))
    }

    /// L2. One read-modify-write.
    pub(crate) fn unlist(&self) {
        // The list has its own lock.
        self.change(Relaxed, Relaxed, Word::unlist);
    }

    /// D1. One read-modify-write.
    pub(crate) fn depart(&self) -> Fired {
        // The tenant is dropped by who owns it, after all calls that put wakers here.
        self.change(Relaxed, Relaxed, Word::depart)
    }

    /// S1. One read-modify-write.
    pub(crate) fn shutdown(&self) -> Fired {
        // Acquire pairs with W1 and W4, for the wakers.
        self.change(site("reactor.S1", Acquire), Relaxed, Word::shutdown)
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests;
