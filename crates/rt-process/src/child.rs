//! [`Child`]: a process that was started.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::process::{self, ExitStatus, Output};
use std::task::{Context, Poll, ready};

use rt_reactor::Handle;
use rt_task::base::fork::Generation;

use crate::exit::Exit;
use crate::pipe::{ChildStderr, ChildStdin, ChildStdout};
use crate::{orphans, output};

/// A process that was started, and its pipes.
///
/// Dropping it does not end the process, unless
/// [`kill_on_drop`](crate::Command::kill_on_drop) was asked for: it runs on, and is reaped when it ends.
#[derive(Debug)]
pub struct Child {
    state: State,
    /// Where the process reads from, if that is piped. Dropping it is the end of its input.
    pub stdin: Option<ChildStdin>,
    /// What the process writes to its standard output, if that is piped.
    pub stdout: Option<ChildStdout>,
    /// What the process writes to its standard error, if that is piped.
    pub stderr: Option<ChildStderr>,
}

enum State {
    Running(Running),
    Over(ExitStatus),
}

/// A process that may run. Dropped, it becomes an orphan.
struct Running {
    /// There until it is dropped.
    parts: Option<(process::Child, Exit)>,
    kill_on_drop: bool,
    /// The process whose child it is.
    parent: Generation,
}

impl Child {
    /// The child that `std` has started.
    ///
    /// # Errors
    /// When there is no descriptor left to hear of its end by, or the reactor refuses it or a pipe. The
    /// process is killed then.
    pub(crate) fn new(
        mut child: process::Child,
        kill_on_drop: bool,
        reactor: &Handle,
    ) -> io::Result<Self> {
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let exit = match Exit::new(&child, reactor) {
            Ok(exit) => exit,
            Err(error) => {
                let _ = child.kill(); // fails if it has ended
                orphans::adopt(child, None);
                return Err(error);
            }
        };
        let mut this = Self::from_parts(child, exit, true); // until all is well
        let (stdin, stdout, stderr) = pipes;
        this.stdin = stdin.map(|pipe| ChildStdin::on(pipe, reactor)).transpose()?;
        this.stdout = stdout.map(|pipe| ChildStdout::on(pipe, reactor)).transpose()?;
        this.stderr = stderr.map(|pipe| ChildStderr::on(pipe, reactor)).transpose()?;
        if let State::Running(running) = &mut this.state {
            running.kill_on_drop = kill_on_drop;
        }
        Ok(this)
    }

    pub(crate) fn from_parts(child: process::Child, exit: Exit, kill_on_drop: bool) -> Self {
        let parts = Some((child, exit));
        let running = Running { parts, kill_on_drop, parent: Generation::current() };
        Self { state: State::Running(running), stdin: None, stdout: None, stderr: None }
    }

    /// The process's number; `None` once it was waited for, since the number may be another's by then.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        match &self.state {
            State::Running(running) => running.parts.as_ref().map(|(child, _)| child.id()),
            State::Over(_) => None,
        }
    }

    /// Ends the process (`SIGKILL`), without waiting for that. It is still to be waited for; does nothing
    /// if it was.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn start_kill(&mut self) -> io::Result<()> {
        let State::Running(running) = &mut self.state else { return Ok(()) };
        running.child().kill()?;
        running.kill_on_drop = false; // once is enough
        Ok(())
    }

    /// Ends the process (`SIGKILL`), and waits for that.
    ///
    /// Cancel safe: dropped early, the process was killed, and may be waited for again.
    ///
    /// # Errors
    /// When the system refuses; or as [`wait`](Self::wait).
    #[track_caller]
    pub fn kill(&mut self) -> Kill<'_> {
        Kill { wait: self.wait_without_end(), is_killed: false }
    }

    /// Waits for the process to end, and tells how. Once known, it is told again and again.
    ///
    /// [`stdin`](Self::stdin) is dropped first, so that a process which reads to the end of its input comes
    /// there; take it out before to keep it. What the process writes to its pipes is for others to
    /// read meanwhile: it may wait for that.
    ///
    /// Cancel safe: dropped early, nothing is lost, and it may be waited for again. (The input stays
    /// dropped.)
    ///
    /// Where there is no pidfd (systems other than Linux, Linux before 5.3, and under valgrind), a thread of its own
    /// waits, from the first poll to the process's end. No runtime waits for that thread.
    ///
    /// # Errors
    /// When the I/O driver is gone; when somebody else has reaped the process, such as a process that
    /// ignores `SIGCHLD`; where there is no pidfd, if no thread can be started.
    #[track_caller]
    pub fn wait(&mut self) -> Wait<'_> {
        Wait { drops_stdin: true, ..self.wait_without_end() }
    }

    #[track_caller]
    fn wait_without_end(&mut self) -> Wait<'_> {
        Wait { child: self, drops_stdin: false, site: Location::caller() }
    }

    /// How the process ended, if it has. Drops no pipe.
    ///
    /// # Errors
    /// When somebody else has reaped the process.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let running = match &mut self.state {
            State::Running(running) => running,
            State::Over(status) => return Ok(Some(*status)),
        };
        let ended = running.child().try_wait()?;
        if let Some(status) = ended {
            self.is_over(status);
        }
        Ok(ended)
    }

    /// Waits for the process to end, and collects what it writes to those pipes that are still here.
    ///
    /// Drops the input first, as [`wait`](Self::wait). Not cancel safe: dropped early, the child is dropped,
    /// with what was read of it.
    ///
    /// # Errors
    /// As [`wait`](Self::wait), and those of reading.
    #[track_caller]
    pub fn wait_with_output(
        self,
    ) -> impl Future<Output = io::Result<Output>> + Send + Sync + 'static {
        output::collect(self, Location::caller())
    }

    pub(crate) fn poll_wait(
        &mut self,
        cx: &mut Context<'_>,
        site: &'static Location<'static>,
    ) -> Poll<io::Result<ExitStatus>> {
        let running = match &mut self.state {
            State::Running(running) => running,
            State::Over(status) => return Poll::Ready(Ok(*status)),
        };
        let (child, exit) = running.parts.as_mut().expect(THERE);
        let status = ready!(exit.poll_reap(cx, child, site))?;
        self.is_over(status);
        Poll::Ready(Ok(status))
    }

    /// The process was reaped.
    fn is_over(&mut self, status: ExitStatus) {
        if let State::Running(running) = &mut self.state {
            running.parts = None;
        }
        self.state = State::Over(status);
    }
}

const THERE: &str = "the process is there until it is over";

impl Running {
    fn child(&mut self) -> &mut process::Child {
        &mut self.parts.as_mut().expect(THERE).0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // In a forked child, the process is its sibling.
        let Some((mut child, exit)) = self.parts.take().filter(|_| !self.parent.is_past()) else {
            return;
        };
        if self.kill_on_drop {
            let _ = child.kill(); // fails if it has ended
        }
        orphans::adopt(child, exit.into_fd());
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running(running) => {
                let id = running.parts.as_ref().map(|(child, _)| child.id());
                f.debug_struct("Running").field("id", &id).finish()
            }
            Self::Over(status) => f.debug_tuple("Over").field(status).finish(),
        }
    }
}

/// The future of [`Child::wait`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Wait<'a> {
    child: &'a mut Child,
    drops_stdin: bool,
    site: &'static Location<'static>,
}

impl Future for Wait<'_> {
    type Output = io::Result<ExitStatus>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        let site = self.site;
        if self.drops_stdin {
            drop(self.child.stdin.take());
        }
        self.child.poll_wait(cx, site)
    }
}

/// The future of [`Child::kill`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Kill<'a> {
    wait: Wait<'a>,
    is_killed: bool,
}

impl Future for Kill<'_> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_killed {
            self.wait.child.start_kill()?;
            self.is_killed = true;
            self.wait.drops_stdin = true;
        }
        Pin::new(&mut self.wait).poll(cx).map_ok(drop)
    }
}

#[cfg(test)]
mod tests;
