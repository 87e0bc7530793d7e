//! Many reactors in one process, and the end of some.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};

use rt_reactor::is_gone;
use rt_signal::unix::{signal, signal_with_handle};
use rt_task::base::context::{Env, enter};

use crate::alone;
use crate::drive::{Woken, drive_on, is_told, listen, raise, reactor, real_time, turn};

#[test]
fn whichever_reactor_is_turned_tells_the_listeners_of_all() {
    // Another test's reactor may have heard first, and be about to tell.
    if !alone::is_here() {
        return alone::run("reactors::whichever_reactor_is_turned_tells_the_listeners_of_all");
    }
    let (mut turned, still) = (reactor(), reactor());
    let kind = real_time(15);
    let mut near = listen(kind, &turned);
    let mut far = listen(kind, &still);
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(woken.clone());
    assert!(far.poll_recv(&mut Context::from_waker(&waker)).is_pending());
    raise(kind);
    turn(&mut turned);
    assert!(woken.0.load(SeqCst));
    assert!(is_told(&mut near));
    assert!(is_told(&mut far));
}

#[test]
fn each_reactor_hears_by_itself() {
    if !alone::is_here() {
        return alone::run("reactors::each_reactor_hears_by_itself");
    }
    let mut all = [0; 4].map(|_| reactor());
    let kind = real_time(16);
    let mut signals: Vec<_> = all.iter().map(|driver| listen(kind, driver)).collect();
    for (driver, signal) in all.iter_mut().zip(&mut signals) {
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = Waker::from(woken.clone());
        turn(driver); // hears what came for those before it
        while is_told(signal) {}
        assert!(signal.poll_recv(&mut Context::from_waker(&waker)).is_pending());
        raise(kind);
        assert!(!woken.0.load(SeqCst));
        turn(driver);
        assert!(woken.0.load(SeqCst));
        assert!(is_told(signal));
    }
}

#[test]
fn a_reactor_is_watched_for_as_long_as_it_has_listeners() {
    let driver = reactor();
    let handle = driver.handle();
    assert_eq!(handle.metrics().sources, 0);
    for _ in 0..3 {
        let one = listen(real_time(17), &driver);
        let other = listen(real_time(18), &driver);
        assert_eq!(handle.metrics().sources, 1, "one for all");
        drop(one);
        assert_eq!(handle.metrics().sources, 1);
        drop(other);
        assert_eq!(handle.metrics().sources, 0);
    }
}

#[test]
fn a_listener_goes_on_with_the_reactor_that_is_entered() {
    if !alone::is_here() {
        return alone::run("reactors::a_listener_goes_on_with_the_reactor_that_is_entered");
    }
    let first = reactor();
    let kind = real_time(19);
    let mut signal = listen(kind, &first);
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(woken.clone());
    assert!(signal.poll_recv(&mut Context::from_waker(&waker)).is_pending());
    drop(first);
    assert!(woken.0.load(SeqCst), "so that it can go on");
    let mut second = reactor();
    let _guard = enter(Env::new().with_io(second.handle()));
    for _ in 0..2 {
        assert!(!is_told(&mut signal));
        raise(kind);
        assert_eq!(drive_on(&mut second, signal.recv()), Some(()));
    }
}

#[test]
fn a_signal_that_came_before_the_end_is_told_of_after_it() {
    let driver = reactor();
    let kind = real_time(20);
    let mut signal = listen(kind, &driver);
    raise(kind);
    drop(driver);
    assert!(is_told(&mut signal));
}

#[test]
fn without_any_reactor_left_a_listener_is_at_its_end() {
    if !alone::is_here() {
        return alone::run("reactors::without_any_reactor_left_a_listener_is_at_its_end");
    }
    let (mut kept, driver) = (reactor(), reactor());
    let kind = real_time(0);
    let mut last = listen(kind, &kept);
    let mut signal = listen(kind, &driver);
    drop(driver);
    // Another one is left that has listeners: no need to be entered.
    assert!(!is_told(&mut signal));
    raise(kind);
    assert_eq!(drive_on(&mut kept, last.recv()), Some(()));
    assert!(is_told(&mut signal));
    drop(kept);
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(signal.poll_recv(&mut cx), Poll::Ready(None));
    assert_eq!(rt_task::block_on(last.recv()), None);

    // Until one is entered.
    let mut fresh = reactor();
    let _guard = enter(Env::new().with_io(fresh.handle()));
    assert!(signal.poll_recv(&mut cx).is_pending());
    raise(kind);
    assert_eq!(drive_on(&mut fresh, signal.recv()), Some(()));
}

#[test]
fn a_reactor_that_is_gone_takes_no_listener() {
    let driver = reactor();
    let handle = driver.handle();
    drop(driver);
    let error = signal_with_handle(real_time(21), &handle).unwrap_err();
    assert!(is_gone(&error), "{error}");
}

#[test]
fn entered_reactors_come_and_go_while_signals_do() {
    let mut kept = reactor();
    let kind = real_time(22);
    let mut signal = listen(kind, &kept);
    for _ in 0..100 {
        let mut passing = reactor();
        let mut passer = {
            let _guard = enter(Env::new().with_io(passing.handle()));
            signal_of(kind)
        };
        raise(kind);
        turn(&mut passing);
        assert!(is_told(&mut passer));
        drop(passing); // before its listener
        assert_eq!(drive_on(&mut kept, signal.recv()), Some(()));
    }
}

fn signal_of(kind: rt_signal::unix::SignalKind) -> rt_signal::unix::Signal {
    signal(kind).expect("a reactor is entered")
}
