//! The step and the loop around it: start reading here.
//!
//! A [`Core`] is what a thread holds while it is at home at a worker. A step either runs one task,
//! turns the driver, or says that there is nothing to do; the loop waits when there is nothing.
//!
//! Where the next task comes from, in this order: the shared queue, once in a while; the slot; the
//! worker's own queue; the shared queue; another worker's queue, of which half is taken.

use std::{fmt, iter};

use rt_task::base::context::Ctx;
use rt_task::base::driver::{Driver, Until, WakeBatch};
use rt_task::base::look::Look;
use rt_task::base::seam::{Choice, Choose, Wakes};
use rt_task::base::shim::Ordering::*;
use rt_task::{Fifo, Ran, TaskId};

use crate::crew::Seat;
use crate::driver::Held;
use crate::pace::Pace;
use crate::queue::{LocalQueue, Queues};
use crate::rules::Victims;
use crate::shared::Shared;
use crate::wait::WATCH;
use crate::watch::Watch;
use crate::worker::{LOCAL_MAX, Local, Own, Polling, Task, Worker};

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Polled this task.
    Ran(TaskId),
    /// Turned the driver, without waiting.
    Turned,
    /// Nothing: no task can run.
    Idle,
    /// Polled a task that gave the worker away.
    Lost,
    /// Nothing: the scheduler shuts down.
    Closed,
}

/// Why a thread's time at a worker is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Another thread has the worker.
    Lost,
    /// The scheduler shuts down.
    Closed,
}

/// Picks before the first turn of the driver, when nothing is known of how long polls take.
const PICKS_FIRST: u32 = 4;
/// Tasks from the slot in a row.
const SLOT_RUNS_MAX: u32 = 3;

pub(crate) struct Core<'a, D: Driver + Send + 'static, Q: Queues> {
    pub(crate) shared: &'a Shared<D, Q>,
    pub(crate) worker: &'a Worker<D, Q>,
    pub(crate) index: usize,
    ctx: &'a Ctx,
    pub(crate) seat: &'a Seat,
    /// Picks left before the driver is turned.
    event_credit: u32,
    /// Picks left before the shared queue comes first.
    global_credit: u32,
    /// Of all polls here, that with which everything has run that was queued when a batch was last taken.
    round_end: u64,
    /// Tasks from the slot left in this row.
    slot_credit: u32,
    /// Which task ran from the slot last.
    last_from_slot: Option<TaskId>,
    /// The task that ran last has ended.
    last_ended: bool,
    /// Counted in the idle word.
    pub(crate) searching: bool,
    /// The last wait was ended by a call, so the next one may be worth a look before it.
    pub(crate) was_called: bool,
    /// Called, and nothing has been run since.
    pub(crate) called_in_vain: bool,
    /// The watch has found the driver deserted: the next wait is in it.
    pub(crate) is_wanted_in_driver: bool,
    pub(crate) look: Look,
    pub(crate) pace: Pace,
    pub(crate) watch: Watch,
}

impl<'a, D: Driver + Send + 'static, Q: Queues> Core<'a, D, Q> {
    /// For a thread that has just come home at worker `index`.
    pub(crate) fn new(
        shared: &'a Shared<D, Q>,
        ctx: &'a Ctx,
        seat: &'a Seat,
        index: usize,
    ) -> Self {
        debug_assert!(shared.is_at(ctx, index));
        let worker = &*shared.workers[index];
        worker.sits(seat);
        // SAFETY: at home there. Who was here before may have left in the middle of a poll.
        unsafe { worker.own() }.polling.set(Polling::No);
        let pace = Pace::new(
            shared.clock,
            worker.counters.polls.read(),
            worker.counters.mean_poll_ns.read(),
        );
        Self {
            shared,
            worker,
            index,
            ctx,
            seat,
            event_credit: shared.config.event_interval.min(PICKS_FIRST),
            global_credit: 1,
            round_end: 0,
            slot_credit: SLOT_RUNS_MAX,
            last_from_slot: None,
            last_ended: false,
            searching: false,
            was_called: false,
            called_in_vain: false,
            is_wanted_in_driver: false,
            look: Look::new(),
            pace,
            watch: Watch::new(shared),
        }
    }

    /// Runs tasks until the scheduler shuts down or the worker is given away.
    pub(crate) fn run(&mut self) -> End {
        loop {
            match self.step() {
                Step::Ran(_) | Step::Turned => {}
                Step::Idle => {
                    if let Some(end) = self.wait() {
                        return end;
                    }
                }
                Step::Lost => return End::Lost,
                Step::Closed => {
                    self.stop_searching();
                    return End::Closed;
                }
            }
        }
    }

    /// One step. Never waits.
    #[inline]
    pub(crate) fn step(&mut self) -> Step {
        if self.event_credit == 0 {
            return self.tick();
        }
        let glance = self.shared.idle.glance(self.index);
        if glance.is_closed() {
            return Step::Closed;
        }
        let Some(task) = self.pick() else {
            return Step::Idle;
        };
        self.event_credit -= 1;
        if self.searching {
            self.found();
        } else if glance.is_short_of_searchers() {
            self.share();
        }
        self.run_task(task)
    }

    #[inline]
    fn run_task(&mut self, task: Picked<Task<D, Q>>) -> Step {
        self.worker.counters.polls.add(1);
        self.called_in_vain = false;
        let id = task.task.id();
        let fills_slot = self.slot_credit > 0 && self.shared.config.slot;
        let polling = if fills_slot { Polling::FillsSlot } else { Polling::Yes };
        self.own().polling.set(polling);
        let ran = match task.after_last {
            true => task.task.run_after(self.ctx),
            false => task.task.run_in(self.ctx),
        };
        if !self.shared.is_at(self.ctx, self.index) {
            self.shared.settle_elsewhere(ran);
            return Step::Lost;
        }
        self.own().polling.set(Polling::No);
        self.last_ended = matches!(ran, Ran::Done);
        match ran {
            Ran::Pending => {}
            Ran::Yielded(again) => {
                // It has found all that it asked for ready, and nobody else can run here: others wait
                // for what it does, a peer that reads what it writes, say, and only the driver knows.
                let is_idle = || self.own().local.is_empty() && !self.shared.has_shared();
                if self.ctx.is_spent() && is_idle() {
                    self.tick(); // whom it wakes comes first
                }
                self.push(again);
            }
            Ran::Done => self.worker.counters.ended.add(1),
            Ran::Fatal(panic) => {
                self.worker.counters.ended.add(1);
                self.shared.end_by(panic);
            }
        }
        Step::Ran(id)
    }

    #[inline]
    pub(crate) fn own(&self) -> &Own<Local<D, Q>> {
        // SAFETY: the thread is at home at this worker: it came home before `new`, and stops using
        // the core when a task has given the worker away (checked after each that runs).
        unsafe { self.worker.own() }
    }

    #[inline]
    pub(crate) fn push(&self, task: Task<D, Q>) {
        // SAFETY: as in `own`.
        unsafe { self.worker.push(self.shared, task) };
    }

    /// The next task.
    #[inline]
    fn pick(&mut self) -> Option<Picked<Task<D, Q>>> {
        if self.global_credit == 0 {
            self.global_credit = self.global_interval();
            if let Some(task) = self.pick_global() {
                return Some(Picked { task, after_last: false });
            }
        }
        self.global_credit -= 1;
        if let Some(task) = self.pick_slot() {
            return Some(Picked { task, after_last: true });
        }
        let task = match self.own().local.pop() {
            Some(task) => task,
            None => self.pick_global().or_else(|| self.steal())?,
        };
        self.slot_credit = SLOT_RUNS_MAX;
        Some(Picked { task, after_last: false })
    }

    /// What was woken last; or nothing, when those before it have used the budget up, or it is waited for
    /// by many who end one after another: then it has to wait for its turn. There are never too many in
    /// a row: the last that is allowed fills no slot.
    #[inline]
    fn pick_slot(&mut self) -> Option<Task<D, Q>> {
        let task = self.worker.slot.take()?;
        if self.ctx.is_spent() || self.is_to_gather(task.id()) {
            self.push(task);
            return None;
        }
        self.slot_credit = self.slot_credit.saturating_sub(1);
        self.last_from_slot = Some(task.id());
        Some(task)
    }

    /// Whether `task` was woken by one that has ended, as it was the last time that it ran from the slot,
    /// and others wait: what they bring it takes in one go, after them.
    /// See `docs/decisions/0008-whom-many-wake.md`.
    #[inline]
    fn is_to_gather(&self, task: TaskId) -> bool {
        self.last_ended && self.last_from_slot == Some(task) && !self.own().local.is_empty()
    }

    /// What came from outside, or a batch: the first is returned, and the rest goes to the worker's own
    /// queue, or as much of it as is run there before that overflows.
    ///
    /// A batch is taken once in a round: when all have run that were in the queue as the last one came, or
    /// would not have been there without. Those make room, if there is none. So what is in a batch has
    /// its turn when those before it had theirs, and keeps nothing waiting that came from outside.
    #[cold]
    fn pick_global(&mut self) -> Option<Task<D, Q>> {
        let queued = self.own().local.len();
        let most = room_max(self.global_interval());
        let polls = self.worker.counters.polls.read();
        let is_over = queued == 0 || polls >= self.round_end;
        let batch = if is_over { self.shared.take_batch() } else { None };
        let mut tasks = match batch {
            Some(batch) => {
                if queued + batch.len() > most {
                    self.move_out(queued.saturating_sub(most / 2));
                }
                let comes = most.saturating_sub(self.own().local.len()).min(batch.len());
                self.round_end = polls + (self.own().local.len() + comes) as u64;
                batch
            }
            None => self.shared.take_outside(&self.worker.counters)?,
        };
        let first = tasks.pop_front();
        let mut taken = 1;
        let room = most.saturating_sub(self.own().local.len());
        for task in iter::from_fn(|| tasks.pop_front()).take(room) {
            taken += 1;
            self.push(task);
        }
        if !tasks.is_empty() {
            self.shared.push_batch(tasks);
        }
        self.worker.counters.from_global.add(taken);
        first
    }

    /// The first so many of the queue go where all find them.
    fn move_out(&self, count: usize) {
        let mut out = Fifo::new();
        let first = iter::from_fn(|| self.own().local.pop()).take(count);
        first.for_each(|task| out.push_back(task));
        if !out.is_empty() {
            self.shared.push_batch(out);
        }
    }

    /// Half of another worker's queue, if not too many search already.
    #[cold]
    fn steal(&mut self) -> Option<Task<D, Q>> {
        let workers = self.shared.workers.len();
        if workers == 1 || !self.search() {
            return None;
        }
        let start = match Q::RULES.victims {
            Victims::Random | Victims::Richer => {
                self.ctx.rng().below(workers as u32, Choice::Victim) as usize
            }
            Victims::Next => (self.index + 1) % workers,
        };
        let has_several = |at: &usize| self.shared.workers[*at].queued() > 1;
        if Q::RULES.victims == Victims::Richer
            && let Some(at) = (start..workers).chain(0..start).find(has_several)
            && let Some(task) = self.steal_from(at)
        {
            return Some(task);
        }
        for at in (start..workers).chain(0..start) {
            let is_seen_empty = || Q::RULES.looks_first && !self.shared.workers[at].has_queued();
            if at == self.index || is_seen_empty() {
                continue;
            }
            if let Some(task) = self.steal_from(at) {
                return Some(task);
            }
        }
        // Something may have come from outside while we looked elsewhere.
        self.pick_global()
    }

    fn steal_from(&self, victim: usize) -> Option<Task<D, Q>> {
        let task = self.shared.workers[victim].steal(&self.own().local)?;
        let counters = &self.worker.counters;
        counters.steal_operations.add(1);
        counters.steals.add(1 + self.own().local.len() as u64);
        Some(task)
    }

    fn search(&mut self) -> bool {
        self.searching = self.searching || self.shared.idle.start_searching(self.index);
        self.searching
    }

    /// A searching worker has a task. The last one that searched sees whether there is more.
    #[cold]
    fn found(&mut self) {
        self.searching = false;
        let was_last = self.shared.idle.found(self.index);
        if !Q::RULES.hands_over {
            return;
        }
        if was_last && self.shared.has_shared() {
            return self.call();
        }
        self.share();
        // Those who would have called did not, since this one searched: it looks for them.
        if was_last
            && self.shared.idle.is_unwatched(self.index)
            && self.shared.has_work_beside(self.index)
        {
            self.shared.call_to_watch(self.index);
        }
    }

    pub(crate) fn stop_searching(&mut self) {
        if self.searching {
            self.searching = false;
            self.shared.idle.found(self.index);
        }
    }

    /// Calls a sleeper, if enough waits here. Or if nobody looks after what waits here, should the coming
    /// poll never end.
    #[inline]
    fn share(&mut self) {
        let backlog = self.own().local.len();
        if backlog == 0 {
            return;
        }
        if self.is_worth_a_call(backlog) {
            self.call();
        } else if self.shared.idle.is_unwatched(self.index) {
            self.shared.call_to_watch(self.index);
        }
    }

    #[inline]
    fn is_worth_a_call(&self, backlog: usize) -> bool {
        self.pace.is_worth_a_call(backlog, &self.shared.latency)
    }

    #[cold]
    fn call(&self) {
        if let Some(worker) = self.shared.idle.call(self.index, || self.shared.driver.waits()) {
            self.worker.counters.calls.add(1);
            self.shared.workers[worker].called_at.store(self.pace.now().0, Relaxed);
            self.shared.unpark(worker);
        }
    }

    fn global_interval(&self) -> u32 {
        self.shared.config.global_interval.unwrap_or_else(|| self.pace.global_interval())
    }

    /// What is done once in `event_interval` picks, or in fewer if polls are long.
    #[cold]
    fn tick(&mut self) -> Step {
        self.measure();
        self.event_credit = self.pace.event_interval(self.shared.config.event_interval);
        if let Some(mut driver) = self.shared.driver.try_hold() {
            let broken = self.turn(&mut driver, Until::Now);
            self.release(driver, broken);
        }
        if self.pace.is_due(WATCH) {
            self.rescue();
        }
        Step::Turned
    }

    pub(crate) fn measure(&mut self) {
        let counters = &self.worker.counters;
        let spent = self.pace.measure(counters.polls.read());
        counters.busy_ns.add(spent);
        counters.mean_poll_ns.set(self.pace.mean_ns());
    }

    /// Turns the driver, and wakes what it hands out. Whether it is of no use any more.
    pub(crate) fn turn(&self, driver: &mut Held<'_, D>, until: Until) -> bool {
        self.worker.counters.turns.add(1);
        let mut batch = WakeBatch::new();
        let turned = driver.with(|driver| driver.turn(until, &mut batch));
        batch.wake_all();
        turned.is_err_and(|error| {
            // The operating system no longer lets anybody wait (a closed descriptor, say). Tasks go
            // on; what waits for an event or a timer does not.
            rt_task::base::contain(|| panic!("the driver cannot wait any more: {error}"));
            true
        })
    }

    pub(crate) fn release(&self, driver: Held<'_, D>, broken: bool) {
        driver.waits_no_more();
        match broken {
            false => drop(driver),
            true => drop(driver.retire()),
        }
    }
}

/// Up to how many tasks a queue is filled from the shared one, by a worker that looks there after `interval`
/// picks: with one more at each look it is full after as many picks of its own as it then holds.
fn room_max(interval: u32) -> usize {
    let interval = u64::from(interval);
    (LOCAL_MAX as u64 * interval / (interval + 1)) as usize
}

/// A task to be run.
struct Picked<T> {
    task: T,
    /// With what the one before left of its budget.
    after_last: bool,
}

impl<D: Driver + Send + 'static, Q: Queues> fmt::Debug for Core<'_, D, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("index", &self.index)
            .field("seat", &self.seat)
            .field("searching", &self.searching)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, not(rt_loom)))]
mod tests;
