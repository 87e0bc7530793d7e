//! What a listener is told of, and how often.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Waker};
use std::thread;

use rt_signal::unix::{Recv, Signal, SignalKind};

use crate::alone;
use crate::drive::{Woken, drive_on, is_told, listen, raise, reactor, real_time, turn};

#[test]
fn a_signal_is_told_of_once() {
    let mut driver = reactor();
    let mut signal = listen(SignalKind::user_defined1(), &driver);
    assert!(!is_told(&mut signal), "none came");
    for _ in 0..3 {
        raise(SignalKind::user_defined1());
        assert_eq!(drive_on(&mut driver, signal.recv()), Some(()));
        assert!(!is_told(&mut signal), "told twice");
    }
    let number = libc::SIGUSR1;
    assert_eq!(format!("{signal:?}"), format!("Signal {{ kind: SignalKind({number}), .. }}"));
}

#[test]
fn signals_that_come_while_nobody_waits_are_told_of_as_one() {
    let mut driver = reactor();
    let kind = real_time(0);
    let mut signal = listen(kind, &driver);
    for _ in 0..5 {
        raise(kind);
    }
    assert_eq!(drive_on(&mut driver, signal.recv()), Some(()));
    turn(&mut driver);
    assert!(!is_told(&mut signal));
}

#[test]
fn one_that_came_before_the_listener_is_none_of_its() {
    let mut driver = reactor();
    let kind = SignalKind::user_defined2();
    let mut early = listen(kind, &driver);
    raise(kind);
    let mut late = listen(kind, &driver);
    assert_eq!(drive_on(&mut driver, early.recv()), Some(()));
    assert!(!is_told(&mut late));
    raise(kind);
    assert_eq!(drive_on(&mut driver, late.recv()), Some(()));
}

#[test]
fn every_listener_of_the_kind_is_told_and_no_other() {
    let mut driver = reactor();
    let (kind, other) = (real_time(1), real_time(2));
    let mut all: Vec<Signal> = (0..100).map(|_| listen(kind, &driver)).collect();
    let mut stranger = listen(other, &driver);
    raise(kind);
    drive_on(&mut driver, async {
        for signal in &mut all {
            assert_eq!(signal.recv().await, Some(()));
        }
    });
    assert!(!is_told(&mut stranger));
    all.truncate(50);
    raise(other);
    assert_eq!(drive_on(&mut driver, stranger.recv()), Some(()));
    assert!(!all.iter_mut().any(is_told));
}

#[test]
fn who_waits_is_woken_by_the_turn_and_who_left_is_not() {
    // Another test's reactor would tell, too.
    if !alone::is_here() {
        return alone::run("listening::who_waits_is_woken_by_the_turn_and_who_left_is_not");
    }
    let mut driver = reactor();
    let kind = real_time(3);
    let (mut stays, mut leaves) = (listen(kind, &driver), listen(kind, &driver));
    let woken = [0; 2].map(|_| Arc::new(Woken(AtomicBool::new(false))));
    let wakers = woken.clone().map(Waker::from);
    assert!(stays.poll_recv(&mut Context::from_waker(&wakers[0])).is_pending());
    assert!(leaves.poll_recv(&mut Context::from_waker(&wakers[1])).is_pending());
    drop(leaves);
    raise(kind);
    assert!(!woken[0].0.load(SeqCst), "the handler wakes nobody");
    turn(&mut driver);
    assert_eq!([&woken[0], &woken[1]].map(|woken| woken.0.load(SeqCst)), [true, false]);
    assert!(is_told(&mut stays));
}

#[test]
fn a_wait_that_is_given_up_loses_no_signal() {
    let mut driver = reactor();
    let kind = real_time(4);
    let mut signal = listen(kind, &driver);
    {
        let mut given_up = pin!(signal.recv());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(given_up.as_mut().poll(&mut cx).is_pending());
        raise(kind);
        turn(&mut driver); // it was woken, and is dropped unpolled
    }
    assert_eq!(drive_on(&mut driver, signal.recv()), Some(()));
}

#[test]
fn in_a_storm_none_is_slept_over() {
    const STORMS: usize = 4;
    const SIGNALS: usize = 20_000;
    let mut driver = reactor();
    let (kind, over) = (real_time(5), real_time(6));
    let (mut signal, mut end) = (listen(kind, &driver), listen(over, &driver));
    let storms: Vec<_> = (0..STORMS)
        .map(|_| {
            thread::Builder::new().spawn(move || (0..SIGNALS).for_each(|_| raise(kind))).unwrap()
        })
        .collect();
    let calms = thread::Builder::new().spawn(move || {
        storms.into_iter().for_each(|storm| storm.join().unwrap());
        raise(over);
    });
    let mut told = 0;
    drive_on(&mut driver, async {
        let mut end = pin!(end.recv());
        std::future::poll_fn(|cx| {
            while signal.poll_recv(cx).is_ready() {
                told += 1;
            }
            end.as_mut().poll(cx).map(drop)
        })
        .await;
    });
    calms.unwrap().join().unwrap();
    // The last ones of the storm may have been told of with those before: never none at all.
    assert!((1..=STORMS * SIGNALS).contains(&told), "{told}");
    while is_told(&mut signal) {}
    raise(kind);
    assert_eq!(drive_on(&mut driver, signal.recv()), Some(()));
}

#[test]
fn a_signal_sent_for_each_one_that_was_told_is_told() {
    let mut driver = reactor();
    let (ping, pong) = (real_time(7), real_time(8));
    let (mut pings, mut pongs) = (listen(ping, &driver), listen(pong, &driver));
    let mut far = reactor();
    let echo = thread::Builder::new().spawn(move || {
        for _ in 0..2_000 {
            assert_eq!(drive_on(&mut far, pings.recv()), Some(()));
            raise(pong);
        }
    });
    for _ in 0..2_000 {
        raise(ping);
        assert_eq!(drive_on(&mut driver, pongs.recv()), Some(()));
    }
    echo.unwrap().join().unwrap();
}

#[test]
fn errno_is_kept() {
    let driver = reactor();
    let kind = real_time(9);
    let _signal = listen(kind, &driver);
    // SAFETY: has no conditions.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: this thread's own.
    unsafe { errno.write(4242) };
    // SAFETY: a signal to this thread, which handles it.
    let raised = unsafe { libc::raise(kind.as_raw_value()) };
    // SAFETY: this thread's own.
    let errno = unsafe { errno.read() };
    assert_eq!((raised, errno), (0, 4242));
}

#[test]
fn what_users_hold_may_go_anywhere() {
    fn is<T: Send + Sync + Unpin>() {}
    is::<Signal>();
    is::<Recv<'_>>();
    is::<SignalKind>();
    assert_eq!(SignalKind::from(libc::SIGHUP), SignalKind::hangup());
    assert_eq!(libc::c_int::from(SignalKind::quit()), libc::SIGQUIT);
}
