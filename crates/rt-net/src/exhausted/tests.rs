//! The rests of a listener, without one: with a timer that writes down what it is asked for.

use super::*;
use rt_task::base::context::{Env, enter};
use rt_task::base::seam::Delay;
use std::sync::{Arc, Mutex};
use std::task::Waker;

/// Every delay is over at the second poll.
#[derive(Default)]
struct Timer {
    asked_ms: Mutex<Vec<u128>>,
}

impl Delay for Timer {
    fn delay(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.asked_ms.lock().unwrap().push(span.as_millis());
        Box::pin(rt_task::coop::yield_now())
    }
}

/// Polls the rest that is due to its end.
fn rest(exhausted: &Exhausted) {
    let mut cx = Context::from_waker(Waker::noop());
    let mut rest = exhausted.rest().expect("a rest is due");
    assert!(rest.poll(&mut cx).is_pending());
    assert!(rest.poll(&mut cx).is_ready());
    exhausted.rested();
    assert!(exhausted.rest().is_none(), "it is over");
}

#[test]
fn the_first_failure_is_told_and_rests_grow_up_to_a_second() {
    let timer = Arc::new(Timer::default());
    let _guard = enter(Env::new().with_time(timer.clone()));
    let exhausted = Exhausted::default();
    assert!(exhausted.rest().is_none());
    assert!(exhausted.failed(), "the first one is told");
    for _ in 0..12 {
        rest(&exhausted);
        assert!(!exhausted.failed(), "the others are not");
    }
    let asked_ms = timer.asked_ms.lock().unwrap().clone();
    assert_eq!(asked_ms, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000]);
}

#[test]
fn success_makes_the_next_failure_a_first_one() {
    let timer = Arc::new(Timer::default());
    let _guard = enter(Env::new().with_time(timer.clone()));
    let exhausted = Exhausted::default();
    assert!(exhausted.failed());
    rest(&exhausted);
    assert!(!exhausted.failed());
    exhausted.well();
    assert!(!exhausted.is_resting());
    assert!(exhausted.failed());
    rest(&exhausted);
    assert_eq!(*timer.asked_ms.lock().unwrap(), [1, 1]);
}

#[test]
fn a_rest_that_is_cut_short_is_followed_by_half_of_it_and_in_the_end_by_none() {
    let timer = Arc::new(Timer::default());
    let _guard = enter(Env::new().with_time(timer.clone()));
    let exhausted = Exhausted::default();
    assert!(exhausted.failed());
    for _ in 0..4 {
        rest(&exhausted);
        assert!(!exhausted.failed());
    }
    timer.asked_ms.lock().unwrap().clear();
    for _ in 0..5 {
        let rest = exhausted.rest().expect("a rest is due");
        let mut resting = Resting::new(rest, &exhausted);
        assert!(resting.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert!(exhausted.rest().is_none());
    assert_eq!(*timer.asked_ms.lock().unwrap(), [16, 8, 4, 2, 1]);
    assert!(!exhausted.failed(), "and still no failure is told twice");
    rest(&exhausted);
    assert_eq!(timer.asked_ms.lock().unwrap()[5..], [2]);
}

#[test]
fn without_a_timer_every_failure_is_told_after_the_turn_of_others() {
    let exhausted = Exhausted::default();
    for _ in 0..3 {
        assert!(exhausted.failed());
        rest(&exhausted);
    }
}

#[test]
fn errors_of_the_connection_are_told_from_those_of_the_listener() {
    let error = io::Error::from_raw_os_error;
    for code in EXHAUSTION {
        assert!(is_exhaustion(&error(*code)) && !is_gone(&error(*code)), "{code}");
    }
    for code in GONE {
        assert!(is_gone(&error(*code)) && !is_exhaustion(&error(*code)), "{code}");
    }
    assert!(is_gone(&io::ErrorKind::ConnectionAborted.into()));
    for kind in [io::ErrorKind::WouldBlock, io::ErrorKind::InvalidInput] {
        assert!(!is_gone(&kind.into()) && !is_exhaustion(&kind.into()));
    }
}
