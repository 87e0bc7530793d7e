//! The executor of `Send` tasks: driven from any thread, one at a time.

use std::fmt;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};

use rt_task::base::context::{self, Ctx, Env, Nested};
use rt_task::base::driver::{Driver, Until};
use rt_task::base::park::{LentPark, ThreadUnpark};
use rt_task::base::seam::Unpark;
use rt_task::{Hooks, JoinHandle, coop};

use crate::builder::{Builder, Config};
use crate::core::{Core, Step};
use crate::metrics::Metrics;
use crate::parking::{Busy, Parking};
use crate::shared::{Shared, Spawner};

/// A single-thread scheduler of `Send` tasks.
///
/// Whoever calls [`block_on`](Self::block_on) drives it; when several threads do, one drives and the
/// others wait for their own futures, ready to take over. Dropping it drops every task, before the
/// drop returns.
pub struct Executor<D: Driver> {
    spawner: Spawner<D::Unpark>,
    /// Empty until somebody asks for it, if it was not set.
    env: OnceLock<Env>,
    core: Mutex<CoreSlot<D>>,
}

/// Where the core lies when nobody drives.
struct CoreSlot<D: Driver> {
    core: Option<Box<Core<D>>>,
    /// Threads that would drive.
    waiting: Vec<ThreadUnpark>,
}

impl<D: Driver> Executor<D> {
    /// An executor over `driver`, with the documented intervals.
    pub fn new(driver: D) -> Self {
        Builder::new().build(driver)
    }

    pub(crate) fn with(
        driver: D,
        config: Config,
        env: Option<Env>,
        hooks: Option<Arc<Hooks>>,
    ) -> Self {
        let shared = Shared::new(driver.unparker(), hooks);
        let core = Box::new(Core::new(shared.clone(), driver, config));
        let slot = CoreSlot { core: Some(core), waiting: Vec::new() };
        let env = env.map_or_else(OnceLock::new, OnceLock::from);
        Self { spawner: Spawner { shared }, env, core: Mutex::new(slot) }
    }

    /// Sets what is entered while the executor runs.
    pub fn set_env(&mut self, env: Env) {
        self.env = OnceLock::from(env);
    }

    fn env(&self) -> Env {
        self.env.get_or_init(Env::new).clone()
    }

    /// Sets what is told of each wait. Without any (`None`, as unless set) nothing is asked.
    pub fn set_parking(&mut self, parking: Option<Parking>) {
        let slot = self.core.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(core) = &mut slot.core {
            core.parking = parking.map(Arc::new);
        }
    }

    /// Measures from here on how long the thread does not wait: two looks at the clock for each wait.
    pub fn measure_busy_time(&mut self) {
        let slot = self.core.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(core) = &mut slot.core {
            core.busy = Some(Busy::new());
        }
    }

    /// Spawns from anywhere.
    #[must_use]
    pub fn spawner(&self) -> &Spawner<D::Unpark> {
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

    /// Runs `future` to its end on this thread, and tasks beside it.
    ///
    /// # Errors
    /// If this thread drives a scheduler already.
    ///
    /// # Panics
    /// If a task panicked, and the [`Hooks`] say that this is fatal: now or earlier. Every task is
    /// dropped by then.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> Result<F::Output, Nested> {
        let mut future = pin!(future);
        if let Some(core) = self.take_core() {
            return self.block_on_core(core, future);
        }
        let waited = context::drive(self.env(), |ctx| self.wait_for_core(ctx, future.as_mut()))?;
        match waited {
            Waited::Output(output) => Ok(output),
            Waited::Core(core) => self.block_on_core(core, future),
        }
    }

    #[track_caller]
    fn block_on_core<F: Future>(
        &self,
        core: Box<Core<D>>,
        future: Pin<&mut F>,
    ) -> Result<F::Output, Nested> {
        let mut lent = Lent { core: Some(core), executor: self };
        let run = |ctx: &Ctx| lent.core().block_on(ctx, future);
        // SAFETY: this thread has the core, of which there is one (H1).
        unsafe { context::drive_home(self.env(), self.spawner.home(), 0, run) }
    }

    /// Another thread drives: polls `future` here until it is ready or that thread stops.
    fn wait_for_core<F: Future>(&self, ctx: &Ctx, mut future: Pin<&mut F>) -> Waited<F::Output, D> {
        let park = LentPark::new();
        let mut cx = Context::from_waker(park.waker());
        loop {
            if let Poll::Ready(output) = coop::with_budget(ctx, || future.as_mut().poll(&mut cx)) {
                return Waited::Output(output);
            }
            let mut slot = self.lock();
            if let Some(core) = slot.core.take() {
                return Waited::Core(core);
            }
            slot.waiting.push(park.unparker());
            drop(slot);
            park.park();
        }
    }

    /// Gives the step machine to `f`, for a loop of the caller's.
    ///
    /// # Errors
    /// If this thread drives a scheduler already.
    #[track_caller]
    pub fn drive<R>(&mut self, f: impl FnOnce(&mut Stepper<'_, D>) -> R) -> Result<R, Nested> {
        let core = self.take_core().expect("nobody else drives: the executor is borrowed mutably");
        let mut lent = Lent { core: Some(core), executor: self };
        let run = |ctx: &Ctx| f(&mut Stepper { core: lent.core(), ctx });
        // SAFETY: this thread has the core, of which there is one (H1).
        unsafe { context::drive_home(self.env(), self.spawner.home(), 0, run) }
    }

    fn lock(&self) -> MutexGuard<'_, CoreSlot<D>> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_core(&self) -> Option<Box<Core<D>>> {
        self.lock().core.take()
    }

    fn return_core(&self, core: Box<Core<D>>) {
        let mut slot = self.lock();
        slot.core = Some(core);
        let waiting = std::mem::take(&mut slot.waiting);
        drop(slot);
        for thread in waiting {
            thread.unpark();
        }
    }
}

/// What a thread got that waited beside the driving one.
enum Waited<T, D: Driver> {
    Output(T),
    Core(Box<Core<D>>),
}

/// The core, on its way back to the slot, also when the root future panics.
struct Lent<'a, D: Driver> {
    core: Option<Box<Core<D>>>,
    executor: &'a Executor<D>,
}

impl<D: Driver> Lent<'_, D> {
    fn core(&mut self) -> &mut Core<D> {
        self.core.as_mut().expect("there until the drop")
    }
}

impl<D: Driver> Drop for Lent<'_, D> {
    fn drop(&mut self) {
        if let Some(core) = self.core.take() {
            self.executor.return_core(core);
        }
    }
}

/// The step machine of a scheduler, at home on this thread.
pub struct Stepper<'a, D: Driver> {
    core: &'a mut Core<D>,
    ctx: &'a Ctx,
}

impl<D: Driver> Stepper<'_, D> {
    /// One step. Never waits.
    pub fn step(&mut self) -> Step {
        self.core.step(self.ctx)
    }

    /// Waits up to `until` for something to do. Returns at once if somebody called since the last
    /// wait.
    pub fn wait(&mut self, until: Until) {
        self.core.wait(self.ctx, until);
    }
}

impl<D: Driver> fmt::Debug for Stepper<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stepper").finish_non_exhaustive()
    }
}

impl<D: Driver> Executor<D> {
    /// Drops every task. Does nothing the second time.
    pub(crate) fn end(&mut self) {
        let Some(mut core) = self.take_core() else {
            return;
        };
        // Should the shutdown panic (the driver does not wait any more), tasks may be left that
        // point to the shared half (H2): leak it.
        let kept = ManuallyDrop::new(self.spawner.clone());
        let end = |ctx: &Ctx| core.shutdown(ctx);
        // SAFETY: this thread has the core, of which there is one (H1).
        unsafe { context::drive_last(self.env(), self.spawner.home(), 0, end) };
        drop(ManuallyDrop::into_inner(kept));
    }
}

impl<D: Driver> Drop for Executor<D> {
    fn drop(&mut self) {
        self.end();
    }
}

impl<D: Driver> fmt::Debug for Executor<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("metrics", &self.metrics()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests;
