//! The hand-off of a closure to a thread of the blocking pool, and of its output back.
//!
//! `cargo bench -p rt-benches --bench blocking_hand_off`

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rt_blocking::{Builder, Pool};

const MANY: u64 = 100;

fn round_trip(pool: &Pool) {
    rt_task::block_on(pool.handle().spawn_blocking(|| ())).expect("it does not panic");
}

fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("blocking_hand_off");
    let pool = Pool::new();
    group.bench_function("one closure, awaited", |b| b.iter(|| round_trip(&pool)));
    group.bench_function("a new pool, one closure, its end", |b| {
        b.iter(|| round_trip(&Pool::new()));
    });
    let pool = Builder::new().max_threads(2).build();
    group.throughput(Throughput::Elements(MANY));
    group.bench_function("100 closures on two threads, awaited", |b| {
        let mut handles = Vec::with_capacity(MANY as usize);
        b.iter(|| {
            handles.extend((0..MANY).map(|_| pool.handle().spawn_blocking(|| ())));
            for handle in handles.drain(..) {
                rt_task::block_on(handle).expect("it does not panic");
            }
        });
    });
    group.finish();
}

criterion_group!(blocking_hand_off, benches);
criterion_main!(blocking_hand_off);
