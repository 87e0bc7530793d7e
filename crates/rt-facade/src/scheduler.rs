//! The one place that knows which flavours there are: nobody else matches on them.

use std::future::Future;

use rt_task::base::context::{Env, Nested};
use rt_task::{Builder as TaskBuilder, JoinHandle, TaskInfo};

use crate::compose::{Current, CurrentSpawner};
use crate::runtime::{RuntimeFlavor, RuntimeMetrics};

/// A scheduler, owned.
#[derive(Debug)]
pub(crate) enum Scheduler {
    Current(Box<Current>),
}

/// A scheduler's remote half.
#[derive(Clone, Debug)]
pub(crate) enum Spawner {
    Current(CurrentSpawner),
}

impl Scheduler {
    pub(crate) fn spawner(&self) -> Spawner {
        match self {
            Self::Current(current) => Spawner::Current(current.spawner().clone()),
        }
    }

    pub(crate) fn set_env(&mut self, env: Env) {
        match self {
            Self::Current(current) => current.set_env(env),
        }
    }

    #[track_caller]
    pub(crate) fn block_on<F: Future>(&self, future: F) -> Result<F::Output, Nested> {
        match self {
            Self::Current(current) => current.block_on(future),
        }
    }
}

impl Spawner {
    #[track_caller]
    pub(crate) fn spawn<F>(&self, builder: TaskBuilder, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match self {
            Self::Current(current) => current.spawn_with(builder, future),
        }
    }

    pub(crate) fn flavor(&self) -> RuntimeFlavor {
        match self {
            Self::Current(_) => RuntimeFlavor::CurrentThread,
        }
    }

    /// The address that the context names on the scheduler's own thread.
    pub(crate) fn home(&self) -> *const () {
        match self {
            Self::Current(current) => current.home(),
        }
    }

    pub(crate) fn metrics(&self) -> RuntimeMetrics {
        match self {
            Self::Current(current) => {
                let scheduler = current.metrics();
                RuntimeMetrics {
                    workers: 1,
                    alive_tasks: scheduler.alive_tasks,
                    spawned_tasks: scheduler.spawned_tasks,
                    polls: scheduler.polls,
                    parks: scheduler.parks,
                    remote_schedules: scheduler.remote_schedules,
                    local_queue_depth: scheduler.local_queue_depth,
                    global_queue_depth: scheduler.global_queue_depth,
                    ..RuntimeMetrics::default()
                }
            }
        }
    }

    pub(crate) fn for_each_task(&self, f: impl FnMut(TaskInfo)) {
        match self {
            Self::Current(current) => current.for_each_task(f),
        }
    }
}
