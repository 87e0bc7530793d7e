//! `abort` takes effect at the next yield point; destructors run; the join result says cancelled.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use rt_facade::task::{spawn_blocking, yield_now};

use crate::support::{CountsDrops, Gate, for_each_flavor, keep_workers, until};

#[test]
fn an_aborted_task_is_dropped_and_says_cancelled() {
    for_each_flavor(|runtime| {
        let drops = Arc::new(AtomicUsize::new(0));
        let error = runtime.block_on(async {
            let (guard, started) = (CountsDrops(drops.clone()), Gate::new());
            let starts = started.clone();
            let task = rt_facade::spawn(async move {
                let _guard = guard;
                starts.open();
                pending::<()>().await;
            });
            started.passed().await;
            task.abort();
            task.await.unwrap_err()
        });
        assert!(error.is_cancelled() && !error.is_panic());
        assert!(error.to_string().contains("cancelled"), "{error}");
        assert_eq!(drops.load(SeqCst), 1);
    });
}

#[test]
fn a_task_aborted_before_its_first_poll_is_never_polled() {
    for_each_flavor(|runtime| {
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = polls.clone();
        runtime.block_on(async {
            let workers = keep_workers(runtime);
            let task = rt_facade::spawn(async move { counted.fetch_add(1, SeqCst) });
            task.abort();
            drop(workers);
            assert!(task.await.unwrap_err().is_cancelled());
        });
        assert_eq!(polls.load(SeqCst), 0);
    });
}

#[test]
fn a_task_that_has_ended_keeps_its_output_when_aborted() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let task = rt_facade::spawn(async { 7 });
            until(|| task.is_finished()).await;
            task.abort();
            assert_eq!(task.await.unwrap(), 7);
        });
    });
}

#[test]
fn a_task_that_aborts_itself_ends_at_its_next_yield() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let gate = Gate::new();
            let passed = gate.passed();
            let handle = Arc::new(std::sync::OnceLock::<rt_facade::task::AbortHandle>::new());
            let own = handle.clone();
            let task = rt_facade::spawn(async move {
                passed.await;
                own.get().unwrap().abort();
                yield_now().await;
                unreachable!("it goes on after the yield");
            });
            handle.set(task.abort_handle()).unwrap();
            gate.open();
            assert!(task.await.unwrap_err().is_cancelled());
        });
    });
}

#[test]
fn a_blocking_closure_can_be_aborted_until_it_starts() {
    for build in crate::support::flavors() {
        let runtime = build().max_blocking_threads(1).build().unwrap();
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let (started, starts) = std::sync::mpsc::channel::<()>();
        let running = runtime.spawn_blocking(move || {
            started.send(()).unwrap();
            gone.recv().unwrap();
            1
        });
        starts.recv().unwrap();
        let queued = runtime.spawn_blocking(|| 2);
        queued.abort();
        running.abort();
        go.send(()).unwrap();
        runtime.block_on(async {
            assert_eq!(running.await.unwrap(), 1, "a started closure is not abortable");
            assert!(queued.await.unwrap_err().is_cancelled());
        });
    }
}

#[test]
fn dropping_a_join_handle_detaches() {
    for_each_flavor(|runtime| {
        let (sender, receiver) = std::sync::mpsc::channel();
        runtime.block_on(async {
            drop(rt_facade::spawn(async move {
                yield_now().await;
                sender.send(1).unwrap();
            }));
            until(|| receiver.try_recv() == Ok(1)).await;
        });
    });
}

#[test]
fn spawn_blocking_runs_off_the_scheduler_with_the_runtime_entered() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let here = std::thread::current().id();
            let inside = spawn_blocking(move || {
                assert_ne!(std::thread::current().id(), here);
                rt_facade::spawn(async { 5 })
            });
            assert_eq!(inside.await.unwrap().await.unwrap(), 5);
        });
    });
}
