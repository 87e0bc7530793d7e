//! The runtime's shared half, and how code finds it.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::pin::pin;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll};

use rt_task::base::clock::Hold;
use rt_task::base::context::{self, Ctx, EnterLocal, Env, Missing, Nested};
use rt_task::base::fork::Generation;
use rt_task::base::park::LentPark;
use rt_task::base::seam::{Clock as _, Listed, Unpark};
use rt_task::{Builder as TaskBuilder, Job, JoinHandle, TaskInfo, coop};

use crate::compose::{Clock, WaiterUnpark};
use crate::dump::Dump;
use crate::label::{Id, Label};
use crate::refused::{self, Whose, nested};
use crate::runtime::{RuntimeFlavor, RuntimeMetrics, WorkerMetrics};
use crate::runtimes;
use crate::scheduler::Spawner;

/// A runtime's shared half: spawns, enters, asks. Cheap to clone; keeps no runtime alive.
#[derive(Clone)]
pub struct Handle {
    pieces: Arc<Pieces>,
    /// What is entered. Holds `pieces` in its spawner slot, and not the other way round.
    env: Env,
}

/// What a handle reaches.
pub(crate) struct Pieces {
    pub(crate) label: Label,
    /// The process that built it.
    pub(crate) born: Generation,
    pub(crate) spawner: Spawner,
    pub(crate) blocking: rt_blocking::Handle,
    /// The clock, if it is one that may be paused.
    pub(crate) clock: Option<Clock>,
    /// The timer, if there is one.
    pub(crate) timer: Option<rt_timer::Handle>,
    pub(crate) unpark: WaiterUnpark,
    /// Who keeps tasks that run beside the runtime's own: each `LocalSet`.
    pub(crate) sets: Mutex<Vec<Weak<dyn Listed>>>,
}

/// The spawner slot of the environment.
type Slot = Arc<Pieces>;

impl Handle {
    /// A handle to `pieces`, entered as `env` and itself.
    pub(crate) fn new(pieces: Pieces, env: Env) -> Self {
        let pieces = Arc::new(pieces);
        runtimes::add(&pieces);
        let env = env.with_spawner::<Slot>(pieces.clone()).with_lists(pieces.clone());
        Self { pieces, env }
    }

    pub(crate) fn pieces(&self) -> &Pieces {
        &self.pieces
    }

    pub(crate) fn env(&self) -> &Env {
        &self.env
    }

    /// The entered runtime's handle.
    ///
    /// # Panics
    /// If none is entered on this thread.
    #[track_caller]
    #[must_use]
    pub fn current() -> Self {
        match Self::entered() {
            Ok(handle) => handle,
            // Not by `unwrap_or_else`: a closure's panic would be at its own line.
            Err(missing) => panic!("{}", missing.message("Handle::current", Location::caller())),
        }
    }

    /// The entered runtime's handle.
    ///
    /// # Errors
    /// If none is entered on this thread.
    pub fn try_current() -> Result<Self, TryCurrentError> {
        Self::entered().map_err(TryCurrentError)
    }

    fn entered() -> Result<Self, Missing> {
        let pieces = context::spawner(|pieces: &Slot| pieces.clone())?;
        let env = context::env().ok_or(Missing::Runtime)?;
        Ok(Self { pieces, env })
    }

    /// Enters the runtime on this thread: what needs it finds it until the guard is dropped. Guards may
    /// be dropped in any order.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.enter_with(None)
    }

    /// The same, with a scheduler of local tasks.
    pub(crate) fn enter_with(&self, local: Option<EnterLocal>) -> EnterGuard<'_> {
        let _inner = context::enter(self.env.clone());
        EnterGuard { _inner, _local: local, _handle: PhantomData }
    }

    /// Spawns `future`. Once the runtime has shut down the task is cancelled at once.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn_with(TaskBuilder::new(), future)
    }

    #[track_caller]
    pub(crate) fn spawn_with<F>(&self, builder: TaskBuilder, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.pieces.check_fork("Handle::spawn", Location::caller());
        self.pieces.spawner.spawn(builder, future)
    }

    /// Runs `closure` on a thread that may block, with the runtime entered there. It can be aborted until
    /// it starts; its handle says cancelled if no thread could be had, or the runtime has shut down.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, closure: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.spawn_blocking_with(TaskBuilder::new(), closure)
    }

    #[track_caller]
    pub(crate) fn spawn_blocking_with<F, R>(
        &self,
        builder: TaskBuilder,
        closure: F,
    ) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.pieces.spawn_blocking(builder, Location::caller(), closure)
    }

    /// Runs `future` to its end on this thread, with the runtime entered. Drives nothing: on the
    /// single-thread flavour somebody must be in [`Runtime::block_on`](crate::runtime::Runtime::block_on)
    /// for its sockets, timers and tasks to go on.
    ///
    /// # Panics
    /// On a thread that drives a runtime: names where that was told to, and what to do instead.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.pieces.check_fork("Handle::block_on", Location::caller());
        let done = block_on_here(&self.env, future);
        // Not by `unwrap_or_else`: a closure would tell its own line.
        match done {
            Ok(output) => output,
            Err(inner) => nested("Handle::block_on", inner.outer),
        }
    }

    /// The number of the runtime, unique in the process.
    #[must_use]
    pub fn id(&self) -> Id {
        self.pieces.label.id
    }

    /// The runtime's name, if it was given one by [`Builder::name`](crate::runtime::Builder::name).
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.pieces.label.name.as_deref()
    }

    /// How the runtime schedules.
    #[must_use]
    pub fn runtime_flavor(&self) -> RuntimeFlavor {
        self.pieces.spawner.flavor()
    }

    /// What the runtime has done so far.
    #[must_use]
    pub fn metrics(&self) -> RuntimeMetrics {
        RuntimeMetrics::new(&self.pieces)
    }

    /// What a worker has done so far; `None` if there is none of that number.
    #[must_use]
    pub fn worker_metrics(&self, worker: usize) -> Option<WorkerMetrics> {
        self.pieces.spawner.worker_metrics(worker)
    }

    /// What every task does now, and what it waits for: why the program is stuck, if it is. In every build, and
    /// at no cost until it is asked.
    ///
    /// May be called from anywhere, also from a task, a hook or a waker, and while every worker is stuck; it
    /// waits for none of them. Costs some 100 bytes and 50 ns for each task. `RT_DUMP=5s` in the environment
    /// prints one every five seconds, `RT_DUMP=shutdown` one when the shutdown begins, `RT_DUMP=signal` one of
    /// every runtime on `SIGUSR1`.
    ///
    /// ```
    /// # let runtime = rt_facade::runtime::Builder::new_current_thread().enable_all().build()?;
    /// use rt_facade::{spawn, task::yield_now, time::{Duration, sleep}};
    ///
    /// runtime.block_on(async {
    ///     let sleeper = spawn(sleep(Duration::from_secs(3600)));
    ///     yield_now().await;
    ///     let dump = rt_facade::runtime::Handle::current().dump();
    ///     println!("{dump}");
    ///     let waits_for = dump.tasks()[0].waits_for().expect("it sleeps");
    ///     assert!(waits_for.time_left().unwrap() > Duration::from_secs(3500));
    ///     assert_eq!(waits_for.at().file(), file!());
    ///     sleeper.abort();
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    /// In a process that was forked from the one which built the runtime.
    #[must_use]
    #[track_caller]
    pub fn dump(&self) -> Dump {
        self.pieces.check_fork("Handle::dump", Location::caller());
        self.pieces.dump()
    }

    /// Tells `f` of every task that has pended at least once and not ended, those of a
    /// [`LocalSet`](crate::task::LocalSet) that runs here included: name, spawn location, polls, and what
    /// it waits for. [`dump`](Self::dump) knows more.
    pub fn for_each_task(&self, mut f: impl FnMut(TaskInfo)) {
        self.pieces.for_each_task(&mut f);
    }
}

// A panic of the user's code leaves nothing of a runtime half done: what threads share is changed with no
// such code in between.
impl UnwindSafe for Handle {}
impl RefUnwindSafe for Handle {}

/// Runs `future` to its end on this thread, with `env` entered, and drives nothing.
#[track_caller]
pub(crate) fn block_on_here<F: Future>(env: &Env, future: F) -> Result<F::Output, Nested> {
    let mut future = pin!(future);
    context::drive(env.clone(), |ctx| {
        let park = LentPark::new();
        let mut cx = Context::from_waker(park.waker());
        loop {
            match coop::with_budget(ctx, || future.as_mut().poll(&mut cx)) {
                Poll::Ready(output) => return output,
                Poll::Pending => park.park(),
            }
        }
    })
}

impl fmt::Debug for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pieces")
            .field("label", &self.label)
            .field("spawner", &self.spawner)
            .field("blocking", &self.blocking)
            .finish_non_exhaustive()
    }
}

impl Pieces {
    /// Panics if the runtime was built by the parent of this process. Costs one load that is shared by all.
    #[inline]
    pub(crate) fn check_fork(&self, what: &str, site: &Location<'_>) {
        if self.born.is_past() {
            refused::forked(what, site, &self.label);
        }
    }

    fn spawn_blocking<F, R>(
        &self,
        builder: TaskBuilder,
        site: &'static Location<'static>,
        closure: F,
    ) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.check_fork("spawn_blocking", site);
        let builder = builder.location(site);
        // A paused clock must not run away from work that the driver cannot see.
        let (job, handle) = match self.clock.as_ref().filter(|clock| clock.is_paused()) {
            None => Job::with(builder, closure),
            Some(clock) => {
                let held = Held { hold: Some(clock.hold()), unpark: self.unpark.clone() };
                Job::with(builder, move || {
                    let _held = held;
                    closure()
                })
            }
        };
        drop(self.blocking.execute(job)); // a job that comes back is dropped: its handle says cancelled
        handle
    }
}

/// Keeps a paused clock where it is; then calls the driver, which may have waited for that.
struct Held {
    hold: Option<Hold>,
    unpark: WaiterUnpark,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.hold = None;
        self.unpark.unpark();
    }
}

/// Spawns on the entered runtime.
#[track_caller]
pub(crate) fn spawn_entered<F>(what: &str, builder: TaskBuilder, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let site = Location::caller();
    let mut future = Some((builder.location(site), future));
    let spawned = context::spawner(|pieces: &Slot| {
        let (builder, future) = future.take().expect("called once");
        pieces.check_fork(what, site);
        pieces.spawner.spawn(builder, future)
    });
    match spawned {
        Ok(handle) => handle,
        Err(missing) => panic!("{}", missing.message(what, site)),
    }
}

/// Runs a closure on the entered runtime's pool.
#[track_caller]
pub(crate) fn spawn_blocking_entered<F, R>(builder: TaskBuilder, closure: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let site = Location::caller();
    let mut closure = Some((builder, closure));
    let spawned = context::spawner(|pieces: &Slot| {
        let (builder, closure) = closure.take().expect("called once");
        pieces.spawn_blocking(builder, site, closure)
    });
    match spawned {
        Ok(handle) => handle,
        Err(missing) => panic!("{}", missing.message("spawn_blocking", site)),
    }
}

/// The number of the worker that runs on this thread, if that is one of the entered runtime's.
pub(crate) fn worker_index() -> Option<usize> {
    context::spawner(|pieces: &Slot| {
        context::with(|ctx| (ctx.home() == pieces.spawner.home()).then(|| usize::from(ctx.shard())))
    })
    .ok()??
}

/// Runs `closure` here; if the thread is a worker's, another takes its work over.
#[track_caller]
pub(crate) fn block_in_place_entered<F: FnOnce() -> R, R>(closure: F) -> R {
    let site = Location::caller();
    let Some(driven) = context::driven() else {
        return closure(); // a thread that may block
    };
    let mut closure = Some(closure);
    let mut why = "the entered runtime has no other thread for its tasks";
    let ran = context::spawner(|pieces: &Slot| {
        let spawner = &pieces.spawner;
        // At home nowhere: the root of a `block_on`. At home elsewhere: a `LocalSet`, say, whose tasks
        // no other thread may run.
        let lends = context::with(Ctx::home).is_some_and(|at| at.is_null() || at == spawner.home());
        if !lends && rt_sched_current::LocalSet::current().is_some() {
            why = "no other thread may run the tasks of a `LocalSet`";
        }
        match lends {
            true => spawner.block_in_place(closure.take().expect("called once")).map_err(|f| {
                closure = Some(f);
            }),
            false => Err(()),
        }
    });
    match ran {
        Ok(Ok(output)) => output,
        Ok(Err(())) => panic!(
            "`block_in_place` at {site} would block {}, and {why}. Use `spawn_blocking`, or a task of a \
             runtime of `Builder::new_multi_thread`",
            Whose(driven)
        ),
        Err(missing) => panic!("{}", missing.message("block_in_place", site)),
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("pieces", &self.pieces).finish()
    }
}

/// A runtime entered on this thread. See [`Handle::enter`].
#[must_use = "the runtime is left when the guard is dropped"]
#[derive(Debug)]
pub struct EnterGuard<'a> {
    _inner: context::EnterGuard,
    _local: Option<EnterLocal>,
    _handle: PhantomData<&'a Handle>,
}

/// No runtime is entered on this thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryCurrentError(Missing);

impl TryCurrentError {
    /// Whether nothing at all is entered.
    #[must_use]
    pub fn is_missing_context(&self) -> bool {
        self.0 == Missing::Runtime
    }

    /// Whether the thread is about to end, and what it knew of its runtime is destroyed. Never: a thread that
    /// is about to end counts as one on which nothing is entered.
    #[must_use]
    pub fn is_thread_local_destroyed(&self) -> bool {
        false
    }
}

impl fmt::Display for TryCurrentError {
    #[track_caller]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Missing::Runtime => f.write_str("no runtime is entered on this thread"),
            _ => f.write_str("what is entered on this thread is no runtime of `rt-facade`"),
        }
    }
}

impl std::error::Error for TryCurrentError {}
