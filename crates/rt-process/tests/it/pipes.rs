//! Bytes to children, and from them.

use std::io;
use std::io::{IoSlice, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::process::Stdio;

use rt_io::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use rt_process::{ChildStderr, ChildStdin, ChildStdout, Command};

use crate::drive::{all, drive, shell};

fn piped(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

#[test]
fn what_goes_in_comes_out() {
    drive(async {
        let mut child = piped("cat").spawn().unwrap();
        let (mut to, mut from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        for size in [1, 100, 4096, 60_000] {
            let sent: Vec<u8> = (0..size).map(|n| n as u8).collect();
            to.write_all(&sent).await.unwrap();
            to.flush().await.unwrap();
            let mut received = vec![0; size];
            from.read_exact(&mut received).await.unwrap();
            assert_eq!(received, sent);
        }
        let parts = [IoSlice::new(b"two "), IoSlice::new(b"parts"), IoSlice::new(b"")];
        assert_eq!(to.write_vectored(&parts).await.unwrap(), 9);
        assert!(to.is_write_vectored());
        to.shutdown().await.unwrap();
        assert_eq!(to.write(b"").await.unwrap(), 0);
        drop(to);
        let mut rest = String::new();
        from.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "two parts");
        assert!(child.wait().await.unwrap().success());
    });
}

#[test]
fn more_than_a_pipe_holds_goes_both_ways_at_once() {
    const SIZE: usize = 3_000_000;
    drive(async {
        let mut child = piped("cat").spawn().unwrap();
        let mut to = child.stdin.take().unwrap();
        let mut output = None;
        let writes = async {
            to.write_all(&vec![7; SIZE]).await.unwrap();
            drop(to);
        };
        let reads = async { output = Some(child.wait_with_output().await.unwrap()) };
        let both: [std::pin::Pin<Box<dyn Future<Output = ()>>>; 2] =
            [Box::pin(writes), Box::pin(reads)];
        all(both).await;
        let output = output.unwrap();
        assert!(output.status.success());
        assert!(output.stdout.len() == SIZE && output.stdout.iter().all(|byte| *byte == 7));
    });
}

#[test]
fn both_outputs_are_read_at_once() {
    let script =
        "for i in 1 2 3 4; do head -c 200000 /dev/zero; head -c 200000 /dev/zero >&2; done";
    let output = drive(async { shell(script).output().await.unwrap() });
    assert!(output.status.success());
    assert_eq!((output.stdout.len(), output.stderr.len()), (800_000, 800_000));
}

#[test]
fn lines_come_as_they_are_written() {
    drive(async {
        let script = "while read line; do echo \"<$line>\"; done";
        let mut command = shell(script);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut to = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in ["one", "two", "three"] {
            to.write_all(format!("{line}\n").as_bytes()).await.unwrap();
            assert_eq!(lines.next_line().await.unwrap(), Some(format!("<{line}>")));
        }
        drop(to);
        assert_eq!(lines.next_line().await.unwrap(), None);
        assert!(child.wait().await.unwrap().success());
    });
}

#[test]
fn to_write_to_one_that_is_gone_fails() {
    drive(async {
        let mut child = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
        let mut to = child.stdin.take().unwrap();
        child.wait().await.unwrap();
        // Another thread's child, on its way to its program, may have the other end for a moment.
        let error = loop {
            if let Err(error) = to.write_all(b"anybody?").await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        // One that closes its input while somebody waits for room in it.
        let mut command = shell("exec <&-; read nothing </dev/null; exit 0");
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut to = child.stdin.take().unwrap();
        let error = to.write_all(&vec![0; 10_000_000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        child.wait().await.unwrap();
    });
}

#[test]
fn the_output_of_one_is_the_input_of_another() {
    let output = drive(async {
        let mut one = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn().unwrap();
        let between: Stdio = one.stdout.take().unwrap().try_into().unwrap();
        let mut other = Command::new("tr");
        let other = other.args(["a-z", "A-Z"]).stdin(between).output();
        let output = other.await.unwrap();
        assert!(one.wait().await.unwrap().success());
        output
    });
    assert_eq!(output.stdout, b"HELLO\n");
}

#[test]
fn a_pipe_goes_to_std_and_back() {
    drive(async {
        let mut child = piped("cat").stderr(Stdio::piped()).spawn().unwrap();
        let to = child.stdin.take().unwrap();
        assert_eq!(to.as_fd().as_raw_fd(), to.as_raw_fd());
        // Blocking, now.
        let mut file = std::fs::File::from(to.into_owned_fd().unwrap());
        file.write_all(b"hello").unwrap();
        drop(file);
        let mut file = std::fs::File::from(child.stdout.take().unwrap().into_owned_fd().unwrap());
        let mut received = String::new();
        file.read_to_string(&mut received).unwrap();
        assert_eq!(received, "hello");
        drop(child.stderr.take().unwrap().into_owned_fd().unwrap());
        child.wait().await.unwrap();

        let mut command = piped("cat").into_std();
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut to = ChildStdin::from_std(child.stdin.take().unwrap()).unwrap();
        let mut from = ChildStdout::from_std(child.stdout.take().unwrap()).unwrap();
        let mut errors = ChildStderr::from_std(child.stderr.take().unwrap()).unwrap();
        to.write_all(b"from std").await.unwrap();
        drop(to);
        let mut received = String::new();
        from.read_to_string(&mut received).await.unwrap();
        assert_eq!(received, "from std");
        assert_eq!(errors.read(&mut [0; 8]).await.unwrap(), 0);
        child.wait().unwrap();
    });
}

#[test]
fn pipes_of_std_need_a_reactor() {
    let mut child = piped("cat").into_std().spawn().unwrap();
    let told = ChildStdin::from_std(child.stdin.take().unwrap()).unwrap_err().to_string();
    assert!(told.starts_with(&format!("`ChildStdin::from_std` at {}", file!())), "{told}");
    child.wait().unwrap();
}
