//! Child processes: none is lost, and each is reaped.

use std::process::Stdio;

use rt_facade::io::AsyncWriteExt;
use rt_facade::process::{Child, Command};

use crate::support::{cancelled, forgotten, turns};

/// One that ends when its input does.
fn cat() -> Child {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

// Covers rt-process::child::Wait
#[test]
fn who_gives_up_waiting_for_a_child_may_wait_again() {
    cancelled(1, async |round| {
        let mut child = cat();
        let input = child.stdin.take().unwrap();
        let ends = async {
            turns(3).await;
            drop(input);
        };
        let waits = async {
            let ended = round.run(child.wait()).await;
            forgotten(&round).await;
            match ended {
                Ok(ended) => ended,
                Err(_) => child.wait().await,
            }
        };
        let ((), ended) = rt_facade::join!(ends, waits);
        assert!(ended.unwrap().success());
    });
}

// Covers rt-process::child::Kill
#[test]
fn a_kill_that_is_given_up_has_killed() {
    cancelled(1, async |round| {
        let mut child = cat();
        let killed = round.run(child.kill()).await;
        forgotten(&round).await;
        match killed {
            Err(cancelled) if cancelled.at().is_none() => child.kill().await.unwrap(),
            _ => {}
        }
        assert!(!child.wait().await.unwrap().success());
    });
}

// Covers rt-process::child::wait_with_output, rt-process::command::status, rt-process::command::output
#[test]
fn a_child_that_is_dropped_with_its_future_is_reaped() {
    cancelled(1, async |round| {
        let mut child = cat();
        let id = child.id().unwrap();
        let mut input = child.stdin.take().unwrap();
        let asks = async {
            turns(3).await;
            // Nobody reads it, if it was cancelled.
            let _ = input.write_all(b"hello").await;
            drop(input);
        };
        let ((), output) = rt_facade::join!(asks, round.run(child.wait_with_output()));
        if let Ok(output) = output {
            assert_eq!(output.unwrap().stdout, b"hello");
        }
        reaped(id).await;
    });
    cancelled(1, async |round| {
        let status = round.run(Command::new("true").status()).await;
        assert!(status.is_err() || status.unwrap().unwrap().success());
        let output = round.run(Command::new("echo").arg("x").output()).await;
        assert!(output.is_err() || output.unwrap().unwrap().stdout == b"x\n");
        forgotten(&round).await;
    });
}

/// Waits until there is no such process, not even as a zombie.
async fn reaped(id: u32) {
    while std::path::Path::new(&format!("/proc/{id}")).exists() {
        turns(1).await;
    }
}
