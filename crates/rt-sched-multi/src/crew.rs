//! The threads of a scheduler: how they start, who is at home where, and how the last one leaves.
//!
//! A thread is at home at one worker at a time, or at none. `block_in_place` takes a thread away from
//! its worker, which another thread, a standby, takes over.
//!
//! # Protocol: hand-over
//! | thread that is about to block            | standby                                   |
//! |------------------------------------------|-------------------------------------------|
//! | B1 leave home, store OFFERED             | G1 wait for a worker's number             |
//! | B2 unless one is EXPECTED: store the number at a standby, unpark | G2 swap EXPECTED → not |
//! | block                                    | G3 exchange OFFERED → taken: at home, else G1 |
//! | B3 exchange OFFERED → taken: home again, else homeless |                             |
//!
//! **Claim (one at home).** At most one thread is at home at a worker, and it sees what the one before
//! did there.
//! **Why.** Who leaves home does so before B1; who comes home does it after an exchange that only one
//! wins, and which is an Acquire of B1's Release. B3 may fail: the thread then goes on with its task,
//! as one that is no worker's, and is a standby when that pends.
//! **Breaks if** B1 is weaker than Release, or G3 than Acquire.
//! **Checked by** `crew::loom_tests::one_at_home`.
//!
//! **Claim (somebody comes).** An offer that is not taken back is taken by a standby.
//! **Why.** B2 and G2 swap one word. B2 first, and finds a standby expected: that one's G2 comes
//! later, and with it the G3 that sees B1. G2 first: B2 finds none expected, and sends one.
//! **Breaks if** B2 is weaker than Release or G2 than Acquire.
//! **Checked by** `crew::loom_tests::somebody_comes`.
//!
//! # Protocol: shutdown
//! 1. The idle word is closed: nobody waits any more, and what is spawned from here on is cancelled.
//! 2. Every worker finishes its poll and leaves: it drops what is queued anywhere and what is idle.
//! 3. The last one stays. What wakers on other threads push it drops, and it waits for tasks that run
//!    on threads which gave their worker away, until none is alive.
//! 4. With none alive and nothing in the inbox, it closes that.
//! 5. It drops the driver, sends the standbys home and says that all is done.
//!
//! **Claim (nothing is left).** When 5 is said, every task that was ever spawned has ended, and the
//! driver is gone.
//! **Why.** A task is queued, idle, polled, or about to be pushed. Who pushes from outside, or ends or
//! pends elsewhere, looks at the idle word after that, with a fence between (or the registry's lock);
//! the last worker has seen the word closed, and looks at all of it after a fence. So one of the two
//! sees the other, and what is too late for the drain calls the last worker. The count of tasks alive
//! is raised before a task can be queued and lowered after it has ended; who sees an end counted sees
//! what that thread had counted before.
//! **Breaks if** a push, or an end elsewhere, does not call; if one of the fences goes; or if the count
//! of ends is weaker than Release and Acquire.
//! **Checked by** `crew::loom_tests::nothing_is_left`, and the models beside it for each way to end.

use std::sync::Arc as StdArc;
use std::time::Duration;
use std::{fmt, io, mem, ptr};

use rt_task::base::contain;
use rt_task::base::context::{self, Env, WeakEnv};
use rt_task::base::driver::Driver;
use rt_task::base::shim::{
    AtomicUsize, Condvar, Mutex, MutexGuard, Ordering::*, PoisonError, Token, fence, site, thread,
};

use crate::core::{Core, End};
use crate::metrics::Counters;
use crate::queue::{LocalQueue, Queues};
use crate::shared::Shared;
use crate::worker::{Polling, Worker};

/// Where a thread of the crew waits.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) token: Token,
    /// What it is called for: a worker's number plus one, or an order.
    order: AtomicUsize,
}

const NONE: usize = 0;
const LEAVE: usize = usize::MAX;

impl Seat {
    pub(crate) fn here() -> StdArc<Self> {
        StdArc::new(Self { token: Token::here(), order: AtomicUsize::new(NONE) })
    }

    /// Ends a wait whose reason the waiting thread sees for itself.
    pub(crate) fn unpark(&self) {
        self.token.unpark();
    }

    fn order(&self, order: usize) {
        // Release pairs with `take_order`: the standby's G2 comes after B2. A swap, since the checker lets
        // a store come between the two halves of the other side's.
        // weaker unnoticed: in a model a read-modify-write reads what was written last
        self.order.swap(order, site("crew.order", Release));
        self.token.unpark();
    }

    /// G1.
    fn take_order(&self) -> usize {
        loop {
            // Acquire pairs with `order`.
            // weaker unnoticed: as there
            match self.order.swap(NONE, site("crew.take-order", Acquire)) {
                NONE => self.token.park(),
                order => return order,
            }
        }
    }
}

pub(crate) struct Crew {
    /// What is counted in a shutdown. Written by several threads at that time, and read by nobody who
    /// minds.
    pub(crate) counters: Counters,
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Default)]
struct State {
    env: Option<WeakEnv>,
    threads: Vec<thread::JoinHandle<()>>,
    /// Kept for the scheduler's life: who calls a worker may still look at its thread's.
    seats: Vec<StdArc<Seat>>,
    standbys: Vec<StdArc<Seat>>,
    /// Workers that have not left.
    working: usize,
    /// Waits for the last tasks.
    last: Option<StdArc<Token>>,
    done: bool,
}

impl Crew {
    pub(crate) fn new() -> Self {
        Self {
            counters: Counters::new(),
            state: Mutex::new(State::default()),
            done: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls the last worker, if that waits: a task has ended, or was pushed.
    #[cold]
    pub(crate) fn call_last(&self) {
        let last = self.lock().last.clone();
        if let Some(last) = last {
            last.unpark();
        }
    }

    /// Waits until all is done, up to `timeout`. Whether it is.
    pub(crate) fn wait_until_done(&self, timeout: Option<Duration>) -> bool {
        let mut state = self.lock();
        let end = timeout.and_then(deadline);
        while !state.done {
            state = match end.map(time_left) {
                None => self.done.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return false,
                Some(left) => {
                    self.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        let threads = mem::take(&mut state.threads);
        drop(state);
        let here = thread::current().id();
        for thread in threads {
            if thread.thread().id() != here {
                // Its panic, should there be one, was told by the panic hook.
                let _ = thread.join();
            }
        }
        true
    }

    /// Whether the calling thread is one of the scheduler's own, at home or not.
    pub(crate) fn is_here(&self) -> bool {
        let here = thread::current().id();
        self.lock().threads.iter().any(|thread| thread.thread().id() == here)
    }

    /// Workers that have not left.
    pub(crate) fn working(&self) -> usize {
        self.lock().working
    }
}

#[expect(clippy::disallowed_methods, reason = "waiting for real; no clock can be asked for that")]
fn deadline(timeout: Duration) -> Option<std::time::Instant> {
    std::time::Instant::now().checked_add(timeout)
}

#[expect(clippy::disallowed_methods, reason = "waiting for real; no clock can be asked for that")]
fn time_left(end: std::time::Instant) -> Duration {
    end.saturating_duration_since(std::time::Instant::now())
}

/// Starts a thread for each worker.
///
/// # Errors
/// If the system starts no more threads. Those that were started have left then.
pub(crate) fn start<D: Driver + Send + 'static, Q: Queues>(
    shared: &StdArc<Shared<D, Q>>,
    env: &Env,
) -> io::Result<()> {
    let workers = shared.workers.len();
    {
        let mut state = shared.crew.lock();
        state.env = Some(env.downgrade());
        state.working = workers;
    }
    for worker in 0..workers {
        if let Err(error) = start_thread(shared, env.clone(), worker, false) {
            close(shared);
            for _ in worker..workers {
                leave(shared);
            }
            shared.crew.wait_until_done(None);
            return Err(error);
        }
    }
    Ok(())
}

/// Starts a thread that comes home at `worker`; with `by_offer` only if it takes that (G3).
fn start_thread<D: Driver + Send + 'static, Q: Queues>(
    shared: &StdArc<Shared<D, Q>>,
    env: Env,
    worker: usize,
    by_offer: bool,
) -> io::Result<()> {
    let mut builder = thread::Builder::new().name(shared.config.thread_name());
    if let Some(bytes) = shared.config.stack_size {
        builder = builder.stack_size(bytes);
    }
    let theirs = shared.clone();
    // Under the lock: a thread that has ended is never missing from the list.
    let mut state = shared.crew.lock();
    let thread = builder.spawn(move || main(&theirs, env, worker, by_offer))?;
    state.threads.push(thread);
    Ok(())
}

/// The life of one thread.
fn main<D: Driver + Send + 'static, Q: Queues>(
    shared: &StdArc<Shared<D, Q>>,
    env: Env,
    first: usize,
    by_offer: bool,
) {
    let seat = Seat::here();
    shared.crew.lock().seats.push(seat.clone());
    let ran = context::drive(env, |ctx| {
        shared.config.thread_starts();
        context::seed(ctx, shared.config.seed.wrapping_add(first as u64));
        let mut next = match by_offer && !answer(&shared.workers[first]) {
            false => Some(first),
            true => stand_by(shared, &seat),
        };
        while let Some(worker) = next {
            shared.config.comes_home(worker);
            // SAFETY: whoever started this thread gave it the worker, or G3 did: nobody else is at
            // home there (Claim).
            unsafe { ctx.move_home(shared.address(), worker as u16) };
            if Core::new(shared, ctx, &seat, worker).run() == End::Closed {
                // SAFETY: at home nowhere.
                unsafe { ctx.move_home(ptr::null(), 0) };
                leave(shared);
            }
            next = stand_by(shared, &seat);
        }
        shared.config.thread_stops();
    });
    debug_assert!(ran.is_ok(), "a fresh thread drives nothing else");
}

/// G1, G2: waits for a worker to take over. `None` when the thread is to leave.
fn stand_by<D: Driver + Send + 'static, Q: Queues>(
    shared: &Shared<D, Q>,
    seat: &StdArc<Seat>,
) -> Option<usize> {
    loop {
        {
            let mut state = shared.crew.lock();
            if state.working == 0 {
                return None;
            }
            state.standbys.push(seat.clone());
        }
        match seat.take_order() {
            LEAVE => return None,
            order => {
                if answer(&shared.workers[order - 1]) {
                    return Some(order - 1);
                }
            }
        }
    }
}

/// G2, G3, for a standby that was sent.
fn answer<D: Driver + Send + 'static, Q: Queues>(worker: &Worker<D, Q>) -> bool {
    // Acquire pairs with B2: G3 reads what B1 wrote, or later.
    // weaker unnoticed: in a model a read-modify-write reads what was written last
    worker.expects_standby.swap(false, site("crew.G2", Acquire));
    take_offer(worker)
}

/// G3, B3.
fn take_offer<D: Driver + Send + 'static, Q: Queues>(worker: &Worker<D, Q>) -> bool {
    // Acquire pairs with B1.
    worker.offered.compare_exchange(true, false, site("crew.G3", Acquire), Relaxed).is_ok()
}

/// Runs `f`, which may block. If this thread is a worker's, another becomes the worker meanwhile.
pub(crate) fn block_in_place<D: Driver + Send + 'static, Q: Queues, R>(
    shared: &StdArc<Shared<D, Q>>,
    f: impl FnOnce() -> R,
) -> R {
    let Some(ran) = context::with(|ctx| {
        let _lent = shared.worker_here().and_then(|worker| Lent::lend(shared, ctx, worker));
        context::block_in_place(ctx, f)
    }) else {
        unreachable!("called where a scheduler is entered")
    };
    ran
}

/// A worker that its thread has given away, for the time of a closure.
struct Lent<'a, D: Driver + Send + 'static, Q: Queues> {
    shared: &'a Shared<D, Q>,
    ctx: &'a context::Ctx,
    worker: usize,
}

impl<'a, D: Driver + Send + 'static, Q: Queues> Lent<'a, D, Q> {
    /// B1, B2. `None` if no thread can be had.
    fn lend(
        shared: &'a StdArc<Shared<D, Q>>,
        ctx: &'a context::Ctx,
        worker: usize,
    ) -> Option<Self> {
        let it = &shared.workers[worker];
        // SAFETY: at home there, until below.
        if unsafe { it.own() }.polling.get() == Polling::No {
            return None; // a hook, or a waker that the driver handed out, blocks: not a task
        }
        if let Some(task) = it.slot.take() {
            // SAFETY: at home there, until below.
            unsafe { it.push(shared, task) };
        }
        // SAFETY: at home nowhere.
        unsafe { ctx.move_home(ptr::null(), ctx.shard()) };
        let lent = Self { shared, ctx, worker };
        it.offered.store(true, site("crew.B1", Release)); // B1, pairs with G3
        // B2. Release pairs with G2.
        // weaker unnoticed: as there
        if !it.expects_standby.swap(true, site("crew.B2", Release))
            && send_standby(shared, worker).is_err()
        {
            it.expects_standby.store(false, Relaxed); // as it was
            return None; // home again, by the drop
        }
        Some(lent)
    }
}

/// B2: sends a standby to take `worker` over, or starts one.
fn send_standby<D: Driver + Send + 'static, Q: Queues>(
    shared: &StdArc<Shared<D, Q>>,
    worker: usize,
) -> io::Result<()> {
    let (standby, env) = {
        let mut state = shared.crew.lock();
        (state.standbys.pop(), state.env.as_ref().and_then(WeakEnv::upgrade))
    };
    match (standby, env) {
        (Some(seat), _) => {
            seat.order(worker + 1);
            Ok(())
        }
        (None, Some(env)) => start_thread(shared, env, worker, true),
        (None, None) => Err(io::ErrorKind::NotFound.into()), // nobody is left who would need it
    }
}

impl<D: Driver + Send + 'static, Q: Queues> Drop for Lent<'_, D, Q> {
    /// B3.
    fn drop(&mut self) {
        if take_offer(&self.shared.workers[self.worker]) {
            // SAFETY: nobody else is at home there (Claim).
            unsafe { self.ctx.move_home(self.shared.address(), self.worker as u16) };
        }
    }
}

/// Shuts down: phase 1. Whoever sleeps is called.
pub(crate) fn close<D: Driver + Send + 'static, Q: Queues>(shared: &Shared<D, Q>) {
    for worker in shared.idle.close() {
        shared.unpark(worker);
    }
}

/// Phase 2, for a thread that is at home nowhere; and the rest for the last.
pub(crate) fn leave<D: Driver + Send + 'static, Q: Queues>(shared: &Shared<D, Q>) {
    drain(shared);
    let left = {
        let mut state = shared.crew.lock();
        state.working -= 1;
        state.working
    };
    if left == 0 {
        finish(shared);
    }
}

/// Phases 3 to 5.
pub(crate) fn finish<D: Driver + Send + 'static, Q: Queues>(shared: &Shared<D, Q>) {
    let token = StdArc::new(Token::here());
    shared.crew.lock().last = Some(token.clone());
    fence(site("crew.finish", SeqCst)); // pairs with C1's, and with that of who ends a task elsewhere
    loop {
        drain(shared); // 3
        if shared.alive() == 0 && shared.close_inbox() {
            break; // 4
        }
        if shared.has_shared() {
            continue;
        }
        token.park(); // for `call_last`; one that came since the drain began is kept
    }
    // 5
    if let Some(driver) = shared.driver.try_hold() {
        contain(|| drop(driver.retire()));
    }
    let mut state = shared.crew.lock();
    state.last = None;
    state.done = true;
    for seat in state.standbys.drain(..) {
        seat.order(LEAVE);
    }
    shared.crew.done.notify_all();
}

/// Drops what is queued anywhere, and what is idle.
fn drain<D: Driver + Send + 'static, Q: Queues>(shared: &Shared<D, Q>) {
    let loot = Worker::<D, Q>::loot();
    loop {
        let mut ended = 0;
        let mut end = |task| {
            drop(task);
            ended += 1;
        };
        for worker in &shared.workers {
            if let Some(task) = worker.slot.take() {
                end(task);
            }
            while let Some(task) = worker.steal(&loot) {
                end(task);
                while let Some(task) = loot.pop() {
                    end(task);
                }
            }
        }
        while let Some(mut batch) = shared.take_shared(&shared.crew.counters) {
            while let Some(task) = batch.pop_front() {
                end(task);
            }
        }
        let mut idle = shared.owned.cancel_all();
        while let Some(task) = idle.pop_front() {
            end(task);
        }
        if ended == 0 {
            return;
        }
        // The crew's lock orders it, if another than the last counts.
        shared.elsewhere.ended.fetch_add(ended, Relaxed);
    }
}

impl fmt::Debug for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crew").finish_non_exhaustive()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, not(rt_loom)))]
mod stress_tests;
