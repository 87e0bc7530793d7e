//! The registry against a set: tasks that pend, are woken, end, are aborted, dropped and
//! cancelled all together, in any order.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::task::{Poll, Waker};
use proptest::prelude::*;
use std::sync::{LazyLock, Mutex};

use super::*;
use crate::base::context::{Env, visit_blocking};
use crate::kit::*;
use crate::{JoinHandle, Ran, TaskId};

#[derive(Clone, Copy, Debug)]
enum Op {
    /// A task that ends in its first poll, or pends.
    Spawn(bool),
    Step,
    Wake(usize),
    /// The task ends in its next poll; and is woken.
    Finish(usize),
    Abort(usize),
    Detach(usize),
    /// The first in the queue is dropped.
    Drop,
    CancelAll,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => any::<bool>().prop_map(Op::Spawn),
        4 => Just(Op::Step),
        2 => (0..20_usize).prop_map(Op::Wake),
        2 => (0..20_usize).prop_map(Op::Finish),
        1 => (0..20_usize).prop_map(Op::Abort),
        1 => (0..20_usize).prop_map(Op::Detach),
        1 => Just(Op::Drop),
        1 => Just(Op::CancelAll),
    ]
}

/// What the model knows of one task.
struct Known {
    id: TaskId,
    handle: Option<JoinHandle<Dropped>>,
    ends: Arc<AtomicBool>,
    waker: Arc<Mutex<Option<Waker>>>,
    is_linked: bool,
    is_queued: bool,
    is_cancelled: bool,
    is_over: bool,
}

#[derive(Default)]
struct Model {
    tasks: Vec<Known>,
    queue: VecDeque<usize>,
}

impl Model {
    /// Whether a wake or an abort of a task puts it into the queue.
    fn schedule(&mut self, index: usize) {
        let task = &mut self.tasks[index];
        if !task.is_over && !task.is_queued {
            task.is_queued = true;
            self.queue.push_back(index);
        }
    }

    fn end(&mut self, index: usize) {
        let task = &mut self.tasks[index];
        (task.is_over, task.is_linked, task.is_queued) = (true, false, false);
    }

    fn linked(&self) -> BTreeSet<TaskId> {
        self.tasks.iter().filter(|task| task.is_linked).map(|task| task.id).collect()
    }
}

fn apply(op: Op, queue: &Queue, model: &mut Model, drops: &Drops) {
    let pick = |index: usize, model: &Model| match model.tasks.len() {
        0 => None,
        len => Some(index % len),
    };
    match op {
        Op::Spawn(at_once) => {
            let ends = Arc::new(AtomicBool::new(at_once));
            let waker = Arc::new(Mutex::new(None));
            let (told, seen, inside, output) =
                (ends.clone(), waker.clone(), drops.value(), drops.value());
            let handle = queue.spawn(async move {
                let _inside = inside;
                poll_fn(|cx| {
                    *lock(&seen) = Some(cx.waker().clone());
                    if told.load(Relaxed) { Poll::Ready(()) } else { Poll::Pending }
                })
                .await;
                output
            });
            model.queue.push_back(model.tasks.len());
            model.tasks.push(Known {
                id: handle.id(),
                handle: Some(handle),
                ends,
                waker,
                is_linked: false,
                is_queued: true,
                is_cancelled: false,
                is_over: false,
            });
        }
        Op::Step => {
            let Some(runnable) = queue.pop() else { return };
            let index = model.queue.pop_front().unwrap();
            assert_eq!(runnable.id(), model.tasks[index].id);
            let task = &mut model.tasks[index];
            let ends = task.is_cancelled || task.ends.load(Relaxed);
            match runnable.run() {
                Ran::Done => {
                    assert!(ends);
                    model.end(index);
                }
                Ran::Pending => {
                    assert!(!ends);
                    (task.is_linked, task.is_queued) = (true, false);
                }
                Ran::Yielded(_) => panic!("nobody wakes during a poll here"),
                Ran::Fatal(panic) => panic!("{panic}"),
            }
        }
        Op::Wake(index) | Op::Finish(index) => {
            let Some(index) = pick(index, model) else { return };
            if matches!(op, Op::Finish(_)) {
                model.tasks[index].ends.store(true, Relaxed);
            }
            let waker = lock(&model.tasks[index].waker).clone();
            if let Some(waker) = waker {
                waker.wake();
                model.schedule(index);
            }
        }
        Op::Abort(index) => {
            let Some(index) = pick(index, model) else { return };
            let Some(handle) = &model.tasks[index].handle else { return };
            handle.abort();
            if !core::mem::replace(&mut model.tasks[index].is_cancelled, true) {
                model.schedule(index);
            }
        }
        Op::Detach(index) => {
            let Some(index) = pick(index, model) else { return };
            model.tasks[index].handle = None;
        }
        Op::Drop => {
            if let Some(index) = model.queue.pop_front() {
                drop(queue.pop());
                model.end(index);
            }
        }
        Op::CancelAll => {
            let idle = queue.registry().cancel_all();
            let linked = 0..model.tasks.len();
            let linked: Vec<_> = linked.filter(|index| model.tasks[*index].is_linked).collect();
            let was_idle = linked.iter().filter(|index| !model.tasks[**index].is_queued);
            assert_eq!(idle.len(), was_idle.count());
            drop(idle);
            for index in linked {
                match model.tasks[index].is_queued {
                    true => model.tasks[index].is_cancelled = true,
                    false => model.end(index),
                }
            }
        }
    }
}

fn check(queue: &Queue, model: &Model, drops: &Drops) {
    let mut linked = BTreeSet::new();
    queue.registry().for_each_info(|info| assert!(linked.insert(info.id)));
    assert_eq!(linked, model.linked());
    assert_eq!(queue.registry().len(), linked.len());
    assert_eq!(queue.registry().is_empty(), linked.is_empty());
    assert_eq!(queue.len(), model.queue.len());
    let mut dropped = 0;
    for task in &model.tasks {
        if let Some(handle) = &task.handle {
            assert_eq!(handle.is_finished(), task.is_over);
        }
        dropped += usize::from(task.is_over);
    }
    // The future's value of each that is over, and the outputs that nobody can fetch.
    assert!((dropped..=2 * dropped).contains(&drops.count()));
}

proptest! {
    #[test]
    fn the_registry_knows_who_pends(ops in prop::collection::vec(op(), 1..60)) {
        let (queue, drops) = (Queue::registered(), Drops::default());
        let mut model = Model::default();
        for op in ops {
            apply(op, &queue, &mut model, &drops);
            check(&queue, &model, &drops);
        }
        // A shutdown: nothing is left, and everything was dropped once.
        apply(Op::CancelAll, &queue, &mut model, &drops);
        while queue.len() > 0 {
            apply(Op::Drop, &queue, &mut model, &drops);
        }
        check(&queue, &model, &drops);
        prop_assert!(queue.registry().is_empty());
        let spawned = model.tasks.len();
        drop(model);
        prop_assert_eq!(drops.count(), 2 * spawned);
    }
}

#[test]
fn tasks_go_to_the_shard_of_the_thread_that_polls_them() {
    /// A queue with three shards.
    #[derive(Clone)]
    struct Sharded(&'static Owned<Sharded>);
    impl Schedule for Sharded {
        fn schedule(&self, runnable: Runnable<Self>, _why: crate::Why) {
            drop(runnable);
        }
        fn owned(&self) -> Option<&Owned<Self>> {
            Some(self.0)
        }
    }
    static OWNED: LazyLock<Owned<Sharded>> = LazyLock::new(|| {
        // SAFETY: `owned` returns what the scheduler was made with: this one.
        unsafe { Owned::new(3) }
    });
    let owned = &*OWNED;
    let handles: Vec<_> = [0_u16, 1, 2, 4]
        .into_iter()
        .map(|shard| {
            let (runnable, handle) = crate::spawn(core::future::pending::<()>(), Sharded(owned));
            let run = |_: &crate::base::context::Ctx| {
                assert!(matches!(runnable.run(), Ran::Pending));
            };
            // SAFETY: at home nowhere.
            unsafe { crate::base::context::drive_home(Env::new(), core::ptr::null(), shard, run) }
                .unwrap();
            handle
        })
        .collect();
    let lens = || owned.shards.iter().map(|shard| shard.list.lock().len).collect::<Vec<_>>();
    assert_eq!(lens(), [1, 2, 1]);
    // Ended by a thread of another shard.
    visit_blocking(Env::new(), |_| handles[1].abort());
    assert_eq!(lens(), [1, 1, 1]);
    drop(owned.cancel_all());
    assert!(owned.is_empty() && handles.iter().all(JoinHandle::is_finished));
}

#[test]
fn a_dump_may_be_asked_by_code_that_changes_the_registry() {
    let queue = Queue::registered();
    let handles: Vec<_> = (0..5)
        .map(|n| {
            let name = alloc::format!("task {n}");
            let (runnable, handle) = crate::Builder::new()
                .name(name)
                .spawn(core::future::pending::<()>(), queue.clone());
            queue.push(runnable);
            handle
        })
        .collect();
    queue.run();
    let mut told = Vec::new();
    queue.registry().for_each_info(|info| {
        told.push(info.name.unwrap());
        drop(queue.registry().cancel_all());
    });
    told.sort();
    assert_eq!(told, ["task 0", "task 1", "task 2", "task 3", "task 4"]);
    assert!(queue.registry().is_empty() && handles.iter().all(JoinHandle::is_finished));
}

#[test]
fn a_dump_of_many_leaves_none_out() {
    let queue = Queue::registered();
    let tasks: Vec<_> = (0..1000).map(|_| queue.spawn(core::future::pending::<()>())).collect();
    queue.run();
    let mut told = BTreeSet::new();
    queue.registry().for_each_info(|info| assert!(told.insert(info.id)));
    assert_eq!(told, tasks.iter().map(JoinHandle::id).collect());
    drop(queue.registry().cancel_all());
}
