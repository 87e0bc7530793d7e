//! What cannot be listened to.

use std::io;

use rt_signal::unix::{SignalKind, signal, signal_with_handle};

use crate::drive::reactor;

#[test]
fn signals_that_nobody_can_handle_are_refused() {
    let driver = reactor();
    for number in [libc::SIGKILL, libc::SIGSTOP, libc::SIGILL, libc::SIGFPE, libc::SIGSEGV] {
        let kind = SignalKind::from_raw(number);
        let error = signal_with_handle(kind, &driver.handle()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        let told = error.to_string();
        assert!(told.contains(file!()) && told.contains(&format!("signal {number} ")), "{told}");
    }
    assert_eq!(driver.handle().metrics().sources, 0);
}

#[test]
fn numbers_that_are_no_signals_are_refused() {
    let driver = reactor();
    // The C library keeps some for itself.
    let own = if libc::SIGRTMIN() > 32 { 32 } else { 65 };
    for number in [i32::MIN, -1, 0, own, 65, 127, 128, 129, 1000, i32::MAX] {
        let error = signal_with_handle(SignalKind::from_raw(number), &driver.handle()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{number}: {error}");
    }
    assert_eq!(driver.handle().metrics().sources, 0);
}

#[test]
fn without_a_reactor_it_says_what_is_missing() {
    let told = signal(SignalKind::hangup()).unwrap_err().to_string();
    assert!(told.starts_with(&format!("`signal` at {}", file!())), "{told}");
    assert!(told.contains("handle.enter()"), "{told}");
}
