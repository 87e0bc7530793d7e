//! The owner of a scheduler: starts its threads, and shuts it down.

use std::fmt;
use std::future::Future;
use std::io;
use std::time::Duration;

use rt_task::base::context::Env;
use rt_task::base::driver::Driver;
use rt_task::{JoinHandle, TaskInfo};

use crate::builder::Config;
use crate::crew;
use crate::metrics::Metrics;
use crate::queue::{Queues, Standard};
use crate::shared::{Shared, Spawner};

/// A work-stealing scheduler.
///
/// Dropping it drops every task before the drop returns, and waits for polls that go on meanwhile;
/// dropped on one of its own threads it cannot wait for itself, and only begins.
pub struct Pool<D: Driver + Send + 'static, Q: Queues = Standard> {
    spawner: Spawner<D, Q>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Built,
    Started,
    Over,
}

/// What a shutdown waited for in vain.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Tasks that had not ended, those in their very first poll included.
    pub tasks: Vec<TaskInfo>,
    /// How many tasks had not ended.
    pub alive_tasks: u64,
    /// Workers in the middle of a poll.
    pub busy_workers: usize,
}

impl Report {
    /// Whether the shutdown was complete.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.alive_tasks == 0 && self.busy_workers == 0
    }
}

impl<D: Driver + Send + 'static, Q: Queues> Pool<D, Q> {
    pub(crate) fn new(driver: D, config: Config) -> Self {
        let spawner = Spawner { shared: Shared::new(driver, config) };
        Self { spawner, state: State::Built }
    }

    /// Starts the workers' threads, with `env` entered on each. What was spawned before waits for
    /// this.
    ///
    /// # Errors
    /// If the system starts no more threads. Those that were started are gone by then, and every task
    /// is dropped.
    ///
    /// # Panics
    /// If it was started before.
    #[track_caller]
    pub fn start(&mut self, env: Env) -> io::Result<()> {
        assert!(self.state == State::Built, "a scheduler is started once");
        self.state = State::Over; // unless it starts
        crew::start(&self.spawner.shared, &env)?;
        self.state = State::Started;
        Ok(())
    }

    /// Spawns from anywhere.
    #[must_use]
    pub fn spawner(&self) -> &Spawner<D, Q> {
        &self.spawner
    }

    /// Spawns `future`.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawner.spawn(future)
    }

    /// What the scheduler has done so far.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.spawner.metrics()
    }

    /// Drops every task, and waits for polls that go on meanwhile: up to `timeout`, or as long as it
    /// takes. What is left then ends by itself.
    ///
    /// Does not wait on one of the scheduler's own threads.
    pub fn shutdown(mut self, timeout: Option<Duration>) -> Report {
        self.close();
        match self.wait(timeout) {
            true => Report::default(),
            false => self.report(),
        }
    }

    /// Begins to drop every task, and waits for nothing.
    pub fn shutdown_background(mut self) {
        self.close();
    }

    fn close(&mut self) {
        let before = std::mem::replace(&mut self.state, State::Over);
        let shared = &self.spawner.shared;
        match before {
            State::Started => crew::close(shared),
            State::Built => {
                crew::close(shared);
                crew::finish(shared); // nobody else will
            }
            State::Over => {}
        }
    }

    /// Whether the calling thread is one of the scheduler's own, in `block_in_place` or not: it cannot
    /// wait for itself.
    #[must_use]
    pub fn is_own_thread(&self) -> bool {
        self.spawner.shared.crew.is_here()
    }

    /// Whether all is done.
    fn wait(&self, timeout: Option<Duration>) -> bool {
        if timeout.is_none() && self.is_own_thread() {
            return false;
        }
        self.spawner.shared.crew.wait_until_done(timeout)
    }

    fn report(&self) -> Report {
        let shared = &self.spawner.shared;
        let mut tasks: Vec<_> = shared.owned.first_polls().map(|(_, task)| task).collect();
        shared.owned.for_each_info(|task| tasks.push(task));
        // One whose first poll ended meanwhile is there twice.
        tasks.sort_by_key(|task| task.id);
        tasks.dedup_by_key(|task| task.id);
        Report { tasks, alive_tasks: shared.alive(), busy_workers: shared.crew.working() }
    }
}

impl<D: Driver + Send + 'static, Q: Queues> Drop for Pool<D, Q> {
    fn drop(&mut self) {
        if self.state != State::Over {
            self.close();
            self.wait(None);
        }
    }
}

impl<D: Driver + Send + 'static, Q: Queues> fmt::Debug for Pool<D, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("metrics", &self.metrics()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests;
