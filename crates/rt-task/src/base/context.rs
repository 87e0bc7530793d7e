//! What a thread knows of the runtime that it works for: one thread-local pointer to one
//! [`Ctx`].
//!
//! One thought: what a thread knows, and how it is entered and left.
//!
//! Two things live there. The *environment* ([`Env`]): handles to the pieces that code on this
//! thread may use, in a few fixed slots. Environments nest; the innermost counts. And the
//! *thread's own state*: the scheduler at home here, the task being polled, its budget and
//! wait slot. There is one of each, however deep the environments nest.
//!
//! A crate that owns a piece puts a typed accessor beside its handle
//! (`rt_reactor::Handle::current`), over [`io`] or [`time`]. Wording of errors is in one place:
//! [`Missing`].
//!
//! **Invariant.** No slot is read while foreign code holds a borrow of it: what is handed out
//! is counted, so a guard dropped inside an accessor frees nothing that is in use.

mod local;
mod read;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;
use core::ptr;

use super::budget::Budget;
use super::env::Slots;
pub use super::env::{Env, Missing, WeakEnv};
use super::rng::FastRng;
use crate::header::TaskRef;
use crate::id::IdBlock;
use crate::wait::Noted;
pub use local::{EnterLocal, enter_local, local};
pub use read::{blocking, clock, delay, io, spawner, time};

/// The state of one thread. See the module.
pub struct Ctx {
    /// Innermost last.
    entries: RefCell<Vec<Entry>>,
    /// What the innermost offers; null if there is none.
    innermost: Cell<*const Slots>,
    /// Entries plus running accessors; freed when these are gone and `readers`, too.
    users: Cell<usize>,
    /// Running accessors that read an environment: none is dropped meanwhile.
    readers: Cell<usize>,
    /// Environments that were left meanwhile.
    left: RefCell<Vec<Env>>,
    next_entry: Cell<u64>,
    /// Schedulers that take tasks of this thread alone. Innermost last.
    locals: RefCell<Vec<local::Entry>>,
    driven: Cell<Option<Driven>>,
    home: Cell<*const ()>,
    shard: Cell<u16>,
    pub(crate) task: Cell<Option<TaskRef>>,
    pub(crate) budget: Budget,
    pub(crate) noted: Noted,
    pub(crate) ids: IdBlock,
    rng: FastRng,
    /// Polls of tasks by who is polled itself, since somebody asked.
    picks: Cell<u32>,
}

struct Entry {
    key: u64,
    env: Env,
}

/// A thread that drives a runtime now: it must not block.
#[derive(Clone, Copy, Debug)]
pub struct Driven {
    /// Where the runtime was told to run on this thread.
    pub since: &'static Location<'static>,
    /// The entry of its environment.
    key: u64,
}

impl Driven {
    /// What the runtime offers; `None` on another thread than its own.
    #[must_use]
    pub fn env(&self) -> Option<Env> {
        let find = |ctx: &Ctx| {
            let entries = ctx.entries.borrow();
            entries.iter().find(|entry| entry.key == self.key).map(|entry| entry.env.clone())
        };
        peek(find).flatten()
    }
}

impl Default for Ctx {
    fn default() -> Self {
        Self {
            entries: RefCell::default(),
            innermost: Cell::new(ptr::null()),
            users: Cell::new(0),
            readers: Cell::new(0),
            left: RefCell::default(),
            next_entry: Cell::new(0),
            locals: RefCell::default(),
            driven: Cell::new(None),
            home: Cell::new(ptr::null()),
            shard: Cell::new(0),
            task: Cell::new(None),
            budget: Budget::unlimited(),
            noted: Noted::default(),
            ids: IdBlock::default(),
            rng: FastRng::unseeded(),
            picks: Cell::new(0),
        }
    }
}

impl Ctx {
    /// The address by which the scheduler that runs on this thread knows it is at home.
    #[inline]
    #[must_use]
    pub fn home(&self) -> *const () {
        self.home.get()
    }

    /// The shard of the owned-task registry that this thread links to.
    #[inline]
    #[must_use]
    pub fn shard(&self) -> u16 {
        self.shard.get()
    }

    /// Whether the last task that ran here left nothing of its budget.
    #[inline]
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.budget.last() == 0
    }

    /// Moves the thread to another home, or away from any (null): to take over, or lend, what is there.
    ///
    /// # Safety
    /// As [`drive_home`].
    pub unsafe fn move_home(&self, home: *const (), shard: u16) {
        self.home.set(home);
        self.shard.set(shard);
    }

    /// Notes `n` polls of tasks by a scheduler that is polled itself, for the one around it.
    #[inline]
    pub fn add_picks(&self, n: u32) {
        self.picks.set(self.picks.get().saturating_add(n));
    }

    /// What [`add_picks`](Self::add_picks) noted since this was last asked.
    #[inline]
    #[must_use]
    pub fn take_picks(&self) -> u32 {
        self.picks.take()
    }

    /// After an environment was left.
    fn find_innermost(&self) {
        let entries = self.entries.borrow();
        let slots = entries.last().map(|entry| Arc::as_ptr(&entry.env.slots));
        self.innermost.set(slots.unwrap_or(ptr::null()));
    }

    /// The thread's source of choices.
    #[must_use]
    pub fn rng(&self) -> &FastRng {
        &self.rng
    }
}

impl fmt::Debug for Ctx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ctx").field("driven", &self.driven.get()).finish_non_exhaustive()
    }
}

#[cfg(all(feature = "std", not(any(rt_loom, rt_sim))))]
mod tls {
    use super::Ctx;
    use alloc::boxed::Box;
    use core::cell::Cell;
    use core::ptr;

    std::thread_local! {
        static CURRENT: Cell<*const Ctx> = const { Cell::new(ptr::null()) };
        /// The one that the thread left last.
        static SPARE: Cell<Option<Box<Ctx>>> = const { Cell::new(None) };
    }
    /// Null when the thread has none, and while its locals are being destroyed.
    #[inline]
    pub(super) fn get() -> *const Ctx {
        CURRENT.try_with(Cell::get).unwrap_or(ptr::null())
    }
    pub(super) fn set(ctx: *const Ctx) {
        let _ = CURRENT.try_with(|current| current.set(ctx));
    }
    /// A context that was kept, or a new one.
    #[inline]
    pub(super) fn fresh() -> Box<Ctx> {
        SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default()
    }
    /// Keeps a context that was left, so that the next is had without an allocation.
    #[inline]
    pub(super) fn keep(ctx: Box<Ctx>) {
        let _ = SPARE.try_with(|spare| spare.set(Some(ctx)));
    }
}

#[cfg(rt_loom)]
mod tls {
    use super::Ctx;
    pub(super) use super::new_each_time::{fresh, keep};
    use core::cell::Cell;
    use core::ptr;

    loom::thread_local! {
        static CURRENT: Cell<*const Ctx> = Cell::new(ptr::null());
    }
    pub(super) fn get() -> *const Ctx {
        CURRENT.try_with(Cell::get).unwrap_or(ptr::null())
    }
    pub(super) fn set(ctx: *const Ctx) {
        let _ = CURRENT.try_with(|current| current.set(ctx));
    }
}

#[cfg(rt_sim)]
mod tls {
    use super::Ctx;
    pub(super) use super::new_each_time::{fresh, keep};
    use crate::base::shim::thread;

    /// Of the thread that is played.
    #[inline]
    pub(super) fn get() -> *const Ctx {
        thread::word().cast()
    }
    pub(super) fn set(ctx: *const Ctx) {
        thread::set_word(ctx.cast());
    }
}

#[cfg(not(any(feature = "std", rt_loom, rt_sim)))]
mod tls {
    use super::Ctx;
    pub(super) use super::new_each_time::{fresh, keep};

    /// Without threads known to us there is no context: budget and wait slot do nothing.
    pub(super) fn get() -> *const Ctx {
        core::ptr::null()
    }
    pub(super) fn set(_ctx: *const Ctx) {}
}

/// What [`tls`] offers besides, where no context is kept for the thread's next.
#[cfg(any(not(feature = "std"), rt_loom, rt_sim))]
mod new_each_time {
    use super::Ctx;
    use alloc::boxed::Box;

    pub(super) fn fresh() -> Box<Ctx> {
        Box::default()
    }
    pub(super) fn keep(_ctx: Box<Ctx>) {}
}

/// Runs `f` on the thread's context, if it has one. For a few field accesses: `f` must not run
/// foreign code, since nothing keeps the context alive meanwhile.
#[inline]
pub(crate) fn peek<R>(f: impl FnOnce(&Ctx) -> R) -> Option<R> {
    // SAFETY: the pointer is null or that of the live context of this thread: `leave` clears it
    // before it frees, and `f`, by this function's rule, leaves nothing.
    unsafe { tls::get().as_ref() }.map(f)
}

/// Runs `f` on the thread's context, if it has one. `f` may do anything, also leave.
pub fn with<R>(f: impl FnOnce(&Ctx) -> R) -> Option<R> {
    let stay = Stay::try_new()?;
    Some(f(stay.ctx()))
}

/// Keeps the thread's context alive.
pub(crate) struct Stay {
    ctx: *const Ctx,
}

impl Stay {
    #[inline]
    pub(crate) fn try_new() -> Option<Self> {
        peek(|ctx| {
            ctx.users.set(ctx.users.get() + 1);
            Self { ctx }
        })
    }

    /// The context, made first if there is none.
    pub(crate) fn new() -> Self {
        Self::try_new().unwrap_or_else(|| {
            let ctx = tls::fresh();
            ctx.users.set(1);
            let ctx = Box::into_raw(ctx);
            tls::set(ctx);
            Self { ctx }
        })
    }

    #[inline]
    pub(crate) fn ctx(&self) -> &Ctx {
        // SAFETY: `users` counts `self`, so nobody freed it.
        unsafe { &*self.ctx }
    }
}

impl Drop for Stay {
    #[inline]
    fn drop(&mut self) {
        let ctx = self.ctx();
        let users = ctx.users.get() - 1;
        ctx.users.set(users);
        if users == 0 && ctx.readers.get() == 0 {
            // SAFETY: nobody else keeps it.
            unsafe { end(self.ctx) };
        }
    }
}

/// Takes the thread's context away. Everything in it is as it was at first by now, but for the choices
/// and the block of ids, which go on, so that it may serve again.
///
/// # Safety
/// It is this thread's, with neither users nor readers left.
#[cold]
unsafe fn end(ctx: *const Ctx) {
    tls::set(ptr::null());
    // SAFETY: made by `Box::into_raw` in `Stay::new`; nobody keeps it (contract), this is the one
    // thread that can reach it, and the pointer to it is cleared.
    tls::keep(unsafe { Box::from_raw(ctx.cast_mut()) });
}

/// An environment that stays entered on this thread until the guard is dropped.
///
/// Guards may be dropped in any order. A forgotten one leaks its environment.
#[must_use = "the environment is left when the guard is dropped"]
#[derive(Debug)]
pub struct EnterGuard {
    key: u64,
    _stay: StayHere,
}

/// A `Stay` that cannot leave its thread.
struct StayHere(Stay, PhantomData<*const ()>);

impl fmt::Debug for StayHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this thread")
    }
}

/// Enters `env` on this thread.
pub fn enter(env: Env) -> EnterGuard {
    let stay = Stay::new();
    let key = stay.ctx().next_entry.get();
    stay.ctx().next_entry.set(key + 1);
    stay.ctx().innermost.set(Arc::as_ptr(&env.slots));
    stay.ctx().entries.borrow_mut().push(Entry { key, env });
    EnterGuard { key, _stay: StayHere(stay, PhantomData) }
}

impl Drop for EnterGuard {
    fn drop(&mut self) {
        let ctx = self._stay.0.ctx();
        let mut entries = ctx.entries.borrow_mut();
        let at = entries.iter().rposition(|entry| entry.key == self.key);
        let entry = at.map(|at| entries.remove(at));
        drop(entries); // before `entry`, whose drop may run anything
        ctx.find_innermost();
        match entry {
            Some(entry) if ctx.readers.get() > 0 => ctx.left.borrow_mut().push(entry.env),
            entry => drop(entry),
        }
    }
}

/// A thread that drives a runtime already was told to drive another.
#[derive(Clone, Copy, Debug)]
pub struct Nested {
    /// What it drives.
    pub outer: Driven,
}

/// Runs `f` with `env` entered, on a thread that must not block meanwhile: it drives a future, and
/// is at home at no scheduler.
///
/// # Errors
/// If the thread drives a runtime already.
#[track_caller]
pub fn drive<R>(env: Env, f: impl FnOnce(&Ctx) -> R) -> Result<R, Nested> {
    // SAFETY: at home nowhere.
    unsafe { drive_home(env, ptr::null(), 0, f) }
}

/// Runs `f` as the main loop of a scheduler: [`drive`], at home at the address `home`.
///
/// # Errors
/// If the thread drives a runtime already.
///
/// # Safety
/// What the scheduler at `home` keeps for the thread at home (that of `shard`, if there are several)
/// is touched by no other thread until `f` returns. With a null `home` there is nothing.
#[track_caller]
pub unsafe fn drive_home<R>(
    env: Env,
    home: *const (),
    shard: u16,
    f: impl FnOnce(&Ctx) -> R,
) -> Result<R, Nested> {
    if let Some(outer) = peek(|ctx| ctx.driven.get()).flatten() {
        return Err(Nested { outer });
    }
    let since = Location::caller();
    let driven = |key| Some(Driven { since, key });
    Ok(visit(env, driven, home, shard, f))
}

/// [`drive_home`] for the last loop of a scheduler that shuts down: allowed on a thread that drives
/// another, since it polls nothing and waits for pushes in flight alone.
///
/// # Safety
/// As [`drive_home`].
pub unsafe fn drive_last<R>(env: Env, home: *const (), shard: u16, f: impl FnOnce(&Ctx) -> R) -> R {
    let outer = driven();
    visit(env, |_| outer, home, shard, f)
}

/// Runs `f` with `env` entered on a thread that may block, such as one of a blocking pool.
pub fn visit_blocking<R>(env: Env, f: impl FnOnce(&Ctx) -> R) -> R {
    visit(env, |_| None, ptr::null(), 0, f)
}

/// Runs `f` at home at the address `home`, in the environment that is entered already: for a scheduler
/// that is a future, polled by whatever runs on this thread.
///
/// # Safety
/// As [`drive_home`].
pub unsafe fn stay_home<R>(home: *const (), f: impl FnOnce(&Ctx) -> R) -> R {
    let stay = Stay::new();
    let ctx = stay.ctx();
    let _restore = Restore {
        ctx,
        driven: ctx.driven.get(),
        home: ctx.home.replace(home),
        shard: ctx.shard.replace(0),
    };
    f(ctx)
}

/// Puts back what the thread drives and where it is at home, also when something panics.
struct Restore<'a> {
    ctx: &'a Ctx,
    driven: Option<Driven>,
    home: *const (),
    shard: u16,
}

impl Drop for Restore<'_> {
    fn drop(&mut self) {
        self.ctx.driven.set(self.driven);
        self.ctx.home.set(self.home);
        self.ctx.shard.set(self.shard);
    }
}

fn visit<R>(
    env: Env,
    driven: impl FnOnce(u64) -> Option<Driven>,
    home: *const (),
    shard: u16,
    f: impl FnOnce(&Ctx) -> R,
) -> R {
    let seed = env.slots.seed;
    let guard = enter(env);
    let ctx = guard._stay.0.ctx();
    if let Some(seed) = seed {
        ctx.rng.reseed(seed);
    }
    let _restore = Restore {
        ctx,
        driven: ctx.driven.replace(driven(guard.key)),
        home: ctx.home.replace(home),
        shard: ctx.shard.replace(shard),
    };
    f(ctx)
}

/// Runs `f`, which may block as long as it likes, on a thread that drives a runtime: until `f`
/// returns the thread counts as one that drives none, and the running task has no budget.
///
/// The scheduler at home has been moved away before ([`Ctx::move_home`]), or waits for `f`.
pub fn block_in_place<R>(ctx: &Ctx, f: impl FnOnce() -> R) -> R {
    struct Restore<'a> {
        ctx: &'a Ctx,
        driven: Option<Driven>,
        budget: u8,
    }
    impl Drop for Restore<'_> {
        fn drop(&mut self) {
            self.ctx.driven.set(self.driven);
            self.ctx.budget.restore(self.budget);
        }
    }
    let _restore = Restore { ctx, driven: ctx.driven.take(), budget: ctx.budget.lift() };
    f()
}

/// What this thread drives, if anything: it must not block then.
#[must_use]
pub fn driven() -> Option<Driven> {
    peek(|ctx| ctx.driven.get()).flatten()
}

/// Whether the scheduler at the address `home` runs on this thread.
#[inline]
#[must_use]
pub fn is_home(home: *const ()) -> bool {
    peek(|ctx| ctx.home.get()) == Some(home)
}

/// Which shard of its scheduler's pieces is this thread's, if the scheduler at the address `home`
/// runs on it.
#[inline]
#[must_use]
pub fn shard_at(home: *const ()) -> Option<u16> {
    peek(|ctx| (ctx.home.get() == home).then(|| ctx.shard.get())).flatten()
}

/// A copy of the entered environment.
#[must_use]
pub fn env() -> Option<Env> {
    peek(|ctx| ctx.entries.borrow().last().map(|entry| entry.env.clone())).flatten()
}

/// Whether `env` is the entered environment. One comparison.
#[inline]
#[must_use]
pub fn is_in(env: &WeakEnv) -> bool {
    peek(|ctx| env.is_of(ctx.innermost.get())) == Some(true)
}

/// Seeds the thread's choices, so that they repeat.
pub fn seed(ctx: &Ctx, seed: u64) {
    ctx.rng.reseed(seed);
}

#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
