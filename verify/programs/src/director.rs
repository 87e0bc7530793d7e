//! Runs a program, step by step, and compares it with the model after each.
//!
//! A step is over when every task waits to be woken: two looks at all of them find the same number of polls, and
//! none that is woken or runs. So a task that was to be woken, and was not, is found at once, and one that was
//! woken and is not polled after a while.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use rt_facade::runtime::{Handle, RuntimeCounts};
use rt_facade::task::yield_now;
use rt_facade::time::{Duration, sleep};
use rt_task::TaskState;
use rt_task::base::clock::Monotonic;
use rt_task::base::seam::Clock;

use crate::actor;
use crate::flavor::Flavor;
use crate::model::{self, Model, Told};
use crate::program::{Command, Ending, Op, Program, Serial, Step};
use crate::world::{World, lock};
use crate::{Counts, Failure};

/// How long a step may last that waits for sockets, threads or the time; or a task, to be polled.
const LIMIT: Duration = Duration::from_secs(5);

pub(crate) struct Director<'a> {
    pub(crate) world: &'a Arc<World>,
    pub(crate) handle: Handle,
    pub(crate) flavor: Flavor,
    pub(crate) counts: &'a Counts,
    before: RuntimeCounts,
    workers: Vec<[u64; 7]>,
    serial: Serial,
    aborts: bool,
}

impl<'a> Director<'a> {
    pub(crate) fn new(
        world: &'a Arc<World>,
        handle: Handle,
        flavor: Flavor,
        counts: &'a Counts,
    ) -> Self {
        Self {
            world,
            handle,
            flavor,
            counts,
            before: RuntimeCounts::default(),
            workers: Vec::new(),
            serial: 0,
            aborts: false,
        }
    }

    /// What may be true at the end, or what went wrong.
    pub(crate) async fn run(mut self, program: &Program) -> Result<Vec<Model>, Failure> {
        let mut models = vec![Model::new(program.tasks, self.flavor.clock_runs())];
        for id in 0..program.tasks {
            let handle = actor::spawn(self.world, id);
            let _ = self.world.handles[usize::from(id)].put(handle);
        }
        models = self.settle(models.clone(), models, 0).await?;
        for (number, step) in program.steps.iter().enumerate() {
            self.counts.steps.fetch_add(1, Relaxed);
            let begun = match step {
                Step::Race(race) => self.race(models, race),
                Step::Advance(_) => models,
            };
            let ends = match step {
                Step::Race(_) => model::outcomes(begun.clone()),
                Step::Advance(_) if self.flavor.clock_runs() => Some(begun.clone()),
                Step::Advance(span) => {
                    sleep(Duration::from_millis((*span).into())).await;
                    model::after(begun.clone(), *span)
                }
            };
            let Some(ends) = ends else {
                self.counts.given_up.fetch_add(1, Relaxed);
                self.abort_all();
                return Ok(Vec::new());
            };
            models = self.settle(begun, ends, number).await?;
        }
        if program.ending == Ending::Aborted {
            self.aborts = true;
            self.abort_all();
            models.iter_mut().for_each(Model::abort_all);
            models = self.settle(models.clone(), models, program.steps.len()).await?;
            self.check_leftovers(program.closures()).await?;
        }
        Ok(models)
    }

    /// Tells all of the step at once.
    fn race(&mut self, mut models: Vec<Model>, race: &[Command]) -> Vec<Model> {
        for Command { who, op } in race {
            self.serial += 1;
            let is_idle = |id| models.first().is_some_and(|model| model.is_idle(id));
            // Who still waits is told nothing: it would be lost on it.
            if who.is_none_or(is_idle) {
                self.counts.commands.fetch_add(1, Relaxed);
                models.iter_mut().for_each(|model| model.tell(*who, self.serial, op));
                self.tell(*who, op);
            }
        }
        models
    }

    fn tell(&self, who: Option<u8>, op: &Op) {
        match (who, op) {
            (Some(id), op) => self.world.mailboxes[usize::from(id)].put(self.serial, op.clone()),
            (None, Op::Act(act)) => drop(actor::act(self.world, *act, self.serial)),
            (None, _) => unreachable!("the outside waits for nothing"),
        }
    }

    fn abort_all(&self) {
        for handle in &self.world.aborts {
            if let Some(handle) = &*lock(handle) {
                handle.abort();
            }
        }
    }

    /// Waits until nothing moves; those of `ends` that are as the runtime is then.
    async fn settle(
        &mut self,
        begun: Vec<Model>,
        ends: Vec<Model>,
        step: usize,
    ) -> Result<Vec<Model>, Failure> {
        let clock = Monotonic::new();
        let waits = begun.iter().any(Model::waits_for_outside);
        let mut before = None;
        loop {
            let late = Duration::from_nanos(clock.now().0) > LIMIT;
            if let Some(fault) = self.world.lives.faults.first() {
                return Err(self.failure(step, fault));
            }
            let look = self.look();
            let is_quiet = look.is_some() && look == before;
            before = look;
            if is_quiet {
                let seen = self.seen().map_err(|fault| self.failure(step, fault))?;
                let fits = |end: &Model| self.fits(end, &seen);
                let mut fitting: Vec<Model> =
                    ends.iter().filter(|end| fits(end)).cloned().collect();
                if !fitting.is_empty() {
                    self.check_counts().map_err(|fault| self.failure(step, fault))?;
                    lock(&self.world.reports).clear();
                    fitting.iter_mut().for_each(Model::step_ends);
                    return Ok(fitting);
                }
                if !waits || late {
                    return Err(self.failure(step, self.differs(&ends, &seen)));
                }
            }
            if late {
                return Err(self.failure(
                    step,
                    "tasks do not come to rest: one is woken and not polled".into(),
                ));
            }
            self.relax().await;
        }
    }

    /// Lets others run.
    async fn relax(&self) {
        self.world.turns.fetch_add(1, Relaxed);
        match self.flavor.is_multi() {
            true => thread::yield_now(),
            false => yield_now().await,
        }
    }

    /// Every task and how often it was polled, if all wait to be woken.
    fn look(&self) -> Option<Vec<(rt_task::TaskId, u32)>> {
        let (mut tasks, mut idle) = (Vec::new(), true);
        let mut add = |id, state, polls| {
            idle &= state == TaskState::Idle;
            tasks.push((id, polls));
        };
        match self.flavor {
            // The runtime itself does not count those of sets among its own.
            Flavor::LocalSet => {
                self.handle
                    .dump()
                    .tasks()
                    .iter()
                    .for_each(|task| add(task.id(), task.state(), task.polls()));
            }
            _ => self.handle.for_each_task(|info| add(info.id, info.state, info.polls)),
        }
        tasks.sort_unstable();
        let counted = match self.flavor {
            Flavor::LocalSet => tasks.len(),
            _ => self.handle.metrics().num_alive_tasks(),
        };
        (idle && tasks.len() == self.world.lives.alive() && counted == tasks.len()).then_some(tasks)
    }

    fn seen(&self) -> Result<BTreeMap<u8, (Told, u32)>, String> {
        let mut seen = BTreeMap::new();
        for report in &*lock(&self.world.reports) {
            if seen.insert(report.id, (report.told.clone(), report.at_ms)).is_some() {
                return Err(format!("task {} did two things, and was told one", report.id));
            }
        }
        Ok(seen)
    }

    fn fits(&self, end: &Model, seen: &BTreeMap<u8, (Told, u32)>) -> bool {
        let records = (0..).zip(&self.world.lives.records);
        let free = (2..).zip(&self.world.semaphores);
        // While all are aborted, one after the other, some go on for a moment.
        (self.aborts || end.told == *seen)
            && records.into_iter().all(|(id, record)| record.is_alive() == end.is_alive(id))
            && free.into_iter().all(|(of, semaphore)| {
                let permits = end.free(of);
                semaphore.is_closed()
                    || permits.is_none_or(|it| usize::from(it) == semaphore.available_permits())
            })
    }

    fn differs(&self, ends: &[Model], seen: &BTreeMap<u8, (Told, u32)>) -> String {
        let alive = (0..).zip(&self.world.lives.records).filter(|(_, it)| it.is_alive());
        let alive: Vec<u8> = alive.map(|(id, _)| id).collect();
        let free = self.world.semaphores.each_ref().map(|it| it.available_permits());
        let mut text = format!(
            "the runtime did what the model does not\n  runtime: told {seen:?}, alive {alive:?}, permits {free:?}"
        );
        for end in ends.iter().take(6) {
            let alive: Vec<u8> = end.alive().collect();
            let free = [2, 3].map(|of| end.free(of));
            text += &format!("\n  model:   told {:?}, alive {alive:?}, permits {free:?}", end.told);
        }
        text
    }

    /// A count never goes backwards.
    fn check_counts(&mut self) -> Result<(), String> {
        let now = *self.handle.metrics();
        let [a, b] = [&self.before, &now]
            .map(|it| [it.spawned_tasks, it.polls, it.parks, it.remote_schedules]);
        if a.iter().zip(&b).any(|(before, now)| before > now) {
            return Err(format!(
                "a count of the runtime goes backwards: {:?}, then {now:?}",
                self.before
            ));
        }
        self.before = now;
        let workers = (0..now.workers).filter_map(|worker| self.handle.worker_metrics(worker));
        let workers: Vec<[u64; 7]> = workers
            .map(|it| {
                [
                    it.parks,
                    it.unparks,
                    it.noop_wakes,
                    it.steals,
                    it.steal_operations,
                    it.polls,
                    it.overflows,
                ]
            })
            .collect();
        let mut pairs = self.workers.iter().flatten().zip(workers.iter().flatten());
        if pairs.any(|(before, now)| before > now) {
            return Err(format!(
                "a count of a worker goes backwards: {:?}, then {workers:?}",
                self.workers
            ));
        }
        self.workers = workers;
        Ok(())
    }

    /// No timer is left by tasks that are gone: the clock jumps over all of them at once.
    ///
    /// A closure whose task did not wait for it may end only now, and calls then, too.
    async fn check_leftovers(&mut self, closures: u64) -> Result<(), Failure> {
        if self.flavor.clock_runs() {
            return Ok(());
        }
        let before = self.handle.metrics().parks;
        sleep(Duration::from_secs(3600)).await;
        let parks = self.handle.metrics().parks - before;
        match parks <= 2 + 2 * closures {
            true => Ok(()),
            false => Err(self.failure(
                usize::MAX,
                format!("timers are left: {parks} waits instead of one or two"),
            )),
        }
    }

    fn failure(&self, step: usize, what: String) -> Failure {
        Failure { what, step, dump: self.handle.dump().to_string() }
    }
}
