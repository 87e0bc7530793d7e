//! The runtime: a scheduler, its drivers and a blocking pool, put together.

mod local_runtime;

use std::fmt;
use std::future::Future;
use std::io::{self, Write};
use std::mem;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::thread;
use std::time::Duration;

use rt_task::JoinHandle;
use rt_task::base::context;

use rt_task::base::clock::Monotonic;
use rt_task::base::seam::{Clock, Nanos};

pub use crate::builder::Builder;
use crate::compose::BlockingPool;
use crate::dump::ByEnv;
pub use crate::dump::Dump;
pub use crate::handle::{EnterGuard, Handle, TryCurrentError};
pub use crate::hooks::UnhandledPanic;
pub use crate::label::Id;
pub use crate::metrics::{RuntimeCounts, RuntimeMetrics};
use crate::refused::{self, Forked, Whose};
pub use crate::report::ShutdownReport;
use crate::scheduler::{Left, Scheduler};
pub use crate::seed::RngSeed;
pub use local_runtime::{LocalOptions, LocalRuntime};

#[doc(inline)]
pub use rt_sched_multi::WorkerMetrics;
#[doc(inline)]
pub use rt_task::{TaskMeta, TaskPanic};

/// How a runtime schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuntimeFlavor {
    /// All tasks on the thread that calls [`Runtime::block_on`].
    CurrentThread,
    /// Tasks on a fixed number of threads, which steal from each other.
    MultiThread,
}

/// The number of the worker that runs on this thread, if one of the entered runtime does: what
/// [`RuntimeMetrics`] takes. On the single-thread flavour that is zero on the thread that drives it.
///
/// May be another after each `.await`, since tasks move. `None` on threads that are no workers: of the
/// blocking pool, those that wait in `block_on` beside the workers, those in
/// [`block_in_place`](crate::task::block_in_place).
#[must_use]
pub fn worker_index() -> Option<usize> {
    crate::handle::worker_index()
}

/// Whether an I/O error says that the runtime whose driver the socket was with has shut down.
///
/// ```
/// use rt_facade::net::TcpListener;
/// use rt_facade::runtime::{Runtime, is_rt_shutdown_err};
///
/// let (first, second) = (Runtime::new()?, Runtime::new()?);
/// let listener = first.block_on(TcpListener::bind("127.0.0.1:0"))?;
/// drop(first);
/// let error = second.block_on(listener.accept()).unwrap_err();
/// assert!(is_rt_shutdown_err(&error));
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn is_rt_shutdown_err(error: &io::Error) -> bool {
    rt_reactor::is_gone(error)
}

/// A runtime.
///
/// Dropping it drops every task before the drop returns, and waits for polls that go on meanwhile and
/// for closures on the blocking pool that have started.
///
/// On Windows, keep none in a thread-local: while a thread drops what it has there, no other can
/// start or end, and a drop that waits for threads never returns.
///
/// # Panics
/// A multi-thread runtime that is dropped on a thread which drives one, such as its own worker, cannot
/// wait there. Its tasks are dropped all the same, in the background, and the drop panics to say so;
/// [`shutdown_background`](Self::shutdown_background) does not. A single-thread runtime, which has no
/// polls to wait for, then leaves closures on the blocking pool to end by themselves.
pub struct Runtime {
    /// There until it is shut down.
    scheduler: Option<Scheduler>,
    handle: Handle,
    pool: Option<BlockingPool>,
    /// What `RT_DUMP` asks for, if it is set.
    by_env: Option<ByEnv>,
}

/// How long a shutdown waits for what runs.
#[derive(Clone, Copy)]
enum Wait {
    ForAll,
    UpTo(Duration),
    Not,
}

impl Runtime {
    /// A multi-thread runtime with all drivers on, and a worker for each processor.
    ///
    /// # Errors
    /// When the operating system refuses a descriptor or a thread.
    #[track_caller]
    pub fn new() -> io::Result<Self> {
        Builder::new_multi_thread().enable_all().build()
    }

    pub(crate) fn from_parts(scheduler: Scheduler, handle: Handle, pool: BlockingPool) -> Self {
        let by_env = ByEnv::of(&handle);
        Self { scheduler: Some(scheduler), handle, pool: Some(pool), by_env }
    }

    /// Runs `future` to its end on this thread.
    ///
    /// On the single-thread flavour spawned tasks run beside it, and go on the next time a thread calls
    /// this; when several threads do at once, one drives and the others wait for their own futures,
    /// ready to take over. On the multi-thread flavour they run on the workers in any case.
    ///
    /// # Panics
    /// On a thread that drives a runtime already: names where that was told to, and what to do instead.
    /// When a task's panic has shut the runtime down, or does so meanwhile
    /// ([`UnhandledPanic::ShutdownRuntime`]).
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle.pieces().check_fork("Runtime::block_on", Location::caller());
        match self.scheduler().block_on(self.handle.env(), future) {
            Ok(output) => output,
            Err(nested) => refused::nested("Runtime::block_on", nested.outer),
        }
    }

    fn scheduler(&self) -> &Scheduler {
        self.scheduler.as_ref().expect("there until the shutdown, which consumes the runtime")
    }

    /// Spawns `future` from anywhere.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// Runs `closure` on a thread that may block.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, closure: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.handle.spawn_blocking(closure)
    }

    /// Enters the runtime on this thread: what needs it finds it until the guard is dropped.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// The runtime's shared half.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// What the runtime has done so far.
    #[must_use]
    pub fn metrics(&self) -> RuntimeMetrics {
        self.handle.metrics()
    }

    /// Shuts down: drops every task, then waits up to `timeout` for polls that go on and for closures on
    /// the blocking pool that have started. Those still running then go on, on their own.
    pub fn shutdown_timeout(mut self, timeout: Duration) {
        drop(self.end(Wait::UpTo(timeout)));
    }

    /// [`shutdown_timeout`](Self::shutdown_timeout), and tells what was waited for in vain.
    #[must_use = "it tells what still runs"]
    pub fn shutdown_report(mut self, timeout: Duration) -> ShutdownReport {
        self.end(Wait::UpTo(timeout))
    }

    /// Shuts down: drops every task, and waits for nothing. Polls that go on end by themselves.
    pub fn shutdown_background(mut self) {
        drop(self.end(Wait::Not));
    }

    fn end(&mut self, wait: Wait) -> ShutdownReport {
        self.end_after(wait, || ())
    }

    /// The same, with a scheduler that `first` shuts down. In a forked child it is not called.
    fn end_after(&mut self, wait: Wait, first: impl FnOnce()) -> ShutdownReport {
        if self.handle.pieces().born.is_past() {
            self.leak();
            return ShutdownReport::new(Left::default(), None);
        }
        let Some(by_env) = self.by_env.take() else {
            first();
            return self.end_pieces(wait);
        };
        by_env.shutdown_begins(&self.handle);
        first();
        let report = self.end_pieces(wait);
        by_env.shutdown_ends(&report);
        report
    }

    /// Leaves all as it is, in a forked child: there are no threads that could end, and descriptors are the
    /// parent's. Says so, in a line on stderr: a panic here would end a child that unwinds.
    fn leak(&mut self) {
        mem::forget((self.scheduler.take(), self.pool.take(), self.by_env.take()));
        mem::forget(self.handle.clone());
        let label = &self.handle.pieces().label;
        let line = format!("rt: the end of a runtime {}. It is leaked here\n", Forked(label));
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }

    fn end_pieces(&mut self, wait: Wait) -> ShutdownReport {
        let clock = matches!(wait, Wait::UpTo(_)).then(Monotonic::new);
        let left = || match wait {
            Wait::ForAll => None,
            Wait::UpTo(timeout) => {
                let passed = clock.map_or(Nanos(0), |clock| clock.now());
                Some(timeout.saturating_sub(passed.saturating_since(Nanos(0))))
            }
            Wait::Not => Some(Duration::ZERO),
        };
        let tasks = match (self.scheduler.take(), wait) {
            (Some(scheduler), Wait::Not) => {
                scheduler.shutdown_background();
                Left::default()
            }
            (Some(scheduler), _) => scheduler.shutdown(left()),
            (None, _) => Left::default(),
        };
        let blocking = match (self.pool.take(), wait) {
            (Some(pool), Wait::Not) => {
                pool.shutdown_background();
                None
            }
            (Some(pool), _) => Some(pool.shutdown(left())),
            (None, _) => None,
        };
        ShutdownReport::new(tasks, blocking)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        let Some(scheduler) = &self.scheduler else {
            return; // shut down
        };
        let driven = context::driven();
        // A thread in `block_in_place` drives nothing, and yet belongs to its task.
        // First: what is asked below takes a lock, which a thread of the parent may have had.
        if self.handle.pieces().born.is_past() {
            return self.leak();
        }
        let is_own_thread = self.handle.pieces().spawner.is_own_thread();
        if driven.is_none() && !is_own_thread {
            drop(self.end(Wait::ForAll));
            return;
        }
        let waits = scheduler.waits_for_threads();
        drop(self.end(Wait::Not));
        if waits && !thread::panicking() {
            let whose = match driven {
                _ if is_own_thread => "one of its own threads".to_owned(),
                Some(driven) => Whose(driven).to_string(),
                None => unreachable!("returned above"),
            };
            let label = &self.handle.pieces().label;
            panic!(
                "{label} was dropped on {whose}, where it cannot wait for its workers; \
                 they drop its tasks in the background. Drop it outside of async code, or call \
                 `Runtime::shutdown_background`"
            );
        }
    }
}

// As for its handle.
impl UnwindSafe for Runtime {}
impl RefUnwindSafe for Runtime {}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("handle", &self.handle).finish_non_exhaustive()
    }
}
