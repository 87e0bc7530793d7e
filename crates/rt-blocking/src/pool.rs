//! The pool: its owner, what its threads share, and how one is started.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc as StdArc;
use std::time::Duration;

use rt_task::base::seam::{Rejected, RejectedWhy};
use rt_task::base::shim::{AtomicBool, Mutex, MutexGuard, PoisonError};
use rt_task::{Job, TaskId};

use crate::builder::Options;
use crate::crew::Crew;
use crate::roster::{Roster, Submitted};
use crate::seat::Seat;
use crate::shutdown::{Ending, unpark_all};
use crate::start::NewThread;
use crate::{Builder, Handle, Metrics, Report, worker};

/// A pool of threads for closures that block.
///
/// Starts a thread when a closure comes and nobody is idle; a thread without work ends after
/// the keep-alive. Dropping the pool shuts it down: closures that have not started are cancelled,
/// and those that have are waited for without a limit.
pub struct Pool {
    handle: Handle,
}

impl Pool {
    /// A pool with the options that [`Builder::new`] has.
    #[must_use = "a pool that is dropped is shut down"]
    pub fn new() -> Self {
        Builder::new().build()
    }

    pub(crate) fn with(options: Options) -> Self {
        let locked = Locked {
            roster: Roster::new(options.max_threads),
            crew: Crew::default(),
            ending: Ending::default(),
            starting: 0,
            start_failures: 0,
            given_up: false,
        };
        let shared =
            Shared { locked: Mutex::new(locked), looking: AtomicBool::new(false), options };
        Self { handle: Handle::new(StdArc::new(shared)) }
    }

    /// The half that spawns. Cloning it is cheap.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Takes no more closures, cancels those that have not started, and waits until those that
    /// have are over and their threads have ended, up to `timeout` (for ever if `None`).
    ///
    /// Tells what it waited for in vain; such closures run on, and dropping the pool does not wait
    /// for them again. A closure that a thread was given already counts as started. When all ended
    /// in time, the threads are gone wholly, their thread-locals included.
    ///
    /// Called on one of the pool's own threads, it waits for all the others, and neither for its
    /// own closure nor for those that are shutting the pool down themselves.
    pub fn shutdown(&self, timeout: Option<Duration>) -> Report {
        self.shared().lock().given_up = true;
        self.shared().shut_down(timeout)
    }

    /// Takes no more closures, cancels those that have not started, and waits for nothing. Tells
    /// how many were cancelled. Dropping the pool does not wait then, either.
    pub fn shutdown_background(&self) -> usize {
        self.shared().lock().given_up = true;
        self.shared().close()
    }

    fn shared(&self) -> &Shared {
        self.handle.shared()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if !self.shared().lock().given_up {
            self.shared().shut_down(None);
        }
    }
}

impl Default for Pool {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("metrics", &self.handle.metrics()).finish()
    }
}

/// What the threads and the handles share.
pub(crate) struct Shared {
    locked: Mutex<Locked>,
    /// Whether a thread looks around now, before it sleeps.
    pub(crate) looking: AtomicBool,
    pub(crate) options: Options,
}

/// What the lock guards. Held for bookkeeping only: no job is run or dropped, no hook called and
/// no thread called, started or joined under it.
pub(crate) struct Locked {
    pub(crate) roster: Roster<Job, StdArc<Seat>>,
    pub(crate) crew: Crew,
    pub(crate) ending: Ending,
    /// Threads that are being started: their starter has not told yet how that went.
    pub(crate) starting: usize,
    start_failures: u64,
    /// Who owns the pool has waited for its end, or does not want to.
    given_up: bool,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Locked> {
        // Poison says nothing here: no foreign code runs under the lock.
        self.locked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings `job` to a thread.
    pub(crate) fn execute(self: &StdArc<Self>, job: Job) -> Result<(), Rejected> {
        let id = job.id();
        let mut locked = self.lock();
        match locked.roster.submit(job) {
            Submitted::HandOver(seat, job) => {
                drop(locked);
                seat.put(job);
                seat.unpark();
                Ok(())
            }
            Submitted::Queued => Ok(()),
            Submitted::Start(desk) => {
                locked.starting += 1;
                drop(locked);
                self.start(desk, id)
            }
            Submitted::Closed(job) => Err(Rejected::new(job, RejectedWhy::ShutDown)),
        }
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let locked = self.lock();
        Metrics {
            queue_depth: locked.roster.queue_depth(),
            threads: locked.roster.threads(),
            idle_threads: locked.roster.idle(),
            threads_peak: locked.roster.threads_peak(),
            start_failures: locked.start_failures,
        }
    }

    /// Starts the thread of `desk`, on behalf of the job `id`, which is in the queue.
    #[cold]
    fn start(self: &StdArc<Self>, desk: usize, id: TaskId) -> Result<(), Rejected> {
        let shared = self.clone();
        let started = self.options.start.start(NewThread {
            name: self.options.thread_name(),
            stack_size: self.options.stack_size,
            main: Box::new(move || worker::main(&shared, desk)),
        });
        let mut locked = self.lock();
        locked.starting -= 1;
        let failed = match started {
            Ok(thread) => {
                locked.crew.started(thread, desk);
                None
            }
            Err(error) => {
                locked.start_failures += 1;
                Some((error, locked.roster.start_failed(desk)))
            }
        };
        let met = locked.met();
        drop(locked);
        unpark_all(met);
        match failed {
            Some((error, stranded)) => refuse(error, stranded, id),
            None => Ok(()),
        }
    }
}

/// Hands the job `id` back if it is among those that no thread will come for.
///
/// The others are cancelled, by being dropped: they were queued while threads were starting, none
/// of which came to be.
fn refuse(error: io::Error, mut stranded: VecDeque<Job>, id: TaskId) -> Result<(), Rejected> {
    let own = stranded.iter().position(|job| job.id() == id);
    match own.and_then(|at| stranded.remove(at)) {
        Some(job) => Err(Rejected::new(job, RejectedWhy::NoThread(error))),
        None => Ok(()), // a thread has it, or will; or the pool was shut down meanwhile
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, not(rt_loom)))]
mod tests;
