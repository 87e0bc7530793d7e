//! The step and the loop around it: start reading here.
//!
//! A [`Core`] is what the one thread that drives the scheduler holds. A step either runs one task,
//! turns the driver, or says that there is nothing to do; the loop polls the root future between
//! steps and waits in the driver when there is nothing.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rt_task::base::context::Ctx;
use rt_task::base::driver::{Driver, Until, WakeBatch};
use rt_task::base::look::Look;
use rt_task::base::seam::Wakes;
use rt_task::base::shim::Ordering::*;
use rt_task::{Fifo, Ran, Runnable, TaskId, TaskPanic, coop};

use crate::bell::{ANY, ROOT};
use crate::builder::Config;
use crate::parking::{Busy, Parking};
use crate::shared::{Home, Shared};

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Polled this task.
    Ran(TaskId),
    /// Turned the driver, without waiting.
    Turned,
    /// Nothing: no task can run.
    Idle,
    /// Polled a task that panicked, and the hooks say that this is fatal: every task is dropped, and
    /// what is spawned from here on is cancelled. (Dropping them may have waited for wakers that other
    /// threads were about to use.)
    Fatal,
}

pub(crate) struct Core<D: Driver> {
    shared: Arc<Shared<D::Unpark>>,
    driver: D,
    config: Config,
    /// The inner half of the global queue: taken from the inbox, not run yet.
    global: Fifo<Home<D::Unpark>>,
    /// Picks left before the driver is turned.
    event_credit: u32,
    /// Local picks left before the global queue comes first.
    local_credit: u32,
    /// The root was woken, and the call answered.
    root_woken: bool,
    /// The last wait was ended by a call, so the next one may be worth a look before it.
    was_called: bool,
    look: Look,
    /// By what the scheduler was shut down.
    fatal: Option<Box<TaskPanic>>,
    /// What is told of each wait.
    pub(crate) parking: Option<Arc<Parking>>,
    /// Measures the time not spent waiting, if that was asked for.
    pub(crate) busy: Option<Busy>,
}

impl<D: Driver> Core<D> {
    pub(crate) fn new(shared: Arc<Shared<D::Unpark>>, driver: D, config: Config) -> Self {
        Self {
            shared,
            driver,
            config,
            global: Fifo::new(),
            event_credit: config.event_interval,
            local_credit: config.global_interval,
            root_woken: false,
            was_called: false,
            look: Look::new(),
            fatal: None,
            parking: None,
            busy: None,
        }
    }

    /// Runs `root` to its end, and tasks beside it.
    ///
    /// The root is polled when it was woken, as soon as nothing else can run or the driver has had
    /// its turn.
    ///
    /// # Panics
    /// If a task's panic has shut the scheduler down, or does so now.
    pub(crate) fn block_on<F: Future>(&mut self, ctx: &Ctx, mut root: Pin<&mut F>) -> F::Output {
        self.is_sound();
        self.restart();
        let waker = Waker::from(self.shared.clone());
        let mut cx = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(output) = coop::with_budget(ctx, || root.as_mut().poll(&mut cx)) {
                self.measure();
                return output;
            }
            // A poll of the root is a pick: a root that always yields must not keep the driver
            // from its turn.
            self.event_credit = self.event_credit.saturating_sub(1);
            let picks = ctx.take_picks();
            if picks > 0 {
                self.count_inner(ctx, picks);
            }
            self.run_until_root_is_woken(ctx);
        }
    }

    /// The root has polled so many tasks of a set: nor must these keep the driver from its turn.
    fn count_inner(&mut self, ctx: &Ctx, picks: u32) {
        match self.event_credit.checked_sub(picks) {
            Some(left) => self.event_credit = left,
            None => self.turn(ctx, Until::Now),
        }
    }

    fn run_until_root_is_woken(&mut self, ctx: &Ctx) {
        loop {
            match self.step(ctx) {
                Step::Ran(_) => continue,
                Step::Turned => {}
                Step::Idle if self.root_was_woken() => {}
                Step::Idle => self.wait(ctx, Until::Event),
                Step::Fatal => self.is_sound(),
            }
            if self.root_was_woken() {
                self.answer();
                self.root_woken = false;
                return;
            }
        }
    }

    /// # Panics
    /// If a task's panic has shut the scheduler down.
    fn is_sound(&self) {
        if let Some(panic) = &self.fatal {
            panic!("{panic}: that shut its runtime down, as it was told to");
        }
    }

    fn root_was_woken(&self) -> bool {
        self.root_woken || self.shared.bell.rang(ROOT)
    }

    /// Answers the calls. Those about the inbox need no more: every pick looks at it.
    fn answer(&mut self) {
        let called = self.shared.bell.answer();
        self.root_woken |= called & ROOT != 0;
        self.was_called |= called != 0;
    }

    /// Up to `steps` steps, for a scheduler that is polled. Tells how many there were, and whether it
    /// sleeps now, as nothing can run: until the next call its bell calls who polls it.
    pub(crate) fn run_some(&mut self, ctx: &Ctx, steps: u32) -> (u32, bool) {
        self.answer();
        for ran in 0..steps {
            while let Step::Idle = self.step(ctx) {
                if self.shared.bell.try_sleep() {
                    self.shared.counters.parks.add(1);
                    return (ran, true);
                }
                self.answer();
            }
        }
        (steps, false)
    }

    /// One step. Never waits.
    #[inline]
    pub(crate) fn step(&mut self, ctx: &Ctx) -> Step {
        if self.event_credit == 0 {
            self.turn(ctx, Until::Now);
            return Step::Turned;
        }
        let Some(runnable) = self.pick(ctx) else {
            return Step::Idle;
        };
        self.event_credit -= 1;
        let id = runnable.id();
        match self.run(ctx, runnable) {
            None => Step::Ran(id),
            Some(panic) => self.end_by(ctx, panic),
        }
    }

    /// The next task: local first, global when that is empty or has waited long enough.
    #[inline(always)] // the loop's, which is what runs; `run_some` has a copy
    fn pick(&mut self, ctx: &Ctx) -> Option<Runnable<Home<D::Unpark>>> {
        if self.local_credit == 0 {
            self.local_credit = self.config.global_interval;
            if let Some(runnable) = self.pick_global() {
                return Some(runnable);
            }
        }
        if let Some(runnable) = self.shared.with_local(ctx, Fifo::pop_front) {
            self.local_credit -= 1;
            return Some(runnable);
        }
        self.pick_global()
    }

    #[inline(never)]
    fn pick_global(&mut self) -> Option<Runnable<Home<D::Unpark>>> {
        if self.global.is_empty() {
            self.shared.inbox.take_into(&mut self.global);
        }
        let runnable = self.global.pop_front()?;
        self.shared.counters.from_global.add(1);
        Some(runnable)
    }

    #[inline(always)] // as `pick`
    fn run(&mut self, ctx: &Ctx, runnable: Runnable<Home<D::Unpark>>) -> Option<Box<TaskPanic>> {
        self.shared.counters.polls.add(1);
        match runnable.run_in(ctx) {
            Ran::Pending => None,
            Ran::Yielded(again) => {
                // It has found all that it asked for ready, and nobody else can run: others wait for
                // what it does, a peer that reads what it writes, say, and only the driver knows.
                if ctx.is_spent() && self.is_idle(ctx) {
                    let credit = self.event_credit;
                    self.turn(ctx, Until::Now); // whom it wakes comes first
                    self.event_credit = credit; // the root's turn comes with that of a whole interval
                }
                self.shared.with_local(ctx, |local| local.push_back(again));
                None
            }
            Ran::Done => {
                self.shared.counters.ended.add(1);
                None
            }
            Ran::Fatal(panic) => {
                self.shared.counters.ended.add(1);
                Some(panic)
            }
        }
    }

    /// Whether no task is queued anywhere.
    fn is_idle(&self, ctx: &Ctx) -> bool {
        self.shared.with_local(ctx, |local| local.is_empty())
            && self.global.is_empty()
            && self.shared.inbox.is_empty()
    }

    /// A panic of a task is fatal: shuts down.
    #[cold]
    fn end_by(&mut self, ctx: &Ctx, panic: Box<TaskPanic>) -> Step {
        self.fatal = Some(panic);
        self.shutdown(ctx);
        Step::Fatal
    }

    /// Turns the driver, and wakes what it hands out.
    pub(crate) fn turn(&mut self, ctx: &Ctx, until: Until) {
        self.event_credit = self.config.event_interval;
        self.measure();
        let counters = &self.shared.counters;
        counters.turns.add(1);
        counters.local_depth.set(self.shared.with_local(ctx, |local| local.len() as u64));
        let mut batch = WakeBatch::new();
        let turned = self.driver.turn(until, &mut batch);
        self.answer(); // before the batch: what it wakes finds the scheduler awake
        batch.wake_all();
        if let Err(error) = turned {
            // The operating system no longer lets this thread wait (a closed descriptor, say):
            // no task of it would ever be woken again.
            panic!("the driver cannot wait any more: {error}");
        }
    }

    /// Waits in the driver, up to `until`, for something to do. Returns at once if somebody called.
    pub(crate) fn wait(&mut self, ctx: &Ctx, until: Until) {
        let Some(parking) = self.parking.clone() else {
            return self.wait_in_driver(ctx, until);
        };
        parking.parks();
        // What the hook woke or spawned is here.
        if self.shared.with_local(ctx, |local| local.is_empty()) {
            self.wait_in_driver(ctx, until);
        }
        parking.unparks();
    }

    fn wait_in_driver(&mut self, ctx: &Ctx, until: Until) {
        if self.was_called {
            let bell = &self.shared.bell;
            self.look.around(|| true, || bell.rang(ANY));
        }
        if !self.shared.bell.try_sleep() {
            return self.answer();
        }
        self.shared.counters.parks.add(1);
        self.was_called = false; // `answer` tells
        self.turn(ctx, until);
        self.restart();
        self.shared.counters.unparks.add(1);
    }

    /// What was not spent waiting since the last time goes to the counters.
    #[inline]
    fn measure(&mut self) {
        if let Some(busy) = &mut self.busy {
            self.shared.counters.busy_ns.add(busy.lap());
        }
    }

    #[inline]
    fn restart(&mut self) {
        if let Some(busy) = &mut self.busy {
            busy.lap();
        }
    }

    /// Drops every task. Returns when none is alive and no push is in flight.
    ///
    /// 1. From here on what is spawned is cancelled.
    /// 2. What is queued is dropped; its drop may wake others, which are queued.
    /// 3. What is idle is cancelled, hence dropped.
    /// 4. With no task alive and nothing in the inbox, the inbox is closed: done.
    /// 5. Else a waker on another thread holds a task and is about to push it: wait for its call.
    pub(crate) fn shutdown(&mut self, ctx: &Ctx) {
        self.shared.closing.store(true, Relaxed); // 1: a hint; 4 is what counts
        loop {
            while let Some(runnable) = self.pick(ctx) {
                drop(runnable); // 2
                self.shared.counters.ended.add(1);
            }
            let mut idle = self.shared.owned.cancel_all(); // 3
            while let Some(runnable) = idle.pop_front() {
                drop(runnable);
                self.shared.counters.ended.add(1);
            }
            let queued = self.shared.with_local(ctx, |local| !local.is_empty());
            if queued || !self.shared.inbox.is_empty() {
                continue;
            }
            if self.shared.counters.alive() == 0 && self.shared.inbox.close() {
                return; // 4
            }
            self.wait(ctx, Until::Event); // 5
        }
    }
}

impl<D: Driver> fmt::Debug for Core<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("config", &self.config).finish_non_exhaustive()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, not(rt_loom)))]
mod tests;
