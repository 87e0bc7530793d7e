//! How a child ends, and who hears of it.

use std::os::unix::process::ExitStatusExt;
use std::pin::pin;
use std::process::Stdio;

use rt_io::AsyncWriteExt;
use rt_process::{Child, Command};
use rt_reactor::{Driver, is_gone};

use crate::drive::{all, drive, drive_on, poll_once, shell};

/// One that ends when its input does.
fn cat() -> Child {
    Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn the_status_is_told_again_and_again() {
    drive(async {
        let mut child = shell("exit 42").spawn().unwrap();
        assert!(child.id().is_some());
        for _ in 0..3 {
            assert_eq!(child.wait().await.unwrap().code(), Some(42));
            assert_eq!(child.try_wait().unwrap().unwrap().code(), Some(42));
            assert_eq!(child.id(), None);
        }
        assert_eq!(shell("exit 9").status().await.unwrap().code(), Some(9));
    });
}

#[test]
fn to_wait_ends_the_input() {
    drive(async {
        let mut child = cat();
        assert!(child.try_wait().unwrap().is_none());
        assert!(child.stdin.is_some(), "to ask does not");
        assert!(child.wait().await.unwrap().success());
        assert!(child.stdin.is_none());
        let mut child = cat();
        let mut kept = child.stdin.take().unwrap();
        assert!(poll_once(pin!(child.wait())).is_pending());
        kept.write_all(b"goes on").await.unwrap();
        drop(kept);
        assert!(child.wait().await.unwrap().success());
        // Pipes that nobody could use are closed.
        assert!(Command::new("cat").stdin(Stdio::piped()).status().await.unwrap().success());
    });
}

#[test]
fn a_wait_that_is_given_up_loses_nothing() {
    drive(async {
        for _ in 0..20 {
            let mut child = cat();
            let input = child.stdin.take();
            for _ in 0..3 {
                assert!(poll_once(pin!(child.wait())).is_pending());
            }
            drop(input);
            assert!(child.wait().await.unwrap().success());
        }
    });
}

#[test]
fn one_that_ended_before_anybody_waits_is_heard_of() {
    drive(async {
        let mut child = shell("exit 5").spawn().unwrap();
        let id = libc::pid_t::try_from(child.id().unwrap()).unwrap();
        // SAFETY: `info` is there for the time of the call, and may be all zeroes.
        let mut info = unsafe { std::mem::zeroed() };
        // SAFETY: as above. It leaves the child to be reaped.
        let waited = unsafe {
            libc::waitid(libc::P_PID, id as libc::id_t, &mut info, libc::WEXITED | libc::WNOWAIT)
        };
        assert_eq!(waited, 0);
        assert_eq!(child.wait().await.unwrap().code(), Some(5));
    });
}

#[test]
fn a_killed_child_says_by_which_signal() {
    drive(async {
        let mut child = cat();
        child.start_kill().unwrap();
        child.start_kill().unwrap();
        assert_eq!(child.wait().await.unwrap().signal(), Some(libc::SIGKILL));
        child.start_kill().unwrap();
        child.kill().await.unwrap();

        let mut child = cat();
        child.kill().await.unwrap();
        assert_eq!(child.try_wait().unwrap().unwrap().signal(), Some(libc::SIGKILL));

        let mut child = shell("kill -TERM $$").spawn().unwrap();
        assert_eq!(child.wait().await.unwrap().signal(), Some(libc::SIGTERM));
    });
}

#[test]
fn each_of_many_children_has_its_own_end() {
    drive(async {
        for _ in 0..5 {
            let children = (0..40).map(|n| async move {
                let mut child = shell(&format!("exit {n}")).spawn().unwrap();
                (n, child.wait().await.unwrap().code())
            });
            for (n, code) in all(children).await {
                assert_eq!(code, Some(n));
            }
        }
    });
}

#[test]
fn thousands_of_children_come_and_go() {
    drive(async {
        for _ in 0..60 {
            let children = (0..34).map(|_| Command::new("true").status());
            assert!(all(children).await.into_iter().all(|status| status.unwrap().success()));
        }
    });
}

#[test]
fn when_the_reactor_goes_the_wait_says_so_and_the_child_is_still_there() {
    let mut driver = Driver::new().unwrap();
    let mut child = drive_on(&mut driver, async { cat() });
    drop(driver);
    drop(child.stdin.take());
    let error = drive(async { child.wait().await.unwrap_err() });
    assert!(is_gone(&error), "{error}");
    assert!(child.id().is_some());
    while child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
}
