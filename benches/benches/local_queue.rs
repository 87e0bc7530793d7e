//! The queue that one thread has to itself: of a worker, from which others steal, and of the
//! scheduler of one thread, from which nobody does.
//!
//! `cargo bench -p rt-benches --bench local_queue`

use std::future::pending;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use rt_sched_multi::queue::{Deque, LocalQueue};
use rt_task::{Fifo, Runnable, Schedule, Why};

/// As many as a worker's queue holds at most.
const FULL: u64 = 256;

/// Nothing here is woken.
#[derive(Clone, Copy)]
struct Nowhere;

impl Schedule for Nowhere {
    fn schedule(&self, _runnable: Runnable<Self>, _why: Why) {}
}

fn filled(items: u64) -> Deque<u64> {
    let queue = Deque::new();
    (0..items).for_each(|item| queue.push(item));
    queue
}

fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("local_queue");
    group.bench_function("worker: pushed, popped", |b| {
        let queue = Deque::new();
        b.iter(|| {
            queue.push(7_u64);
            queue.pop().expect("it was pushed")
        });
    });
    group.bench_function("worker: 256 pushed, popped", |b| {
        let queue = Deque::new();
        b.iter(|| {
            (0..FULL).for_each(|item| queue.push(item));
            while queue.pop().is_some() {}
        });
    });
    group.bench_function("worker: half of 256 stolen", |b| {
        let thief = Deque::new();
        b.iter_batched_ref(
            || {
                while thief.pop().is_some() {}
                filled(FULL)
            },
            |victim| {
                let stolen = Deque::steal_half(&victim.stealer(), &thief, FULL as usize);
                stolen.expect("there is something")
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("worker: nothing to steal", |b| {
        let (victim, thief) = (filled(0), filled(0));
        let stealer = victim.stealer();
        b.iter(|| assert!(Deque::steal_half(&stealer, &thief, FULL as usize).is_none()));
    });
    group.bench_function("one thread: pushed, popped", |b| {
        let mut queue = Fifo::new();
        let mut task = Some(rt_task::spawn(pending::<()>(), Nowhere).0);
        b.iter(|| {
            queue.push_back(task.take().expect("it is here"));
            task = queue.pop_front();
        });
    });
    group.finish();
}

criterion_group!(local_queue, benches);
criterion_main!(local_queue);
