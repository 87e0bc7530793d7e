//! The right to poll a task once.

use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop};
use core::panic::Location;
use core::task::{Context, Waker};

use crate::TaskId;
use crate::base::budget::BUDGET;
use crate::base::context::{Ctx, Stay};
use crate::cell::scheduler;
use crate::header::{Header, Polled, TaskRef};
use crate::hooks::{Hooks, TaskMeta, TaskPanic};
use crate::panic::{BoxedPayload, contain};
use crate::schedule::Schedule;
use crate::state::{Begin, Completed, EndPoll, Outcome};
use crate::wait::Wait;
use crate::waker;

/// The right to poll a task once, and the only one there is: SCHEDULED in the state word.
///
/// Consumed by [`run`](Self::run). Dropping it cancels the task on this thread.
#[must_use = "dropping it cancels the task"]
pub struct Runnable<S: Schedule> {
    task: TaskRef,
    _scheduler: PhantomData<fn() -> S>,
}

// SAFETY: a task whose future is not `Send` is made by `spawn_unchecked` alone, whose caller
// answers for the thread; all else in the task is `Send` and `Sync`.
unsafe impl<S: Schedule> Send for Runnable<S> {}
// SAFETY: a shared reference reads the id, the name and the location, which never change.
unsafe impl<S: Schedule> Sync for Runnable<S> {}

/// What a run left.
#[must_use = "a yielded task is to be queued again; dropping it cancels it"]
pub enum Ran<S: Schedule> {
    /// It waits: its waker will schedule it.
    Pending,
    /// It was woken while it ran: it goes to the back of the queue.
    Yielded(Runnable<S>),
    /// It has ended.
    Done,
    /// It has ended by a panic, which is to shut the scheduler down
    /// ([`Hooks::panics_are_fatal`]).
    Fatal(Box<TaskPanic>),
}

impl<S: Schedule> Runnable<S> {
    /// # Safety
    /// The caller owns the right to make it: it set SCHEDULED, and none was made since. The
    /// task was made with a scheduler of type `S`.
    #[inline]
    pub(crate) unsafe fn from_task(task: TaskRef) -> Self {
        Self { task, _scheduler: PhantomData }
    }

    /// Gives the right up to the returned pointer.
    #[inline]
    pub(crate) fn into_task(self) -> TaskRef {
        let task = self.task;
        mem::forget(self);
        task
    }

    #[inline]
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: alive as long as the `Runnable` exists (I2, I3).
        unsafe { self.task.header() }
    }

    pub(crate) fn task(&self) -> TaskRef {
        self.task
    }

    /// The scheduler that the task was spawned with.
    #[must_use]
    pub fn scheduler(&self) -> &S {
        // SAFETY: of type `S` (contract of `from_task`), alive as long as the `Runnable`.
        unsafe { scheduler(self.task) }
    }

    /// The task's id.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.header().id
    }

    /// The task's name, if it was given one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.header().name()
    }

    /// Where the task was spawned.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.header().location()
    }

    /// How often the task has been polled.
    #[must_use]
    pub fn polls(&self) -> u32 {
        self.header().polls()
    }

    /// Polls the task once. Panics of its future are caught and kept for its handle.
    #[inline]
    pub fn run(self) -> Ran<S> {
        let stay = Stay::try_new();
        self.run_inside(stay.as_ref().map(Stay::ctx), BUDGET)
    }

    /// [`run`](Self::run), on a thread whose context is at hand: spares the look-up.
    #[inline]
    pub fn run_in(self, ctx: &Ctx) -> Ran<S> {
        self.run_inside(Some(ctx), BUDGET)
    }

    /// [`run_in`](Self::run_in) with what the task that ran before left of its budget: for a
    /// scheduler that lets a task run at once that was woken just now. Two tasks that wake each
    /// other would keep all others waiting if each began afresh.
    #[inline]
    pub fn run_after(self, ctx: &Ctx) -> Ran<S> {
        self.run_inside(Some(ctx), ctx.budget.last())
    }

    #[inline]
    fn run_inside(self, ctx: Option<&Ctx>, budget: u8) -> Ran<S> {
        match self.header().origin.is_attended() {
            false => self.turn(ctx, budget, false),
            true => self.run_attended(ctx, budget),
        }
    }

    /// The same for a task with hooks or inherited task-locals.
    #[cold]
    #[inline(never)]
    fn run_attended(self, ctx: Option<&Ctx>, budget: u8) -> Ran<S> {
        self.turn(ctx, budget, true)
    }

    #[inline(always)]
    fn turn(self, ctx: Option<&Ctx>, budget: u8, attended: bool) -> Ran<S> {
        let Begin::Poll(seen) = self.header().state.begin_poll() else {
            return self.cancel();
        };
        let running = Running::enter(self.task, ctx, budget);
        let first = self.begin_first(ctx);
        self.header().count_poll();
        let polled = match attended {
            false => self.poll(),
            true => self.poll_attended(),
        };
        match polled {
            Polled::Over(outcome) => {
                drop(running);
                self.end_first(first);
                self.end(outcome, attended)
            }
            Polled::Pending => {
                running.note(self.header());
                drop(running);
                self.link(first);
                match self.header().state.end_poll(seen) {
                    EndPoll::Again => Ran::Yielded(self),
                    EndPoll::Idle => {
                        mem::forget(self); // gone with SCHEDULED
                        Ran::Pending
                    }
                }
            }
        }
    }

    /// A poll of a task that is not registered begins: its first. Tells the shard where that is told.
    #[inline]
    fn begin_first(&self, ctx: Option<&Ctx>) -> Option<u16> {
        if self.header().shard().is_some() {
            return None;
        }
        let shard = ctx.map_or(0, Ctx::shard);
        self.scheduler().owned()?.begin_first(shard, self);
        Some(shard)
    }

    /// That poll is over.
    #[inline]
    fn end_first(&self, first: Option<u16>) {
        if let Some(shard) = first
            && let Some(owned) = self.scheduler().owned()
        {
            owned.end_first(shard, self);
        }
    }

    /// Polls the future, after `begin_poll` and before the poll's end is told.
    #[inline(always)]
    fn poll(&self) -> Polled {
        let waker = waker::borrowed(self.task);
        // SAFETY: the `Runnable` is ours, and the stage holds the future until it completes.
        unsafe { (self.header().vtable.poll)(self.task, &mut Context::from_waker(&waker)) }
    }

    fn poll_attended(&self) -> Polled {
        let mut polled = None;
        self.within(&mut || {
            self.tell(Hooks::poll_begins);
            polled = Some(self.poll());
            self.tell(Hooks::poll_ended);
        });
        polled.expect("polled above")
    }

    /// Runs `f` with the task-locals that the task inherited.
    fn within(&self, f: &mut dyn FnMut()) {
        // SAFETY: the `Runnable` is ours, and borrowed until `f` has returned.
        unsafe { self.header().origin.within(f) };
    }

    /// Tells a hook of the task, if the scheduler has some.
    #[cold]
    pub(crate) fn tell(&self, hook: impl FnOnce(&Hooks, &TaskMeta<'_>)) {
        if let Some(hooks) = self.scheduler().hooks() {
            hook(hooks, &TaskMeta::new(self.header()));
        }
    }

    /// Registers the task at the end of its first pending poll.
    #[inline(always)] // in each poll, and nearly always a look
    fn link(&self, first: Option<u16>) {
        if self.header().shard().is_none()
            && let Some(owned) = self.scheduler().owned()
        {
            owned.link(self);
        }
        self.end_first(first);
    }

    /// Polls a task that ends in this poll, and hands out the waker of who joins.
    pub(crate) fn run_to_end(self) -> Option<Waker> {
        let stay = Stay::try_new();
        let Begin::Poll(_) = self.header().state.begin_poll() else {
            drop(self); // cancels
            return None;
        };
        let running = Running::enter(self.task, stay.as_ref().map(Stay::ctx), BUDGET);
        self.header().count_poll();
        let attended = self.header().origin.is_attended();
        let polled = match attended {
            false => self.poll(),
            true => self.poll_attended(),
        };
        let Polled::Over(outcome) = polled else {
            unreachable!("a task that is run to its end ends in its first poll");
        };
        drop(running);
        if attended {
            drop(self.tell_end(outcome));
        }
        self.finish(outcome)
    }

    /// Drops the future here.
    fn cancel(self) -> Ran<S> {
        // Its drop would come back here.
        let this = ManuallyDrop::new(self);
        let attended = this.header().origin.is_attended();
        let stay = Stay::try_new();
        let running = Running::enter(this.task, stay.as_ref().map(Stay::ctx), BUDGET);
        // SAFETY: the `Runnable` is ours, and the stage holds the future until it completes.
        let drop_future = || unsafe { (this.header().vtable.drop_future)(this.task) };
        let outcome = match attended {
            false => drop_future(),
            true => {
                let mut outcome = None;
                this.within(&mut || outcome = Some(drop_future()));
                outcome.expect("dropped above")
            }
        };
        drop(running);
        ManuallyDrop::into_inner(this).end(outcome, attended)
    }

    /// Ends the task, whose stage holds what `outcome` says, and wakes who joins.
    #[inline(always)]
    fn end(self, outcome: Outcome, attended: bool) -> Ran<S> {
        let fatal = if attended { self.tell_end(outcome) } else { None };
        wake(self.finish(outcome));
        fatal.map_or(Ran::Done, Ran::Fatal)
    }

    /// Gives up what was inherited, and tells the hooks that the task is over: its future is gone.
    #[cold]
    fn tell_end(&self, outcome: Outcome) -> Option<Box<TaskPanic>> {
        // SAFETY: the `Runnable` is ours, and no poll or drop of the future goes on.
        let inherited = unsafe { self.header().origin.take_inherited() };
        contain(|| drop(inherited));
        let hooks = self.scheduler().hooks()?;
        let fatal = match outcome {
            Outcome::Panicked => {
                // SAFETY: alive: the `Runnable` is ours.
                let payload: *const BoxedPayload = unsafe { self.task.stage() };
                // SAFETY: holds a payload, which is ours until the task completes (I2, I6).
                hooks.panicked(self.header(), unsafe { &*payload })
            }
            Outcome::Output | Outcome::Dropped => None,
        };
        hooks.terminated(&TaskMeta::new(self.header()));
        fatal
    }

    /// Completes the task, whose stage holds what `outcome` says. Hands out the waker of who
    /// joins, if somebody waits.
    #[must_use]
    fn finish(self, mut outcome: Outcome) -> Option<Waker> {
        // Its drop would take the stage for a future: not even a panic in `owned` may run it.
        let this = ManuallyDrop::new(self);
        if this.header().shard().is_some()
            && let Some(owned) = this.scheduler().owned()
        {
            owned.unlink(&this);
        }
        let task = this.task;
        // SAFETY: alive: the runtime's reference is given up by the last turn of the loop.
        let header = unsafe { task.header() };
        loop {
            match header.state.complete(outcome) {
                Completed::Released => return None,
                Completed::Free => {
                    // SAFETY: it was the last reference.
                    unsafe { task.free() };
                    return None;
                }
                Completed::Unwanted => {
                    // SAFETY: the stage holds what `outcome` says; the handle is gone (I6).
                    unsafe { (header.vtable.drop_output)(task, outcome) };
                    outcome = Outcome::Dropped;
                }
                Completed::WakeJoin => {
                    // SAFETY: the slot is ours, and holds a waker (I5).
                    let waker = unsafe { header.take_join_waker() };
                    // SAFETY: the runtime's reference, which this transition left to us.
                    unsafe { task.drop_ref() };
                    return Some(waker);
                }
            }
        }
    }
}

impl<S: Schedule> Drop for Runnable<S> {
    /// Cancels: drops the future here.
    fn drop(&mut self) {
        // SAFETY: the right is ours, and given up by the caller's `drop` never running twice.
        drop(unsafe { Self::from_task(self.task) }.cancel());
    }
}

impl<S: Schedule> fmt::Debug for Runnable<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runnable")
            .field("id", &self.id())
            .field("name", &self.name())
            .field("spawned", &format_args!("{}", self.location()))
            .finish()
    }
}

impl<S: Schedule> fmt::Debug for Ran<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("Pending"),
            Self::Yielded(runnable) => f.debug_tuple("Yielded").field(runnable).finish(),
            Self::Done => f.write_str("Done"),
            Self::Fatal(panic) => f.debug_tuple("Fatal").field(panic).finish(),
        }
    }
}

/// Wakes who joins.
#[inline]
pub(crate) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        contain(|| waker.wake());
    }
}

/// Runs `f` with the context telling that `task` runs, if the thread has one. A panic is contained.
pub(crate) fn as_current(task: TaskRef, f: impl FnOnce()) {
    let stay = Stay::try_new();
    let ctx = stay.as_ref().map(Stay::ctx);
    let before = ctx.map(|ctx| ctx.task.replace(Some(task)));
    contain(f);
    if let (Some(ctx), Some(before)) = (ctx, before) {
        ctx.task.set(before);
    }
}

/// The context tells which task runs, until this is dropped; then what it told before.
struct Running<'a> {
    ctx: Option<&'a Ctx>,
    task: Option<TaskRef>,
    budget: u8,
    noted: (Option<Wait>, u8),
}

impl<'a> Running<'a> {
    #[inline]
    fn enter(task: TaskRef, ctx: Option<&'a Ctx>, budget: u8) -> Self {
        match ctx {
            Some(ctx) => Self {
                task: ctx.task.replace(Some(task)),
                budget: ctx.budget.begin(budget),
                noted: ctx.noted.begin(),
                ctx: Some(ctx),
            },
            None => Self { ctx: None, task: None, budget: 0, noted: (None, 0) },
        }
    }

    /// What the poll waits for goes to the task's header.
    #[inline]
    fn note(&self, header: &Header) {
        match self.ctx {
            Some(ctx) => header.note(&ctx.noted),
            None => header.note_nothing(),
        }
    }
}

impl Drop for Running<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(ctx) = self.ctx {
            ctx.task.set(self.task);
            ctx.budget.end(self.budget);
            ctx.noted.restore(self.noted);
        }
    }
}

#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
