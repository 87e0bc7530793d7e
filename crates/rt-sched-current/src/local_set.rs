//! The local executor as a future: tasks that stay on their thread, polled by whatever runs there.
//!
//! A [`LocalSet`] has no driver and never waits: what it waits for is the surrounding runtime's, and its
//! sleep is `Poll::Pending`. `outer.rs` is how it is called back.
//!
//! **Invariant (L1).** A set, its spawner and its tasks are used on the thread that made the set, since
//! none of the types that reach them is `Send`. Other threads push woken tasks to the inbox; they never
//! poll or drop one.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use rt_task::base::context::{self, Ctx, EnterLocal, WeakEnv};
use rt_task::base::seam::Listed;
use rt_task::wait::{Wait, WaitKind, poll_leaf};
use rt_task::{Builder as TaskBuilder, JoinHandle, TaskInfo};

use crate::builder::Builder;
use crate::core::Core;
use crate::local::LocalSpawner;
use crate::metrics::Metrics;
use crate::outer::{NoDriver, Outer};
use crate::shared::{Shared, Spawner};

/// A set of tasks that need not be `Send`, polled on the thread that made it.
///
/// It is itself a future, ready once all its tasks have ended, and [`run_until`](Self::run_until) runs it
/// beside another one. Each poll runs up to 61 tasks, then lets others go first. Tasks are woken from any
/// thread.
///
/// Dropping the set drops its tasks, on this thread, before the drop returns; what is spawned meanwhile is
/// cancelled. Nobody can drop it from inside one of its own tasks: whoever polls it borrows it.
///
/// ```
/// use rt_sched_current::LocalSet;
/// use std::rc::Rc;
///
/// let set = LocalSet::new();
/// let shared = Rc::new(42);
/// let task = set.spawn_local(async move { *shared });
/// assert_eq!(rt_task::block_on(set.run_until(task)).unwrap(), 42);
/// ```
///
/// ```compile_fail
/// fn send<T: Send>() {}
/// send::<rt_sched_current::LocalSet>();
/// ```
///
/// ```compile_fail,E0505
/// // Whoever polls the set borrows it, so that none of its tasks can drop it meanwhile.
/// let set = rt_sched_current::LocalSet::new();
/// let polled = set.run_until(async {});
/// drop(set);
/// rt_task::block_on(polled);
/// ```
pub struct LocalSet {
    /// Away while a poll further up on this thread has it.
    core: Cell<Option<Box<Core<NoDriver>>>>,
    spawner: Rc<LocalSpawner<Outer>>,
    outer: Outer,
    next_key: Cell<u64>,
    /// The environment that was told of the set.
    told: Cell<Option<WeakEnv>>,
    site: &'static Location<'static>,
}

/// What spawns on a [`LocalSet`] that is entered on this thread: see [`LocalSet::current`].
pub type LocalSetSpawner = LocalSpawner<Outer>;

/// Tasks polled by one poll of the set: as many as a scheduler runs before it looks at its driver.
const STEPS_MAX: u32 = 61;
/// The key of the set itself as a future; nobody else polls it then.
const SET: u64 = 0;

impl LocalSet {
    /// An empty set, of this thread.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        let outer = Outer::new();
        let shared = Shared::new(outer.clone(), None);
        // No driver to be turned.
        let config = Builder::new().event_interval(u32::MAX).config;
        let core = Box::new(Core::new(shared.clone(), NoDriver::new(outer.clone()), config));
        Self {
            core: Cell::new(Some(core)),
            spawner: Rc::new(LocalSpawner::new(Spawner { shared })),
            outer,
            next_key: Cell::new(SET + 1),
            told: Cell::new(None),
            site: Location::caller(),
        }
    }

    /// Spawns a future on the set. It runs when the set is polled next.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.spawn_local_with(TaskBuilder::new(), future)
    }

    /// Spawns a future on the set, with a name or a location.
    #[track_caller]
    pub fn spawn_local_with<F>(&self, builder: TaskBuilder, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.spawner.spawn_with(builder, future)
    }

    /// Runs `future` to its end, and the set's tasks beside it; those that are left then go on when the
    /// set is polled again. Inside, the set is entered.
    ///
    /// Several may run at once on one set, also inside its own tasks. Cancel safe: dropping it drops
    /// `future` and nothing else.
    #[track_caller]
    pub fn run_until<F: Future>(&self, future: F) -> RunUntil<'_, F> {
        RunUntil { future, poller: Poller { set: self, key: None } }
    }

    /// Enters the set on this thread: what spawns locally finds it until the guard is dropped. Tasks run
    /// only when the set is polled.
    pub fn enter(&self) -> LocalEnterGuard {
        LocalEnterGuard { _inner: context::enter_local(self.spawner.clone()) }
    }

    /// What spawns on the innermost scheduler of local tasks that is entered on this thread, if that is a
    /// set.
    #[must_use]
    pub fn current() -> Option<Rc<LocalSetSpawner>> {
        context::local()
    }

    /// What the set has done so far.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.spawner.inner().metrics()
    }

    /// Tells `f` of every task that has pended at least once and not ended.
    pub fn for_each_task(&self, f: impl FnMut(TaskInfo)) {
        self.spawner.inner().for_each_task(f);
    }

    fn is_empty(&self) -> bool {
        self.spawner.inner().shared.counters.alive() == 0
    }

    /// Runs `f` with the set entered, at home on this thread.
    fn at_home<R>(&self, f: impl FnOnce(&Ctx) -> R) -> R {
        let _entered = self.enter();
        // SAFETY: what the set keeps for the thread at home is touched by this thread alone (L1).
        unsafe { context::stay_home(self.spawner.inner().home(), f) }
    }

    /// Tells the entered runtime of the set's tasks, once: they are in its dump then.
    #[inline]
    fn tell(&self) {
        let told = match self.told.take() {
            Some(told) if context::is_in(&told) => Some(told),
            _ => self.tell_another(),
        };
        self.told.set(told);
    }

    #[cold]
    fn tell_another(&self) -> Option<WeakEnv> {
        let env = context::env()?;
        let tasks: Arc<dyn Listed> = self.spawner.inner().shared.clone();
        env.tell_of(Arc::downgrade(&tasks));
        Some(env.downgrade())
    }

    /// Runs some tasks. Tells whether the poll is to be repeated at once.
    fn run_some(&self, ctx: &Ctx, key: impl FnOnce() -> u64, cx: &Context<'_>) -> bool {
        let Some(core) = self.core.take() else {
            return false; // polled further up, which goes on with the tasks
        };
        let mut lent = Lent { set: self, core: Some(core) };
        self.tell();
        self.outer.leave(key(), cx.waker()); // R1
        let (ran, is_asleep) = lent.core().run_some(ctx, STEPS_MAX);
        ctx.add_picks(ran);
        !is_asleep
    }
}

/// The core, on its way back to the set, also when something panics.
struct Lent<'a> {
    set: &'a LocalSet,
    core: Option<Box<Core<NoDriver>>>,
}

impl Lent<'_> {
    fn core(&mut self) -> &mut Core<NoDriver> {
        self.core.as_mut().expect("there until the drop")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.set.core.set(self.core.take());
    }
}

/// Ready once every task of the set has ended; spawning makes it pend again.
impl Future for LocalSet {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let set = self.into_ref().get_ref();
        let wait = || Wait { kind: WaitKind::JoinSet, object: set.object(), site: set.site };
        poll_leaf(cx, wait, |cx| {
            let again = match set.is_empty() {
                true => false,
                false => set.at_home(|ctx| set.run_some(ctx, || SET, cx)),
            };
            if set.is_empty() {
                set.outer.forget(SET);
                return Poll::Ready(());
            }
            if again {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        })
    }
}

impl LocalSet {
    /// What a dump tells it from others by.
    fn object(&self) -> usize {
        self.spawner.inner().home().addr()
    }
}

impl Default for LocalSet {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for LocalSet {
    fn drop(&mut self) {
        let Some(mut core) = self.core.take() else {
            return; // unreachable: a poll borrows the set
        };
        self.at_home(|ctx| core.shutdown(ctx));
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSet").field("metrics", &self.metrics()).finish_non_exhaustive()
    }
}

/// A set entered on this thread. See [`LocalSet::enter`].
#[must_use = "the set is left when the guard is dropped"]
#[derive(Debug)]
pub struct LocalEnterGuard {
    _inner: EnterLocal,
}

pin_project! {
    /// The future of [`LocalSet::run_until`].
    #[must_use = "futures do nothing unless polled"]
    pub struct RunUntil<'a, F> {
        #[pin]
        future: F,
        // After `future`: whose drop may still wake tasks.
        poller: Poller<'a>,
    }
}

/// One of those that poll a set.
struct Poller<'a> {
    set: &'a LocalSet,
    /// Once it was polled.
    key: Option<u64>,
}

impl Poller<'_> {
    fn key(&mut self) -> u64 {
        let next = &self.set.next_key;
        *self.key.get_or_insert_with(|| next.replace(next.get() + 1))
    }

    fn stop(&mut self) {
        if let Some(key) = self.key.take() {
            self.set.outer.forget(key);
        }
    }
}

impl Drop for Poller<'_> {
    fn drop(&mut self) {
        self.stop();
    }
}

impl<F: Future> Future for RunUntil<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let set = this.poller.set;
        let (polled, again) = set.at_home(|ctx| match this.future.poll(cx) {
            Poll::Ready(output) => (Poll::Ready(output), false),
            Poll::Pending => (Poll::Pending, set.run_some(ctx, || this.poller.key(), cx)),
        });
        if polled.is_ready() {
            this.poller.stop();
        }
        if again {
            cx.waker().wake_by_ref();
        }
        polled
    }
}

impl<F> fmt::Debug for RunUntil<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunUntil").field("set", self.poller.set).finish_non_exhaustive()
    }
}
