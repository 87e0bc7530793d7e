//! Every legal word through every transition.

use super::*;

const TICK: RawWord = 1 << TICK_AT;
const GENERATION: RawWord = 1 << GENERATION_AT;

/// All words that keep the invariants, with the tick and the generation at their first and last.
fn legal() -> Vec<Word> {
    let mut words = Vec::new();
    for ready in 0..=READY {
        for cells in 0..3_usize.pow(Cell::COUNT as u32) {
            for flags in [0, LISTED, SHUTDOWN, LISTED | SHUTDOWN] {
                let cells = (0..Cell::COUNT).fold(0, |bits, at| {
                    let cell = Cell::ALL[at];
                    bits | match cells / 3_usize.pow(at as u32) % 3 {
                        0 => 0,
                        1 => cell.claimed(),
                        _ => cell.waiting(),
                    }
                });
                for rest in [0, TICKS | GENERATIONS] {
                    let word = Word(ready | cells | flags | rest);
                    if invariants(word).is_ok() {
                        words.push(word);
                    }
                }
            }
        }
    }
    words
}

fn invariants(word: Word) -> Result<(), &'static str> {
    for cell in Cell::ALL {
        let (claimed, waiting) = (word.is_claimed(cell), word.is_waiting(cell));
        if claimed && waiting {
            return Err("I1");
        }
        if waiting && (word.has(SHUTDOWN) || word.ready().meets(cell.mask())) {
            return Err("I2");
        }
    }
    Ok(())
}

#[track_caller]
fn legal_after(before: Word, after: Option<Word>) -> Word {
    if let Some(after) = after {
        assert_eq!(invariants(after), Ok(()), "{before:?} -> {after:?}");
        return after;
    }
    before
}

/// All readiness, as a selector tells it.
fn every_ready() -> impl Iterator<Item = Ready> {
    (0..=Ready::ALL.bits()).map(Ready::from_bits)
}

/// An event that the word may have told of, and one that is past.
fn events(word: Word) -> [ReadyEvent; 2] {
    let now = word.ready_event(Ready::ALL);
    let past = ReadyEvent { tick: Tick(now.tick.0 ^ 1), ..now };
    [now, past]
}

#[test]
fn there_are_legal_words() {
    let words = legal();
    assert!(words.contains(&Word::NEW));
    assert!(words.len() > 10_000, "{}", words.len());
}

#[test]
fn an_event_wakes_exactly_whom_it_satisfies() {
    for word in legal() {
        for ready in every_ready() {
            let (after, fired) = word.event(word.generation(), ready);
            let after = legal_after(word, Some(after.expect("it is for this tenant")));
            assert_eq!(after.ready(), word.ready() | ready);
            assert_ne!(after.tick(), word.tick());
            assert_eq!(after.generation(), word.generation());
            assert_eq!(fired.listed, word.has(LISTED));
            let woken: Vec<Cell> = Cell::ALL.into_iter().filter(|&c| fired.has(c)).collect();
            assert_eq!(fired.any(), !woken.is_empty());
            assert_eq!(fired.only(), (woken.len() == 1).then(|| woken[0]));
            for cell in Cell::ALL {
                let woken = word.is_waiting(cell) && cell.mask().meets(ready);
                assert_eq!(fired.has(cell), woken, "{word:?} {cell:?} {ready:?}");
                assert_eq!(after.is_waiting(cell), word.is_waiting(cell) && !woken);
                assert_eq!(after.is_claimed(cell), word.is_claimed(cell));
            }
        }
    }
}

#[test]
fn an_event_of_another_tenant_does_nothing() {
    for word in legal() {
        let (after, fired) = word.event(word.generation() ^ 1, Ready::ALL);
        assert_eq!((after, fired), (None, Fired::default()));
    }
}

#[test]
fn clearing_takes_what_was_seen_and_no_more() {
    for word in legal() {
        for part in every_ready() {
            let [now, past] = events(word);
            let after = legal_after(word, word.clear(now.with_ready(part)).0);
            let gone = now.ready & (part - Ready::CLOSED);
            assert_eq!(after.ready(), word.ready() - gone, "I4");
            assert_eq!(Word(after.0 | word.0), word, "nothing is set");
            assert_eq!(word.clear(past.with_ready(part)).0, None);
        }
    }
}

#[test]
fn a_claim_is_refused_only_with_a_reason() {
    for word in legal() {
        let [now, past] = events(word);
        for cell in Cell::ALL {
            for seen in [None, Some(now.with_ready(cell.mask())), Some(past)] {
                let (after, claim) = word.claim(cell, seen);
                let after = legal_after(word, after);
                let cleared = seen.map_or(word, |seen| word.clear(seen).0.unwrap_or(word));
                let polled = matches!(cell, Cell::PolledRead | Cell::PolledWrite);
                let expected = match cleared.known(cell.mask()) {
                    Known::Shutdown => Claim::Shutdown,
                    Known::Ready(event) => Claim::Ready(event),
                    Known::Nothing if word.is_claimed(cell) => Claim::Busy,
                    Known::Nothing if word.is_waiting(cell) && !polled => Claim::Busy,
                    Known::Nothing => Claim::Claimed { waiting: word.is_waiting(cell) },
                };
                assert_eq!(claim, expected, "{word:?} {cell:?} {seen:?}");
                let claimed = matches!(claim, Claim::Claimed { .. });
                assert_eq!(after.is_claimed(cell), claimed || word.is_claimed(cell));
                assert_eq!(after.ready(), cleared.ready());
            }
        }
    }
}

#[test]
fn a_wait_begins_only_if_nothing_is_known() {
    for word in legal() {
        for cell in Cell::ALL {
            if word.is_claimed(cell) {
                let (after, known) = word.wait(cell);
                let after = legal_after(word, after);
                assert_eq!(known, word.known(cell.mask()));
                assert_eq!(after.is_waiting(cell), known == Known::Nothing);
                assert_eq!(after.is_claimed(cell), known != Known::Nothing);

                let released = legal_after(word, word.release(cell).0);
                assert_eq!(released.0, word.0 & !cell.claimed());
            }
            let (after, reclaimed) = word.reclaim(cell);
            let after = legal_after(word, after);
            assert_eq!(reclaimed, word.is_waiting(cell));
            assert_eq!(after.is_claimed(cell), reclaimed || word.is_claimed(cell));
        }
    }
}

#[test]
fn a_waiter_alone_waits_in_one_step_unless_something_is_known() {
    for word in legal() {
        let [now, past] = events(word);
        for cell in [Cell::PolledRead, Cell::PolledWrite] {
            if word.is_claimed(cell) || word.is_waiting(cell) {
                continue; // not alone
            }
            for seen in [None, Some(now.with_ready(cell.mask())), Some(past)] {
                let (after, known) = word.wait_alone(cell, seen);
                let after = legal_after(word, after);
                let cleared = seen.map_or(word, |seen| word.clear(seen).0.unwrap_or(word));
                assert_eq!(known, cleared.known(cell.mask()));
                assert_eq!(known, word.known_after(seen, cell.mask()));
                let waiting = if known == Known::Nothing { cell.waiting() } else { 0 };
                assert_eq!(after.0, cleared.0 | waiting, "{word:?} {cell:?} {seen:?}");
            }
        }
    }
}

#[test]
fn the_list_is_announced_only_if_nothing_is_known() {
    for word in legal() {
        for mask in every_ready() {
            let (after, known) = word.list(mask);
            let after = legal_after(word, after);
            assert_eq!(known, word.known(mask));
            assert_eq!(after.has(LISTED), known == Known::Nothing || word.has(LISTED));
            assert_eq!(after.0 | LISTED, word.0 | LISTED);
        }
        let after = legal_after(word, word.unlist().0);
        assert_eq!(after.0, word.0 & !LISTED);
    }
}

#[test]
fn a_guess_is_taken_before_anybody_waits() {
    let word = legal_after(Word::NEW, Word::NEW.assume(Ready::WRITABLE).0);
    assert_eq!(word.ready(), Ready::WRITABLE);
    assert_eq!(word.tick(), Word::NEW.tick(), "no event");
}

#[test]
fn who_departs_leaves_nothing_but_the_end_of_the_driver() {
    for word in legal() {
        if Cell::ALL.iter().any(|&cell| word.is_claimed(cell)) {
            continue; // a call is going on, so nobody departs
        }
        let (after, fired) = word.depart();
        let after = legal_after(word, after);
        assert_eq!(after.has(SHUTDOWN), word.has(SHUTDOWN));
        assert_eq!(after.0 & !(GENERATIONS | SHUTDOWN), 0);
        assert_ne!(after.generation(), word.generation());
        for cell in Cell::ALL {
            assert_eq!(fired.has(cell), word.is_waiting(cell));
        }
    }
}

#[test]
fn the_end_of_the_driver_wakes_all() {
    for word in legal() {
        let (after, fired) = word.shutdown();
        let after = legal_after(word, after);
        for cell in Cell::ALL {
            assert_eq!(fired.has(cell), word.is_waiting(cell));
            assert!(!after.is_waiting(cell));
        }
        assert_eq!(fired.listed, word.has(LISTED));
        assert_eq!(after.known(Ready::ALL), Known::Shutdown);
        let (_, claim) = after.claim(Cell::FutureRead, None);
        assert_eq!(claim, Claim::Shutdown);
    }
}

#[test]
fn counters_come_round_inside_their_fields() {
    let last = Word(TICKS | GENERATIONS);
    let (after, _) = last.event(last.generation(), Ready::EMPTY);
    assert_eq!(after, Some(Word(GENERATIONS)));
    let (after, _) = last.depart();
    assert_eq!(after, Some(Word(0)));
    let (after, _) = Word::NEW.event(0, Ready::EMPTY);
    assert_eq!(after, Some(Word(TICK)));
    let (after, _) = Word::NEW.depart();
    assert_eq!(after, Some(Word(GENERATION)));
}

#[test]
fn a_word_prints_what_it_says() {
    let word = Word(TICK | u64::from(Ready::ERROR.bits()) as RawWord | Cell::FutureRead.waiting());
    assert_eq!(format!("{word:?}"), "ERROR, FutureRead waiting, tick 1, generation 0");
}
