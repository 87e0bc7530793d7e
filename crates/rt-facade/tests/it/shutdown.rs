//! Dropping a `Runtime` drops every future before it returns; nothing runs after.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::time::Duration;

use rt_facade::runtime::Runtime;
use rt_facade::time::sleep;

use crate::support::{
    CountsDrops, Gate, LetGo, block_until, flavors, hold, is_multi, multi, panic_message, receive,
    until,
};

fn build(flavor: fn() -> rt_facade::runtime::Builder) -> Runtime {
    flavor().enable_all().build().unwrap()
}

/// Tasks that have pended, and not ended.
fn pending_tasks(runtime: &Runtime) -> usize {
    let mut tasks = 0;
    runtime.handle().for_each_task(|_| tasks += 1);
    tasks
}

/// Spawns a task in each state that a task can rest in.
fn spawn_in_every_state(runtime: &Runtime, drops: &Arc<AtomicUsize>, gate: &Gate) -> usize {
    runtime.block_on(async {
        let idle = (CountsDrops(drops.clone()), CountsDrops(drops.clone()));
        let passed = gate.passed();
        drop(rt_facade::spawn(async move {
            let _guard = idle.0;
            passed.await;
        }));
        drop(rt_facade::spawn(async move {
            let _guard = idle.1;
            sleep(Duration::from_secs(3600)).await;
        }));
        until(|| pending_tasks(runtime) == 2).await;
    });
    let queued = CountsDrops(drops.clone());
    drop(runtime.spawn(async move {
        let _guard = queued;
    }));
    3
}

#[test]
fn every_future_is_dropped_before_the_drop_returns() {
    for flavor in flavors() {
        let (drops, gate) = (Arc::new(AtomicUsize::new(0)), Gate::new());
        let runtime = build(flavor);
        let spawned = spawn_in_every_state(&runtime, &drops, &gate);
        drop(runtime);
        assert_eq!(drops.load(SeqCst), spawned);
        gate.open(); // wakers that outlive the runtime do nothing
    }
}

#[test]
fn all_ways_to_shut_down_drop_every_future() {
    for flavor in flavors() {
        let ways: [fn(Runtime); 2] = [
            |runtime| runtime.shutdown_timeout(Duration::from_secs(5)),
            Runtime::shutdown_background,
        ];
        for shut_down in ways {
            let (drops, gate) = (Arc::new(AtomicUsize::new(0)), Gate::new());
            let runtime = build(flavor);
            let spawned = spawn_in_every_state(&runtime, &drops, &gate);
            let in_background = is_multi(&runtime);
            shut_down(runtime);
            if in_background {
                block_until(|| drops.load(SeqCst) == spawned);
            }
            assert_eq!(drops.load(SeqCst), spawned);
        }
    }
}

#[test]
fn what_is_spawned_after_the_shutdown_is_cancelled() {
    for flavor in flavors() {
        let runtime = build(flavor);
        let handle = runtime.handle().clone();
        drop(runtime);
        let task = handle.spawn(async { 1 });
        let closure = handle.spawn_blocking(|| 1);
        assert!(task.is_finished() && closure.is_finished());
        assert!(rt_task::block_on(task).unwrap_err().is_cancelled());
        assert!(rt_task::block_on(closure).unwrap_err().is_cancelled());
    }
}

#[test]
fn the_drop_waits_for_a_closure_that_has_started() {
    for flavor in flavors() {
        let runtime = build(flavor);
        let (started, starts) = mpsc::channel();
        let (let_go, held) = hold();
        let ended = Arc::new(AtomicUsize::new(0));
        let counted = ended.clone();
        drop(runtime.spawn_blocking(move || {
            started.send(()).unwrap();
            held.stay();
            counted.store(1, SeqCst);
        }));
        receive(&starts);
        let_go.go();
        drop(runtime);
        assert_eq!(ended.load(SeqCst), 1);
    }
}

#[test]
fn shutdown_background_and_timeout_do_not_wait_for_a_closure_that_hangs() {
    for flavor in flavors() {
        let ways: [fn(Runtime); 2] = [
            |runtime| runtime.shutdown_timeout(Duration::from_millis(10)),
            Runtime::shutdown_background,
        ];
        for shut_down in ways {
            let runtime = build(flavor);
            let (started, starts) = mpsc::channel();
            let (let_go, held) = hold();
            drop(runtime.spawn_blocking(move || {
                started.send(()).unwrap();
                held.stay();
            }));
            receive(&starts);
            shut_down(runtime);
            let_go.go();
        }
    }
}

/// A runtime of several threads with a task in the middle of a poll.
fn in_a_poll(workers: usize, drops: &Arc<AtomicUsize>) -> (Runtime, LetGo) {
    let runtime = multi(workers).enable_all().build().unwrap();
    let ((let_go, held), guard) = (hold(), CountsDrops(drops.clone()));
    let (started, starts) = mpsc::channel();
    drop(runtime.spawn(async move {
        let _guard = guard;
        sleep(Duration::from_millis(1)).await;
        started.send(()).unwrap();
        held.stay();
        pending::<()>().await;
    }));
    receive(&starts);
    (runtime, let_go)
}

#[test]
fn the_drop_waits_for_a_poll_that_goes_on() {
    for workers in [1, 2] {
        let drops = Arc::new(AtomicUsize::new(0));
        let (runtime, let_go) = in_a_poll(workers, &drops);
        let (ends, ended) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                drop(runtime);
                ends.send(drops.load(SeqCst)).unwrap();
            });
            assert!(ended.recv_timeout(Duration::from_millis(20)).is_err(), "it waits");
            let_go.go();
            assert_eq!(receive(&ended), 1, "the future is dropped by then");
        });
    }
}

#[test]
fn a_shutdown_with_a_bound_tells_which_poll_goes_on_and_one_in_the_background_does_not_wait() {
    for workers in [1, 2] {
        let drops = Arc::new(AtomicUsize::new(0));
        let (runtime, let_go) = in_a_poll(workers, &drops);
        let report = runtime.shutdown_report(Duration::from_millis(20));
        assert!(!report.is_complete(), "{report}");
        assert_eq!((report.alive_tasks, report.tasks.len()), (1, 1));
        // A worker that was idle may not have heard of it yet, where there is much else to do.
        assert!((1..=workers).contains(&report.busy_workers), "{report}");
        assert_eq!(report.tasks[0].location.file(), file!());
        assert!(report.to_string().contains(file!()), "{report}");
        let_go.go();
        block_until(|| drops.load(SeqCst) == 1);

        let (runtime, let_go) = in_a_poll(workers, &drops);
        runtime.shutdown_timeout(Duration::from_millis(20));
        let_go.go();
        let (runtime, let_go) = in_a_poll(workers, &drops);
        runtime.shutdown_background();
        let_go.go();
        block_until(|| drops.load(SeqCst) == 3);
    }
}

#[test]
fn a_runtime_dropped_inside_another_stalls_nobody() {
    for flavor in flavors() {
        let outer = build(flavor);
        let inner = build(flavor);
        let (started, starts) = mpsc::channel();
        let (let_go, held) = hold();
        drop(inner.spawn_blocking(move || {
            started.send(()).unwrap();
            held.stay();
        }));
        receive(&starts);
        let (drops, gate) = (Arc::new(AtomicUsize::new(0)), Gate::new());
        let spawned = spawn_in_every_state(&inner, &drops, &gate);
        let waits = is_multi(&inner);
        // With a closure that runs until below.
        let message = outer.block_on(async move { waits.then(|| panic_message(|| drop(inner))) });
        if let Some(message) = message {
            assert!(message.contains(file!()), "{message}");
            assert!(message.contains("shutdown_background"), "{message}");
        }
        block_until(|| drops.load(SeqCst) == spawned);
        let_go.go();
    }
}

#[test]
fn a_task_woken_from_another_thread_during_the_shutdown_is_dropped_once() {
    for flavor in flavors() {
        for _ in 0..100 {
            let (drops, gate) = (Arc::new(AtomicUsize::new(0)), Gate::new());
            let runtime = build(flavor);
            for _ in 0..10 {
                let (guard, passed) = (CountsDrops(drops.clone()), gate.passed());
                drop(runtime.spawn(async move {
                    let _guard = guard;
                    passed.await;
                    pending::<()>().await;
                }));
            }
            runtime.block_on(until(|| pending_tasks(&runtime) == 10));
            std::thread::scope(|scope| {
                scope.spawn(|| gate.open());
                drop(runtime);
            });
            assert_eq!(drops.load(SeqCst), 10);
        }
    }
}
