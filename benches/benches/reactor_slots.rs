//! The slots of the reactor: one taken and given back, a wait begun, an event told. The selector
//! is a script, so that no system call is measured; its queue is part of each event.
//!
//! `cargo bench -p rt-benches --bench reactor_slots`

use std::panic::Location;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use rt_reactor::selector::mock;
use rt_reactor::{Direction, Driver, Interest, Ready, Registration};
use rt_task::base::driver::{Reactor, WakeBatch};
use rt_task::wait::{Wait, WaitKind};

fn benches(c: &mut Criterion) {
    let wait = Wait { kind: WaitKind::Readable, object: 0, site: Location::caller() };
    let mut cx = Context::from_waker(Waker::noop());
    let mut group = c.benchmark_group("reactor_slots");
    for others in [0, 10_000] {
        let (selector, _script) = mock::selector();
        let driver = Driver::with_selector(selector).expect("a script cannot fail");
        let handle = driver.handle();
        let register = || Registration::with_token(&handle, |_| Ok(())).expect("there is room");
        let _others: Vec<_> = (0..others).map(|_| register()).collect();
        group.bench_function(format!("taken, given back, beside {others}"), |b| {
            b.iter(register);
        });
    }
    let (selector, script) = mock::selector();
    let mut driver = Driver::with_selector(selector).expect("a script cannot fail");
    let source = script.register(&driver.handle()).expect("there is room");
    let mut turn = || driver.poll(Some(Duration::ZERO), &mut WakeBatch::new());
    group.bench_function("waited again, by the same waker", |b| {
        b.iter(|| {
            assert!(source.registration.poll_ready(&mut cx, Direction::Read, wait).is_pending());
        });
    });
    group.bench_function("waited, told, found ready, cleared", |b| {
        b.iter(|| {
            assert!(source.registration.poll_ready(&mut cx, Direction::Read, wait).is_pending());
            source.tell(Ready::READABLE);
            turn().expect("a script cannot fail");
            let ready = source.registration.poll_ready(&mut cx, Direction::Read, wait);
            let Poll::Ready(Ok(event)) = ready else { unreachable!("it was told") };
            source.registration.clear_ready(event);
        });
    });
    group.bench_function("tried while ready", |b| {
        source.tell(Ready::READABLE);
        turn().expect("a script cannot fail");
        b.iter(|| source.registration.try_io(Interest::READABLE, || Ok(7)).expect("it is ready"));
    });
    group.finish();
}

criterion_group!(reactor_slots, benches);
criterion_main!(reactor_slots);
