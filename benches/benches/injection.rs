//! The queues for what comes from other threads: tasks one by one, which are taken all at once, and
//! batches of what did not fit a worker's own.
//!
//! `cargo bench -p rt-benches --bench injection`

use std::future::pending;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rt_sched_multi::queue::{Inject, Injector};
use rt_task::{Fifo, Inbox, Runnable, Schedule, Why};

const MANY: u64 = 100;

/// Nothing here is woken.
#[derive(Clone, Copy)]
struct Nowhere;

impl Schedule for Nowhere {
    fn schedule(&self, _runnable: Runnable<Self>, _why: Why) {}
}

fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("injection");
    let mut tasks = Fifo::new();
    for _ in 0..MANY {
        tasks.push_back(rt_task::spawn(pending::<()>(), Nowhere).0);
    }
    group.bench_function("inbox: empty", |b| {
        let (inbox, mut taken) = (Inbox::<Nowhere>::new(), Fifo::new());
        b.iter(|| inbox.take_into(&mut taken));
    });
    group.bench_function("inbox: one pushed, taken", |b| {
        let inbox = Inbox::new();
        b.iter(|| {
            inbox.push(tasks.pop_front().expect("all are back")).expect("it is open");
            inbox.take_into(&mut tasks)
        });
    });
    group.throughput(Throughput::Elements(MANY));
    group.bench_function("inbox: 100 pushed, taken at once", |b| {
        let inbox = Inbox::new();
        b.iter(|| {
            while let Some(task) = tasks.pop_front() {
                inbox.push(task).expect("it is open");
            }
            inbox.take_into(&mut tasks)
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("batches: one pushed, popped", |b| {
        let batches = Injector::new();
        b.iter(|| {
            batches.push(7_u64);
            batches.pop().expect("it was pushed")
        });
    });
    group.bench_function("batches: empty", |b| {
        let batches = Injector::<u64>::new();
        b.iter(|| batches.is_empty());
    });
    group.finish();
}

criterion_group!(injection, benches);
criterion_main!(injection);
