//! A worker's slot and queue, the batches, the inbox and thieves, against plain lists: nothing is lost,
//! nothing comes twice, and what is promised to be in order is.

use std::collections::VecDeque;

use proptest::prelude::*;
use rt_task::TaskId;

use super::*;
use crate::Builder;
use crate::kit::{Bell, Log, Plain, Rig, rig, run};
use crate::queue::Standard;

#[derive(Clone, Debug)]
enum Op {
    /// So many tasks are spawned at the worker.
    Push(usize),
    /// So many come from outside.
    Outside(usize),
    /// A task is woken at the worker, between polls or in one.
    Wake { in_poll: bool },
    /// The worker takes from its queue.
    Pop,
    /// A thief takes half of it.
    Steal,
    /// Somebody takes what is in the slot.
    Take,
    /// Somebody takes what is shared.
    Shared,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (1..200_usize).prop_map(Op::Push),
        2 => (1..300_usize).prop_map(Op::Outside),
        3 => any::<bool>().prop_map(|in_poll| Op::Wake { in_poll }),
        3 => Just(Op::Pop),
        2 => Just(Op::Steal),
        1 => Just(Op::Take),
        2 => Just(Op::Shared),
    ]
}

#[derive(Default)]
struct Model {
    local: VecDeque<TaskId>,
    slot: Option<TaskId>,
    batches: VecDeque<Vec<TaskId>>,
    inbox: Vec<TaskId>,
}

impl Model {
    fn push(&mut self, task: TaskId) {
        if self.local.len() == LOCAL_MAX {
            self.batches.push_back(self.local.drain(..LOCAL_MAX / 2).collect());
        }
        self.local.push_back(task);
    }

    /// A batch first, then all that came from outside; the rest of too many is batches.
    fn take_shared(&mut self) -> Vec<TaskId> {
        let mut taken = self.batches.pop_front().unwrap_or_else(|| std::mem::take(&mut self.inbox));
        if taken.len() > LOCAL_MAX / 2 {
            let rest = taken.split_off(LOCAL_MAX / 2);
            self.batches.extend(rest.chunks(LOCAL_MAX / 2).map(<[TaskId]>::to_vec));
        }
        taken
    }
}

type Tasks = Vec<Task<Plain, Standard>>;

/// Ends them, as far as the scheduler counts.
fn end(rig: &Rig<'_>, tasks: Tasks) -> Vec<TaskId> {
    rig.shared.elsewhere.ended.fetch_add(tasks.len() as u64, Relaxed);
    tasks.iter().map(Runnable::id).collect()
}

fn apply(rig: &Rig<'_>, model: &mut Model, op: Op) {
    let shared = rig.shared;
    let worker = &*shared.workers[0];
    match op {
        Op::Push(count) => {
            for _ in 0..count {
                model.push(rig.spawner.spawn(async {}).id());
            }
        }
        Op::Outside(count) => {
            rig.leave();
            model.inbox.extend((0..count).map(|_| rig.spawner.spawn(async {}).id()));
            drop(rig.at(0));
        }
        Op::Wake { in_poll } => {
            let (task, handle) = rt_task::spawn(async {}, Home::new(&rig.spawner.shared));
            shared.elsewhere.spawned.fetch_add(1, Relaxed);
            let polling = if in_poll { Polling::FillsSlot } else { Polling::No };
            // SAFETY: this thread is at home there.
            unsafe { worker.own() }.polling.set(polling);
            // SAFETY: as above.
            unsafe { worker.push_woken(shared, task) };
            // SAFETY: as above.
            unsafe { worker.own() }.polling.set(Polling::No);
            let displaced = match in_poll {
                true => model.slot.replace(handle.id()),
                false => Some(handle.id()),
            };
            if let Some(task) = displaced {
                model.push(task);
            }
        }
        Op::Pop => {
            // SAFETY: this thread is at home there.
            let popped = unsafe { worker.own() }.local.pop();
            let popped = end(rig, popped.into_iter().collect());
            assert_eq!(popped.first().copied(), model.local.pop_front());
        }
        Op::Steal => {
            let loot = Worker::<Plain, Standard>::loot();
            let mut stolen: Tasks = worker.steal(&loot).into_iter().collect();
            stolen.extend(std::iter::from_fn(|| loot.pop()));
            assert_eq!(stolen.is_empty(), model.local.is_empty());
            assert!(stolen.len() <= model.local.len().div_ceil(2).min(LOCAL_MAX / 2));
            let first: Vec<_> = model.local.drain(..stolen.len()).collect();
            assert_eq!(end(rig, stolen), first, "the oldest, in their order");
        }
        Op::Take => {
            let taken = end(rig, worker.slot.take().into_iter().collect());
            assert_eq!(taken.first().copied(), model.slot.take());
        }
        Op::Shared => {
            let mut taken = shared.take_shared(&worker.counters).unwrap_or_default();
            let taken: Tasks = std::iter::from_fn(|| taken.pop_front()).collect();
            assert_eq!(end(rig, taken), model.take_shared());
        }
    }
    let metrics = rig.spawner.worker_metrics(0);
    assert_eq!(metrics.local_queue_depth, model.local.len());
    assert_eq!(worker.has_queued(), !model.local.is_empty());
    assert_eq!(worker.slot.is_empty(), model.slot.is_none());
    assert_eq!(shared.has_shared(), !(model.batches.is_empty() && model.inbox.is_empty()));
}

proptest! {
    #[test]
    fn tasks_are_where_a_model_has_them(ops in prop::collection::vec(op(), 1..60)) {
        rig(Builder::new(1), 0, |rig| {
            drop(rig.at(0));
            let mut model = Model::default();
            for op in ops {
                apply(rig, &mut model, op);
            }
        });
    }

    /// Two workers that step in turn: each task runs once, whoever has it.
    #[test]
    fn whoever_steps_each_task_runs_once(
        seed in any::<u64>(),
        steps in prop::collection::vec((0..2_usize, 0..40_usize, any::<bool>()), 1..60),
    ) {
        let builder = Builder::new(2).event_interval(7);
        rig(builder, seed, |rig| {
            let log = Log::default();
            let mut cores = [rig.at(0), rig.at(1)];
            let mut count = 0;
            for (at, spawns, outside) in steps {
                if outside {
                    rig.leave();
                } else {
                    drop(rig.at(at));
                }
                for n in count..count + spawns {
                    // Every third waits for the one that comes after it.
                    if n % 3 == 0 {
                        let (bell, log) = (Bell::default(), log.clone());
                        let rings = bell.clone();
                        drop(rig.spawner.spawn(async move {
                            bell.await;
                            log.tell(n);
                        }));
                        drop(rig.spawner.spawn(async move { rings.ring() }));
                    } else {
                        drop(log.spawn(&rig.spawner, n));
                    }
                }
                count += spawns;
                drop(rig.at(at));
                let _ = cores[at].step();
            }
            for _ in 0..2 {
                for (at, core) in cores.iter_mut().enumerate() {
                    drop(rig.at(at));
                    run(core);
                }
            }
            let mut ran = log.take();
            ran.sort_unstable();
            assert_eq!(ran, (0..count).collect::<Vec<_>>());
            assert_eq!(rig.spawner.metrics().alive_tasks, 0);
            cores.iter_mut().for_each(|core| core.stop_searching());
        });
    }
}
