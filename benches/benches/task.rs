//! The task: what its allocation, its state word and its wakers cost, with no scheduler around it.
//!
//! `cargo bench -p rt-benches --bench task`

use std::cell::RefCell;
use std::future::{pending, poll_fn, ready};
use std::task::{Poll, Waker};

use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt;
use rt_benches::gate::SelfWake;
use rt_task::{Ran, Runnable, Schedule, Why};

/// One place, on the thread that measures: whatever is woken lies there.
#[derive(Clone, Copy)]
struct Here;

thread_local!(static WOKEN: RefCell<Option<Runnable<Here>>> = const { RefCell::new(None) });

impl Schedule for Here {
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        WOKEN.set(Some(runnable));
    }
}

/// A task that only pends, woken, and its waker.
fn caught() -> (Runnable<Here>, Waker) {
    let (tell, mut told) = futures_channel::oneshot::channel();
    let mut tell = Some(tell);
    let (runnable, _handle) = rt_task::spawn(
        poll_fn(move |cx| {
            if let Some(tell) = tell.take() {
                tell.send(cx.waker().clone()).expect("somebody listens");
            }
            Poll::<()>::Pending
        }),
        Here,
    );
    assert!(matches!(runnable.run(), Ran::Pending));
    let waker = told.try_recv().expect("it tells").expect("it has told");
    waker.wake_by_ref();
    (WOKEN.take().expect("it was woken"), waker)
}

fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("task");
    group.bench_function("spawned, run, joined", |b| {
        b.iter(|| {
            let (runnable, handle) = rt_task::spawn(ready(7), Here);
            assert!(matches!(runnable.run(), Ran::Done));
            handle.now_or_never().expect("it has run").expect("it does not panic")
        });
    });
    group.bench_function("spawned, dropped", |b| {
        b.iter(|| drop(rt_task::spawn(pending::<()>(), Here)));
    });
    group.bench_function("woken while it is polled", |b| {
        let mut runnable = Some(rt_task::spawn(SelfWake::by_ref(u64::MAX), Here).0);
        b.iter(|| match runnable.take().expect("it is here").run() {
            Ran::Yielded(again) => runnable = Some(again),
            _ => unreachable!("it wakes itself each time"),
        });
    });
    group.bench_function("woken while it waits, polled", |b| {
        let (runnable, waker) = caught();
        let mut runnable = Some(runnable);
        b.iter(|| {
            assert!(matches!(runnable.take().expect("it is here").run(), Ran::Pending));
            waker.wake_by_ref();
            runnable = WOKEN.take();
        });
    });
    group.bench_function("woken once more", |b| {
        let (_runnable, waker) = caught();
        b.iter(|| waker.wake_by_ref());
    });
    group.bench_function("waker cloned, dropped", |b| {
        let (_runnable, waker) = caught();
        b.iter(|| drop(waker.clone()));
    });
    group.finish();
}

criterion_group!(task, benches);
criterion_main!(task);
