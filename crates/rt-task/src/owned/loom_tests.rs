//! The Invariant of the registry, over every interleaving: tasks that pend, are woken and end
//! while all are cancelled.

use core::future::poll_fn;
use core::task::{Poll, Waker};

use super::Owned;
use crate::base::shim::{Arc, AtomicBool, Ordering::*, model, thread};
use crate::{JoinHandle, Ran, Runnable, Schedule, Why, spawn, waker};

/// Runs what it is handed at once, and registers what pends.
#[derive(Clone)]
struct Registered(Arc<Owned<Registered>>);

impl Registered {
    fn new() -> Self {
        // SAFETY: `owned` returns what `self` and its clones hold, which never changes; each
        // model has one.
        Self(Arc::new(unsafe { Owned::new(1) }))
    }
}

impl Schedule for Registered {
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        run(runnable);
    }

    fn owned(&self) -> Option<&Owned<Self>> {
        Some(&self.0)
    }
}

fn run(mut runnable: Runnable<Registered>) {
    while let Ran::Yielded(again) = runnable.run() {
        runnable = again;
    }
}

/// A task that ends once it is woken with `said` set, its waker, and what its memory holds.
struct Task {
    runnable: Runnable<Registered>,
    handle: JoinHandle<()>,
    waker: Waker,
    said: Arc<AtomicBool>,
}

fn task(scheduler: &Registered) -> Task {
    let said = Arc::new(AtomicBool::new(false));
    let heard = said.clone();
    let ends = poll_fn(move |_| match heard.load(Relaxed) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    });
    let (runnable, handle) = spawn(ends, scheduler.clone());
    let waker = Waker::clone(&waker::borrowed(runnable.task()));
    Task { runnable, handle, waker, said }
}

#[test]
fn a_task_that_pends_while_all_are_cancelled_ends() {
    model(|| {
        let scheduler = Registered::new();
        let Task { runnable, handle, waker, .. } = task(&scheduler);
        drop(waker);
        let runner = thread::spawn(move || run(runnable));
        drop(scheduler.0.cancel_all());
        runner.join().unwrap();
        // It may have pended only after that.
        drop(scheduler.0.cancel_all());
        assert!(handle.is_finished());
        assert!(scheduler.0.is_empty());
    });
}

#[test]
fn a_task_that_is_woken_while_all_are_cancelled_ends_once() {
    model(|| {
        let scheduler = Registered::new();
        let Task { runnable, handle, waker, said } = task(&scheduler);
        run(runnable);
        assert_eq!(scheduler.0.len(), 1);
        let other = thread::spawn(move || {
            said.store(true, Relaxed);
            waker.wake();
        });
        drop(scheduler.0.cancel_all());
        other.join().unwrap();
        assert!(handle.is_finished());
        assert!(scheduler.0.is_empty());
    });
}

#[test]
fn neighbours_that_end_at_once_leave_the_list_whole() {
    model(|| {
        let scheduler = Registered::new();
        let tasks = [task(&scheduler), task(&scheduler), task(&scheduler)];
        let [a, b, c] = tasks.map(|Task { runnable, handle, waker, said }| {
            run(runnable);
            said.store(true, Relaxed);
            (handle, waker)
        });
        let others = [a, b].map(|(handle, waker)| {
            thread::spawn(move || {
                waker.wake();
                assert!(handle.is_finished());
            })
        });
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(scheduler.0.len(), 1);
        drop(c.1);
        drop(scheduler.0.cancel_all());
        assert!(c.0.is_finished());
        assert!(scheduler.0.is_empty());
    });
}
