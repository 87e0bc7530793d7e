//! Who sleeps and who is called: what it costs a scheduler's workers to be called out of their sleep,
//! and to fall asleep again. Bare parkers, no reactor, no timer.
//!
//! The word that says so is private; what is measured is all that hangs on it, through the
//! scheduler's own door.
//!
//! `cargo bench -p rt-benches --bench idle`
#![allow(clippy::disallowed_methods, reason = "what is measured runs on the system's clock")]

use std::sync::Arc;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use rt_benches::gate::{Countdown, SelfWake};
use rt_sched_multi::{Builder, Pool};
use rt_task::base::clock::Monotonic;
use rt_task::base::context::Env;
use rt_task::base::driver::Stack;
use rt_task::base::park::RoamingPark;
use rt_task::base::seam::NoTimers;

type Bare = Stack<RoamingPark, NoTimers, Monotonic>;

fn pool(workers: usize) -> Pool<Bare> {
    let driver = Stack::new(RoamingPark::new(), NoTimers, Monotonic::new());
    let mut pool = Builder::new(workers).build(driver);
    pool.start(Env::new()).expect("the system lets us");
    pool
}

fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("idle");
    for workers in [1, 2] {
        let pool = pool(workers);
        group.bench_function(format!("{workers} asleep: one called, and back to sleep"), |b| {
            b.iter(|| rt_task::block_on(pool.spawn(async {})).expect("it does not panic"));
        });
        // A worker that is awake has nobody to call, or one that is not worth it.
        group.bench_function(format!("{workers} awake: a task spawned inside, run"), |b| {
            let spawner = pool.spawner().clone();
            b.iter_custom(|times| {
                let spawner = spawner.clone();
                let measured = pool.spawn(async move {
                    let clock = Instant::now();
                    for _ in 0..times {
                        drop(spawner.spawn(async {}));
                        SelfWake::by_ref(1).await;
                    }
                    clock.elapsed()
                });
                rt_task::block_on(measured).expect("it does not panic")
            });
        });
        group.bench_function(format!("{workers} asleep: 100 spawned from outside, run"), |b| {
            let left = Arc::new(Countdown::default());
            b.iter(|| {
                left.set(100);
                for _ in 0..100 {
                    let left = left.clone();
                    drop(pool.spawn(async move { left.one_less() }));
                }
                rt_task::block_on(left.reached());
            });
        });
    }
    group.finish();
}

criterion_group!(idle, benches);
criterion_main!(idle);
