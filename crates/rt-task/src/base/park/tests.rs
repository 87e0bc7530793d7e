//! The parker on real threads.

use super::*;

#[test]
fn an_unpark_before_the_wait_is_kept() {
    let park = ThreadPark::new();
    park.unparker().unpark();
    park.unparker().unpark();
    park.park();
    assert!(!park.park_timeout(Duration::ZERO), "two unparks are one");
}

#[test]
fn a_foreign_thread_token_does_not_end_the_wait() {
    let park = ThreadPark::new();
    let unparker = park.unparker();
    thread::current().unpark();
    std::thread::scope(|scope| {
        let waiter = park.inner.clone();
        scope.spawn(move || {
            // Waits until the other side is parked, by its own word.
            while waiter.word.load(Acquire) != PARKED {
                std::thread::yield_now();
            }
            unparker.unpark();
        });
        park.park();
    });
    assert_eq!(park.inner.word.load(Relaxed), EMPTY);
}

#[test]
fn a_timed_wait_ends_by_itself() {
    let park = ThreadPark::new();
    assert!(!park.park_timeout(Duration::from_millis(1)));
    park.unparker().unpark();
    assert!(park.park_timeout(Duration::from_secs(3600)));
    park.unparker().unpark();
    assert!(park.park_timeout(Duration::MAX), "a timeout beyond the clock's end is for ever");
}

#[test]
fn a_roaming_parker_keeps_a_call_and_moves_between_threads() {
    let mut park = RoamingPark::new();
    let unparker = park.unparker();
    let mut out = crate::base::driver::WakeBatch::new();
    unparker.unpark();
    assert!(park.poll(None, &mut out).unwrap().unparked);
    assert!(!park.poll(Some(Duration::ZERO), &mut out).unwrap().unparked);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut out = crate::base::driver::WakeBatch::new();
            while !park.poll(None, &mut out).unwrap().unparked {}
        });
        unparker.unpark();
    });
}

#[test]
fn a_thread_lends_its_parker_to_one_loop_after_another() {
    let first = LentPark::new();
    let late = first.waker().clone();
    drop(first);
    let second = LentPark::new();
    assert!(second.waker().will_wake(&late), "the same was kept");
    late.wake(); // an earlier loop's: ends a wait for no reason
    second.park();

    let nested = LentPark::new();
    assert!(!nested.waker().will_wake(second.waker()), "one that is lent is lent to nobody else");
    nested.waker().wake_by_ref();
    nested.park();
    assert!(!second.lent().0.is_called());
}

#[test]
fn a_parker_may_be_lent_while_the_thread_ends() {
    struct Late;
    impl Drop for Late {
        fn drop(&mut self) {
            let park = LentPark::new();
            park.waker().wake_by_ref();
            park.park();
        }
    }
    std::thread_local! {
        static LATE: Late = const { Late };
    }
    std::thread::scope(|scope| {
        scope.spawn(|| {
            LATE.with(|_| ()); // destroyed after the parker that is first lent here
            drop(LentPark::new());
        });
    });
}

#[test]
fn a_timed_wait_lasts_as_long_as_it_was_told() {
    use crate::base::clock::Monotonic;
    use crate::base::seam::Clock;

    let (park, token, clock) = (ThreadPark::new(), Token::here(), Monotonic::new());
    let span = Duration::from_millis(2);
    assert!(!park.park_timeout(span));
    let before = clock.now();
    assert!(before.saturating_since(crate::base::seam::Nanos(0)) >= span);
    park_until(&token, Some(span), || false);
    assert!(clock.now().saturating_since(before) >= span);
}

#[test]
fn who_parks_by_a_word_of_its_own_asks_again_after_each_wake() {
    let token = Token::here();
    let asked = core::cell::Cell::new(0);
    let on_the = |nth| {
        asked.set(asked.get() + 1);
        asked.get() == nth
    };
    token.unpark();
    park_until(&token, None, || on_the(2));
    assert_eq!(asked.replace(0), 2);
    park_until(&token, Some(Duration::from_secs(3600)), || on_the(1));
    assert_eq!(asked.get(), 1);
}

#[test]
fn parkers_have_no_sources_and_tell_whether_they_are_called() {
    let park = ThreadPark::new();
    assert_eq!((Reactor::sources(&park), Reactor::sources(&RoamingPark::new())), (0, 0));
    assert!(!park.is_called());
    park.unparker().unpark();
    assert!(park.is_called());
    park.park();
    assert!(!park.is_called());
}
