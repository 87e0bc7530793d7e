//! The state word of a task, and every transition of it.
//!
//! One thought: the life cycle of a task is this one word; no other file changes it.
//!
//! ```text
//!  63        32 31       8      6         5         4       3        2           1          0
//! ┌────────────┬──────────┬─────────┬──────────┬────────┬──────┬───────────┬──────────┬───────────┐
//! │ EPOCH      │ REFS     │ DROPPED │ PANICKED │ WAITED │ JOIN │ CANCELLED │ COMPLETE │ SCHEDULED │
//! └────────────┴──────────┴─────────┴──────────┴────────┴──────┴───────────┴──────────┴───────────┘
//! ```
//!
//! | field       | set by                    | cleared by          | while set                                   |
//! |-------------|---------------------------|---------------------|---------------------------------------------|
//! | `SCHEDULED` | `new`, T1, T2, T9, T10    | T4, T5              | the unique `Runnable` exists: queued, polled, or on its way |
//! | `COMPLETE`  | T5                        | never               | the future is gone; the stage holds what the outcome says, or nothing |
//! | `CANCELLED` | T9, T10                   | never               | the next poll drops the future instead      |
//! | `JOIN`      | `new`                     | T8                  | a `JoinHandle` exists                       |
//! | `WAITED`    | T7                        | T6, T8              | the join slot holds a waker                 |
//! | `PANICKED`  | T5                        | never               | the stage holds a panic's payload           |
//! | `DROPPED`   | T5                        | never               | the task ended by cancellation; the stage is empty |
//! | `REFS`      | T11 adds                  | T2, T5, T8, T12 take | one for the runtime until T5; one for each handle and waker |
//! | `EPOCH`     | T1, T2 count up           | T3, when it is full | counts wakes of a task that is scheduled     |
//!
//! # Invariants
//! - **I1** Of SCHEDULED and COMPLETE at most one is set.
//! - **I2** Whoever sets SCHEDULED owns the `Runnable`; only its owner clears it. So one thread
//!   at a time polls or drops the future.
//! - **I3** While not COMPLETE, `REFS` counts the runtime's own reference, hence is not zero.
//! - **I4** Who brings `REFS` to zero frees the task; nobody has access after giving up theirs.
//! - **I5** The join slot belongs to the handle while WAITED is clear and JOIN is set; to nobody
//!   while WAITED is set and COMPLETE is not; to who completed once both are set.
//! - **I6** The output belongs to the handle once COMPLETE is set while JOIN is; else to who
//!   completed.
//! - **I7** CANCELLED comes with SCHEDULED, so somebody is there to end the task until it is
//!   COMPLETE.
//! - **I8** The epoch of an idle task is not full: T3 empties it, and a wake that fills it later
//!   keeps T4 from clearing SCHEDULED.
//!
//! `state/tests.rs` walks all orders of steps of two wakers, the handle and the poller; what these
//! invariants allow is exactly what it reaches.
//!
//! # Protocol: wake
//! | waker                             | poller                                   |
//! |-----------------------------------|------------------------------------------|
//! | T1/T2 set SCHEDULED, or EPOCH + 1 | T3 `seen` = the word                     |
//! |                                   | poll                                     |
//! |                                   | T4 EPOCH or CANCELLED changed: keep the Runnable; else clear SCHEDULED |
//!
//! **Claim (no lost wake).** After a wake, a poll begins that sees all that came before the wake,
//! or the task is complete.
//! **Why.** T1 and T4 are read-modify-writes of one word, so one comes first. T1 first: T4 sees
//! another epoch and keeps the Runnable. T4 first: T1 finds SCHEDULED clear and makes one. T1 is
//! a Release and every later change of the word is a read-modify-write, so the Acquire load of T3
//! reads from T1's release sequence. The epoch cannot come back to what T3 saw: it stops counting
//! when full, and T3 alone starts it over.
//! **Breaks if** T1 or T2 is weaker than Release (also when the task is scheduled already, so a
//! plain load will not do), or T3 weaker than Acquire.
//! **Checked by** `state::loom_tests::no_lost_wake`.
//!
//! # Protocol: completion and join
//! | handle                              | poller                                  |
//! |-------------------------------------|-----------------------------------------|
//! | T6 take the join slot back          | write the output, then T5               |
//! | write the slot, then T7             | if WAITED was set: take the slot, wake  |
//! | T8 give JOIN up                     | if JOIN was clear: drop the output first |
//!
//! **Claim (one result).** The output is read or dropped exactly once; a handle that pends is
//! woken by the completion.
//! **Why.** T5, T7 and T8 change one word. T7 before T5: T5 sees WAITED and wakes. T5 before T7:
//! T7 fails on COMPLETE, and its Acquire pairs with T5's Release. T8 before T5: T5 sees JOIN
//! clear. T5 before T8: T8 sees COMPLETE and the output is the handle's.
//! **Breaks if** T5 or T7 is weaker than Release on one side or Acquire on the other.
//! **Checked by** `state::loom_tests::one_result`.
//!
//! # Protocol: the end
//! **Claim (freed once, last).** The allocation is freed exactly once, after every access.
//! **Why.** By I4 one read-modify-write brings `REFS` to zero. Each that gives a reference up is a
//! Release, and the last is also an Acquire.
//! **Breaks if** T12, T8 or T2 is weaker than Release, or the last of them weaker than Acquire.
//! **Checked by** `state::loom_tests::freed_once`.

use crate::base::shim::{AtomicWord, Ordering, Ordering::*, RawWord, site};

const SCHEDULED: RawWord = 1 << 0;
const COMPLETE: RawWord = 1 << 1;
const CANCELLED: RawWord = 1 << 2;
const JOIN: RawWord = 1 << 3;
const WAITED: RawWord = 1 << 4;
const PANICKED: RawWord = 1 << 5;
const DROPPED: RawWord = 1 << 6;

const REF: RawWord = 1 << 8;
/// 16 million references on a 64-bit word, 65 thousand on a 32-bit one.
const REF_BITS: u32 = if RawWord::BITS == 64 { 24 } else { 16 };
const REFS: RawWord = ((1 << REF_BITS) - 1) << 8;
/// Half of what fits: the rest is room for threads that count up before they look.
const REFS_MAX: RawWord = REFS >> 1;

const EPOCH: RawWord = REF << REF_BITS;
const EPOCHS: RawWord = !(EPOCH - 1);
/// Where the epoch stops counting. Small in tests, so that they get there.
const EPOCHS_MAX: RawWord = if cfg!(any(test, rt_loom)) { 3 * EPOCH } else { EPOCHS };

const FLAGS: RawWord = SCHEDULED | COMPLETE | CANCELLED | JOIN | WAITED | PANICKED | DROPPED;
const _: () = assert!(FLAGS & (REFS | EPOCHS) == 0, "the fields do not overlap");
const _: () = assert!(REFS & EPOCHS == 0 && REFS.count_ones() == REF_BITS);

/// A value of the state word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(RawWord);

/// What a wake, an abort or a shutdown leaves to do.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// Nothing: it is scheduled or over.
    Nothing,
    /// The caller owns the `Runnable` now, and schedules it.
    Submit,
    /// The caller held the last reference, and frees the task.
    Free,
}

/// What the owner of a `Runnable` is to do with it.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Poll; then [`State::end_poll`] with this.
    Poll(Word),
    /// Drop the future.
    Cancel,
}

/// What a pending poll leaves of the `Runnable`.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndPoll {
    /// It is gone; the next wake makes one. No access to the task from here on.
    Idle,
    /// It is still the caller's: the task was woken or cancelled meanwhile.
    Again,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The stage holds the output.
    Output,
    /// The stage holds a panic's payload.
    Panicked,
    /// Cancelled; the stage is empty.
    Dropped,
}

/// What completing leaves to do.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completed {
    /// Not complete yet: nobody will take what the stage holds. Drop it and complete again.
    Unwanted,
    /// The join slot and one reference are the caller's: take the waker, give the reference up, wake.
    WakeJoin,
    /// Nothing; the runtime's reference is given up.
    Released,
    /// The same, and it was the last: free the task.
    Free,
}

/// What a handle finds.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    /// Not complete; whether the slot holds a waker.
    Pending { waited: bool },
    /// Complete, and the stage is the handle's.
    Complete(Outcome),
}

/// What giving the handle up leaves to do.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detached {
    /// Nothing.
    Released,
    /// The slot is the caller's again: drop the waker, then the reference.
    DropWaker,
    /// The stage is the caller's: drop what it holds, then the reference.
    DropOutput(Outcome),
}

/// What anybody may see of the word, at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Glimpse {
    /// COMPLETE.
    pub(crate) is_over: bool,
    /// SCHEDULED.
    pub(crate) is_scheduled: bool,
    /// CANCELLED.
    pub(crate) is_cancelled: bool,
}

impl core::fmt::Debug for Word {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        const NAMES: [(RawWord, &str); 7] = [
            (SCHEDULED, "SCHEDULED"),
            (COMPLETE, "COMPLETE"),
            (CANCELLED, "CANCELLED"),
            (JOIN, "JOIN"),
            (WAITED, "WAITED"),
            (PANICKED, "PANICKED"),
            (DROPPED, "DROPPED"),
        ];
        for (bit, name) in NAMES {
            if self.0 & bit != 0 {
                write!(f, "{name} ")?;
            }
        }
        write!(f, "refs {} epoch {}", (self.0 & REFS) / REF, (self.0 & EPOCHS) / EPOCH)
    }
}

/// The transitions, pure.
impl Word {
    /// One reference for the runtime, one for the handle.
    const NEW: Self = Self(SCHEDULED | JOIN | (2 * REF));

    fn has(self, flags: RawWord) -> bool {
        self.0 & flags != 0
    }

    fn refs(self) -> RawWord {
        (self.0 & REFS) / REF
    }

    /// T1: wake by reference. `None`: the word stays.
    fn wake(self) -> (Option<Self>, Woken) {
        match self {
            _ if self.has(COMPLETE) => (None, Woken::Nothing),
            _ if self.has(SCHEDULED) => (Some(self.next_epoch()), Woken::Nothing),
            _ => (Some(Self(self.0 | SCHEDULED)), Woken::Submit),
        }
    }

    /// T2: wake by value: T1, and the waker's reference is given up.
    fn wake_consuming(self) -> (Self, Woken) {
        let (woken, todo) = self.wake();
        let next = Self(woken.unwrap_or(self).0 - REF);
        match next.refs() {
            0 => (next, Woken::Free),
            _ => (next, todo),
        }
    }

    fn next_epoch(self) -> Self {
        match self.0 & EPOCHS {
            // Writing the same value is still a Release that the coming T3 reads.
            EPOCHS_MAX => self,
            _ => Self(self.0 + EPOCH),
        }
    }

    /// T3: begin a poll. `None`: the word stays.
    fn begin_poll(self) -> (Option<Self>, Begin) {
        debug_assert!(self.has(SCHEDULED) && !self.has(COMPLETE), "T3 needs a Runnable: {self:?}");
        if self.has(CANCELLED) {
            return (None, Begin::Cancel);
        }
        match self.0 & EPOCHS {
            EPOCHS_MAX => {
                let first = Self(self.0 & !EPOCHS);
                (Some(first), Begin::Poll(first))
            }
            _ => (None, Begin::Poll(self)),
        }
    }

    /// T4: the poll was pending. `None`: the word stays.
    fn end_poll(self, seen: Self) -> (Option<Self>, EndPoll) {
        debug_assert!(self.has(SCHEDULED), "T4 needs a Runnable: {self:?}");
        match (self.0 ^ seen.0) & (EPOCHS | CANCELLED) {
            0 => (Some(Self(self.0 & !SCHEDULED)), EndPoll::Idle),
            _ => (None, EndPoll::Again),
        }
    }

    /// T5: the future is gone. `None`: the word stays.
    fn complete(self, outcome: Outcome) -> (Option<Self>, Completed) {
        debug_assert!(self.has(SCHEDULED), "T5 needs a Runnable: {self:?}");
        let (flag, holds) = match outcome {
            Outcome::Output => (0, true),
            Outcome::Panicked => (PANICKED, true),
            Outcome::Dropped => (DROPPED, false),
        };
        if holds && !self.has(JOIN) {
            return (None, Completed::Unwanted);
        }
        let over = Self((self.0 & !SCHEDULED) | COMPLETE | flag);
        if self.has(WAITED) {
            return (Some(over), Completed::WakeJoin);
        }
        let released = Self(over.0 - REF);
        match released.refs() {
            0 => (Some(released), Completed::Free),
            _ => (Some(released), Completed::Released),
        }
    }

    fn outcome(self) -> Outcome {
        match self {
            _ if self.has(PANICKED) => Outcome::Panicked,
            _ if self.has(DROPPED) => Outcome::Dropped,
            _ => Outcome::Output,
        }
    }

    fn join(self) -> Join {
        debug_assert!(self.has(JOIN), "a handle exists: {self:?}");
        match self.has(COMPLETE) {
            true => Join::Complete(self.outcome()),
            false => Join::Pending { waited: self.has(WAITED) },
        }
    }

    /// T6: take the join slot back, to write another waker. `None`: the word stays.
    fn unwait(self) -> (Option<Self>, Join) {
        match self.join() {
            Join::Pending { .. } => (Some(Self(self.0 & !WAITED)), Join::Pending { waited: false }),
            complete => (None, complete),
        }
    }

    /// T7: the slot holds a waker. `None`: the word stays.
    fn wait(self) -> (Option<Self>, Join) {
        match self.join() {
            Join::Pending { .. } => (Some(Self(self.0 | WAITED)), Join::Pending { waited: true }),
            complete => (None, complete),
        }
    }

    /// T8: give the handle up. `None`: the word stays.
    fn detach(self) -> (Option<Self>, Detached) {
        match self.join() {
            Join::Complete(outcome) => (None, Detached::DropOutput(outcome)),
            Join::Pending { waited: true } => {
                (Some(Self(self.0 & !(JOIN | WAITED))), Detached::DropWaker)
            }
            Join::Pending { waited: false } => {
                (Some(Self((self.0 & !JOIN) - REF)), Detached::Released)
            }
        }
    }

    /// T9 (abort) and T10 (shutdown): ask for the end. `None`: the word stays.
    fn cancel(self) -> (Option<Self>, Woken) {
        match self {
            _ if self.has(COMPLETE | CANCELLED) => (None, Woken::Nothing),
            _ if self.has(SCHEDULED) => (Some(Self(self.0 | CANCELLED)), Woken::Nothing),
            _ => (Some(Self(self.0 | CANCELLED | SCHEDULED)), Woken::Submit),
        }
    }
}

/// The state word. Its only writer.
pub(crate) struct State {
    word: AtomicWord,
}

impl State {
    pub(crate) fn new() -> Self {
        Self { word: AtomicWord::new(Word::NEW.0) }
    }

    /// Applies a transition; the word stays where it says `None`.
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

    /// T1. One read-modify-write, or none when complete.
    #[inline]
    pub(crate) fn wake(&self) -> Woken {
        // Release pairs with T3; Acquire (when it makes the Runnable) with T4, whose caller
        // was the last to use the queue link.
        self.change(site("task.T1", AcqRel), Relaxed, Word::wake)
    }

    /// T2. One read-modify-write.
    #[inline]
    pub(crate) fn wake_consuming(&self) -> Woken {
        // As T1, and Acquire pairs with every T12 when it is the last.
        self.change(site("task.T2", AcqRel), Relaxed, |word| {
            let (next, todo) = word.wake_consuming();
            (Some(next), todo)
        })
    }

    /// T3. No read-modify-write, unless the epoch was full.
    #[inline]
    pub(crate) fn begin_poll(&self) -> Begin {
        // Acquire pairs with T1, T2 and with the T4 of the last poll.
        let acquire = site("task.T3", Acquire);
        self.change(acquire, acquire, Word::begin_poll)
    }

    /// T4. One read-modify-write, or none when woken meanwhile.
    #[inline]
    pub(crate) fn end_poll(&self, seen: Word) -> EndPoll {
        // Release pairs with the T1 that makes the next Runnable, and with the next T3.
        self.change(site("task.T4", Release), Relaxed, |word| word.end_poll(seen))
    }

    /// T5. One read-modify-write.
    #[inline]
    pub(crate) fn complete(&self, outcome: Outcome) -> Completed {
        // Release pairs with `join`, T7 and T8; Acquire with T7, for the waker, and with every
        // T12 when it is the last.
        self.change(site("task.T5", AcqRel), Relaxed, |word| word.complete(outcome))
    }

    /// Whether the output is there, for the handle.
    #[inline]
    pub(crate) fn join(&self) -> Join {
        Word(self.word.load(site("task.join", Acquire))).join() // pairs with T5
    }

    /// T6. One read-modify-write.
    pub(crate) fn unwait(&self) -> Join {
        // Success publishes nothing: the slot is nobody else's to look at (I5).
        // Acquire, failing, pairs with T5.
        self.change(Relaxed, site("task.T6", Acquire), Word::unwait)
    }

    /// T7. One read-modify-write.
    pub(crate) fn wait(&self) -> Join {
        // Release pairs with T5, for the waker. Acquire, failing, with T5, for the output.
        self.change(site("task.T7", Release), site("task.T7-failed", Acquire), Word::wait)
    }

    /// T8. One read-modify-write, or none when complete.
    #[inline]
    pub(crate) fn detach(&self) -> Detached {
        // Release pairs with the last T12. Acquire, failing, with T5, for the output.
        self.change(site("task.T8", Release), site("task.T8-failed", Acquire), Word::detach)
    }

    /// T9, T10. One read-modify-write, or none when it changes nothing.
    pub(crate) fn cancel(&self) -> Woken {
        // As T1, when it makes the Runnable.
        self.change(site("task.T9", AcqRel), Relaxed, Word::cancel)
    }

    /// T11: one reference more. One read-modify-write.
    #[inline]
    pub(crate) fn add_ref(&self) {
        // The caller's own reference keeps the task alive: nothing to order.
        let before = Word(self.word.fetch_add(REF, Relaxed));
        if before.refs() >= REFS_MAX / REF {
            too_many_refs();
        }
    }

    /// T12: one reference less. Tells whether it was the last. One read-modify-write.
    #[inline]
    pub(crate) fn drop_ref(&self) -> bool {
        // Release pairs with the Acquire of the last.
        let before = Word(self.word.fetch_sub(REF, site("task.T12", AcqRel)));
        debug_assert!(before.refs() > 0, "a reference exists: {before:?}");
        before.refs() == 1
    }

    /// For a dump, which decides nothing by it.
    pub(crate) fn glimpse(&self) -> Glimpse {
        let word = Word(self.word.load(Relaxed));
        match (word.has(COMPLETE), word.has(SCHEDULED), word.has(CANCELLED)) {
            (true, ..) => Glimpse { is_over: true, ..Glimpse::default() },
            (false, is_scheduled, is_cancelled) => {
                Glimpse { is_over: false, is_scheduled, is_cancelled }
            }
        }
    }

    pub(crate) fn is_complete(&self) -> bool {
        Word(self.word.load(site("task.is_complete", Acquire))).has(COMPLETE) // pairs with T5
    }
}

/// As `Arc` does when a program leaks references until the counter is full: going on would free
/// what is in use.
#[cold]
fn too_many_refs() -> ! {
    struct Abort;
    impl Drop for Abort {
        fn drop(&mut self) {
            panic!("aborting: a panic while panicking");
        }
    }
    let _abort = Abort;
    panic!("more than {} wakers and handles of one task exist", REFS_MAX / REF);
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
