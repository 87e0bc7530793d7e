//! The example as a process.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rt_facade::time::Duration;
use rustix::process::{Pid, Signal, kill_process};

use crate::client::Client;
use crate::process::{Process, starved};
use crate::support::{equal, until};

/// Who measures has the machine alone.
static MACHINE: Mutex<()> = Mutex::new(());

/// A server that runs until [`Server::end`], or is killed by the drop.
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    addr: SocketAddr,
    _machine: MutexGuard<'static, ()>,
}

/// What a server holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    descriptors: Option<usize>,
    tasks: usize,
}

/// How the server schedules: on one thread, or on two that share the work.
pub(crate) type Flavor = &'static [&'static str];

const FLAVORS: [Flavor; 2] =
    [&["--flavor", "current-thread"], &["--flavor", "multi-thread", "--workers", "2"]];

/// Runs `test` with a server of each flavour.
pub(crate) fn for_each_flavor(test: impl Fn(Flavor)) {
    for flavor in FLAVORS {
        println!("{flavor:?}");
        test(flavor);
    }
}

/// How a server ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Server {
    /// Starts the example with these arguments.
    pub(crate) fn start(flavor: Flavor, args: &[&str]) -> Self {
        Self::launch(Command::new(example()).args(flavor).args(args))
    }

    /// Starts it with so many descriptors at most.
    pub(crate) fn start_with_descriptors(flavor: Flavor, limit: u32, args: &[&str]) -> Self {
        let limited = format!("ulimit -n {limit} && exec \"$0\" \"$@\"");
        let mut shell = Command::new("sh");
        Self::launch(shell.arg("-c").arg(limited).arg(example()).args(flavor).args(args))
    }

    /// What the example says instead of starting.
    pub(crate) fn refused(args: &[&str]) -> Ended {
        let done = Command::new(example()).args(args).output().expect("it can be started");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Ended { status: done.status, stdout: text(done.stdout), stderr: text(done.stderr) }
    }

    fn launch(command: &mut Command) -> Self {
        let machine = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the example can be started");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("its output can be read");
        let addr = line.trim().strip_prefix("listening on http://").and_then(|a| a.parse().ok());
        let addr = addr.unwrap_or_else(|| panic!("it told no address, but {line:?}"));
        Self { child, stdout, addr, _machine: machine }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn process(&self) -> Option<Process> {
        Process::of(self.child.id())
    }

    /// What the machine has added so far to the time that the server, and this client, take.
    pub(crate) fn starved(&self) -> Duration {
        starved(self.child.id())
    }

    /// What a person at the keyboard does.
    pub(crate) fn interrupt(&self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::INT).expect("it runs");
    }

    /// How much the server holds while it serves nobody.
    pub(crate) async fn level(&self) -> Level {
        let descriptors = self.process().map(|process| process.descriptors());
        Level { descriptors, tasks: self.alive_tasks().await }
    }

    /// Asserts that it holds as much again, at once or a moment later.
    pub(crate) async fn assert_back_at(&self, level: Level) {
        let limit = Duration::from_secs(5);
        let tasks = async || equal("tasks of the server", self.alive_tasks().await, level.tasks);
        until(limit, tasks).await;
        if let (Some(process), Some(before)) = (self.process(), level.descriptors) {
            let descriptors = || equal("descriptors of the server", process.descriptors(), before);
            until(limit, async || descriptors()).await;
        }
    }

    /// How many tasks the server has alive, the one that tells included.
    async fn alive_tasks(&self) -> usize {
        let metrics = Client::http1(self.addr).await.get("/metrics").await;
        let metrics = String::from_utf8(metrics.to_vec()).expect("text");
        let mut lines = metrics.lines();
        let alive = lines.find_map(|line| line.trim().strip_prefix("alive_tasks: "));
        alive.and_then(|n| n.trim_end_matches(',').parse().ok()).expect("a number of tasks")
    }

    /// Interrupts it, and asserts that it ends well, and soon: nothing is in flight.
    pub(crate) async fn end(self) -> Ended {
        self.interrupt();
        let ended = self.ended(Duration::from_secs(4)).await;
        assert!(ended.status.success(), "{}: {}{}", ended.status, ended.stdout, ended.stderr);
        ended
    }

    /// Waits for its end.
    pub(crate) async fn ended(mut self, limit: Duration) -> Ended {
        until(limit, async || match self.child.try_wait() {
            Ok(None) => Err("the server still runs".to_owned()),
            _ => Ok(()),
        })
        .await;
        let status = self.child.wait().expect("it has ended");
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).expect("text");
        let mut errors = self.child.stderr.take().expect("piped");
        errors.read_to_string(&mut stderr).expect("text");
        Ended { status, stdout, stderr }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already, but for a test that failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where `cargo` puts the example: beside this test.
fn example() -> PathBuf {
    let test = env::current_exe().expect("this test has a path");
    let dir = test.parent().and_then(|deps| deps.parent()).expect("target/PROFILE/deps/TEST");
    let example = dir.join("examples").join(format!("http_hello{}", env::consts::EXE_SUFFIX));
    assert!(
        example.is_file(),
        "{} is missing: `cargo test` builds it unless told which tests to run; `cargo build -p \
         rt-facade --examples` does, too",
        example.display(),
    );
    example
}
