//! The one place that knows which flavours there are: nobody else matches on them.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use rt_task::base::context::{Env, Nested};
use rt_task::{Builder as TaskBuilder, JoinHandle, TaskInfo};

use crate::compose::{Current, CurrentSpawner, Multi, MultiSpawner};
use crate::handle::block_on_here;
use crate::runtime::{RuntimeCounts, RuntimeFlavor, WorkerMetrics};

/// A scheduler, owned.
#[derive(Debug)]
pub(crate) enum Scheduler {
    Current(Current),
    Multi(Multi),
}

/// A scheduler's remote half.
#[derive(Clone, Debug)]
pub(crate) enum Spawner {
    Current(CurrentSpawner),
    Multi(MultiSpawner),
}

/// What is left of a scheduler that was given some time to end.
#[derive(Debug, Default)]
pub(crate) struct Left {
    pub(crate) tasks: Vec<TaskInfo>,
    pub(crate) alive_tasks: u64,
    pub(crate) busy_workers: usize,
}

impl Scheduler {
    pub(crate) fn spawner(&self) -> Spawner {
        match self {
            Self::Current(current) => Spawner::Current(current.spawner().clone()),
            Self::Multi(multi) => Spawner::Multi(multi.spawner().clone()),
        }
    }

    /// Enters `env` wherever tasks run, and starts the threads that there are.
    pub(crate) fn start(&mut self, env: Env) -> io::Result<()> {
        match self {
            Self::Current(current) => {
                current.set_env(env);
                Ok(())
            }
            Self::Multi(multi) => multi.start(env),
        }
    }

    #[track_caller]
    pub(crate) fn block_on<F: Future>(&self, env: &Env, future: F) -> Result<F::Output, Nested> {
        match self {
            Self::Current(current) => current.block_on(future),
            Self::Multi(multi) => {
                let (mut future, mut fatal) = (pin!(future), multi.spawner().fatal());
                let unless_fatal = poll_fn(|cx| {
                    if let Some(fatal) = &mut fatal
                        && let Poll::Ready(panic) = Pin::new(fatal).poll(cx)
                    {
                        panic!("{panic}: that shut its runtime down, as it was told to");
                    }
                    future.as_mut().poll(cx)
                });
                block_on_here(env, unless_fatal)
            }
        }
    }

    /// Whether a drop waits for threads: so it must not happen on a thread that drives a runtime.
    pub(crate) fn waits_for_threads(&self) -> bool {
        matches!(self, Self::Multi(_))
    }

    /// Drops every task that is not being polled, and waits up to `timeout` for those that are.
    pub(crate) fn shutdown(self, timeout: Option<Duration>) -> Left {
        match self {
            Self::Current(current) => {
                drop(current); // on the one thread that polls
                Left::default()
            }
            Self::Multi(multi) => {
                let report = multi.shutdown(timeout);
                Left {
                    tasks: report.tasks,
                    alive_tasks: report.alive_tasks,
                    busy_workers: report.busy_workers,
                }
            }
        }
    }

    /// The same, without waiting.
    pub(crate) fn shutdown_background(self) {
        match self {
            Self::Current(current) => drop(current),
            Self::Multi(multi) => multi.shutdown_background(),
        }
    }
}

impl Spawner {
    #[track_caller]
    #[inline]
    pub(crate) fn spawn<F>(&self, builder: TaskBuilder, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match self {
            Self::Current(current) => current.spawn_with(builder, future),
            Self::Multi(multi) => multi.spawn_with(builder, future),
        }
    }

    /// Runs `f`, which may block, on this thread; another takes its work over. `Err` gives `f` back:
    /// the flavour has no other thread.
    pub(crate) fn block_in_place<R, F: FnOnce() -> R>(&self, f: F) -> Result<R, F> {
        match self {
            Self::Current(_) => Err(f),
            Self::Multi(multi) => Ok(multi.block_in_place(f)),
        }
    }

    pub(crate) fn flavor(&self) -> RuntimeFlavor {
        match self {
            Self::Current(_) => RuntimeFlavor::CurrentThread,
            Self::Multi(_) => RuntimeFlavor::MultiThread,
        }
    }

    /// The address that the context names on the scheduler's own threads.
    pub(crate) fn home(&self) -> *const () {
        match self {
            Self::Current(current) => current.home(),
            Self::Multi(multi) => multi.home(),
        }
    }

    pub(crate) fn metrics(&self) -> RuntimeCounts {
        match self {
            Self::Current(current) => {
                let scheduler = current.metrics();
                RuntimeCounts {
                    workers: 1,
                    alive_tasks: scheduler.alive_tasks,
                    spawned_tasks: scheduler.spawned_tasks,
                    polls: scheduler.polls,
                    parks: scheduler.parks,
                    remote_schedules: scheduler.remote_schedules,
                    local_queue_depth: scheduler.local_queue_depth,
                    global_queue_depth: scheduler.global_queue_depth,
                    ..RuntimeCounts::default()
                }
            }
            Self::Multi(multi) => {
                let scheduler = multi.metrics();
                let mut metrics = RuntimeCounts {
                    workers: scheduler.workers,
                    alive_tasks: scheduler.alive_tasks,
                    spawned_tasks: scheduler.spawned_tasks,
                    global_queue_depth: scheduler.global_queue_depth as u64,
                    ..RuntimeCounts::default()
                };
                for worker in (0..scheduler.workers).map(|worker| multi.worker_metrics(worker)) {
                    metrics.polls += worker.polls;
                    metrics.parks += worker.parks;
                    metrics.remote_schedules += worker.from_global;
                    metrics.local_queue_depth += worker.local_queue_depth as u64;
                }
                metrics
            }
        }
    }

    pub(crate) fn worker_metrics(&self, worker: usize) -> Option<WorkerMetrics> {
        match self {
            Self::Current(_) if worker > 0 => None,
            Self::Current(current) => {
                let scheduler = current.metrics();
                let mut metrics = WorkerMetrics::default();
                metrics.polls = scheduler.polls;
                metrics.parks = scheduler.parks;
                metrics.unparks = scheduler.unparks;
                metrics.busy = scheduler.busy;
                metrics.turns = scheduler.turns;
                metrics.from_global = scheduler.remote_schedules;
                metrics.local_queue_depth = scheduler.local_queue_depth as usize;
                Some(metrics)
            }
            Self::Multi(multi) => (worker < multi.workers()).then(|| multi.worker_metrics(worker)),
        }
    }

    /// Whether the calling thread is one that the scheduler has started.
    pub(crate) fn is_own_thread(&self) -> bool {
        match self {
            Self::Current(_) => false,
            Self::Multi(multi) => multi.is_own_thread(),
        }
    }

    pub(crate) fn workers(&self) -> usize {
        match self {
            Self::Current(_) => 1,
            Self::Multi(multi) => multi.workers(),
        }
    }

    /// Tells `f` of the tasks that are in their very first poll, each with its worker.
    pub(crate) fn for_each_first_poll(&self, mut f: impl FnMut(usize, TaskInfo)) {
        let f = |(worker, info)| f(worker, info);
        match self {
            Self::Current(current) => current.first_polls().for_each(f),
            Self::Multi(multi) => multi.first_polls().for_each(f),
        }
    }

    pub(crate) fn for_each_task(&self, f: impl FnMut(TaskInfo)) {
        match self {
            Self::Current(current) => current.for_each_task(f),
            Self::Multi(multi) => multi.for_each_task(f),
        }
    }
}
