//! The wheel beside a sorted map: never early, never late, first in first out.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::entry::TICK_MAX;

#[derive(Clone, Debug)]
enum Op {
    /// Arm so far ahead, or so far back.
    Insert(i64),
    /// Arm at a tick as large as they come.
    InsertAt(u64),
    /// Drop one of those that exist.
    Remove(usize),
    /// Move one of those that are armed.
    Reset(usize, i64),
    /// Let time pass.
    Advance(u64),
    /// Wait as a thread would: until the earliest.
    Wait,
    /// Take some steps towards a time, and leave it at that.
    Steps(usize, u64),
}

/// Spans of every level, with more of the small ones.
fn span() -> impl Strategy<Value = u64> {
    (0_u32..41, any::<u64>()).prop_map(|(bits, random)| random & ((1 << bits) - 1))
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => span().prop_map(|span| Op::Insert(span as i64)),
        1 => (0_i64..200).prop_map(|back| Op::Insert(-back)),
        1 => (0_u64..200).prop_map(|back| Op::InsertAt(u64::MAX - back)),
        3 => any::<usize>().prop_map(Op::Remove),
        3 => (any::<usize>(), span()).prop_map(|(which, span)| Op::Reset(which, span as i64)),
        1 => (any::<usize>(), 0_i64..200).prop_map(|(which, back)| Op::Reset(which, -back)),
        3 => span().prop_map(Op::Advance),
        4 => Just(Op::Wait),
        2 => (0_usize..5, span()).prop_map(|(steps, span)| Op::Steps(steps, span)),
    ]
}

struct Armed {
    entry: NonNull<Entry>,
    id: u64,
    /// Not in order with others of its tick: pushed back, inserted in the middle of an advance, or
    /// so far away that it goes round.
    anywhere: bool,
}

/// The wheel and the map, step by step the same.
struct Pair {
    wheel: Wheel,
    /// By the tick at which it is due, and the order in which it was linked.
    model: BTreeMap<(u64, u64), Armed>,
    now: u64,
    ids: u64,
    /// An entry was removed or pushed back since the wheel was empty, or is so far away that it
    /// goes round: hints may be low.
    loose: bool,
    /// Some steps were taken, and not all.
    midway: bool,
}

impl Pair {
    fn new(start: u64) -> Self {
        Self {
            wheel: Wheel::new(start),
            model: BTreeMap::new(),
            now: start,
            ids: 0,
            loose: false,
            midway: false,
        }
    }

    fn tick_at(&self, ahead: i64) -> u64 {
        self.now.saturating_add_signed(ahead)
    }

    /// What has passed is due now.
    fn effective(&self, tick: u64) -> u64 {
        tick.min(TICK_MAX).max(self.wheel.elapsed())
    }

    fn insert(&mut self, tick: u64) {
        let entry = NonNull::from(Box::leak(Box::new(Entry::new(0))));
        // SAFETY: leaked, and freed by `free` once it is out of the wheel.
        unsafe { self.wheel.insert(entry, tick) };
        let far = tick.saturating_sub(self.wheel.elapsed()) >= 63 << 30;
        self.loose |= far;
        self.ids += 1;
        let (id, anywhere) = (self.ids, self.midway || far);
        self.model.insert((self.effective(tick), id), Armed { entry, id, anywhere });
    }

    fn nth(&self, which: usize) -> Option<(u64, u64)> {
        let len = self.model.len();
        (len > 0).then(|| *self.model.keys().nth(which % len).unwrap())
    }

    fn remove(&mut self, which: usize) {
        let Some(key) = self.nth(which) else { return };
        let armed = self.model.remove(&key).unwrap();
        // SAFETY: in the map, hence in the wheel.
        unsafe { self.wheel.remove(armed.entry) };
        free(armed.entry);
        self.loose = true;
    }

    fn reset(&mut self, which: usize, tick: u64) {
        let Some(key) = self.nth(which) else { return };
        let mut armed = self.model.remove(&key).unwrap();
        // SAFETY: in the map, hence in the wheel.
        unsafe { self.wheel.reset(armed.entry, tick) };
        self.ids += 1;
        armed.anywhere = true;
        self.model.insert((self.effective(tick), self.ids), armed);
        self.loose = true;
    }

    /// All steps to `now`; what comes out must be what the map has, in its order.
    fn advance(&mut self, now: u64) {
        self.now = self.now.max(now);
        let mut last = 0;
        loop {
            match self.wheel.step(self.now) {
                Step::Due(entry) => last = self.fired(entry).max(last),
                Step::Moved => {}
                Step::Done => break,
            }
        }
        self.midway = false;
        if let Some(((tick, _), _)) = self.model.first_key_value() {
            assert!(*tick > self.now, "due at {tick}, and not handed out at {}", self.now);
        }
        assert_eq!(self.wheel.elapsed(), self.now.max(last));
    }

    fn steps(&mut self, steps: usize, now: u64) {
        self.now = self.now.max(now);
        for _ in 0..steps {
            match self.wheel.step(self.now) {
                Step::Due(entry) => drop(self.fired(entry)),
                Step::Moved => {}
                Step::Done => return self.midway = false,
            }
            self.midway = true;
        }
    }

    /// Checks one that was handed out against the map. Returns its tick.
    fn fired(&mut self, entry: NonNull<Entry>) -> u64 {
        let earliest = self.model.first_key_value().expect("fired and not armed").0.0;
        let mut of_tick = self.model.range((earliest, 0)..=(earliest, u64::MAX));
        let (key, armed) = of_tick.find(|(_, armed)| armed.entry == entry).expect("out of order");
        assert!(key.0 <= self.now, "fired at {}, and due at {}", self.now, key.0);
        if !armed.anywhere {
            let before = |(_, other): &(_, &Armed)| !other.anywhere && other.id < armed.id;
            let first = self.model.range((earliest, 0)..*key).find(before);
            assert!(first.is_none(), "one that was armed later came first");
        }
        let key = *key;
        self.model.remove(&key);
        free(entry);
        key.0
    }

    fn check(&mut self) {
        assert_eq!(self.wheel.len(), self.model.len());
        let earliest = self.model.first_key_value().map(|(key, _)| key.0);
        let hint = self.wheel.earliest();
        assert_eq!(hint.is_none(), earliest.is_none());
        let (Some(earliest), Some(hint)) = (earliest, hint) else {
            self.loose = false;
            return;
        };
        assert!(hint <= earliest, "waiting until {hint} misses {earliest}");
        if !self.loose && !self.midway {
            assert_eq!(hint, earliest, "woken in vain");
        }
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Insert(ahead) => self.insert(self.tick_at(ahead)),
            Op::InsertAt(tick) => self.insert(tick),
            Op::Remove(which) => self.remove(which),
            Op::Reset(which, ahead) => self.reset(which, self.tick_at(ahead)),
            Op::Advance(span) => self.advance(self.now.saturating_add(span)),
            Op::Wait => {
                if let Some(tick) = self.wheel.earliest() {
                    self.advance(tick);
                }
            }
            Op::Steps(steps, span) => self.steps(steps, self.now.saturating_add(span)),
        }
        self.check();
    }
}

fn free(entry: NonNull<Entry>) {
    // SAFETY: leaked from a box by `insert`, and out of wheel and map.
    drop(unsafe { Box::from_raw(entry.as_ptr()) });
}

impl Drop for Pair {
    fn drop(&mut self) {
        while let Some(entry) = self.wheel.take_any() {
            free(entry);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, max_shrink_iters: 5000, ..Default::default() })]

    #[test]
    fn the_wheel_is_a_sorted_map(
        start in prop_oneof![Just(0), span(), (1_u64 << 42)..(1 << 43), Just((1 << 36) - 2)],
        ops in proptest::collection::vec(op(), 0..80),
    ) {
        let mut pair = Pair::new(start);
        for op in ops {
            pair.apply(op);
        }
        // In the end all are due but those at the end of time.
        pair.advance(pair.now + (1 << 42));
        prop_assert_eq!(pair.wheel.len(), pair.model.len());
        prop_assert!(pair.model.keys().all(|(tick, _)| *tick > TICK_MAX - 200));
    }

    /// A thread that waits for the earliest each time wakes each timer at its own tick, and is
    /// woken in vain at most once per timer that was cancelled or pushed back.
    #[test]
    fn waiting_by_the_hint_is_punctual(
        spans in proptest::collection::vec((span(), 0_u8..4), 1..60),
    ) {
        let mut pair = Pair::new(1 << 42);
        let mut changed = 0;
        for (span, and_then) in spans {
            pair.insert(pair.now + span);
            match and_then {
                0 => pair.remove(span as usize),
                1 => pair.reset(span as usize, pair.now + 2 * span),
                _ => continue,
            }
            changed += 1;
        }
        let mut in_vain = 0;
        while let Some(tick) = pair.wheel.earliest() {
            let due = pair.model.first_key_value().unwrap().0.0;
            let before = pair.model.len();
            pair.advance(tick);
            let fired = before - pair.model.len();
            in_vain += usize::from(fired == 0);
            // For those years away the wheel goes round first, to the start of its last slot.
            changed += usize::from(fired == 0 && tick % (1 << 30) == 0);
            prop_assert!(fired == 0 || due == tick);
        }
        prop_assert!(in_vain <= changed, "woken {in_vain} times for {changed} changes");
    }
}

#[test]
fn a_wheel_takes_any_tick_and_ends() {
    let mut pair = Pair::new(TICK_MAX - 1);
    for tick in [0, TICK_MAX - 1, TICK_MAX, u64::MAX] {
        pair.insert(tick);
    }
    pair.advance(TICK_MAX - 1);
    assert_eq!(pair.wheel.len(), 2, "the last tick is not there yet");
    pair.advance(u64::MAX);
    assert_eq!(pair.wheel.len(), 0);
    assert_eq!(pair.wheel.earliest(), None);
}

#[test]
fn the_last_slot_of_the_top_level_is_waited_for_to_the_tick() {
    let mut pair = Pair::new(0);
    let tick = (63 << 30) + 5;
    pair.insert(tick);
    assert_eq!(pair.wheel.earliest(), Some(tick));
}
