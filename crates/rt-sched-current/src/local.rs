//! The executor of tasks that never leave their thread.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use rt_task::base::context::{Env, Nested};
use rt_task::base::driver::Driver;
use rt_task::{Builder as TaskBuilder, Hooks, JoinHandle};

use crate::builder::{Builder, Config};
use crate::executor::{Executor, Stepper};
use crate::metrics::Metrics;
use crate::shared::Spawner;

/// A single-thread scheduler whose tasks need not be `Send`: they are polled and dropped on the
/// thread that made it, which it cannot leave.
///
/// ```compile_fail
/// fn send<T: Send>() {}
/// send::<rt_sched_current::LocalExecutor<
///     rt_task::base::driver::Stack<
///         rt_task::base::park::ThreadPark,
///         rt_task::base::seam::NoTimers,
///         rt_task::base::clock::Monotonic,
///     >,
/// >>();
/// ```
pub struct LocalExecutor<D: Driver> {
    inner: Executor<D>,
    /// Neither `Send` nor `Sync`, whatever the driver is.
    _here: PhantomData<*const ()>,
}

impl<D: Driver> LocalExecutor<D> {
    /// An executor over `driver`, with the documented intervals.
    pub fn new(driver: D) -> Self {
        Builder::new().local(driver)
    }

    pub(crate) fn with(driver: D, config: Config, env: Env, hooks: Option<Arc<Hooks>>) -> Self {
        Self { inner: Executor::with(driver, config, env, hooks), _here: PhantomData }
    }

    /// Spawns a future that stays on this thread.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.spawn_with(TaskBuilder::new(), future)
    }

    /// Spawns a future that stays on this thread, with a name or a location.
    #[track_caller]
    pub fn spawn_with<F>(&self, builder: TaskBuilder, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        // SAFETY: the executor is not `Send`, so this thread made it, drives it and drops it; a
        // `'static` future borrows nothing that could end before.
        unsafe { self.inner.spawner().spawn_here(builder, future) }
    }

    /// Spawns `Send` tasks on this executor from other threads.
    #[must_use]
    pub fn spawner(&self) -> &Spawner<D::Unpark> {
        self.inner.spawner()
    }

    /// Runs `future` to its end, and tasks beside it.
    ///
    /// # Panics
    /// If this thread drives a scheduler already.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self.inner.block_on(future) {
            Ok(output) => output,
            Err(Nested { outer }) => panic!(
                "`LocalExecutor::block_on` called inside a scheduler that this thread drives since {}: \
                 spawn the future there, or call it from another thread",
                outer.since
            ),
        }
    }

    /// Gives the step machine to `f`, for a loop of the caller's.
    ///
    /// # Errors
    /// If this thread drives a scheduler already.
    #[track_caller]
    pub fn drive<R>(&mut self, f: impl FnOnce(&mut Stepper<'_, D>) -> R) -> Result<R, Nested> {
        self.inner.drive(f)
    }

    /// What the scheduler has done so far.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.inner.metrics()
    }
}

impl<D: Driver> fmt::Debug for LocalExecutor<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalExecutor").field("metrics", &self.metrics()).finish_non_exhaustive()
    }
}
