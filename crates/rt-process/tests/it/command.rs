//! What a command says is what is run.

use std::io;
use std::process::Stdio;

use rt_process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use crate::drive::{drive, shell};

/// What `command` writes, as a line.
fn says(command: &mut Command) -> String {
    let output = drive(async { command.output().await.unwrap() });
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn arguments_environment_and_directory_are_as_set() {
    assert_eq!(says(Command::new("echo").arg("a b").args(["c", "d"])), "a b c d");
    let script = "echo $RT_A,$RT_B,$RT_C";
    let mut command = shell(script);
    command.env("RT_A", "1").envs([("RT_B", "2"), ("RT_C", "3")]).env_remove("RT_B");
    assert_eq!(says(&mut command), "1,,3");
    assert_eq!(says(shell("echo ${RT_A}x${HOME}").env("RT_A", "1").env_clear()), "x");
    let directory = std::fs::canonicalize(std::env::temp_dir()).unwrap();
    assert_eq!(says(Command::new("pwd").current_dir(&directory)), directory.to_str().unwrap());
}

#[test]
fn what_unix_adds_is_as_set() {
    assert_eq!(says(shell("echo $0").arg0("someone")), "someone");
    assert_eq!(
        says(shell("ps -o pgid= -p $$ | tr -d ' ' | grep -qx $$ && echo own").process_group(0)),
        "own"
    );
    let mut command = shell("umask");
    let mask = || {
        // SAFETY: sets the new process's mask of files, which has no conditions.
        unsafe { libc::umask(0o123) };
        Ok(())
    };
    // SAFETY: one call of the system, which may be made there.
    unsafe { command.pre_exec(mask) };
    assert!(says(&mut command).ends_with("123"));
}

#[test]
fn an_error_before_the_program_runs_is_that_of_the_spawn() {
    let mut command = shell("true");
    // SAFETY: makes an error of a number, without an allocation.
    unsafe { command.pre_exec(|| Err(io::Error::from_raw_os_error(libc::EDOM))) };
    let error = drive(async { command.spawn().unwrap_err() });
    assert_eq!(error.raw_os_error(), Some(libc::EDOM));
    let error = drive(async { Command::new("/no/such/program").spawn().unwrap_err() });
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    let error = drive(async { Command::new("/no/such/program").status().await.unwrap_err() });
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
fn the_builder_of_std_is_inside() {
    let mut command = Command::from(std::process::Command::new("echo"));
    assert!(!command.get_kill_on_drop());
    command.as_std_mut().arg("through std");
    assert_eq!(command.as_std().get_program(), "echo");
    assert_eq!(says(&mut command), "through std");
    assert!(command.kill_on_drop(true).get_kill_on_drop());
    assert_eq!(command.into_std().get_args().count(), 1);
    let status = drive(async {
        let mut child = shell("exit 3").spawn_with(|std| std.stdin(Stdio::null()).spawn()).unwrap();
        child.wait().await.unwrap()
    });
    assert_eq!(status.code(), Some(3));
}

#[test]
fn output_collects_both_streams_wherever_they_went() {
    let output = drive(async {
        let mut command = shell("echo out; echo err >&2; exit 7");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.output().await.unwrap()
    });
    assert_eq!(output.status.code(), Some(7));
    assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"out\n"[..], &b"err\n"[..]));
}

#[test]
fn without_a_reactor_nothing_is_started() {
    let told = shell("true").spawn().unwrap_err().to_string();
    assert!(told.starts_with(&format!("`Command::spawn` at {}", file!())), "{told}");
    assert!(told.contains("Runtime::block_on"), "{told}");
    let told = rt_task::block_on(shell("true").status()).unwrap_err().to_string();
    assert!(told.starts_with("`Command::status` at"), "{told}");
    let told = rt_task::block_on(shell("true").output()).unwrap_err().to_string();
    assert!(told.starts_with("`Command::output` at"), "{told}");
}

#[test]
fn what_users_hold_may_go_anywhere() {
    fn is<T: Send + Sync + Unpin>() {}
    is::<Command>();
    is::<Child>();
    is::<(ChildStdin, ChildStdout, ChildStderr)>();
    is::<(rt_process::Wait<'_>, rt_process::Kill<'_>)>();
}
