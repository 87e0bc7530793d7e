//! The one sleeper that wakes by itself now and then, to see after workers in a long poll.
//!
//! While some workers sleep and others do not, one of the sleepers waits with a bound
//! ([`WATCH`](crate::wait::WATCH)). A worker that has been in one poll for that long is *stuck*: its
//! slot is emptied for it, its queue is stolen from, and the driver, should nobody hold it, is taken
//! over. So a hot path need not call anybody for what can wait a few milliseconds, and a task that
//! never returns delays nobody else's for longer.
//!
//! When all sleep nobody needs to wake: the watcher stops when it has found everything quiet, and
//! whoever rises first calls another one to watch.

use std::mem;
use std::time::Duration;

use rt_task::base::driver::Driver;

use crate::core::Core;
use crate::pace::TURN;
use crate::queue::Queues;
use crate::shared::Shared;
use crate::wait::WATCH;

/// What the watcher has seen, to tell who has not moved since.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Per worker: its polls.
    polls: Vec<u64>,
    /// Turns of the driver, by all.
    turns: u64,
    /// How often one of them rose that had waited in the driver.
    rises: u64,
}

/// What a look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watched {
    /// Something to do: stop waiting.
    Work,
    /// All go on by themselves.
    Nothing,
    /// All sleep, and none has left the driver since the last look: there is nothing to watch.
    Quiet,
}

impl Watch {
    /// Takes down how things stand.
    pub(crate) fn new<D: Driver + Send + 'static, Q: Queues>(shared: &Shared<D, Q>) -> Self {
        let mut watch = Self { polls: vec![0; shared.workers.len()], turns: 0, rises: 0 };
        watch.renew(shared);
        watch
    }

    /// The same again, in the memory that is there.
    pub(crate) fn renew<D: Driver + Send + 'static, Q: Queues>(&mut self, shared: &Shared<D, Q>) {
        for (polls, worker) in self.polls.iter_mut().zip(&shared.workers) {
            *polls = worker.counters.polls.read();
        }
        self.turns = turns(shared);
        self.rises = rises(shared);
    }

    /// How many tasks the worker has polled since the last time, when it has polled `polls` now.
    fn polls_since(&mut self, worker: usize, polls: u64) -> u64 {
        polls - mem::replace(&mut self.polls[worker], polls)
    }
}

fn turns<D: Driver + Send + 'static, Q: Queues>(shared: &Shared<D, Q>) -> u64 {
    shared.workers.iter().map(|worker| worker.counters.turns.read()).sum()
}

fn rises<D: Driver + Send + 'static, Q: Queues>(shared: &Shared<D, Q>) -> u64 {
    shared.workers.iter().map(|worker| worker.counters.left_driver.read()).sum()
}

impl<D: Driver + Send + 'static, Q: Queues> Core<'_, D, Q> {
    /// Takes what is in the slots of workers that have stood still since the last look. Returns whether
    /// there is anything to do for those, and how many tasks the others have polled.
    pub(crate) fn rescue(&mut self) -> (bool, u64) {
        let shared = self.shared;
        let (mut found, mut moved) = (false, 0);
        for (at, worker) in shared.workers.iter().enumerate() {
            let polls = self.watch.polls_since(at, worker.counters.polls.read());
            moved += polls;
            if at == self.index || polls != 0 || shared.idle.is_asleep(at) {
                continue;
            }
            if let Some(task) = worker.slot.take() {
                self.push(task);
                self.worker.counters.rescues.add(1);
                found = true;
            }
            found |= worker.has_queued() || shared.has_shared();
        }
        (found, moved)
    }

    /// Whether polls are so short of late that those awake come to the driver's turn soon.
    fn is_soon_turned(&self) -> bool {
        let mut awake = self
            .shared
            .workers
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != self.index && !self.shared.idle.is_asleep(*at));
        awake.any(|(_, worker)| worker.counters.mean_poll_ns.read() <= TURN.as_nanos() as u64)
    }

    /// One look around, while this worker sleeps, `span` after the last. `drives`: it holds the driver.
    pub(crate) fn look_after(&mut self, drives: bool, span: Duration) -> Watched {
        let shared = self.shared;
        let (found, moved) = self.rescue();
        let turned = mem::replace(&mut self.watch.turns, turns(shared));
        let rises = rises(shared);
        let rose = rises - mem::replace(&mut self.watch.rises, rises);
        let unturned = !drives && !shared.driver.is_held() && turned == self.watch.turns;
        // After a short look, those who poll quickly are still on their way to it.
        let deserted = unturned && (span >= WATCH || moved == 0 || !self.is_soon_turned());
        self.is_wanted_in_driver = deserted;
        match found || deserted {
            true => Watched::Work,
            // Who leaves the driver while nobody watches calls a sleeper to watch: that costs more than
            // this look. A short one is too early to tell.
            false if rose == 0 && span >= WATCH && shared.idle.unwatch(self.index) => {
                Watched::Quiet
            }
            false => Watched::Nothing,
        }
    }
}
