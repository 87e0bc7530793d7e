//! Tasks that stay on their thread: [`LocalSet`], and spawning on whichever is entered.

use std::cell::OnceCell;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use rt_task::base::context::Missing;
use rt_task::{Builder as TaskBuilder, JoinHandle, TaskInfo};

pub use rt_sched_current::{LocalEnterGuard, RunUntil};

use crate::compose::Local;
use crate::runtime::{Id, Runtime};

/// Spawns `future`, which need not be `Send`, on the innermost [`LocalSet`] or
/// [`LocalRuntime`](crate::runtime::LocalRuntime) that is entered on this thread.
///
/// One allocation; no read-modify-write in a task of the set.
///
/// # Panics
/// Outside of both: names the call site and the fix.
///
/// ```
/// use std::rc::Rc;
/// use rt_facade::task::{LocalSet, spawn_local};
///
/// # let runtime = rt_facade::runtime::Runtime::new()?;
/// let set = LocalSet::new();
/// let answer = set.block_on(&runtime, async {
///     let shared = Rc::new(42);
///     spawn_local(async move { *shared }).await
/// });
/// assert_eq!(answer.unwrap(), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    spawn_local_entered("spawn_local", TaskBuilder::new(), future)
}

/// Spawns on the innermost scheduler of local tasks.
#[track_caller]
pub(super) fn spawn_local_entered<F>(
    what: &str,
    builder: TaskBuilder,
    future: F,
) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let site = Location::caller();
    let builder = builder.location(site);
    if let Some(set) = rt_sched_current::LocalSet::current() {
        return set.spawn_with(builder, future);
    }
    if let Some(runtime) = Local::current() {
        return runtime.spawn_with(builder, future);
    }
    panic!("{}", Missing::Local.message(what, site));
}

/// A set of tasks that need not be `Send`: they are polled and dropped on the thread that made the set.
///
/// The set has no driver of its own: its tasks use sockets, timers, `spawn` and `spawn_blocking` of the
/// runtime that is entered where the set is polled. It is itself a future, ready once all its tasks have
/// ended; [`run_until`](Self::run_until) runs it beside another. Each poll runs up to 61 tasks, then lets
/// others go first. Tasks are woken, and aborted, from any thread.
///
/// Dropping the set drops its tasks before the drop returns; what is spawned meanwhile is cancelled.
/// Nobody can drop it from inside one of its own tasks: whoever polls it borrows it, and a task that owns
/// the last handle to its own set is a leak, as any cycle.
///
/// ```
/// use std::rc::Rc;
/// use rt_facade::task::LocalSet;
/// use rt_facade::time::{Duration, sleep};
///
/// # let runtime = rt_facade::runtime::Runtime::new()?;
/// let set = LocalSet::new();
/// let shared = Rc::new(42);
/// let in_task = shared.clone();
/// set.spawn_local(async move {
///     sleep(Duration::from_millis(1)).await;
///     assert_eq!(*in_task, 42);
/// });
/// runtime.block_on(set); // until all tasks have ended
/// assert_eq!(Rc::strong_count(&shared), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Default)]
pub struct LocalSet {
    inner: rt_sched_current::LocalSet,
    /// Once somebody asked.
    id: OnceCell<Id>,
}

impl LocalSet {
    /// An empty set, of this thread. It may be made outside of a runtime.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        Self { inner: rt_sched_current::LocalSet::new(), id: OnceCell::new() }
    }

    /// Spawns `future` on the set. It runs when the set is polled next.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.inner.spawn_local(future)
    }

    #[track_caller]
    pub(super) fn spawn_local_with<F>(
        &self,
        builder: TaskBuilder,
        future: F,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.inner.spawn_local_with(builder, future)
    }

    /// Runs `future` to its end, and the set's tasks beside it; those that are left then go on when the set
    /// is polled again. [`spawn_local`] inside spawns on the set.
    ///
    /// Several may run at once on one set, also inside its own tasks. Cancel safe: dropping it drops
    /// `future` and nothing else.
    #[track_caller]
    pub fn run_until<F: Future>(&self, future: F) -> RunUntil<'_, F> {
        self.inner.run_until(future)
    }

    /// [`run_until`](Self::run_until) in [`Runtime::block_on`].
    ///
    /// # Panics
    /// On a thread that drives a runtime already: names where that was told to, and what to do instead.
    #[track_caller]
    pub fn block_on<F: Future>(&self, runtime: &Runtime, future: F) -> F::Output {
        runtime.block_on(self.run_until(future))
    }

    /// Enters the set on this thread: [`spawn_local`] finds it until the guard is dropped. Tasks run only
    /// when the set is polled. Guards may be dropped in any order, and after the set: what is spawned then
    /// is cancelled at once.
    pub fn enter(&self) -> LocalEnterGuard {
        self.inner.enter()
    }

    /// The number of the set: no runtime and no other set has it.
    #[must_use]
    pub fn id(&self) -> Id {
        *self.id.get_or_init(Id::fresh)
    }

    /// Tells `f` of every task of the set that has pended at least once and not ended.
    pub fn for_each_task(&self, f: impl FnMut(TaskInfo)) {
        self.inner.for_each_task(f);
    }
}

/// Ready once every task of the set has ended.
impl Future for LocalSet {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
