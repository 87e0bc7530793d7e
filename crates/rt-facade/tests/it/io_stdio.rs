//! Standard streams, in a process of their own: each test runs itself again, with pipes for streams.
#![allow(clippy::print_stdout, reason = "a child tells its parent")]

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

use rt_facade::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, ErrorKind, stdin, stdout,
};
use rt_facade::runtime::Runtime;
use rt_facade::time::{Duration, timeout};

use crate::child;
use crate::support::for_each_flavor;

/// The test `name` of this file, as a child.
fn again(name: &str) -> Command {
    let mut command = Command::new("timeout");
    let test = std::env::current_exe().expect("the test runs from a file");
    command.arg("100").arg(test).arg(format!("io_stdio::{name}"));
    command.args(["--exact", "--nocapture", "--test-threads=1"]).env("RT_FACADE_CHILD", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    command
}

/// A child that can be talked to.
struct Talk(Child, ChildStdin);

impl Talk {
    fn start(name: &str) -> Self {
        let mut child = again(name).spawn().expect("a child can be started");
        let input = child.stdin.take().expect("it is a pipe");
        Self(child, input)
    }

    fn say(&mut self, text: &str) {
        self.1.write_all(text.as_bytes()).expect("the child listens");
    }

    /// Reads until the child has said `text`.
    fn hear(&mut self, text: &str) {
        let (mut said, mut byte) = (Vec::new(), [0; 1]);
        while !String::from_utf8_lossy(&said).ends_with(text) {
            let n = self.0.stdout.as_mut().expect("it is a pipe").read(&mut byte);
            let told = String::from_utf8_lossy(&said);
            assert_eq!(n.expect("it can be read"), 1, "{text:?} was to come after {told:?}");
            said.push(byte[0]);
        }
    }

    /// The rest of what the child says, with its input open until it ends.
    fn end(mut self) -> String {
        let mut said = Vec::new();
        let stdout = self.0.stdout.as_mut();
        stdout.map(|stdout| stdout.read_to_end(&mut said)).transpose().expect("it can be read");
        let status = self.0.wait().expect("it can be waited for");
        drop(self.1);
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(status.success(), "{status}\n{said}");
        said
    }
}

async fn say(text: &str) {
    let mut stdout = stdout();
    stdout.write_all(text.as_bytes()).await.unwrap();
    stdout.flush().await.unwrap();
}

#[test]
fn lines_come_as_they_are_typed() {
    if child::is_here() {
        return Runtime::new().unwrap().block_on(async {
            let mut lines = BufReader::new(stdin()).lines();
            say("who is there?\n").await;
            while let Some(line) = lines.next_line().await.unwrap() {
                say(&format!("{line} who?\n")).await;
            }
            say("the end\n").await;
        });
    }
    let mut talk = Talk::start("lines_come_as_they_are_typed");
    talk.hear("who is there?\n");
    talk.say("rt\n");
    talk.hear("rt who?\n");
    talk.say("no new");
    talk.say("line");
    let Talk(child, input) = talk;
    drop(input);
    let said = child.wait_with_output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.starts_with("no newline who?\nthe end\n"), "{said}");
}

#[test]
fn a_shutdown_does_not_wait_for_input() {
    if child::is_here() {
        let mut kept = stdin();
        for_each_flavor(|runtime| {
            let task = runtime.spawn(async { stdin().read(&mut [0; 8]).await });
            runtime.block_on(rt_facade::task::yield_now());
            drop(task);
        });
        let runtime = Runtime::new().unwrap();
        // Given up, and its reader outlives the runtime.
        let mut buf = [0; 8];
        let span = Duration::from_millis(20);
        let read = runtime.block_on(async { timeout(span, kept.read(&mut buf)).await });
        assert!(read.is_err());
        drop(runtime);
        println!("nobody waits");
        return;
    }
    let said = Talk::start("a_shutdown_does_not_wait_for_input").end();
    assert!(said.contains("nobody waits\n"), "{said}");
}

#[test]
fn what_nobody_wants_any_more_is_left_to_others() {
    if child::is_here() {
        Runtime::new().unwrap().block_on(async {
            let mut input = stdin();
            let mut buf = [0; 8];
            assert!(timeout(Duration::from_millis(20), input.read(&mut buf)).await.is_err());
            drop(input);
            say("ready\n").await;
        });
        let heard =
            Command::new("cat").stdin(Stdio::inherit()).output().expect("`cat` can be started");
        print!("cat heard {}", String::from_utf8_lossy(&heard.stdout));
        return;
    }
    let mut talk = Talk::start("what_nobody_wants_any_more_is_left_to_others");
    talk.hear("ready\n");
    talk.say("every word\n");
    let Talk(child, input) = talk;
    drop(input);
    let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(said.contains("cat heard every word\n"), "{said}");
}

#[test]
fn what_one_reader_left_the_next_finds() {
    if child::is_here() {
        return Runtime::new().unwrap().block_on(async {
            say("go\n").await;
            let mut one = [0; 4];
            stdin().read_exact(&mut one).await.unwrap();
            let mut rest = String::new();
            stdin().read_to_string(&mut rest).await.unwrap();
            say(&format!("{} {rest}", String::from_utf8_lossy(&one))).await;
        });
    }
    let mut talk = Talk::start("what_one_reader_left_the_next_finds");
    talk.hear("go\n");
    talk.say("one rest\n");
    let Talk(child, input) = talk;
    drop(input);
    let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(said.starts_with("one  rest\n"), "{said}");
}

#[test]
fn input_that_is_closed_has_ended() {
    if child::is_here() {
        return Runtime::new().unwrap().block_on(async {
            assert_eq!(stdin().read(&mut [0; 8]).await.unwrap(), 0);
            assert_eq!(stdin().read(&mut [0; 8]).await.unwrap(), 0);
        });
    }
    let closed = again("input_that_is_closed_has_ended");
    let words: Vec<_> = std::iter::once(closed.get_program()).chain(closed.get_args()).collect();
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$@\" <&-", "sh"]).args(words).env("RT_FACADE_CHILD", "1");
    let output = shell.stdin(Stdio::null()).output().expect("a shell can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// As a shell's other child may do to a terminal that they share.
#[test]
fn streams_that_do_not_block_are_waited_for() {
    use rustix::fs::{OFlags, fcntl_setfl};
    const BYTES: usize = 1 << 20;
    if child::is_here() {
        return Runtime::new().unwrap().block_on(async {
            fcntl_setfl(rustix::stdio::stdin(), OFlags::NONBLOCK).unwrap();
            fcntl_setfl(rustix::stdio::stdout(), OFlags::NONBLOCK).unwrap();
            say("go\n").await;
            let mut line = String::new();
            BufReader::new(stdin()).read_line(&mut line).await.unwrap();
            assert_eq!(line, "gone\n");
            say(&"x".repeat(BYTES)).await;
            fcntl_setfl(rustix::stdio::stdout(), OFlags::empty()).unwrap();
        });
    }
    let mut talk = Talk::start("streams_that_do_not_block_are_waited_for");
    talk.hear("go\n");
    talk.say("gone\n");
    assert_eq!(talk.end().matches('x').count(), BYTES);
}

#[test]
fn a_broken_pipe_is_told() {
    if child::is_here() {
        Runtime::new().unwrap().block_on(async {
            say("go\n").await;
            assert_eq!(stdin().read(&mut [0; 8]).await.unwrap(), 5);
            let mut stdout = stdout();
            stdout.write_all(b"to nobody\n").await.unwrap(); // taken
            let error = stdout.flush().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
            stdout.write_all(b"to nobody\n").await.unwrap();
            let error = stdout.write_all(b"to nobody\n").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        });
        std::process::exit(7); // the harness has nobody to tell, either
    }
    let mut talk = Talk::start("a_broken_pipe_is_told");
    talk.hear("go\n");
    drop(talk.0.stdout.take());
    talk.say("gone\n");
    assert_eq!(talk.0.wait().unwrap().code(), Some(7));
}

#[test]
fn last_words_are_said_though_nobody_flushes() {
    if child::is_here() {
        for_each_flavor(|runtime| {
            runtime.block_on(async { stdout().write_all(b"last words\n").await.unwrap() });
        });
        return;
    }
    let said = Talk::start("last_words_are_said_though_nobody_flushes").end();
    assert_eq!(said.matches("last words\n").count(), 4, "{said}");
}

#[test]
fn lines_of_many_tasks_do_not_mix() {
    const TASKS: usize = 8;
    const LINES: usize = 50;
    if child::is_here() {
        return Runtime::new().unwrap().block_on(async {
            let tasks: Vec<_> = (0..TASKS)
                .map(|task| {
                    rt_facade::spawn(async move {
                        let (mut stdout, line) = (stdout(), format!("{task}").repeat(300));
                        for _ in 0..LINES {
                            stdout.write_all(format!("<{line}>\n").as_bytes()).await.unwrap();
                        }
                        stdout.flush().await.unwrap();
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    }
    let said = Talk::start("lines_of_many_tasks_do_not_mix").end();
    for task in 0..TASKS {
        let line = format!("<{}>\n", format!("{task}").repeat(300));
        assert_eq!(said.matches(&line).count(), LINES, "{said}");
    }
}
