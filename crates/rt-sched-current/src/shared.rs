//! Where a woken task goes: the half of the scheduler that tasks, wakers and spawners reach.
//!
//! **Invariants.**
//! - **H1** The local queue is touched only by the thread that is at home: whose context names this
//!   scheduler. One thread at a time is, since being at home takes the core, or a `LocalSet`, which never
//!   leaves its thread.
//! - **H2** The memory outlives every task that is not complete: the owner's shutdown waits until no
//!   task is alive, before it gives its own reference up.

use std::fmt;
use std::future::Future;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::task::Wake;

use rt_task::base::context::{self, Ctx};
use rt_task::base::seam::{Listed, Unpark};
use rt_task::base::shim::{AtomicBool, Ordering::*, UnsafeCell};
use rt_task::{
    Builder as TaskBuilder, Closed, Fifo, Hooks, Inbox, JoinHandle, Owned, Runnable, Schedule,
    TaskInfo, Why,
};

use crate::bell::{Bell, INBOX, ROOT};
use crate::metrics::{Counters, Metrics};

/// The shared half of a scheduler.
pub(crate) struct Shared<U: Unpark> {
    local: UnsafeCell<Fifo<Home<U>>>,
    pub(crate) inbox: Inbox<Home<U>>,
    pub(crate) bell: Bell<U>,
    pub(crate) owned: Owned<Home<U>>,
    pub(crate) counters: Counters,
    /// Set by the shutdown, before it looks for tasks: what is spawned from then on is cancelled.
    pub(crate) closing: AtomicBool,
    hooks: Option<Arc<Hooks>>,
}

// SAFETY: the local queue is touched by the thread at home alone (H1); all else is `Send`.
unsafe impl<U: Unpark> Send for Shared<U> {}
// SAFETY: as above.
unsafe impl<U: Unpark> Sync for Shared<U> {}

/// A task's pointer to its scheduler: one word, copied for free.
pub struct Home<U: Unpark> {
    shared: NonNull<Shared<U>>,
}

impl<U: Unpark> Clone for Home<U> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<U: Unpark> Copy for Home<U> {}

// SAFETY: a pointer to `Shared`, which is `Sync`; it is followed only as H2 allows.
unsafe impl<U: Unpark> Send for Home<U> {}
// SAFETY: as above.
unsafe impl<U: Unpark> Sync for Home<U> {}

impl<U: Unpark> Home<U> {
    pub(crate) fn new(shared: &Arc<Shared<U>>) -> Self {
        // The pointer of the `Arc` itself, so that a reference can be counted by it.
        let shared = Arc::as_ptr(shared).cast_mut();
        // SAFETY: an `Arc`'s pointer is never null.
        let shared = unsafe { NonNull::new_unchecked(shared) };
        Self { shared }
    }

    /// A scheduler pushes to itself or is pushed to by others, who keep it alive meanwhile.
    #[cold]
    fn push_from_elsewhere(self, runnable: Runnable<Self>) {
        // SAFETY: made of an `Arc`'s pointer by `new`; alive, since `runnable` is not complete (H2).
        unsafe { Arc::increment_strong_count(self.shared.as_ptr()) };
        // SAFETY: the reference was counted above. From here on the memory is kept by it, also
        // when the task is run and the scheduler shut down before the bell was rung.
        let shared = unsafe { Arc::from_raw(self.shared.as_ptr()) };
        shared.counters.scheduled_elsewhere.fetch_add(1, Relaxed); // a statistic
        match shared.inbox.push(runnable) {
            Ok(true) => shared.bell.ring(INBOX, false),
            Ok(false) => {} // whoever found it empty rings
            // A task that is alive keeps the inbox open. Should that be wrong, do not drop it
            // here, where that may not be allowed.
            Err(Closed(runnable)) => {
                debug_assert!(false, "the inbox closed with {runnable:?} alive");
                std::mem::forget(runnable);
            }
        }
    }
}

impl<U: Unpark> Schedule for Home<U> {
    #[inline]
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        // SAFETY: alive, since `runnable` is not complete (H2).
        let shared = unsafe { self.shared.as_ref() };
        match context::is_home(shared.address()) {
            true => shared.push_local(runnable),
            false => self.push_from_elsewhere(runnable),
        }
    }

    #[inline]
    fn owned(&self) -> Option<&Owned<Self>> {
        // SAFETY: alive, since the caller holds a `Runnable` that is not complete (H2).
        Some(&unsafe { self.shared.as_ref() }.owned)
    }

    #[inline]
    fn hooks(&self) -> Option<&Hooks> {
        // SAFETY: alive, since the caller spawns, or holds a `Runnable` that is not complete (H2).
        unsafe { self.shared.as_ref() }.hooks.as_deref()
    }
}

impl<U: Unpark> fmt::Debug for Home<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Home").field(&self.shared).finish()
    }
}

impl<U: Unpark> Shared<U> {
    pub(crate) fn new(unpark: U, hooks: Option<Arc<Hooks>>) -> Arc<Self> {
        Arc::new(Self {
            local: UnsafeCell::new(Fifo::new()),
            inbox: Inbox::new(),
            bell: Bell::new(unpark),
            // SAFETY: `Home::owned` returns this field of what it points to, every time.
            owned: unsafe { Owned::new(1) },
            counters: Counters::new(),
            closing: AtomicBool::new(false),
            hooks,
        })
    }

    /// What the context of the thread at home names.
    #[inline]
    pub(crate) fn address(&self) -> *const () {
        ptr::from_ref(self).cast()
    }

    #[inline]
    pub(crate) fn is_home(&self, ctx: &Ctx) -> bool {
        ctx.home() == self.address()
    }

    /// For the thread at home.
    #[inline]
    fn push_local(&self, runnable: Runnable<Home<U>>) {
        // SAFETY: at home (H1), and `push_back` calls nothing that could come back here.
        self.local.with_mut(|local| unsafe { &mut *local }.push_back(runnable));
    }

    /// Runs `f` on the local queue. `f` must not wake, run or drop a task.
    ///
    /// # Panics
    /// If the thread of `ctx` is not at home.
    #[inline]
    pub(crate) fn with_local<R>(&self, ctx: &Ctx, f: impl FnOnce(&mut Fifo<Home<U>>) -> R) -> R {
        assert!(self.is_home(ctx), "the local queue belongs to the scheduler's thread");
        // SAFETY: at home (H1); `f` comes back to no queue, by this function's rule.
        self.local.with_mut(|local| f(unsafe { &mut *local }))
    }

    /// Takes a fresh task in, or cancels it when the scheduler is shutting down.
    fn admit(&self, runnable: Runnable<Home<U>>) {
        if context::is_home(self.address()) {
            if self.closing.load(Relaxed) {
                return drop(runnable); // set by this thread, if at all
            }
            self.counters.spawned_here.add(1);
            return self.push_local(runnable);
        }
        // Counted before it can end. A count of its own; nothing is ordered by it, but for the
        // shutdown, which looks at it after it found the task in the inbox or closed that.
        self.counters.spawned_elsewhere.fetch_add(1, Relaxed);
        if self.closing.load(Relaxed) {
            // A hint: who misses it finds the inbox closed, or is found in it.
            self.counters.spawned_elsewhere.fetch_sub(1, Relaxed);
            self.bell.ring(INBOX, false); // the shutdown may have counted it, and wait
            return drop(runnable);
        }
        match self.inbox.push(runnable) {
            Ok(true) => self.bell.ring(INBOX, false),
            Ok(false) => {}
            Err(Closed(runnable)) => {
                self.counters.spawned_elsewhere.fetch_sub(1, Relaxed);
                drop(runnable);
            }
        }
    }
}

impl<U: Unpark> fmt::Debug for Shared<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("metrics", &self.counters.read()).finish_non_exhaustive()
    }
}

/// Wakes the root future of `block_on`.
impl<U: Unpark> Wake for Shared<U> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.bell.ring(ROOT, context::is_home(self.address()));
    }
}

impl<U: Unpark> Listed for Shared<U> {
    fn alive_tasks(&self) -> u64 {
        self.counters.alive()
    }

    fn for_each_task(&self, f: &mut dyn FnMut(TaskInfo)) {
        self.owned.first_polls().for_each(|(_, info)| f(info));
        self.owned.for_each_info(f);
    }
}

/// Spawns on an [`Executor`](crate::Executor), from any thread.
pub struct Spawner<U: Unpark> {
    pub(crate) shared: Arc<Shared<U>>,
}

impl<U: Unpark> Spawner<U> {
    /// Spawns `future`. From the scheduler's own thread that costs no read-modify-write.
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
        let (runnable, handle) = builder.spawn(future, Home::new(&self.shared));
        self.shared.admit(runnable);
        handle
    }

    /// Spawns a future that may be bound to the scheduler's thread.
    ///
    /// # Safety
    /// - The calling thread is the scheduler's own for the scheduler's whole life.
    /// - What the future borrows lives until the scheduler has shut down.
    #[track_caller]
    pub(crate) unsafe fn spawn_here<F: Future>(
        &self,
        builder: TaskBuilder,
        future: F,
    ) -> JoinHandle<F::Output> {
        // SAFETY: the scheduler runs and drops tasks on its own thread, in `step` and in its
        // shutdown; that is this thread, and comes before the borrows end (contract).
        let (runnable, handle) =
            unsafe { builder.spawn_unchecked(future, Home::new(&self.shared)) };
        self.shared.admit(runnable);
        handle
    }

    /// What the scheduler has done so far.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.shared.counters.read()
    }

    /// Tells `f` of every task that has pended at least once and not ended.
    pub fn for_each_task(&self, f: impl FnMut(TaskInfo)) {
        self.shared.owned.for_each_info(f);
    }

    /// The task that is in its very first poll now, if one is. The others that were polled
    /// are told by [`for_each_task`](Self::for_each_task).
    pub fn first_polls(&self) -> impl Iterator<Item = (usize, TaskInfo)> {
        self.shared.owned.first_polls()
    }

    /// The address that the context names on the scheduler's own thread.
    #[must_use]
    pub fn home(&self) -> *const () {
        self.shared.address()
    }

    /// Whether the calling thread is the scheduler's own now.
    #[must_use]
    pub fn is_home(&self) -> bool {
        context::is_home(self.shared.address())
    }
}

impl<U: Unpark> Clone for Spawner<U> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<U: Unpark> fmt::Debug for Spawner<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawner").field("metrics", &self.metrics()).finish()
    }
}
