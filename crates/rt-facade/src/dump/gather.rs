//! What a dump is gathered from: the scheduler, each set of local tasks, the blocking pool.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, Weak};

use rt_task::TaskInfo;
use rt_task::base::seam::{Listed, Lists};

use super::{BlockingDump, Dump, TaskDump, WorkerDump};
use crate::handle::Pieces;
use crate::runtime::RuntimeFlavor;
use crate::task;

impl Lists for Pieces {
    fn add(&self, tasks: Weak<dyn Listed>) {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        sets.retain(|set| set.strong_count() > 0 && !set.ptr_eq(&tasks));
        sets.push(tasks);
    }
}

impl Pieces {
    fn sets(&self) -> Vec<Arc<dyn Listed>> {
        let sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        sets.iter().filter_map(Weak::upgrade).collect()
    }

    /// Tells of each task that was polled once, those of local sets included.
    pub(crate) fn for_each_task(&self, f: &mut dyn FnMut(TaskInfo)) {
        self.spawner.for_each_task(&mut *f);
        for set in self.sets() {
            set.for_each_task(f);
        }
    }

    pub(crate) fn dump(&self) -> Dump {
        let Self { label, spawner, blocking, timer, .. } = self;
        let now = timer.as_ref().map(rt_timer::Handle::now);
        // In this order, so that a task which comes out of its first poll meanwhile is not missed.
        let mut tasks = BTreeMap::new();
        let mut first_polls = vec![None; spawner.workers()];
        spawner.for_each_first_poll(|worker, info| {
            first_polls[worker] = Some(info.id);
            tasks.insert(info.id, TaskDump::new(info, now));
        });
        spawner.for_each_task(|info| {
            tasks.insert(info.id, TaskDump::new(info, now));
        });
        let metrics = spawner.metrics();
        let never_polled = metrics.alive_tasks.saturating_sub(tasks.len() as u64);
        let mut alive = metrics.alive_tasks;
        for set in self.sets() {
            set.for_each_task(&mut |info| drop(tasks.insert(info.id, TaskDump::new(info, now))));
            alive += set.alive_tasks();
        }
        add_holders(&mut tasks);
        let workers = first_polls.into_iter().enumerate().map(|(index, first_poll)| {
            let worker = spawner.worker_metrics(index).unwrap_or_default();
            let queued = worker.local_queue_depth;
            let never_polled = match spawner.flavor() {
                RuntimeFlavor::CurrentThread => never_polled,
                RuntimeFlavor::MultiThread => never_polled.min(queued as u64),
            };
            WorkerDump { queued, never_polled, polls: worker.polls, first_poll }
        });
        let running = blocking.running().into_iter().map(|running| BlockingDump { running });
        Dump {
            label: label.clone(),
            workers: workers.collect(),
            alive,
            never_polled: alive.saturating_sub(tasks.len() as u64),
            tasks: tasks.into_values().collect(),
            shared_queue: metrics.global_queue_depth,
            blocking: running.collect(),
            blocking_queue: blocking.metrics().queue_depth,
        }
    }
}

/// Who holds what tasks wait for, where that is known.
fn add_holders(tasks: &mut BTreeMap<task::Id, TaskDump>) {
    for wait in rt_sync::lock_waits() {
        let waiting = wait.task().and_then(|task| tasks.get_mut(&task)?.waits_for.as_mut());
        if let Some(waiting) = waiting.filter(|waiting| waiting.object() == wait.object()) {
            waiting.holder = wait.holder();
        }
    }
}
