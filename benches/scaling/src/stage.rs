//! A scheduler with a workload on it, and what is counted of the two.

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rt_sched_multi::queue::Queues;
use rt_sched_multi::{Builder, Pool, Spawner, WorkerMetrics};
use rt_task::JoinHandle;
use rt_task::base::clock::Monotonic;
use rt_task::base::context::Env;
use rt_task::base::driver::{Polled, Stack};
use rt_task::base::seam::{Clock, NoTimers, Unpark, Wakes};
use rt_task::base::shim::{self, AtomicBool, Ordering::*, thread};

use crate::work::{self, Stage, Workload};

/// Where workers wait.
pub type Driver = Stack<Sleeper, NoTimers, Monotonic>;

/// What was counted up to a mark.
#[derive(Clone, Debug)]
pub struct Mark {
    /// By the scheduler's clock.
    pub at_ns: u64,
    /// Per worker.
    pub workers: Vec<WorkerMetrics>,
}

/// Runs `workload` on a scheduler of so many workers; `on_mark` is called with each mark.
///
/// # Errors
/// If the system starts no threads.
pub fn run<Q: Queues>(
    workload: &'static Workload,
    workers: usize,
    rounds: u64,
    seed: u64,
    on_mark: fn(),
) -> io::Result<Vec<Mark>> {
    let driver = Stack::new(Sleeper::default(), NoTimers, Monotonic::new());
    let mut pool: Pool<Driver, Q> = Builder::new(workers).seed(seed).build_with(driver);
    pool.start(Env::new())?;
    let marks = Arc::new(Mutex::new(Vec::new()));
    let site = Site {
        spawner: pool.spawner().clone(),
        clock: Monotonic::new(),
        marks: marks.clone(),
        on_mark,
    };
    work::run(workload, &site, rounds);
    drop(pool);
    let marks = std::mem::take(&mut *marks.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(marks)
}

struct Site<Q: Queues> {
    spawner: Spawner<Driver, Q>,
    clock: Monotonic,
    marks: Arc<Mutex<Vec<Mark>>>,
    on_mark: fn(),
}

impl<Q: Queues> Clone for Site<Q> {
    fn clone(&self) -> Self {
        let Self { spawner, clock, marks, on_mark } = self;
        Self { spawner: spawner.clone(), clock: *clock, marks: marks.clone(), on_mark: *on_mark }
    }
}

impl<Q: Queues> Stage for Site<Q> {
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) -> JoinHandle<()> {
        self.spawner.spawn(crate::play::played(future))
    }

    fn mark(&self) {
        let workers = 0..self.spawner.workers();
        let mark = Mark {
            at_ns: self.clock.now().0,
            workers: workers.map(|worker| self.spawner.worker_metrics(worker)).collect(),
        };
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).push(mark);
        (self.on_mark)();
    }
}

/// A reactor without sources for any thread: it only waits, by the runtime's shim.
#[derive(Debug, Default)]
pub struct Sleeper {
    shared: Arc<Sleeping>,
}

/// The calling half of a [`Sleeper`].
#[derive(Clone, Debug)]
pub struct Caller {
    shared: Arc<Sleeping>,
}

#[derive(Debug, Default)]
struct Sleeping {
    called: AtomicBool,
    who: shim::Mutex<Option<thread::Thread>>,
}

impl rt_task::base::driver::Reactor for Sleeper {
    type Unpark = Caller;

    fn sources(&self) -> usize {
        0
    }

    fn poll(&mut self, timeout: Option<Duration>, _out: &mut impl Wakes) -> io::Result<Polled> {
        let Sleeping { called, who } = &*self.shared;
        *who.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
        let clock = Monotonic::new();
        let end = timeout.map(|timeout| clock.now().saturating_add(timeout));
        // Pairs with `unpark`.
        while !called.swap(false, Acquire) {
            match end.map(|end| end.saturating_since(clock.now())) {
                None => thread::park(),
                Some(Duration::ZERO) => return Ok(Polled { unparked: false }),
                Some(left) => thread::park_timeout(left),
            }
        }
        Ok(Polled { unparked: true })
    }

    fn unparker(&self) -> Caller {
        Caller { shared: self.shared.clone() }
    }
}

impl Unpark for Caller {
    fn unpark(&self) {
        self.shared.called.store(true, Release); // pairs with `poll`
        let sleeper = self.shared.who.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(thread) = sleeper {
            thread.unpark();
        }
    }
}
