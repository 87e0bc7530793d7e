//! The slots beside a `HashMap`: any order of arrivals, departures, events and waits.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Poll, Wake, Waker};

use proptest::prelude::*;
use rt_task::base::driver::WakeBatch;

use super::*;
use crate::ready::{Direction, Ready};
use crate::slot::Gone;
use crate::word::Known;

#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// What the model knows of one tenant.
#[derive(Default)]
struct Tenant {
    ready: Option<Ready>,
    counter: Arc<Counter>,
    waits: bool,
    wakes: usize,
}

#[derive(Clone, Debug)]
enum Step {
    Arrive,
    /// The tenants, present and past, are numbered; this one leaves, if it is there.
    Depart(prop::sample::Index),
    Event(prop::sample::Index, u8),
    Wait(prop::sample::Index),
    Clear(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = any::<prop::sample::Index>;
    let step = prop_oneof![
        4 => Just(Step::Arrive),
        3 => index().prop_map(Step::Depart),
        5 => (index(), 0..64_u8).prop_map(|(of, ready)| Step::Event(of, ready)),
        4 => index().prop_map(Step::Wait),
        2 => index().prop_map(Step::Clear),
    ];
    prop::collection::vec(step, 0..300)
}

proptest! {
    #[test]
    fn each_tenant_hears_of_its_own_events_only(steps in steps()) {
        let slots = Slots::new();
        let mut tokens: Vec<Token> = Vec::new();
        let mut model: HashMap<Token, Tenant> = HashMap::new();
        for step in steps {
            match step {
                Step::Arrive => {
                    let (token, slot) = slots.occupy().unwrap();
                    prop_assert!(!tokens.contains(&token), "a token names one stay");
                    prop_assert_eq!(
                        slot.as_ptr().cast_const(),
                        ptr::from_ref(slots.at(token.index()).unwrap())
                    );
                    tokens.push(token);
                    model.insert(token, Tenant::default());
                }
                Step::Depart(of) => {
                    let Some(token) = pick(&tokens, of) else { continue };
                    if let Some(tenant) = model.remove(&token) {
                        slots.vacate(token.index());
                        prop_assert_eq!(Arc::strong_count(&tenant.counter), 1);
                        prop_assert_eq!(tenant.counter.0.load(Relaxed), tenant.wakes);
                    }
                }
                Step::Event(of, ready) => {
                    let Some(token) = pick(&tokens, of) else { continue };
                    let ready = Ready::from_bits(ready);
                    let slot = slots.at(token.index()).unwrap();
                    slot.event(token.generation(), ready, &mut WakeBatch::new());
                    if let Some(tenant) = model.get_mut(&token) {
                        tenant.ready = Some(tenant.ready.unwrap_or_default() | ready);
                        if ready.is_readable() && std::mem::take(&mut tenant.waits) {
                            tenant.wakes += 1;
                        }
                    }
                }
                Step::Wait(of) => {
                    let Some(token) = pick(&tokens, of) else { continue };
                    let Some(tenant) = model.get_mut(&token) else { continue };
                    let slot = slots.at(token.index()).unwrap();
                    let waker = Waker::from(tenant.counter.clone());
                    let waited = slot.poll_wait(Direction::Read, &waker, None);
                    let ready = tenant.ready.unwrap_or_default().is_readable();
                    prop_assert_eq!(waited.is_ready(), ready);
                    tenant.waits = !ready;
                }
                Step::Clear(of) => {
                    let Some(token) = pick(&tokens, of) else { continue };
                    let Some(tenant) = model.get_mut(&token) else { continue };
                    let slot = slots.at(token.index()).unwrap();
                    slot.clear(slot.word().ready_event(Ready::ALL));
                    tenant.ready = tenant.ready.map(|ready| ready & Ready::CLOSED);
                }
            }
            for (token, tenant) in &model {
                let known = slots.at(token.index()).unwrap().word();
                prop_assert_eq!(
                    known.ready_event(Ready::ALL).ready,
                    tenant.ready.unwrap_or_default()
                );
                prop_assert_eq!(tenant.counter.0.load(Relaxed), tenant.wakes);
            }
            prop_assert_eq!(slots.occupied(), model.len());
            let departed = tokens.len() - model.len();
            prop_assert_eq!(slots.traffic(), (tokens.len() as u64, departed as u64));
        }
        // The end of the driver wakes whoever still waits, and lets nobody in.
        slots.close();
        prop_assert_eq!(slots.occupy().err(), Some(Refused::Gone));
        for (token, tenant) in &model {
            let slot = slots.at(token.index()).unwrap();
            prop_assert_eq!(slot.word().known(Ready::ALL), Known::Shutdown);
            prop_assert_eq!(
                tenant.counter.0.load(Relaxed),
                tenant.wakes + usize::from(tenant.waits)
            );
            let waited = slot.poll_wait(Direction::Read, Waker::noop(), None);
            prop_assert_eq!(waited, Poll::Ready(Err(Gone)));
        }
    }
}

fn pick(tokens: &[Token], of: prop::sample::Index) -> Option<Token> {
    (!tokens.is_empty()).then(|| tokens[of.index(tokens.len())])
}

#[test]
fn every_index_has_its_place_on_its_page() {
    let mut expected = (0, 0);
    for index in 0..100_000 {
        assert_eq!(locate(index), expected, "index {index}");
        expected.1 += 1;
        if expected.1 == FIRST_PAGE << expected.0 {
            expected = (expected.0 + 1, 0);
        }
    }
    let last = FIRST_PAGE * ((1 << PAGES) - 1) - 1;
    assert_eq!(locate(last).0, PAGES - 1);
    assert_eq!(locate(last + 1).0, PAGES);
    assert!(Token::UNPARK.index() > last, "the driver's own token names no slot");
}

#[test]
fn a_slot_that_was_left_is_let_before_a_fresh_one() {
    let slots = Slots::new();
    let tokens: Vec<Token> = (0..200).map(|_| slots.occupy().unwrap().0).collect();
    for token in &tokens {
        slots.vacate(token.index());
    }
    for _ in 0..200 {
        let (again, _) = slots.occupy().unwrap();
        assert!(again.index() < 200);
        assert_eq!(again.generation(), 1);
    }
    assert_eq!(slots.occupy().unwrap().0, Token::new(200, 0));
}

#[test]
fn an_index_beyond_the_pages_names_nothing() {
    let slots = Slots::new();
    assert!(slots.at(0).is_none(), "no page yet");
    let _ = slots.occupy().unwrap();
    assert!(slots.at(FIRST_PAGE - 1).is_some());
    assert!(slots.at(FIRST_PAGE).is_none());
    assert!(slots.at(Token::UNPARK.index()).is_none());
}
