//! `block_in_place` hands the worker to another thread, and takes it back.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;

use rt_facade::net::UdpSocket;
use rt_facade::runtime::{Builder, Handle};
use rt_facade::task::{block_in_place, spawn_blocking, yield_now};
use rt_facade::time::{Duration, sleep};

use crate::support::{
    CountsDrops, Gate, block_until, flavors, for_each_flavor, for_workers, hold, multi,
    panic_message, receive,
};

#[test]
fn what_waits_in_the_workers_queue_and_slot_runs_meanwhile() {
    for_workers([1, 2, 4], |runtime| {
        for _ in 0..20 {
            let task = runtime.spawn(async {
                let (sender, receiver) = mpsc::channel();
                let gate = Gate::new();
                let waits = (gate.passed(), sender.clone());
                let waiting = rt_facade::spawn(async move {
                    waits.0.await;
                    waits.1.send(0).unwrap();
                });
                for n in 1..10 {
                    let sender = sender.clone();
                    drop(rt_facade::spawn(async move {
                        yield_now().await;
                        sender.send(n).unwrap();
                    }));
                }
                yield_now().await;
                gate.open(); // to the slot
                let mut heard: Vec<_> =
                    block_in_place(|| (0..10).map(|_| receive(&receiver)).collect());
                heard.sort_unstable();
                assert_eq!(heard, (0..10).collect::<Vec<_>>());
                yield_now().await; // a task of the scheduler, as before
                waiting.await.unwrap();
            });
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn sockets_and_timers_go_on_meanwhile() {
    for_workers([1, 2], |runtime| {
        let task = runtime.spawn(async {
            let (sender, receiver) = mpsc::channel();
            drop(rt_facade::spawn(async move {
                let a = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                let b = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                for round in 0..10 {
                    sleep(Duration::from_millis(1)).await;
                    a.send_to(&[round], b.local_addr().unwrap()).await.unwrap();
                    let mut buf = [0; 1];
                    b.recv_from(&mut buf).await.unwrap();
                    assert_eq!(buf, [round]);
                }
                sender.send(()).unwrap();
            }));
            block_in_place(|| receive(&receiver));
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn it_may_be_nested_and_may_block_on_the_runtime() {
    for_workers([1, 2], |runtime| {
        let task = runtime.spawn(async {
            let gate = Gate::new();
            let opens = gate.clone();
            drop(rt_facade::spawn(async move { opens.open() }));
            let passed = gate.passed();
            let answer = block_in_place(|| {
                block_in_place(|| {
                    Handle::current().block_on(async {
                        passed.await;
                        sleep(Duration::from_millis(1)).await;
                        // The root of a `block_on` may give its thread away again.
                        block_in_place(|| ());
                        rt_facade::spawn(async { 42 }).await.unwrap()
                    })
                })
            });
            yield_now().await;
            answer
        });
        assert_eq!(runtime.block_on(task).unwrap(), 42);
    });
}

#[test]
fn the_root_of_a_block_on_and_a_thread_that_may_block_just_call_it() {
    for_workers([1, 2], |runtime| {
        let answer = runtime.block_on(async {
            let inside = block_in_place(|| Handle::current().block_on(async { 1 }));
            yield_now().await;
            inside + spawn_blocking(|| block_in_place(|| 2)).await.unwrap()
        });
        assert_eq!(answer, 3);
    });
    for_each_flavor(|runtime| {
        let closure = runtime.spawn_blocking(|| block_in_place(|| 4));
        assert_eq!(runtime.block_on(closure).unwrap(), 4);
    });
    assert_eq!(block_in_place(|| 8), 8, "a thread with no runtime at all");
}

#[test]
fn on_the_single_thread_flavour_it_tells_the_call_and_the_fix() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let tells = |message: String| {
        assert!(message.contains(file!()), "{message}");
        assert!(message.contains("new_multi_thread"), "{message}");
        assert!(message.contains("spawn_blocking"), "{message}");
    };
    runtime.block_on(async {
        tells(panic_message(|| block_in_place(|| ())));
        let task = rt_facade::spawn(async { block_in_place(|| ()) });
        tells(*task.await.unwrap_err().into_panic().downcast::<String>().unwrap());
        assert_eq!(rt_facade::spawn(async { 1 }).await.unwrap(), 1);
    });
}

#[test]
fn a_panic_in_it_is_the_tasks_and_the_worker_is_taken_back() {
    for_workers([1, 2], |runtime| {
        runtime.block_on(async {
            for _ in 0..20 {
                let task = rt_facade::spawn(async { block_in_place(|| panic!("in place")) });
                let error = task.await.unwrap_err();
                assert!(error.to_string().contains("in place"), "{error}");
                let caught = rt_facade::spawn(async {
                    assert_eq!(panic_message(|| block_in_place(|| panic!("caught"))), "caught");
                    yield_now().await;
                    rt_facade::spawn(async { 1 }).await.unwrap()
                });
                assert_eq!(caught.await.unwrap(), 1);
            }
        });
    });
}

#[test]
fn as_many_as_want_to_block_do_so_at_once() {
    for_workers([1, 2, 4], |runtime| {
        const TASKS: usize = 24;
        let barrier = Arc::new(Barrier::new(TASKS));
        let tasks: Vec<_> = (0..TASKS)
            .map(|n| {
                let barrier = barrier.clone();
                runtime.spawn(async move {
                    block_in_place(|| barrier.wait()); // ends only when all are there
                    yield_now().await;
                    n
                })
            })
            .collect();
        runtime.block_on(async {
            for (n, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await.unwrap(), n);
            }
        });
    });
}

#[test]
fn one_after_the_other_takes_few_threads() {
    for workers in [1, 2] {
        let threads = Arc::new(AtomicUsize::new(0));
        let starts = threads.clone();
        let count = move || {
            starts.fetch_add(1, SeqCst);
        };
        let runtime = multi(workers).on_thread_start(count).build().unwrap();
        let tasks: Vec<_> = (0..2)
            .map(|_| {
                runtime.spawn(async {
                    for n in 0..500 {
                        assert_eq!(block_in_place(|| n), n);
                        yield_now().await;
                    }
                })
            })
            .collect();
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
        drop(runtime);
        let threads = threads.load(SeqCst);
        assert!(threads <= workers + 16, "{threads} threads for two that block at a time");
    }
}

/// The drop of a runtime, on a thread of its own, with one task in `block_in_place`. `pended`: not for the
/// first time in its life then.
fn dropped_meanwhile(workers: usize, pended: bool, ends: bool) {
    let runtime = multi(workers).enable_all().build().unwrap();
    let drops = Arc::new(AtomicUsize::new(0));
    let (guard, idle_guard) = (CountsDrops(drops.clone()), CountsDrops(drops.clone()));
    let (let_go, held) = hold();
    let (starts, started) = mpsc::channel();
    let task = runtime.spawn(async move {
        let _guard = guard;
        if pended {
            sleep(Duration::from_millis(1)).await;
        }
        block_in_place(|| {
            starts.send(()).unwrap();
            held.stay();
        });
        if !ends {
            yield_now().await;
            std::future::pending::<()>().await;
        }
    });
    let idle = runtime.spawn(async move {
        let _guard = idle_guard;
        std::future::pending::<()>().await;
    });
    receive(&started);
    let dropped = Arc::new(AtomicBool::new(false));
    let says = dropped.clone();
    let dropping = thread::Builder::new().spawn(move || {
        drop(runtime);
        says.store(true, SeqCst);
    });
    assert!(rt_task::block_on(idle).unwrap_err().is_cancelled(), "idle tasks are dropped at once");
    assert_eq!(drops.load(SeqCst), 1);
    assert!(!dropped.load(SeqCst), "the drop waits for the closure");
    let_go.go();
    block_until(|| dropped.load(SeqCst));
    assert_eq!(drops.load(SeqCst), 2);
    assert_eq!(rt_task::block_on(task).is_ok(), ends);
    dropping.unwrap().join().unwrap();
}

#[test]
fn a_runtime_dropped_meanwhile_waits_for_the_poll_to_end() {
    for workers in [1, 2] {
        for (pended, ends) in [(true, true), (true, false), (false, true), (false, false)] {
            dropped_meanwhile(workers, pended, ends);
        }
    }
}

#[test]
fn a_shutdown_in_time_tells_of_a_task_that_blocks_in_place() {
    let runtime = multi(1).build().unwrap();
    let (let_go, held) = hold();
    let (starts, started) = mpsc::channel();
    let task = runtime.spawn(async move {
        block_in_place(|| {
            starts.send(()).unwrap();
            held.stay();
        });
    });
    receive(&started);
    let report = runtime.shutdown_report(Duration::from_millis(20));
    assert!(!report.is_complete(), "{report}");
    assert_eq!(report.alive_tasks, 1, "{report}");
    let_go.go();
    rt_task::block_on(task).unwrap();
}

#[test]
fn a_runtime_dropped_inside_by_its_own_task_says_that_it_cannot_wait() {
    for workers in [1, 2] {
        let runtime = multi(workers).build().unwrap();
        let drops = Arc::new(AtomicUsize::new(0));
        let guard = CountsDrops(drops.clone());
        drop(runtime.spawn(async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        }));
        let handle = runtime.handle().clone();
        let task = handle.spawn(async move { block_in_place(|| drop(runtime)) });
        let error = rt_task::block_on(task).unwrap_err();
        assert!(error.to_string().contains("shutdown_background"), "{error}");
        block_until(|| drops.load(SeqCst) == 1);
    }
}

#[test]
fn with_another_runtime_entered_on_top_it_says_so() {
    for build in flavors() {
        let other = build().build().unwrap();
        let runtime = multi(1).build().unwrap();
        let handle = other.handle().clone();
        let task = runtime.spawn(async move {
            let message = {
                let _entered = handle.enter();
                panic_message(|| block_in_place(|| ()))
            };
            assert!(message.contains(file!()), "{message}");
            assert!(message.contains("the entered runtime"), "{message}");
            block_in_place(|| 1)
        });
        assert_eq!(runtime.block_on(task).unwrap(), 1);
    }
}
