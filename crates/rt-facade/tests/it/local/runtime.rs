//! A runtime of tasks that stay on their thread, without a set.

#![allow(clippy::async_yields_async, reason = "handles are handed out, to be awaited outside")]
#![allow(clippy::disallowed_methods, reason = "the other threads of these tests are theirs")]

use std::cell::Cell;
use std::future::pending;
use std::io::ErrorKind;
use std::rc::Rc;
use std::thread;

use rt_facade::net::UdpSocket;
use rt_facade::runtime::{Builder, Handle, LocalOptions, LocalRuntime, RuntimeFlavor};
use rt_facade::task::{self, JoinHandle, LocalSet, spawn_blocking, spawn_local, yield_now};
use rt_facade::time::{Duration, sleep};

use crate::support::{Gate, flavors, hold, panic_message};

fn local() -> LocalRuntime {
    LocalRuntime::new().unwrap()
}

#[test]
fn local_tasks_are_spawned_anywhere_inside() {
    let runtime = local();
    let shared = Rc::new(Cell::new(0));
    let add = |n| {
        let shared = shared.clone();
        async move {
            sleep(Duration::from_millis(1)).await;
            shared.set(shared.get() + n);
        }
    };
    let before = runtime.spawn_local(add(1));
    runtime.block_on(async {
        let in_root = spawn_local(add(10));
        let deeper = add(100);
        let in_task = spawn_local(async { spawn_local(deeper).await.unwrap() });
        // A task that is `Send` runs on the same thread, and may spawn locally, too.
        let in_sent = rt_facade::spawn(async { spawn_local(async { *Rc::new(1) }).await.unwrap() });
        in_root.await.unwrap();
        in_task.await.unwrap();
        assert_eq!(in_sent.await.unwrap(), 1);
        before.await.unwrap();
    });
    assert_eq!(shared.get(), 111);
    let guard = runtime.enter();
    let entered = spawn_local(add(1000));
    let sent = rt_facade::spawn(async { 2 });
    drop(guard);
    assert!(panic_message(|| spawn_local(async {})).contains("LocalRuntime"));
    assert_eq!(runtime.block_on(sent).unwrap(), 2);
    runtime.block_on(entered).unwrap();
    assert_eq!(shared.get(), 1111);
}

#[test]
fn sockets_timers_and_blocking_closures_work_inside() {
    local().block_on(async {
        let a = Rc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let to = a.local_addr().unwrap();
        let reads = {
            let a = a.clone();
            spawn_local(async move {
                let mut buf = [0; 4];
                let n = a.recv(&mut buf).await.unwrap();
                buf[..n].to_vec()
            })
        };
        sleep(Duration::from_millis(1)).await;
        a.send_to(b"ping", to).await.unwrap();
        assert_eq!(reads.await.unwrap(), b"ping");
        let closure = spawn_blocking(|| Handle::current().runtime_flavor());
        assert_eq!(closure.await.unwrap(), RuntimeFlavor::CurrentThread);
    });
}

#[test]
fn other_threads_spawn_and_wake() {
    let runtime = local();
    let handle = runtime.handle().clone();
    let gate = Gate::new();
    let opens = gate.clone();
    let remote = thread::spawn(move || handle.spawn(async move { opens.open() }));
    runtime.block_on(async {
        spawn_local(gate.passed()).await.unwrap();
    });
    runtime.block_on(remote.join().unwrap()).unwrap();
    assert!(runtime.metrics().spawned_tasks >= 2);
}

#[test]
fn a_set_inside_takes_the_tasks_that_are_spawned_inside_it() {
    let runtime = local();
    let set = LocalSet::new();
    let in_set: JoinHandle<()> = runtime.block_on(async {
        let in_set = set.run_until(async { spawn_local(pending()) }).await;
        spawn_local(yield_now()).await.unwrap();
        in_set
    });
    drop(set);
    assert!(runtime.block_on(in_set).unwrap_err().is_cancelled());
}

#[test]
fn a_paused_clock_jumps() {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build_local(LocalOptions::default())
        .unwrap();
    runtime.block_on(async {
        let sleeper = spawn_local(sleep(Duration::from_secs(1_000_000)));
        sleeper.await.unwrap();
    });
}

#[test]
fn dropping_it_drops_its_tasks_and_what_they_spawn_is_cancelled() {
    struct Spawns(Rc<Cell<usize>>);
    impl Drop for Spawns {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
            drop(spawn_local(async { unreachable!("it never runs") }));
            drop(rt_facade::spawn(async { unreachable!("it never runs") }));
        }
    }
    let ends: [fn(LocalRuntime); 3] = [
        drop,
        |runtime| runtime.shutdown_timeout(Duration::from_secs(1)),
        LocalRuntime::shutdown_background,
    ];
    for end in ends {
        let drops = Rc::new(Cell::new(0));
        let runtime = local();
        let task = || {
            let spawns = Spawns(drops.clone());
            async move {
                let _spawns = spawns;
                pending::<()>().await;
            }
        };
        let polled = runtime.spawn_local(task());
        runtime.block_on(yield_now());
        let unpolled = runtime.spawn_local(task());
        end(runtime);
        assert_eq!(drops.get(), 2);
        assert!(polled.is_finished() && unpolled.is_finished());
    }
}

#[test]
fn a_drop_waits_for_a_closure_that_has_started_and_a_background_shutdown_does_not() {
    let runtime = local();
    let (let_go, held) = hold();
    let gate = Gate::new();
    let started = gate.clone();
    let closure = runtime.spawn_blocking(move || {
        started.open();
        held.stay();
    });
    runtime.block_on(gate.passed());
    runtime.shutdown_background(); // or it would hang here
    assert!(!closure.is_finished());
    let_go.go();
    rt_task::block_on(closure).unwrap();

    let runtime = local();
    let (let_go, held) = hold();
    let gate = Gate::new();
    let started = gate.clone();
    drop(runtime.spawn_blocking(move || {
        started.open();
        held.stay();
    }));
    runtime.block_on(gate.passed());
    let report = runtime.shutdown_report(Duration::from_millis(1));
    assert!(!report.is_complete(), "{report}");
    let_go.go();

    let runtime = local();
    let closure = runtime.spawn_blocking(|| 1);
    drop(runtime);
    assert!(closure.is_finished(), "run or cancelled");
}

#[test]
fn it_may_be_dropped_inside_another_runtime() {
    for build in flavors() {
        let outer = build().enable_all().build().unwrap();
        outer.block_on(async {
            let inner = local();
            let task = inner.spawn_local(pending::<()>());
            drop(inner);
            assert!(task.await.unwrap_err().is_cancelled());
            yield_now().await;
        });
    }
    local().block_on(async { drop(local()) });
}

#[test]
fn a_second_one_cannot_be_driven_inside() {
    let (outer, inner) = (local(), local());
    let message = panic_message(|| outer.block_on(async { inner.block_on(async {}) }));
    assert!(message.contains("LocalRuntime::block_on"), "{message}");
    assert!(message.contains("tests/it/local/runtime.rs"), "{message}");
    assert_eq!(inner.block_on(async { 1 }) + outer.block_on(async { 2 }), 3);
}

#[test]
fn it_needs_the_single_thread_flavour() {
    let error = Builder::new_multi_thread().build_local(LocalOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("new_current_thread"), "{error}");
}

#[test]
fn local_tasks_have_names_and_ids() {
    let runtime = local();
    runtime.block_on(async {
        let named = task::Builder::new().name("named").spawn_local(pending::<()>()).unwrap();
        yield_now().await;
        let mut names = Vec::new();
        runtime.handle().for_each_task(|info| names.push((info.id, info.name)));
        assert_eq!(names, [(named.id(), Some("named".to_owned()))]);
    });
}
