//! Programs that may fail, hang or be stopped: every one has a limit, and none is left behind.
#![allow(
    clippy::disallowed_methods,
    reason = "what watches a process that may hang reads its pipes on threads, by the clock"
)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::util;

/// How often somebody looks whether everything is to stop.
const LOOK: Duration = Duration::from_millis(50);

/// How long a process may take to die when it is asked to.
const DEATH: Duration = Duration::from_millis(500);

/// Whether the user wants everything to stop. One per process of ours, since so is the signal.
static STOP: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C stops the run and not the program, which has children to end.
pub(crate) fn stop_on_signals() -> Result<()> {
    // no site: nothing is published with it.
    ctrlc::set_handler(|| STOP.store(true, Ordering::Relaxed)).context("cannot wait for Ctrl-C")
}

pub(crate) fn is_stopped() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// Why a process told nothing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// It said itself that it cannot, and why.
    Skipped(String),
    /// It failed or hung.
    Failed(String),
    /// Everything is to stop.
    Stopped,
}

/// A program that runs. Dropped, it is ended.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    /// What it prints, line by line, to its end.
    lines: Receiver<String>,
    /// What it complains of, once it has ended.
    complaints: Receiver<String>,
    limit: Duration,
    until: Instant,
}

impl Running {
    /// Starts it. Its input stays open until [`Running::close_input`].
    pub(crate) fn start(command: &mut Command, limit: Duration) -> Result<Self, Failure> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = command.spawn().with_context(|| format!("cannot start {command:?}"));
        let mut child = started.map_err(|error| Failure::Failed(format!("{error:#}")))?;
        let (line, lines) = mpsc::channel();
        let (complaint, complaints) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                let told = BufReader::new(output).lines().map_while(Result::ok);
                for told in told {
                    let _ = line.send(told);
                }
            });
        }
        if let Some(mut errors) = child.stderr.take() {
            thread::spawn(move || {
                let mut text = Vec::new();
                let _ = errors.read_to_end(&mut text);
                let _ = complaint.send(String::from_utf8_lossy(&text).into_owned());
            });
        }
        Ok(Self { child, lines, complaints, limit, until: Instant::now() + limit })
    }

    /// The next line that it prints; none at the end.
    pub(crate) fn line(&mut self) -> Result<Option<String>, Failure> {
        loop {
            match self.lines.recv_timeout(LOOK) {
                Ok(line) => match line.strip_prefix("skipped\t") {
                    Some(reason) => return Err(Failure::Skipped(reason.to_owned())),
                    None => return Ok(Some(line)),
                },
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => self.look()?,
            }
        }
    }

    /// Ends what waits for the end of its input.
    pub(crate) fn close_input(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Why it has ended, if it does so of itself and not well.
    pub(crate) fn failure(&mut self) -> Option<Failure> {
        util::ends_within(&mut self.child, DEATH)
            .filter(|status| !status.success())
            .map(|status| Failure::Failed(format!("{status}{}", self.complaint())))
    }

    /// All that it prints, once it has ended well.
    pub(crate) fn finish(mut self) -> Result<String, Failure> {
        let mut text = String::new();
        while let Some(line) = self.line()? {
            text.push_str(&line);
            text.push('\n');
        }
        // It has closed its output, which is the last thing that most programs do.
        let status = loop {
            let ended = self.child.try_wait();
            match ended.map_err(|error| Failure::Failed(error.to_string()))? {
                Some(status) => break status,
                None => self.look()?,
            }
            thread::park_timeout(Duration::from_millis(1));
        };
        match status.success() {
            true => Ok(text),
            false if is_stopped() => Err(Failure::Stopped),
            false => Err(Failure::Failed(format!("{status}{}", self.complaint()))),
        }
    }

    /// Fails if it has had its time, or if everything is to stop.
    fn look(&self) -> Result<(), Failure> {
        match () {
            () if is_stopped() => Err(Failure::Stopped),
            () if Instant::now() >= self.until => {
                Err(Failure::Failed(format!("no end within {} s", self.limit.as_secs_f64().ceil())))
            }
            () => Ok(()),
        }
    }

    /// What it complained of.
    fn complaint(&self) -> String {
        let text = self.complaints.recv_timeout(DEATH).unwrap_or_default();
        let text = complaint(&text);
        if text.is_empty() { text } else { format!(": {text}") }
    }
}

/// The lines that say what happened: of a panic neither the place, which is a path of this
/// machine, nor the stack.
fn complaint(text: &str) -> String {
    const LINES: usize = 2;
    let is_message = |line: &&str| !line.is_empty() && !line.starts_with("thread '");
    let is_stack = |line: &&str| line.starts_with("stack backtrace:") || line.starts_with("note:");
    let lines = text.lines().map(str::trim).take_while(|line| !is_stack(line));
    lines.filter(is_message).take(LINES).collect::<Vec<_>>().join(" ")
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        // Asked first: strace ends what it traces only if it is asked.
        if util::installed("kill") {
            let _ = Command::new("kill").arg(self.child.id().to_string()).status();
            if util::ends_within(&mut self.child, DEATH).is_some() {
                return;
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs it to its end.
pub(crate) fn output(command: &mut Command, limit: Duration) -> Result<String, Failure> {
    let mut running = Running::start(command, limit)?;
    running.close_input();
    running.finish()
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::{Failure, Running, complaint, output};

    const LONG: Duration = Duration::from_secs(60);

    fn shell(text: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", text]);
        command
    }

    fn failure(result: Result<String, Failure>) -> String {
        match result {
            Err(Failure::Failed(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_ends_well_tells() {
        assert_eq!(output(&mut shell("printf 'cpu_ns\\t7\\n'"), LONG).unwrap(), "cpu_ns\t7\n");
    }

    #[test]
    fn what_fails_says_why() {
        let reason = failure(output(&mut shell("echo assertion >&2; echo 1; exit 3"), LONG));
        assert!(reason.contains('3') && reason.ends_with(": assertion"), "{reason}");
        assert!(failure(output(&mut Command::new("/no/such/program"), LONG)).contains("cannot"));
    }

    #[test]
    fn of_a_panic_the_message_is_told() {
        let text = "\nthread 'main' (7) panicked at /home/me/src/x.rs:1:2:\nlost a task\n\
                    stack backtrace:\n   0: begin\n";
        assert_eq!(complaint(text), "lost a task");
        assert_eq!(complaint("cannot bind\n"), "cannot bind");
    }

    #[test]
    fn what_cannot_says_so() {
        let told = output(&mut shell("printf 'skipped\\tno sockets\\n'"), LONG);
        assert_eq!(told, Err(Failure::Skipped("no sockets".to_owned())));
    }

    #[test]
    fn what_hangs_is_ended() {
        let limit = Duration::from_millis(1);
        let mut running = Running::start(&mut shell("echo $$; exec cat"), LONG).unwrap();
        let id = running.line().unwrap().unwrap();
        running.limit = limit;
        running.until -= LONG;
        assert_eq!(failure(running.finish()), "no end within 1 s");
        // Nobody of that number is left.
        let alive = Command::new("kill").args(["-0", &id]).output().unwrap();
        assert!(!alive.status.success());
    }

    #[test]
    fn what_does_not_die_when_asked_is_killed() {
        let mut running =
            Running::start(&mut shell("trap '' TERM; echo $$; while :; do :; done"), LONG).unwrap();
        let id = running.line().unwrap().unwrap();
        drop(running);
        assert!(!Command::new("kill").args(["-0", &id]).output().unwrap().status.success());
    }

    #[test]
    fn what_waits_for_its_input_ends_with_it() {
        let mut running = Running::start(&mut shell("echo here; cat; echo gone"), LONG).unwrap();
        assert_eq!(running.line().unwrap().as_deref(), Some("here"));
        running.close_input();
        assert_eq!(running.finish().unwrap(), "gone\n");
    }
}
