//! [`Command`]: how a process is started.

mod unix;

use std::ffi::OsStr;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::path::Path;
use std::process::{self, ExitStatus, Output, Stdio};

use rt_reactor::Handle;

use crate::{Child, orphans, output};

/// How to start a process: the builder of `std`, with futures at its end.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// let status = rt_process::Command::new("make").arg("test").status().await?;
/// assert!(status.success());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Command {
    std: process::Command,
    kill_on_drop: bool,
}

/// What to run, and with what.
impl Command {
    /// The program of this name or path, without arguments; with this process's environment, directory and
    /// standard streams.
    #[must_use]
    pub fn new<S: AsRef<OsStr>>(program: S) -> Self {
        Self::from(process::Command::new(program))
    }

    /// The builder of `std`.
    #[must_use]
    pub fn as_std(&self) -> &process::Command {
        &self.std
    }

    /// The builder of `std`, for what has no method here.
    pub fn as_std_mut(&mut self) -> &mut process::Command {
        &mut self.std
    }

    /// The builder of `std` alone. Forgets [`kill_on_drop`](Self::kill_on_drop).
    #[must_use]
    pub fn into_std(self) -> process::Command {
        self.std
    }

    /// Adds an argument.
    pub fn arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Self {
        self.std.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args<I, S>(&mut self, args: I) -> &mut Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.std.args(args);
        self
    }

    /// Sets a variable of the environment.
    pub fn env<K, V>(&mut self, key: K, val: V) -> &mut Self
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.env(key, val);
        self
    }

    /// Sets variables of the environment.
    pub fn envs<I, K, V>(&mut self, vars: I) -> &mut Self
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.envs(vars);
        self
    }

    /// Takes a variable out of the environment.
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Self {
        self.std.env_remove(key);
        self
    }

    /// Takes every variable out of the environment.
    pub fn env_clear(&mut self) -> &mut Self {
        self.std.env_clear();
        self
    }

    /// Sets the directory to run in. A relative path to the program may be looked up from there, or
    /// from here: that depends on the system.
    pub fn current_dir<P: AsRef<Path>>(&mut self, dir: P) -> &mut Self {
        self.std.current_dir(dir);
        self
    }

    /// Sets where it reads from. Inherited, unless set.
    pub fn stdin<T: Into<Stdio>>(&mut self, stdin: T) -> &mut Self {
        self.std.stdin(stdin);
        self
    }

    /// Sets where its standard output goes. Inherited, unless set or asked for by
    /// [`output`](Self::output).
    pub fn stdout<T: Into<Stdio>>(&mut self, stdout: T) -> &mut Self {
        self.std.stdout(stdout);
        self
    }

    /// Sets where its standard error goes. Inherited, unless set or asked for by
    /// [`output`](Self::output).
    pub fn stderr<T: Into<Stdio>>(&mut self, stderr: T) -> &mut Self {
        self.std.stderr(stderr);
        self
    }

    /// Whether the process is killed if its [`Child`], or a future that holds that, is dropped before
    /// it has ended. It is reaped in either case. Off unless set.
    pub fn kill_on_drop(&mut self, kill_on_drop: bool) -> &mut Self {
        self.kill_on_drop = kill_on_drop;
        self
    }

    /// What [`kill_on_drop`](Self::kill_on_drop) was set to.
    #[must_use]
    pub fn get_kill_on_drop(&self) -> bool {
        self.kill_on_drop
    }
}

/// Starting it.
impl Command {
    /// Starts the process. Blocks this thread while the system does that: some tens of microseconds for
    /// a small program; as long as it takes to find it, on a slow disk.
    ///
    /// # Errors
    /// If no reactor is entered; names the call site and the fix. When the program cannot be started.
    /// When the system has no descriptor left for its pipes or to hear of its end, or the reactor refuses
    /// them: nothing of it is left then.
    #[track_caller]
    pub fn spawn(&mut self) -> io::Result<Child> {
        self.spawn_at("Command::spawn", Location::caller(), process::Command::spawn)
    }

    /// The same, with `with` to start it: for extensions of the builder of `std`.
    ///
    /// # Errors
    /// That of `with`; else as [`spawn`](Self::spawn).
    #[track_caller]
    pub fn spawn_with(
        &mut self,
        with: impl FnOnce(&mut process::Command) -> io::Result<process::Child>,
    ) -> io::Result<Child> {
        self.spawn_at("Command::spawn_with", Location::caller(), with)
    }

    fn spawn_at(
        &mut self,
        what: &str,
        site: &'static Location<'static>,
        with: impl FnOnce(&mut process::Command) -> io::Result<process::Child>,
    ) -> io::Result<Child> {
        let reactor = Handle::current().map_err(|missing| missing.io_error(what, site))?;
        orphans::look_again();
        let child = with(&mut self.std)?;
        Child::new(child, self.kill_on_drop, &reactor)
    }

    /// Starts the process, at once, and waits for it to end. Pipes that were asked for are closed.
    ///
    /// Dropping the future leaves the process running, unless
    /// [`kill_on_drop`](Self::kill_on_drop) says otherwise.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn) and [`Child::wait`], when it is polled.
    #[track_caller]
    pub fn status(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + Send + Sync + use<> {
        let site = Location::caller();
        let child = self.spawn_at("Command::status", site, process::Command::spawn);
        async move {
            let mut child = child?;
            drop((child.stdin.take(), child.stdout.take(), child.stderr.take()));
            std::future::poll_fn(|cx| child.poll_wait(cx, site)).await
        }
    }

    /// Starts the process, at once, waits for it to end, and collects what it writes to its standard output
    /// and error, wherever those were set to go. It inherits the standard input, unless that was set.
    ///
    /// Dropping the future leaves the process running, unless
    /// [`kill_on_drop`](Self::kill_on_drop) says otherwise.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn) and [`Child::wait_with_output`], when it is polled.
    #[track_caller]
    pub fn output(&mut self) -> impl Future<Output = io::Result<Output>> + Send + Sync + use<> {
        let site = Location::caller();
        self.std.stdout(Stdio::piped());
        self.std.stderr(Stdio::piped());
        let child = self.spawn_at("Command::output", site, process::Command::spawn);
        async move { output::collect(child?, site).await }
    }
}

impl From<process::Command> for Command {
    fn from(std: process::Command) -> Self {
        Self { std, kill_on_drop: false }
    }
}
