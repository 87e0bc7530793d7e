//! A process that was started here, and is gone when this is.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child as StdChild, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Which process said something; a number more each time that one is started.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Who {
    Server(usize),
    Load(usize),
}

pub(super) struct Child {
    process: StdChild,
    pub(super) who: Who,
}

impl Child {
    /// Starts this program with other words; what it prints goes to `said`, line by line.
    pub(super) fn start(
        who: Who,
        args: &[String],
        said: &Sender<(Who, String)>,
    ) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let said = said.clone();
        if let Some(stdout) = process.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if said.send((who, line)).is_err() {
                        break;
                    }
                }
            });
        }
        Ok(Self { process, who })
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Asks something of it; if it is gone, that shows elsewhere.
    pub(super) fn tell(&mut self, line: &str) {
        if let Some(stdin) = &mut self.process.stdin {
            _ = writeln!(stdin, "{line}");
        }
    }

    /// Says no more to it.
    pub(super) fn fall_silent(&mut self) {
        self.process.stdin = None;
    }

    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or(io::ErrorKind::NotFound)?;
        Ok(kill_process(pid, signal)?)
    }

    pub(super) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().ok().flatten()
    }

    pub(super) fn kill(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }

    /// How it ended, within `limit`.
    pub(super) fn ended(&mut self, limit: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + limit;
        loop {
            if let Some(status) = self.has_ended() {
                return Some(status);
            }
            if Instant::now() > end {
                return None;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}
