//! Child processes.

use std::process::Stdio;

use super::super::scales::WHOLE;
use super::family::{AsyncReadExt, Command};
use crate::meter::Cost;
use crate::op::{Operation, in_task};
use crate::subject::Subject;
use crate::sync::measured;

#[rustfmt::skip] // A table: a line each.
pub(super) fn all<S: Subject>() -> Vec<Operation<S>> {
    vec![
        WHOLE.of("child", "`true` started and waited for", child),
        WHOLE.of("child_output", "`echo` started, and what it says read to the end", child_output),
    ]
}

fn child<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        measured!(n, {
            let status = Command::new("true").status().await.expect("it can be started");
            assert!(status.success());
        })
    })
}

fn child_output<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let mut said = String::new();
        measured!(n, {
            said.clear();
            let child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn();
            let mut child = child.expect("it can be started");
            let mut stdout = child.stdout.take().expect("it is piped");
            stdout.read_to_string(&mut said).await.expect("it is text");
            assert!(child.wait().await.expect("it ends").success());
            assert_eq!(said, "hello\n");
        })
    })
}
