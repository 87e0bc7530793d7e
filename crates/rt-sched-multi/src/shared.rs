//! Where a woken task goes: the half of the scheduler that tasks, wakers and spawners reach.
//!
//! One thought: what threads share that are at home nowhere, and who may touch it when.
//!
//! **Invariants.**
//! - **H1** What is a worker's own is touched only by the thread at home there: whose context names
//!   this scheduler and that worker.
//! - **H2** The memory outlives every task that is not complete: each thread of the crew holds a
//!   reference, and the last of them leaves when no task is alive.

use std::future::Future;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::{fmt, mem};

use crossbeam_utils::CachePadded;
use rt_task::base::clock::Monotonic;
use rt_task::base::context::{self, Ctx};
use rt_task::base::driver::Driver;
use rt_task::base::seam::Unpark;
use rt_task::base::shim::{AtomicUsize, Ordering::*, fence, site};
use rt_task::{
    Builder as TaskBuilder, Closed, Fifo, Hooks, Inbox, JoinHandle, Owned, Ran, Schedule, TaskInfo,
    TaskPanic, Why,
};

use crate::builder::Config;
use crate::crew::{self, Crew};
use crate::doom::{Doom, Fatal};
use crate::driver::DriverSlot;
use crate::idle::Idle;
use crate::metrics::{Counters, Elsewhere, Metrics, WorkerMetrics};
use crate::pace::Latency;
use crate::queue::{Inject, Queues, Standard};
use crate::worker::{LOCAL_MAX, Task, Worker};

/// The shared half of a scheduler.
pub(crate) struct Shared<D: Driver + Send + 'static, Q: Queues> {
    pub(crate) workers: Box<[CachePadded<Worker<D, Q>>]>,
    /// What comes from outside. Whoever looks takes all.
    inbox: Inbox<Home<D, Q>>,
    /// What was too much for a worker's queue.
    batches: Q::Inject<Fifo<Home<D, Q>>>,
    /// Tasks in `batches`.
    in_batches: AtomicUsize,
    pub(crate) idle: Idle,
    pub(crate) driver: DriverSlot<D>,
    unpark: D::Unpark,
    pub(crate) owned: Owned<Home<D, Q>>,
    pub(crate) elsewhere: Elsewhere,
    /// By which polls and calls are measured: real time, whatever the driver's clock says.
    pub(crate) clock: Monotonic,
    pub(crate) latency: Latency,
    pub(crate) crew: Crew,
    pub(crate) doom: Doom,
    pub(crate) config: Config,
}

/// A task's pointer to its scheduler: one word, copied for free.
pub struct Home<D: Driver + Send + 'static, Q: Queues = Standard> {
    shared: NonNull<Shared<D, Q>>,
}

impl<D: Driver + Send + 'static, Q: Queues> Clone for Home<D, Q> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<D: Driver + Send + 'static, Q: Queues> Copy for Home<D, Q> {}

// SAFETY: a pointer to `Shared`, which is `Send` and `Sync` for every `D` that a scheduler is built
// with; it is followed only as H2 allows.
unsafe impl<D: Driver + Send + 'static, Q: Queues> Send for Home<D, Q> {}
// SAFETY: as above.
unsafe impl<D: Driver + Send + 'static, Q: Queues> Sync for Home<D, Q> {}

impl<D: Driver + Send + 'static, Q: Queues> Home<D, Q> {
    pub(crate) fn new(shared: &Arc<Shared<D, Q>>) -> Self {
        // The pointer of the `Arc` itself, so that a reference can be counted by it.
        let shared = Arc::as_ptr(shared).cast_mut();
        // SAFETY: an `Arc`'s pointer is never null.
        let shared = unsafe { NonNull::new_unchecked(shared) };
        Self { shared }
    }

    /// A worker pushes to itself or is pushed to by others, who keep the scheduler alive meanwhile.
    #[cold]
    fn push_from_elsewhere(self, task: Task<D, Q>) {
        // SAFETY: made of an `Arc`'s pointer by `new`; alive, since `task` is not complete (H2).
        unsafe { Arc::increment_strong_count(self.shared.as_ptr()) };
        // SAFETY: the reference was counted above. From here on the memory is kept by it, also
        // when the task is run and the scheduler shut down before somebody was called.
        let shared = unsafe { Arc::from_raw(self.shared.as_ptr()) };
        shared.push_woken_elsewhere(task);
    }
}

impl<D: Driver + Send + 'static, Q: Queues> Schedule for Home<D, Q> {
    #[inline]
    fn schedule(&self, task: Task<D, Q>, _why: Why) {
        // SAFETY: alive, since `task` is not complete (H2).
        let shared = unsafe { self.shared.as_ref() };
        match shared.worker_here() {
            // SAFETY: at home there, for the time of this call.
            Some(worker) => unsafe { shared.workers[worker].push_woken(shared, task) },
            None => self.push_from_elsewhere(task),
        }
    }

    #[inline]
    fn owned(&self) -> Option<&Owned<Self>> {
        // SAFETY: alive, since the caller holds a `Runnable` that is not complete (H2).
        Some(&unsafe { self.shared.as_ref() }.owned)
    }

    #[inline]
    fn hooks(&self) -> Option<&Hooks> {
        // SAFETY: alive, since the caller spawns, or holds a task that is not complete (H2).
        unsafe { self.shared.as_ref() }.config.hooks.as_deref()
    }
}

impl<D: Driver + Send + 'static, Q: Queues> fmt::Debug for Home<D, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Home").field(&self.shared).finish()
    }
}

impl<D: Driver + Send + 'static, Q: Queues> Shared<D, Q> {
    pub(crate) fn new(driver: D, config: Config) -> Arc<Self> {
        let workers = (0..config.workers).map(|index| CachePadded::new(Worker::new(index)));
        Arc::new(Self {
            workers: workers.collect(),
            inbox: Inbox::new(),
            batches: Q::Inject::new(),
            in_batches: AtomicUsize::new(0),
            idle: Idle::new(config.workers).search_at_most(Q::RULES.searchers_max),
            unpark: driver.unparker(),
            driver: DriverSlot::new(driver),
            // SAFETY: `Home::owned` returns this field of what it points to, every time.
            owned: unsafe { Owned::new(config.workers as u16) },
            elsewhere: Elsewhere::new(),
            clock: Monotonic::new(),
            latency: Latency::new(),
            crew: Crew::new(),
            doom: Doom::new(),
            config,
        })
    }

    /// What the context of a thread at home names.
    #[inline]
    pub(crate) fn address(&self) -> *const () {
        ptr::from_ref(self).cast()
    }

    /// The worker at which the calling thread is at home.
    #[inline]
    pub(crate) fn worker_here(&self) -> Option<usize> {
        context::shard_at(self.address()).map(usize::from)
    }

    #[inline]
    pub(crate) fn is_at(&self, ctx: &Ctx, worker: usize) -> bool {
        ctx.home() == self.address() && usize::from(ctx.shard()) == worker
    }

    /// Puts a task into the inbox, and calls a worker if none looks.
    fn push_outside(&self, task: Task<D, Q>) -> Result<(), Closed<Home<D, Q>>> {
        self.inbox.push(task)?;
        if let Some(worker) = self.idle.call_after_push(|| self.driver.waits()) {
            self.unpark(worker);
        } else if self.idle.is_closed() {
            self.crew.call_last();
        }
        Ok(())
    }

    fn push_woken_elsewhere(&self, task: Task<D, Q>) {
        self.elsewhere.woken.fetch_add(1, Relaxed); // a statistic
        if let Err(Closed(task)) = self.push_outside(task) {
            // A task that is alive keeps the inbox open. Should that be wrong, do not drop it here,
            // where that may not be allowed.
            debug_assert!(false, "the inbox closed with {task:?} alive");
            mem::forget(task);
        }
    }

    /// Puts what is too much for a worker's queue where all find it. Calls nobody: the worker is awake,
    /// and looks at its next pick whether that is worth it.
    pub(crate) fn push_batch(&self, batch: Fifo<Home<D, Q>>) {
        self.in_batches.fetch_add(batch.len(), Relaxed); // a statistic
        self.batches.push(batch);
    }

    /// Takes a batch, or what came from outside.
    pub(crate) fn take_shared(&self, counters: &Counters) -> Option<Fifo<Home<D, Q>>> {
        self.take_batch().or_else(|| self.take_outside(counters))
    }

    /// Takes a batch, or its first part.
    #[inline]
    pub(crate) fn take_batch(&self) -> Option<Fifo<Home<D, Q>>> {
        if self.batches.is_empty() {
            return None;
        }
        let batch = self.batches.pop()?;
        self.in_batches.fetch_sub(batch.len(), Relaxed);
        Some(self.first_of(batch))
    }

    /// Takes what came from outside, or the first part of that.
    #[inline]
    pub(crate) fn take_outside(&self, counters: &Counters) -> Option<Fifo<Home<D, Q>>> {
        let mut taken = Fifo::new();
        let count = self.inbox.take_into(&mut taken);
        counters.from_outside.add(count as u64);
        (count > 0).then(|| self.first_of(taken))
    }

    /// Never more than half of what a worker's queue holds: the rest goes where all find it, in parts of that
    /// size, so that nothing that comes later is before the last of them.
    #[inline]
    fn first_of(&self, mut taken: Fifo<Home<D, Q>>) -> Fifo<Home<D, Q>> {
        if taken.len() <= LOCAL_MAX / 2 {
            return taken;
        }
        let first = split(&mut taken);
        while !taken.is_empty() {
            self.push_batch(split(&mut taken));
        }
        first
    }

    #[inline]
    pub(crate) fn has_shared(&self) -> bool {
        !self.inbox.is_empty() || !self.batches.is_empty()
    }

    /// Lets nothing in from outside any more, if nothing is there. Whether that is so now.
    pub(crate) fn close_inbox(&self) -> bool {
        self.inbox.close()
    }

    /// Whether a worker other than `but` would find something.
    pub(crate) fn has_work_beside(&self, but: usize) -> bool {
        self.has_shared()
            || self.workers.iter().enumerate().any(|(at, it)| at != but && it.has_queued())
    }

    /// Calls a sleeper, if nobody searches, since `worker` has pushed: [`Calls::EachPush`].
    ///
    /// [`Calls::EachPush`]: crate::rules::Calls::EachPush
    pub(crate) fn call_after_push(&self, worker: usize) {
        if !self.idle.glance(worker).is_short_of_searchers() {
            return;
        }
        if let Some(called) = self.idle.call(worker, || self.driver.waits()) {
            self.workers[worker].counters.calls.add(1);
            self.unpark(called);
        }
    }

    /// Calls a sleeper beside `worker`, which finds nothing and sleeps again as the one that watches.
    #[cold]
    pub(crate) fn call_to_watch(&self, worker: usize) {
        if let Some(called) = self.idle.call_beside(worker, || self.driver.waits()) {
            self.workers[worker].counters.calls.add(1);
            self.unpark(called);
        }
    }

    /// C3: ends the wait of a worker whose bit the caller has cleared.
    pub(crate) fn unpark(&self, worker: usize) {
        if self.driver.waits() == worker {
            return self.unpark.unpark();
        }
        let seat = self.workers[worker].seat();
        // SAFETY: written before the bit was set, of a seat that the crew keeps for the scheduler's life.
        unsafe { &*seat }.unpark();
    }

    /// Ends the wait of whoever turns the driver.
    pub(crate) fn unparker(&self) -> &D::Unpark {
        &self.unpark
    }

    /// Takes a fresh task in, or cancels it when the scheduler is shutting down.
    #[inline]
    fn admit(&self, task: Task<D, Q>) {
        if let Some(worker) = self.worker_here() {
            if self.idle.is_closed() {
                return drop(task);
            }
            let worker = &self.workers[worker];
            worker.counters.spawned.add(1);
            // SAFETY: at home there, for the time of this call.
            return unsafe { worker.push(self, task) };
        }
        self.admit_from_elsewhere(task);
    }

    fn admit_from_elsewhere(&self, task: Task<D, Q>) {
        // Counted before it can end. A count of its own; nothing is ordered by it, but for the
        // shutdown, which looks at it after it found the task in the queue or closed that.
        self.elsewhere.spawned.fetch_add(1, Relaxed);
        // A hint: who misses it finds the queue closed, or is found in it.
        let refused = match self.idle.is_closed() {
            true => Some(task),
            false => self.push_outside(task).err().map(|Closed(task)| task),
        };
        if let Some(task) = refused {
            drop(task);
            self.elsewhere.refused.fetch_add(1, Relaxed); // a statistic
            self.count_end_elsewhere();
        }
    }

    /// What is left of a poll on a thread that is not at home any more.
    pub(crate) fn settle_elsewhere(&self, ran: Ran<Home<D, Q>>) {
        match ran {
            // If it pended for the first time, the shutdown may not have seen it.
            Ran::Pending if self.idle.is_closed() => self.crew.call_last(),
            Ran::Pending => {}
            Ran::Done => self.count_end_elsewhere(),
            Ran::Fatal(panic) => {
                self.end_by(panic);
                self.count_end_elsewhere();
            }
            Ran::Yielded(task) => self.push_woken_elsewhere(task),
        }
    }

    /// A panic of a task is fatal: begins to shut down, and tells who waits for that.
    #[cold]
    pub(crate) fn end_by(&self, panic: Box<TaskPanic>) {
        crew::close(self);
        self.doom.comes(panic);
    }

    /// A task has ended on a thread that is at home nowhere. The shutdown may wait for that.
    pub(crate) fn count_end_elsewhere(&self) {
        // Release pairs with the load in `alive`: no access after the last end is counted.
        self.elsewhere.ended.fetch_add(1, site("shared.ended", Release));
        fence(site("shared.ended-fence", SeqCst)); // pairs with that of the last worker
        if self.idle.is_closed() {
            self.crew.call_last();
        }
    }

    /// Tasks spawned and not ended.
    pub(crate) fn alive(&self) -> u64 {
        // Ended first: a task counted as ended was counted as spawned before.
        // Acquire pairs with `count_end_elsewhere`.
        let mut ended = self.elsewhere.ended.load(site("shared.alive", Acquire));
        ended += self.workers.iter().map(|worker| worker.counters.ended.read()).sum::<u64>();
        self.spawned().saturating_sub(ended)
    }

    fn spawned(&self) -> u64 {
        let elsewhere = self.elsewhere.spawned.load(Relaxed);
        elsewhere + self.workers.iter().map(|worker| worker.counters.spawned.read()).sum::<u64>()
    }

    fn metrics(&self) -> Metrics {
        Metrics {
            workers: self.workers.len(),
            alive_tasks: self.alive(),
            spawned_tasks: self.spawned(),
            global_queue_depth: self.shared_depth(),
        }
    }

    fn shared_depth(&self) -> usize {
        // Out first: a task counted as out was counted as in before.
        let out: u64 =
            self.workers.iter().map(|worker| worker.counters.from_outside.read()).sum::<u64>()
                + self.elsewhere.refused.load(Relaxed)
                + self.crew.counters.from_outside.read();
        let pushed = self.elsewhere.spawned.load(Relaxed) + self.elsewhere.woken.load(Relaxed);
        pushed.saturating_sub(out) as usize + self.in_batches.load(Relaxed)
    }
}

/// Takes half of what a worker's queue holds from the front.
fn split<S: Schedule>(tasks: &mut Fifo<S>) -> Fifo<S> {
    let mut first = Fifo::new();
    while first.len() < LOCAL_MAX / 2
        && let Some(task) = tasks.pop_front()
    {
        first.push_back(task);
    }
    first
}

impl<D: Driver + Send + 'static, Q: Queues> fmt::Debug for Shared<D, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("metrics", &self.metrics()).finish_non_exhaustive()
    }
}

/// Spawns on a [`Pool`](crate::Pool), from any thread.
pub struct Spawner<D: Driver + Send + 'static, Q: Queues = Standard> {
    pub(crate) shared: Arc<Shared<D, Q>>,
}

impl<D: Driver + Send + 'static, Q: Queues> Spawner<D, Q> {
    /// Spawns `future`. From a worker's thread that costs no read-modify-write.
    ///
    /// Once the scheduler has shut down the task is cancelled at once.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn_with(TaskBuilder::new(), future)
    }

    /// Spawns `future` with a name or a location.
    #[track_caller]
    pub fn spawn_with<F>(&self, builder: TaskBuilder, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (task, handle) = builder.spawn(future, Home::new(&self.shared));
        self.shared.admit(task);
        handle
    }

    /// Runs `f`, which may block, on this thread. If that is a worker's, another thread becomes the
    /// worker meanwhile; the task that runs here keeps the thread until it pends or ends.
    ///
    /// Costs waking a thread that waits for this (the first time: starting one). If the system lets
    /// none be started, `f` runs as it is: others steal what is queued.
    pub fn block_in_place<R>(&self, f: impl FnOnce() -> R) -> R {
        crate::crew::block_in_place(&self.shared, f)
    }

    /// The panic of a task that shuts the scheduler down, to be waited for. `None` if the hooks call
    /// none fatal.
    #[must_use]
    pub fn fatal(&self) -> Option<Fatal<D, Q>> {
        let hooks = self.shared.config.hooks.as_deref()?;
        hooks.are_panics_fatal().then(|| Fatal::new(self.shared.clone()))
    }

    /// What the scheduler has done so far.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.shared.metrics()
    }

    /// How many workers there are.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.shared.workers.len()
    }

    /// What a worker has done so far.
    ///
    /// # Panics
    /// If there is no worker of that number.
    #[must_use]
    #[track_caller]
    pub fn worker_metrics(&self, worker: usize) -> WorkerMetrics {
        self.shared.workers[worker].metrics()
    }

    /// Tells `f` of every task that has pended at least once and not ended.
    pub fn for_each_task(&self, f: impl FnMut(TaskInfo)) {
        self.shared.owned.for_each_info(f);
    }

    /// The tasks that are in their very first poll now, each with its worker. The others that were polled
    /// are told by [`for_each_task`](Self::for_each_task).
    pub fn first_polls(&self) -> impl Iterator<Item = (usize, TaskInfo)> {
        self.shared.owned.first_polls()
    }

    /// The address that the context names on the scheduler's threads.
    #[must_use]
    pub fn home(&self) -> *const () {
        self.shared.address()
    }

    /// Whether the calling thread is one of the scheduler's workers now.
    #[must_use]
    pub fn is_home(&self) -> bool {
        self.shared.worker_here().is_some()
    }

    /// Whether the calling thread is one of the scheduler's own, at home at a worker or not.
    #[must_use]
    pub fn is_own_thread(&self) -> bool {
        self.shared.crew.is_here()
    }

    /// Ends the wait of the worker that waits in the driver, or the next one.
    pub fn unpark_driver(&self) {
        self.shared.unparker().unpark();
    }
}

impl<D: Driver + Send + 'static, Q: Queues> Clone for Spawner<D, Q> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<D: Driver + Send + 'static, Q: Queues> fmt::Debug for Spawner<D, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawner").field("metrics", &self.metrics()).finish()
    }
}
