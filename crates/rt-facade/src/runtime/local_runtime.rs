//! A single-thread runtime whose tasks need not be `Send`, without a set.

use std::fmt;
use std::future::Future;
use std::io;
use std::mem;
use std::panic::Location;
use std::time::Duration;

use rt_task::base::context;
use rt_task::{Builder as TaskBuilder, JoinHandle};

use super::{Builder, EnterGuard, Handle, Runtime, RuntimeMetrics, ShutdownReport, Wait};
use crate::compose::Local;
use crate::refused;
use crate::scheduler::Scheduler;

/// A runtime that stays on the thread which made it, and so runs futures that are not `Send`.
///
/// Drivers, queues and costs are those of the single-thread flavour. Anywhere inside,
/// [`spawn_local`](crate::task::spawn_local) spawns such a future, and [`spawn`](crate::spawn) one that is
/// `Send`; from other threads, [`handle`](Self::handle) spawns the latter.
///
/// Dropping it drops every task before the drop returns, and waits for closures on the blocking pool that
/// have started; on a thread that drives another runtime it leaves those to end by themselves. Nobody can
/// drop it from inside itself: `block_on` borrows it.
///
/// ```
/// use std::rc::Rc;
/// use rt_facade::runtime::LocalRuntime;
/// use rt_facade::task::spawn_local;
///
/// let runtime = LocalRuntime::new()?;
/// let shared = Rc::new(42);
/// let answer = runtime.block_on(async {
///     let task = spawn_local(async move { *shared });
///     task.await
/// });
/// assert_eq!(answer.unwrap(), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// ```compile_fail
/// fn send<T: Send>() {}
/// send::<rt_facade::runtime::LocalRuntime>();
/// ```
pub struct LocalRuntime {
    /// There until it is shut down.
    scheduler: Option<Box<Local>>,
    /// All else: a runtime without its scheduler.
    rest: Runtime,
}

/// Options of a [`LocalRuntime`] alone: none yet.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LocalOptions {}

impl Builder {
    /// Builds a [`LocalRuntime`], of this thread.
    ///
    /// # Errors
    /// When the operating system refuses a descriptor. On a builder of the multi-thread flavour.
    #[track_caller]
    pub fn build_local(&mut self, options: LocalOptions) -> io::Result<LocalRuntime> {
        let LocalOptions {} = options;
        if self.is_multi_thread() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "`build_local` needs the single-thread flavour (`Builder::new_current_thread`): a local \
                 runtime stays on one thread",
            ));
        }
        Ok(LocalRuntime::of(self.build()?))
    }
}

impl LocalRuntime {
    /// A local runtime with all drivers on.
    ///
    /// # Errors
    /// When the operating system refuses a descriptor.
    #[track_caller]
    pub fn new() -> io::Result<Self> {
        Builder::new_current_thread().enable_all().build_local(LocalOptions::default())
    }

    fn of(mut runtime: Runtime) -> Self {
        let Some(Scheduler::Current(scheduler)) = runtime.scheduler.take() else {
            unreachable!("just built, of the single-thread flavour")
        };
        Self { scheduler: Some(Box::new(Local::of(scheduler))), rest: runtime }
    }

    fn scheduler(&self) -> &Local {
        self.scheduler.as_ref().expect("there until the shutdown, which consumes the runtime")
    }

    /// Runs `future` to its end on this thread, and tasks beside it, which go on at the next call.
    ///
    /// # Panics
    /// On a thread that drives a runtime already: names where that was told to, and what to do instead.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle().pieces().check_fork("LocalRuntime::block_on", Location::caller());
        match self.scheduler().try_block_on(future) {
            Ok(output) => output,
            Err(nested) => refused::nested("LocalRuntime::block_on", nested.outer),
        }
    }

    /// Spawns `future`, which need not be `Send`.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.handle().pieces().check_fork("LocalRuntime::spawn_local", Location::caller());
        self.scheduler().spawn_with(TaskBuilder::new(), future)
    }

    /// Runs `closure` on a thread that may block.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, closure: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.handle().spawn_blocking(closure)
    }

    /// The runtime's shared half, which spawns `Send` futures from any thread.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        self.rest.handle()
    }

    /// Enters the runtime on this thread: what needs it finds it until the guard is dropped,
    /// [`spawn_local`](crate::task::spawn_local) included.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle().enter_with(Some(self.scheduler().enter()))
    }

    /// What the runtime has done so far.
    #[must_use]
    pub fn metrics(&self) -> RuntimeMetrics {
        self.rest.metrics()
    }

    /// Shuts down: drops every task, then waits up to `timeout` for closures on the blocking pool that have
    /// started. Those still running then go on, on their own.
    pub fn shutdown_timeout(mut self, timeout: Duration) {
        drop(self.end(Wait::UpTo(timeout)));
    }

    /// [`shutdown_timeout`](Self::shutdown_timeout), and tells what was waited for in vain.
    #[must_use = "it tells what still runs"]
    pub fn shutdown_report(mut self, timeout: Duration) -> ShutdownReport {
        self.end(Wait::UpTo(timeout))
    }

    /// Shuts down: drops every task, and waits for nothing.
    pub fn shutdown_background(mut self) {
        drop(self.end(Wait::Not));
    }

    fn end(&mut self, wait: Wait) -> ShutdownReport {
        let Self { scheduler, rest } = self;
        let report = rest.end_after(wait, || drop(scheduler.take()));
        mem::forget(scheduler.take()); // there in a forked child alone
        report
    }
}

impl Drop for LocalRuntime {
    fn drop(&mut self) {
        if self.scheduler.is_none() {
            return; // shut down
        }
        drop(self.end(match context::driven() {
            None => Wait::ForAll,
            Some(_) => Wait::Not,
        }));
    }
}

impl fmt::Debug for LocalRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalRuntime").field("handle", self.handle()).finish_non_exhaustive()
    }
}
