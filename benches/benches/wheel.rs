//! The timing wheel: sleeps armed and dropped among few and many, and a tick at which many are due.
//!
//! The wheel itself is private; a sleep is the smallest thing that uses it, and adds its own
//! state and a lock that nobody else wants.
//!
//! `cargo bench -p rt-benches --bench wheel`

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rt_task::base::clock::Pausable;
use rt_task::base::driver::WakeBatch;
use rt_task::base::seam::{Clock, Timers};
use rt_timer::{Driver, Handle, Sleep};

const DUE: u64 = 1_000;

/// Driver and handle on a clock that stands.
fn stopped() -> (Pausable, Driver, Handle) {
    let clock = Pausable::new();
    clock.pause().expect("a fresh clock runs");
    let (driver, handle) = Driver::new(clock.clone());
    (clock, driver, handle)
}

fn armed(handle: &Handle, span: Duration) -> Pin<Box<Sleep>> {
    let mut sleep = Box::pin(handle.sleep(span));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(sleep.as_mut().poll(&mut cx).is_pending());
    sleep
}

fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("wheel");
    for outstanding in [0, 100, 10_000, 1_000_000] {
        let (_clock, _driver, handle) = stopped();
        // Over all levels: from 7 milliseconds to two hours.
        let span = |place: u32| Duration::from_millis(7) * (place + 1);
        let _others: Vec<_> = (0..outstanding).map(|place| armed(&handle, span(place))).collect();
        group.bench_function(format!("armed, dropped, among {outstanding}"), |b| {
            let mut cx = Context::from_waker(Waker::noop());
            b.iter(|| {
                let sleep = pin!(handle.sleep(Duration::from_secs(60)));
                assert!(sleep.poll(&mut cx).is_pending());
            });
        });
    }
    group.throughput(Throughput::Elements(DUE));
    // On the lowest level, and two above it, from where they come down first.
    for (name, span) in
        [("a tick", Duration::from_millis(1)), ("a minute", Duration::from_secs(60))]
    {
        let (clock, mut driver, handle) = stopped();
        group.bench_function(format!("1,000 due after {name}"), |b| {
            b.iter_batched(
                || {
                    let sleeps: Vec<_> = (0..DUE).map(|_| armed(&handle, span)).collect();
                    clock.advance(span).expect("it stands");
                    sleeps
                },
                |sleeps| {
                    driver.advance(clock.now(), &mut WakeBatch::new());
                    sleeps
                },
                // One at a time: what is due is due for all.
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(wheel, benches);
criterion_main!(wheel);
