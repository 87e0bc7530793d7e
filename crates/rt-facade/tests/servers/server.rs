//! An example as a process.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use rt_facade::time::Duration;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::until;

/// A server that runs until [`Server::ended`], or is killed by the drop.
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) addr: SocketAddr,
}

impl Server {
    /// Starts `example` with these arguments.
    pub(crate) fn start(example: &str, args: &[&str]) -> Self {
        let mut command = Command::new(path(example));
        let command = command.args(args).stdin(Stdio::null());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the example can be started");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("its output can be read");
        let addr = line.trim().strip_prefix("listening on ");
        let addr = addr.map(|addr| addr.strip_prefix("http://").unwrap_or(addr));
        let addr = addr.and_then(|addr| addr.parse().ok());
        let addr = addr.unwrap_or_else(|| panic!("it told no address, but {line:?}"));
        Self { child, stdout, addr }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// How many descriptors it has open, where there is a `/proc`.
    pub(crate) fn descriptors(&self) -> Option<usize> {
        let open = fs::read_dir(format!("/proc/{}/fd", self.child.id()));
        open.ok().map(Iterator::count)
    }

    /// The most memory that it ever had resident, in MB, where there is a `/proc`.
    pub(crate) fn peak_mb(&self) -> Option<usize> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok();
        let peak = status.and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.split_whitespace().next()?.parse::<usize>().ok()
        });
        if peak.is_none() {
            println!("skipped: the memory of a process, for want of /proc");
        }
        peak.map(|kb| kb / 1024)
    }

    /// Waits for its end, and asserts that it ends well, having said this besides its address.
    pub(crate) async fn ended(mut self, said: &str) {
        until(Duration::from_secs(20), async || match self.child.try_wait() {
            Ok(None) => Err("the server still runs".to_owned()),
            _ => Ok(()),
        })
        .await;
        let status = self.child.wait().expect("it has ended");
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).expect("text");
        let mut errors = self.child.stderr.take().expect("piped");
        errors.read_to_string(&mut stderr).expect("text");
        assert!(status.success(), "{status}: {stdout}{stderr}");
        assert_eq!(stderr, "");
        assert_eq!(stdout, said);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already, but for a test that failed.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Where `cargo` puts the example: beside this test.
fn path(example: &str) -> PathBuf {
    let test = env::current_exe().expect("this test has a path");
    let dir = test.parent().and_then(|deps| deps.parent()).expect("target/PROFILE/deps/TEST");
    let path = dir.join("examples").join(format!("{example}{}", env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "{} is missing: `cargo test` builds it unless told which tests to run; `cargo build -p \
         rt-facade --examples` does, too",
        path.display(),
    );
    path
}
