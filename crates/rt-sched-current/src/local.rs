//! The executor of tasks that never leave their thread.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use rt_task::base::context::{self, EnterLocal, Env, Nested};
use rt_task::base::driver::Driver;
use rt_task::base::seam::Unpark;
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
    /// What local tasks are spawned by. Neither `Send` nor `Sync`, whatever the driver is.
    spawner: Rc<LocalSpawner<D::Unpark>>,
}

impl<D: Driver> LocalExecutor<D> {
    /// An executor over `driver`, with the documented intervals.
    pub fn new(driver: D) -> Self {
        Builder::new().local(driver)
    }

    pub(crate) fn with(
        driver: D,
        config: Config,
        env: Option<Env>,
        hooks: Option<Arc<Hooks>>,
    ) -> Self {
        Self::of(Executor::with(driver, config, env, hooks))
    }

    /// Makes `executor` stay on this thread, and so take tasks that do.
    pub fn of(executor: Executor<D>) -> Self {
        let spawner = Rc::new(LocalSpawner::new(executor.spawner().clone()));
        Self { inner: executor, spawner }
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
        self.spawner.spawn_with(builder, future)
    }

    /// Spawns `Send` tasks on this executor from other threads.
    #[must_use]
    pub fn spawner(&self) -> &Spawner<D::Unpark> {
        self.inner.spawner()
    }

    /// What spawns on the innermost scheduler of local tasks that is entered on this thread, if that is one
    /// over drivers of type `D`.
    #[must_use]
    pub fn current() -> Option<Rc<LocalSpawner<D::Unpark>>> {
        context::local()
    }

    /// Enters the executor on this thread, for [`current`](Self::current), until the guard is dropped.
    /// Tasks run only while it is driven.
    pub fn enter(&self) -> EnterLocal {
        context::enter_local(self.spawner.clone())
    }

    /// Runs `future` to its end, and tasks beside it.
    ///
    /// # Panics
    /// If this thread drives a scheduler already.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self.try_block_on(future) {
            Ok(output) => output,
            Err(Nested { outer }) => panic!(
                "`LocalExecutor::block_on` called inside a scheduler that this thread drives since {}: \
                 spawn the future there, or call it from another thread",
                outer.since
            ),
        }
    }

    /// [`block_on`](Self::block_on).
    ///
    /// # Errors
    /// If this thread drives a scheduler already.
    #[track_caller]
    pub fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, Nested> {
        let _entered = self.enter();
        self.inner.block_on(future)
    }

    /// Gives the step machine to `f`, for a loop of the caller's.
    ///
    /// # Errors
    /// If this thread drives a scheduler already.
    #[track_caller]
    pub fn drive<R>(&mut self, f: impl FnOnce(&mut Stepper<'_, D>) -> R) -> Result<R, Nested> {
        let _entered = self.enter();
        self.inner.drive(f)
    }

    /// What the scheduler has done so far.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.inner.metrics()
    }
}

impl<D: Driver> Drop for LocalExecutor<D> {
    /// Entered: what destructors of tasks spawn is cancelled.
    fn drop(&mut self) {
        let _entered = self.enter();
        self.inner.end();
    }
}

/// Spawns on a [`LocalExecutor`] or a [`LocalSet`](crate::LocalSet), on its thread: which it cannot leave.
pub struct LocalSpawner<U: Unpark> {
    inner: Spawner<U>,
    _here: PhantomData<*const ()>,
}

impl<U: Unpark> LocalSpawner<U> {
    /// For the owner of a scheduler that never leaves this thread.
    pub(crate) fn new(inner: Spawner<U>) -> Self {
        Self { inner, _here: PhantomData }
    }

    pub(crate) fn inner(&self) -> &Spawner<U> {
        &self.inner
    }

    /// Spawns a future that stays on this thread, with a name or a location. Once the scheduler is gone the
    /// task is cancelled at once.
    #[track_caller]
    pub fn spawn_with<F>(&self, builder: TaskBuilder, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        // SAFETY: made on the thread of a scheduler that never leaves it, and not `Send`: this is that
        // thread. A `'static` future borrows nothing that could end before.
        unsafe { self.inner.spawn_here(builder, future) }
    }
}

impl<U: Unpark> fmt::Debug for LocalSpawner<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSpawner").field("inner", &self.inner).finish()
    }
}

impl<D: Driver> fmt::Debug for LocalExecutor<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalExecutor").field("metrics", &self.metrics()).finish_non_exhaustive()
    }
}
