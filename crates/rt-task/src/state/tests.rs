//! The state word, walked exhaustively: every legal word through every transition, and every
//! order of steps that the holders of one task can take.
//!
//! The transitions are pure and each is one step of the word, so all orders of steps are all that
//! can happen, but for what a weak ordering lets a thread see: that is left to `loom_tests`.

use super::*;
use alloc::vec::Vec;
use std::collections::HashSet;

/// References that the walk over words goes up to. More make no difference: no transition tells
/// three from four.
const REFS_WALKED: RawWord = 4;

/// What I1 to I8 say of the word alone.
fn is_legal(word: Word) -> bool {
    let Word(bits) = word;
    let scheduled_or_complete = !(word.has(SCHEDULED) && word.has(COMPLETE)); // I1
    let alive = word.has(COMPLETE) || word.refs() > RawWord::from(word.has(JOIN)); // I3
    let waits = !word.has(WAITED) || word.has(JOIN); // I5
    let wanted = !word.has(COMPLETE) || word.has(JOIN | DROPPED); // I6
    let moving = !word.has(CANCELLED) || word.has(SCHEDULED | COMPLETE); // I7
    let outcome = match word.has(COMPLETE) {
        true => bits & (PANICKED | DROPPED) != PANICKED | DROPPED,
        false => !word.has(PANICKED | DROPPED),
    };
    let epochs_max = match word.has(SCHEDULED | COMPLETE) {
        true => EPOCHS_MAX,
        false => EPOCHS_MAX - EPOCH, // I8
    };
    let epoch = bits & EPOCHS <= epochs_max;
    scheduled_or_complete && alive && waits && wanted && moving && outcome && epoch
}

fn legal_words() -> Vec<Word> {
    let epochs = (0..=3).map(|epoch| epoch * EPOCH);
    let refs = (0..=REFS_WALKED).map(|refs| refs * REF);
    let flags = 0..=FLAGS;
    flags
        .flat_map(|flags| refs.clone().map(move |refs| flags | refs))
        .flat_map(|low| epochs.clone().map(move |epoch| Word(low | epoch)))
        .filter(|word| is_legal(*word))
        .collect()
}

/// Checks that a transition leads to a legal word and changed no field but `fields`.
#[track_caller]
fn check(name: &str, word: Word, next: Word, fields: RawWord) {
    assert!(is_legal(next), "{name}: {word:?} became {next:?}");
    assert_eq!(word.0 & !fields, next.0 & !fields, "{name}: {word:?} became {next:?}");
}

#[test]
fn every_legal_word_stays_legal_in_every_transition() {
    let words = legal_words();
    assert!(words.len() > 200, "{} words", words.len());
    for word in words {
        let holders = word.refs();
        // References that belong to neither the runtime nor the handle.
        let others = holders.saturating_sub(match word.has(COMPLETE) {
            true => 0,
            false => 1 + RawWord::from(word.has(JOIN)),
        });
        let alive = holders > 0;
        if alive {
            let (next, woken) = word.wake();
            let next = next.unwrap_or(word);
            check("T1", word, next, SCHEDULED | EPOCHS);
            assert_eq!(woken == Woken::Submit, !word.has(SCHEDULED | COMPLETE));
            let (next, woken) = word.cancel();
            let next = next.unwrap_or(word);
            check("T9", word, next, SCHEDULED | CANCELLED);
            assert_eq!(woken == Woken::Submit, !word.has(SCHEDULED | COMPLETE));
            assert!(next.has(CANCELLED | COMPLETE));
        }
        if others > 0 {
            let (next, woken) = word.wake_consuming();
            check("T2", word, next, SCHEDULED | EPOCHS | REFS);
            assert_eq!(next.refs(), holders - 1);
            assert_eq!(woken == Woken::Free, next.refs() == 0);
            check("T12", word, Word(word.0 - REF), REFS);
        }
        if word.has(SCHEDULED) {
            let (next, begin) = word.begin_poll();
            let next = next.unwrap_or(word);
            check("T3", word, next, EPOCHS);
            match begin {
                Begin::Cancel => assert!(word.has(CANCELLED)),
                Begin::Poll(seen) => {
                    assert_eq!(seen, next);
                    assert!(seen.0 & EPOCHS < EPOCHS_MAX, "a wake can be told from {seen:?}");
                }
            }
            // What T3 may have seen, any number of steps ago.
            let others = word.0 & !(EPOCHS | CANCELLED);
            for seen in [0, 1, 2].map(|epoch| Word(others | (epoch * EPOCH))) {
                let (next, end) = word.end_poll(seen);
                check("T4", word, next.unwrap_or(word), SCHEDULED);
                let same = word.0 & EPOCHS == seen.0 & EPOCHS && !word.has(CANCELLED);
                assert_eq!(end == EndPoll::Idle, same);
            }
            for outcome in [Outcome::Output, Outcome::Panicked, Outcome::Dropped] {
                let (next, completed) = word.complete(outcome);
                let wanted = word.has(JOIN) || outcome == Outcome::Dropped;
                assert_eq!(completed == Completed::Unwanted, !wanted);
                let Some(next) = next else {
                    assert_eq!(completed, Completed::Unwanted);
                    continue;
                };
                check("T5", word, next, SCHEDULED | COMPLETE | PANICKED | DROPPED | REFS);
                assert_eq!(next.outcome(), outcome);
                assert_eq!(completed == Completed::WakeJoin, word.has(WAITED));
                assert_eq!(completed == Completed::Free, next.refs() == 0);
            }
        }
        if word.has(JOIN) && alive {
            if word.has(WAITED) {
                check("T6", word, word.unwait().0.unwrap_or(word), WAITED);
            } else {
                check("T7", word, word.wait().0.unwrap_or(word), WAITED);
            }
            let (next, detached) = word.detach();
            check("T8", word, next.unwrap_or(word), JOIN | WAITED | REFS);
            assert_eq!(matches!(detached, Detached::DropOutput(_)), word.has(COMPLETE));
        }
    }
}

#[test]
fn words_that_break_an_invariant_are_not_legal() {
    let scheduled = SCHEDULED | JOIN | (2 * REF);
    let illegal = [
        ("I1: queued and over", SCHEDULED | COMPLETE | JOIN | REF),
        ("I3: nobody keeps it", SCHEDULED),
        ("I3: nobody keeps it for the handle", SCHEDULED | JOIN | REF),
        ("I5: a waker of no handle", SCHEDULED | WAITED | REF),
        ("I6: an output for nobody", COMPLETE | REF),
        ("I7: cancelled, and nobody ends it", CANCELLED | JOIN | (2 * REF)),
        ("an outcome before the end", scheduled | PANICKED),
        ("two outcomes", COMPLETE | JOIN | PANICKED | DROPPED | REF),
        ("an epoch past the last", scheduled | (EPOCHS_MAX + EPOCH)),
    ];
    for (why, bits) in illegal {
        assert!(!is_legal(Word(bits)), "{why}");
    }
    assert!(is_legal(Word::NEW) && is_legal(Word(scheduled)));
}

/// A task and all who hold it, between two steps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct World {
    bits: RawWord,
    runner: Runner,
    handle: Handle,
    /// Who wakes the joiner, after T5.
    completer: Completer,
    /// Wakers and abort handles.
    others: u8,
    stage: Stage,
    /// Whether the join slot holds a waker.
    slot: bool,
    /// In the registry, so that a shutdown finds it.
    linked: bool,
    /// Woken, and no poll has begun since.
    owed: bool,
    /// Whether the output or payload was handed out or dropped.
    consumed: bool,
    freed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Runner {
    /// No `Runnable` exists.
    None,
    Queued,
    Polling {
        seen: RawWord,
    },
    /// The future is to be dropped.
    Cancelling,
    /// The future is gone.
    Ended(Kind),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Kind {
    Output,
    Panicked,
    Dropped,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Handle {
    Rests,
    /// The slot is its own, and holds the new waker.
    Wrote,
    /// It has the output.
    Took,
    /// It has to give its reference up.
    Leaves,
    Gone,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Completer {
    None,
    TakesWaker,
    DropsRef,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Stage {
    Future,
    Holds(Kind),
    Empty,
}

fn outcome_of(kind: Kind) -> Outcome {
    match kind {
        Kind::Output => Outcome::Output,
        Kind::Panicked => Outcome::Panicked,
        Kind::Dropped => Outcome::Dropped,
    }
}

impl World {
    fn new() -> Self {
        Self {
            bits: Word::NEW.0,
            runner: Runner::Queued,
            handle: Handle::Rests,
            completer: Completer::None,
            others: 0,
            stage: Stage::Future,
            slot: false,
            linked: false,
            owed: true,
            consumed: false,
            freed: false,
        }
    }

    fn word(self) -> Word {
        Word(self.bits)
    }

    fn free(&mut self) {
        assert!(!self.freed, "freed twice: {self:?}");
        self.freed = true;
    }

    fn submit(&mut self, woken: Woken) {
        match woken {
            Woken::Nothing => {}
            Woken::Submit => {
                assert_eq!(self.runner, Runner::None, "two Runnables: {self:?}");
                self.runner = Runner::Queued;
            }
            Woken::Free => self.free(),
        }
    }

    fn drop_ref(&mut self) {
        assert!(self.word().refs() > 0, "{self:?}");
        self.bits -= REF; // T12
        if self.word().refs() == 0 {
            self.free();
        }
    }

    fn consume(&mut self, outcome: Outcome) {
        match (self.stage, outcome) {
            (Stage::Holds(kind), _) => {
                assert_eq!(outcome_of(kind), outcome, "{self:?}");
                assert!(!self.consumed, "twice: {self:?}");
                self.consumed = true;
                self.stage = Stage::Empty;
            }
            (Stage::Empty, Outcome::Dropped) => {}
            _ => panic!("the stage holds something else: {self:?}"),
        }
    }

    /// All worlds that are one step ahead.
    fn steps(self) -> Vec<Self> {
        assert!(!self.freed);
        let mut steps = Vec::new();
        let mut step = |f: &dyn Fn(&mut Self)| {
            let mut next = self;
            f(&mut next);
            steps.push(next);
        };
        match self.runner {
            Runner::None => {}
            Runner::Queued => {
                step(&Self::begin);
                step(&|w| w.runner = Runner::Cancelling); // the `Runnable` is dropped
            }
            Runner::Polling { seen } => {
                step(&|w| w.end_poll(Word(seen)));
                step(&|w| w.end(Kind::Output));
                step(&|w| w.end(Kind::Panicked));
                if self.others < 2 {
                    step(&Self::clone_waker);
                }
            }
            Runner::Cancelling => {
                step(&|w| w.end(Kind::Dropped));
                step(&|w| w.end(Kind::Panicked));
            }
            Runner::Ended(kind) => step(&|w| w.complete(kind)),
        }
        match self.completer {
            Completer::None => {}
            Completer::TakesWaker => step(&|w| {
                assert!(w.slot, "{w:?}");
                w.slot = false;
                w.completer = Completer::DropsRef;
            }),
            Completer::DropsRef => step(&|w| {
                w.completer = Completer::None;
                w.drop_ref();
            }),
        }
        if self.others > 0 {
            step(&Self::wake);
            step(&Self::wake_by_value);
            step(&Self::cancel);
            step(&|w| {
                w.others -= 1;
                w.drop_ref();
            });
            if self.others < 2 {
                step(&Self::clone_waker);
            }
        }
        if self.linked {
            step(&Self::cancel);
        }
        match self.handle {
            Handle::Rests => {
                step(&Self::cancel);
                step(&Self::poll_handle);
                step(&Self::detach);
                if self.others < 2 {
                    step(&Self::clone_waker);
                }
            }
            Handle::Wrote => step(&Self::wait),
            Handle::Took => step(&Self::detach),
            Handle::Leaves => step(&|w| {
                w.handle = Handle::Gone;
                w.drop_ref();
            }),
            Handle::Gone => {}
        }
        steps
    }

    fn clone_waker(&mut self) {
        self.bits += REF; // T11
        self.others += 1;
    }

    fn wake(&mut self) {
        let (next, woken) = self.word().wake();
        self.owed |= !self.word().has(COMPLETE);
        self.bits = next.unwrap_or(self.word()).0;
        self.submit(woken);
    }

    fn wake_by_value(&mut self) {
        let (next, woken) = self.word().wake_consuming();
        self.owed |= !self.word().has(COMPLETE);
        self.others -= 1;
        self.bits = next.0;
        self.submit(woken);
    }

    fn cancel(&mut self) {
        let (next, woken) = self.word().cancel();
        self.bits = next.unwrap_or(self.word()).0;
        self.submit(woken);
    }

    fn begin(&mut self) {
        let (next, begin) = self.word().begin_poll();
        self.bits = next.unwrap_or(self.word()).0;
        self.owed = false;
        self.runner = match begin {
            Begin::Poll(seen) => Runner::Polling { seen: seen.0 },
            Begin::Cancel => Runner::Cancelling,
        };
    }

    fn end_poll(&mut self, seen: Word) {
        self.linked = true;
        let (next, end) = self.word().end_poll(seen);
        self.bits = next.unwrap_or(self.word()).0;
        self.runner = match end {
            EndPoll::Idle => Runner::None,
            EndPoll::Again => Runner::Queued,
        };
    }

    /// The future is dropped, and leaves `kind`.
    fn end(&mut self, kind: Kind) {
        assert_eq!(self.stage, Stage::Future, "dropped twice: {self:?}");
        self.stage = match kind {
            Kind::Dropped => Stage::Empty,
            _ => Stage::Holds(kind),
        };
        self.linked = false;
        self.runner = Runner::Ended(kind);
    }

    fn complete(&mut self, kind: Kind) {
        let (next, completed) = self.word().complete(outcome_of(kind));
        self.bits = next.unwrap_or(self.word()).0;
        self.runner = Runner::None;
        match completed {
            Completed::Unwanted => {
                self.consume(outcome_of(kind));
                self.runner = Runner::Ended(Kind::Dropped);
            }
            Completed::WakeJoin => self.completer = Completer::TakesWaker,
            Completed::Released => {}
            Completed::Free => self.free(),
        }
    }

    /// As `JoinHandle::poll`, with a waker that is always another one.
    fn poll_handle(&mut self) {
        let mut join = self.word().join();
        if join == (Join::Pending { waited: true }) {
            let (next, found) = self.word().unwait(); // T6
            self.bits = next.unwrap_or(self.word()).0;
            join = found;
            if matches!(join, Join::Pending { .. }) {
                assert!(self.slot, "{self:?}");
                self.slot = false;
            }
        }
        match join {
            Join::Pending { .. } => {
                assert!(!self.slot, "a waker is lost: {self:?}");
                self.slot = true;
                self.handle = Handle::Wrote;
            }
            Join::Complete(outcome) => self.take(outcome),
        }
    }

    fn wait(&mut self) {
        let (next, join) = self.word().wait(); // T7
        self.bits = next.unwrap_or(self.word()).0;
        self.handle = Handle::Rests;
        if let Join::Complete(outcome) = join {
            assert!(self.slot, "{self:?}");
            self.slot = false;
            self.take(outcome);
        }
    }

    fn take(&mut self, outcome: Outcome) {
        self.consume(outcome);
        self.handle = Handle::Took;
    }

    fn detach(&mut self) {
        let (next, detached) = self.word().detach(); // T8
        self.bits = next.unwrap_or(self.word()).0;
        match detached {
            Detached::Released => self.handle = Handle::Gone,
            Detached::DropWaker => {
                assert!(self.slot, "{self:?}");
                self.slot = false;
                self.handle = Handle::Leaves;
            }
            Detached::DropOutput(outcome) => {
                if self.handle != Handle::Took {
                    self.consume(outcome);
                }
                self.handle = Handle::Leaves;
            }
        }
    }

    /// I1 to I8, and what they are for.
    fn check(self) {
        let word = self.word();
        let over = word.has(COMPLETE);
        if self.freed {
            let idle = (self.runner, self.completer) == (Runner::None, Completer::None);
            assert!(idle && self.others == 0, "freed under a holder: {self:?}");
            assert_eq!(self.handle, Handle::Gone, "freed under the handle: {self:?}");
            assert!(over && self.stage == Stage::Empty && !self.slot, "leaked: {self:?}");
            return;
        }
        assert!(is_legal(word), "{self:?}");
        // I2, and the Claim: a wake is followed by a poll.
        assert_eq!(word.has(SCHEDULED), self.runner != Runner::None, "{self:?}");
        assert!(!self.owed || self.runner != Runner::None || over, "lost: {self:?}");
        // I3 and I4: each reference is somebody's.
        let refs = RawWord::from(self.others)
            + RawWord::from(!over)
            + RawWord::from(self.completer != Completer::None)
            + RawWord::from(self.handle != Handle::Gone);
        assert_eq!(word.refs(), refs, "{self:?}");
        // I5
        let by_handle = self.handle == Handle::Wrote;
        let waits = word.has(WAITED) && !over;
        let by_completer = self.completer == Completer::TakesWaker;
        assert_eq!(self.slot, by_handle || waits || by_completer, "{self:?}");
        assert!(!(by_handle && (waits || by_completer)), "{self:?}");
        // I6
        let has_future = !over && !matches!(self.runner, Runner::Ended(_));
        assert_eq!(self.stage == Stage::Future, has_future, "{self:?}");
    }
}

#[test]
fn every_order_of_steps_keeps_the_invariants() {
    let mut seen = HashSet::from([World::new()]);
    let mut words = HashSet::new();
    let mut todo = Vec::from([World::new()]);
    let mut freed = 0;
    while let Some(world) = todo.pop() {
        world.check();
        if world.freed {
            freed += 1;
            continue;
        }
        words.insert(world.bits);
        let steps = world.steps();
        // Nobody is left to do anything only if nobody ever wakes it: then it is leaked, by its
        // scheduler, that has no registry or never cancels what is in it.
        assert!(!steps.is_empty(), "stuck: {world:?}");
        todo.extend(steps.into_iter().filter(|next| seen.insert(*next)));
    }
    assert!(freed > 10 && seen.len() > 5_000, "{} worlds, {freed} ends", seen.len());
    // What is legal can happen, and nothing else does. (With four references not everything
    // does here: there are two wakers, the handle, and either the runtime or who completes.)
    let legal: HashSet<_> = legal_words().into_iter().map(|word| word.0).collect();
    let illegal: Vec<_> = words.difference(&legal).map(|bits| Word(*bits)).collect();
    assert!(illegal.is_empty(), "{illegal:?}");
    let unreached = legal.difference(&words).map(|bits| Word(*bits));
    let unreached: Vec<_> = unreached.filter(|word| (1..4).contains(&word.refs())).collect();
    assert!(unreached.is_empty(), "{unreached:?}");
}

#[test]
fn the_epoch_stops_when_it_is_full_and_starts_over_with_a_poll() {
    let state = State::new();
    let word = |state: &State| Word(state.word.load(Relaxed));
    for _ in 0..10 {
        assert_eq!(state.wake(), Woken::Nothing);
    }
    assert_eq!(word(&state).0 & EPOCHS, EPOCHS_MAX);
    let Begin::Poll(seen) = state.begin_poll() else { panic!("nobody cancelled it") };
    assert_eq!(word(&state).0 & EPOCHS, 0);
    for _ in 0..10 {
        assert_eq!(state.wake(), Woken::Nothing);
    }
    assert_eq!(state.end_poll(seen), EndPoll::Again);
    let Begin::Poll(seen) = state.begin_poll() else { panic!("nobody cancelled it") };
    assert_eq!(state.end_poll(seen), EndPoll::Idle);
    assert_eq!(state.wake(), Woken::Submit);
}

#[test]
fn a_word_can_be_read() {
    let word = Word(Word::NEW.0 | CANCELLED | (2 * EPOCH));
    assert_eq!(alloc::format!("{word:?}"), "SCHEDULED CANCELLED JOIN refs 2 epoch 2");
}

#[test]
fn there_is_room_for_thousands_of_references() {
    let state = State::new();
    (0..10_000).for_each(|_| state.add_ref());
    assert_eq!(Word(state.word.load(Relaxed)).refs(), 10_002);
}

/// Set in the process that is to end.
const LEAKS: &str = "RT_TASK_TEST_LEAKS_REFERENCES";

#[test]
fn too_many_references_end_the_process() {
    if std::env::var_os(LEAKS).is_some() {
        let state = State::new();
        for _ in 0..=REFS_MAX / REF {
            state.add_ref();
        }
        return; // a success, which the other process does not expect
    }
    let name = "state::tests::too_many_references_end_the_process";
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(LEAKS, "1")
        .output()
        .unwrap();
    let told = std::string::String::from_utf8_lossy(&child.stderr);
    assert!(!child.status.success(), "{told}");
    assert_ne!(child.status.code(), Some(101), "no test failed: the process ended");
    assert!(told.contains("wakers and handles of one task exist"), "{told}");
}
