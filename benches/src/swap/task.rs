//! The task: `rt-task` in the place of async-task, on the queue that async-executor has.

use concurrent_queue::ConcurrentQueue;
use futures_util::FutureExt;
use rt_task::{Ran, Runnable, Schedule, Why};

use super::{Swap, rounds};
use crate::gate::SelfWake;
use crate::meter::Cost;

pub(super) const OURS: Swap = Swap {
    piece: "task",
    part: "rt-task",
    ours: true,
    about: "one of 1,000 tasks spawned, woken once, joined; a concurrent-queue and a loop around it",
    timed: 500_000,
    run: ours,
};

pub(super) const PEER: Swap = OURS.beside("async-task", peer);

const TASKS: u64 = 1_000;

/// What every task does.
async fn work(place: u64) -> u64 {
    SelfWake::by_ref(1).await;
    place
}

#[derive(Clone, Copy)]
struct Queue(&'static ConcurrentQueue<Runnable<Queue>>);

impl Queue {
    fn push(self, runnable: Runnable<Self>) {
        self.0.push(runnable).unwrap_or_else(|_| unreachable!("it has no bound"));
    }
}

impl Schedule for Queue {
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        self.push(runnable);
    }
}

fn ours(n: u64) -> Cost {
    let queue = Queue(Box::leak(Box::new(ConcurrentQueue::unbounded())));
    let mut tasks = Vec::with_capacity(TASKS as usize);
    rounds(n, TASKS, || {
        tasks.extend((0..TASKS).map(|place| {
            let (runnable, handle) = rt_task::spawn(work(place), queue);
            queue.push(runnable);
            handle
        }));
        while let Ok(runnable) = queue.0.pop() {
            if let Ran::Yielded(again) = runnable.run() {
                queue.push(again);
            }
        }
        for (place, task) in tasks.drain(..).enumerate() {
            let output = task.now_or_never().expect("it has run").expect("it does not panic");
            assert_eq!(output, place as u64);
        }
    })
}

fn peer(n: u64) -> Cost {
    let queue: &'static ConcurrentQueue<_> = Box::leak(Box::new(ConcurrentQueue::unbounded()));
    let schedule = |runnable| queue.push(runnable).expect("it has no bound");
    let mut tasks = Vec::with_capacity(TASKS as usize);
    rounds(n, TASKS, || {
        tasks.extend((0..TASKS).map(|place| {
            let (runnable, task) = async_task::spawn(work(place), schedule);
            runnable.schedule();
            task
        }));
        while let Ok(runnable) = queue.pop() {
            runnable.run();
        }
        for (place, task) in tasks.drain(..).enumerate() {
            assert_eq!(task.now_or_never().expect("it has run"), place as u64);
        }
    })
}
