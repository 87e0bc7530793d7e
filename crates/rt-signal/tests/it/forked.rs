//! A forked child listens for itself.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::alone;
use crate::drive::{drive_on, is_told, listen, raise, reactor, real_time, turn};

/// Runs `test` in a forked child, and waits for its end. One that hangs is ended.
fn in_fork(test: impl FnOnce()) {
    // SAFETY: no other thread of the process is there that could hold what the child needs, but for the test
    // harness's, which waits.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "{}", io::Error::last_os_error());
    if child == 0 {
        // SAFETY: ends this process by a signal, should it hang.
        unsafe { libc::alarm(60) };
        let done = catch_unwind(AssertUnwindSafe(test));
        // SAFETY: ends this process, without what the parent would do at its end.
        unsafe { libc::_exit(i32::from(done.is_err())) };
    }
    let mut status = 0;
    // SAFETY: waits for the child of this process; `status` is there for the time of the call.
    let waited = unsafe { libc::waitpid(child, &mut status, 0) };
    assert_eq!((waited, status), (child, 0), "the child failed");
}

#[test]
fn parent_and_child_hear_their_own_signals() {
    if !alone::is_here() {
        return alone::run("forked::parent_and_child_hear_their_own_signals");
    }
    let kind = real_time(0);
    let mut driver = reactor();
    let mut signal = Some(listen(kind, &driver));
    in_fork(|| {
        let mut own = reactor();
        let mut heard = listen(kind, &own);
        assert!(!is_told(&mut heard));
        raise(kind);
        assert_eq!(drive_on(&mut own, heard.recv()), Some(()));
        assert!(!is_told(&mut heard), "the handler was there already, and is there once");
        drop(signal.take()); // the parent's; its reactor goes on watching
        // And again, one further down.
        in_fork(|| {
            let mut own = reactor();
            let mut heard = listen(kind, &own);
            raise(kind);
            assert_eq!(drive_on(&mut own, heard.recv()), Some(()));
        });
        turn(&mut own);
        assert!(!is_told(&mut heard), "it was its child's");
    });
    turn(&mut driver);
    let signal = signal.as_mut().unwrap();
    assert!(!is_told(signal), "it was the child's");
    raise(kind);
    assert_eq!(drive_on(&mut driver, signal.recv()), Some(()));
}
