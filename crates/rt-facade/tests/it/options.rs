//! Options of the builder, and what the runtime tells of itself.

use std::collections::HashSet;
use std::future::pending;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use rt_facade::net::{TcpListener, UdpSocket};
use rt_facade::runtime::{
    Builder, EnterGuard, Handle, Id, RngSeed, Runtime, RuntimeFlavor, RuntimeMetrics,
    ShutdownReport, TryCurrentError, is_rt_shutdown_err, worker_index,
};
use rt_facade::task::{block_in_place, spawn_blocking, yield_now};
use rt_facade::time::{Duration, sleep};
use rt_task::base::context;
use rt_task::base::seam::{Choice, Choose};

use crate::support::{
    flavors, for_each_flavor, hold, is_multi, multi, panic_message, receive, until,
};

#[test]
fn types_have_the_traits_that_users_rely_on() {
    fn all<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + std::fmt::Debug>() {}
    fn shared<T: Send + Sync + Unpin + std::fmt::Debug>() {}
    all::<Runtime>();
    all::<Handle>();
    all::<Id>();
    all::<RuntimeFlavor>();
    all::<RuntimeMetrics>();
    all::<TryCurrentError>();
    all::<RngSeed>();
    shared::<rt_facade::dump::Dump>();
    shared::<ShutdownReport>();
    shared::<Builder>();
    fn debug<T: std::fmt::Debug>() {}
    debug::<EnterGuard<'_>>();
    fn clone<T: Clone>() {}
    clone::<Handle>();
    clone::<RuntimeMetrics>();
}

#[test]
fn a_runtime_has_a_number_of_its_own_and_the_name_that_it_was_given() {
    let mut ids = HashSet::new();
    for build in flavors() {
        let named = build().name("mine").build().unwrap();
        let unnamed = build().build().unwrap();
        assert_eq!((named.handle().name(), unnamed.handle().name()), (Some("mine"), None));
        assert!(ids.insert(named.handle().id()) && ids.insert(unnamed.handle().id()));
        let inside = named.block_on(async { Handle::current().id() });
        assert_eq!(inside, named.handle().id());
        assert_eq!(format!("{inside}"), inside.as_u64().to_string());
        assert!(format!("{named:?} {:?}", named.handle()).contains("Handle"));
    }
}

#[test]
fn metrics_are_asked_anew_and_have_the_model_runtimes_names() {
    for_each_flavor(|runtime| {
        let metrics = runtime.metrics();
        let workers = metrics.num_workers();
        assert_eq!(workers, metrics.workers);
        assert_eq!(metrics.num_alive_tasks(), 0);
        let idle: Vec<_> = (0..7).map(|_| runtime.spawn(pending::<()>())).collect();
        assert_eq!(metrics.num_alive_tasks(), 7);
        assert_eq!(metrics.alive_tasks, 0, "of the moment at which it was made");
        runtime.block_on(async {
            until(|| (0..workers).map(|n| metrics.worker_poll_count(n)).sum::<u64>() >= 7).await;
            assert_eq!(spawn_blocking(|| 1).await.unwrap(), 1);
            sleep(Duration::from_millis(2)).await;
        });
        assert!(metrics.spawned_tasks_count() >= 7);
        assert_eq!(metrics.num_blocking_threads(), 1);
        assert!(metrics.num_idle_blocking_threads() <= 1 && metrics.blocking_queue_depth() == 0);
        let parks: u64 = (0..workers).map(|n| metrics.worker_park_count(n)).sum();
        assert!(parks > 0);
        for worker in 0..workers {
            let before = metrics.worker_park_count(worker);
            let both = metrics.worker_park_unpark_count(worker);
            let after = metrics.worker_park_count(worker);
            assert!(
                (2 * before).saturating_sub(1) <= both && both <= 2 * after,
                "{before} {both} {after}"
            );
            let _ = metrics.worker_local_queue_depth(worker);
        }
        let message = panic_message(|| metrics.worker_park_count(workers));
        assert!(
            message.contains(&format!("worker {workers} was asked for, of {workers}")),
            "{message}"
        );
        idle.iter().for_each(|task| task.abort());
    });
}

#[test]
fn the_depth_of_the_global_queue_is_told() {
    for workers in [1, 2] {
        let runtime = multi(workers).build().unwrap();
        let metrics = runtime.metrics();
        let held = crate::support::keep_workers(&runtime);
        let tasks: Vec<_> = (0..10).map(|_| runtime.spawn(async {})).collect();
        assert_eq!(metrics.global_queue_depth(), 10);
        drop(held);
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert_eq!(metrics.global_queue_depth(), 0);
    }
}

#[test]
fn busy_time_grows_with_work() {
    for build in flavors() {
        let runtime = build().enable_all().measure_busy_time().build().unwrap();
        let metrics = runtime.metrics();
        let busy = || {
            (0..metrics.num_workers())
                .map(|n| metrics.worker_total_busy_duration(n))
                .sum::<Duration>()
        };
        let before = busy();
        runtime.block_on(async {
            rt_facade::spawn(async {
                for _ in 0..1000 {
                    yield_now().await;
                }
                sleep(Duration::from_millis(1)).await;
            })
            .await
            .unwrap();
            until(|| busy() > before).await;
        });
    }
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(yield_now());
    assert_eq!(runtime.metrics().worker_total_busy_duration(0), Duration::ZERO, "nobody asked");
}

#[test]
fn a_worker_knows_its_number() {
    for_each_flavor(|runtime| {
        assert_eq!(worker_index(), None);
        let workers = runtime.metrics().workers;
        let root = runtime.block_on(async { worker_index() });
        assert_eq!(root, if is_multi(runtime) { None } else { Some(0) });
        let (inside, in_place, blocking) = runtime
            .block_on(runtime.spawn(async {
                let multi = Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
                let inside = worker_index();
                let in_place = if multi { block_in_place(worker_index) } else { None };
                (inside, in_place, spawn_blocking(worker_index).await.unwrap())
            }))
            .unwrap();
        assert!(inside.unwrap() < workers);
        assert_eq!((in_place, blocking), (None, None));
    });
}

#[test]
fn an_error_tells_that_its_runtime_has_shut_down() {
    for build in flavors() {
        let runtime = build().enable_all().build().unwrap();
        let (socket, listener) = runtime.block_on(async {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            (socket, TcpListener::bind("127.0.0.1:0").await.unwrap())
        });
        drop(runtime);
        let received = rt_task::block_on(socket.recv(&mut [0; 1])).unwrap_err();
        let accepted = rt_task::block_on(listener.accept()).unwrap_err();
        assert!(is_rt_shutdown_err(&received) && is_rt_shutdown_err(&accepted), "{received}");
        let other = std::io::Error::other(received.to_string());
        assert!(
            !is_rt_shutdown_err(&other) && !is_rt_shutdown_err(&std::io::ErrorKind::Other.into())
        );
    }
}

/// What a thread chooses.
fn choices() -> Vec<u32> {
    context::with(|ctx| (0..50).map(|_| ctx.rng().below(1000, Choice::Branch)).collect()).unwrap()
}

#[test]
fn a_seed_makes_choices_repeat() {
    for build in flavors() {
        let chosen = |seed: RngSeed| {
            let runtime = build().worker_threads(1).rng_seed(seed).build().unwrap();
            let first = runtime.block_on(async { choices() });
            let again = runtime.block_on(async { choices() });
            let task = runtime.block_on(runtime.spawn(async { choices() })).unwrap();
            (first, again, task)
        };
        let seed = RngSeed::from_bytes(b"a test");
        assert_eq!(chosen(seed), chosen(seed));
        assert_ne!(chosen(seed).0, chosen(RngSeed::from(1)).0);
    }
    let seed = RngSeed::generate();
    assert_eq!(seed.to_string().parse::<RngSeed>().unwrap(), seed);
    assert_eq!("7".parse::<RngSeed>().unwrap(), RngSeed::from(7));
    assert!("seven".parse::<RngSeed>().is_err());
    assert_ne!(RngSeed::from_bytes(b"ab"), RngSeed::from_bytes(b"ba"));
}

#[test]
fn few_events_at_once_are_enough() {
    for build in flavors() {
        let runtime = build()
            .enable_all()
            .event_interval(1)
            .max_io_events_per_tick(2)
            .max_io_events_per_busy_tick(1)
            .build()
            .unwrap();
        runtime.block_on(async {
            let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let mut tasks = Vec::new();
            for _ in 0..20 {
                let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                let to = socket.local_addr().unwrap();
                tasks
                    .push(rt_facade::spawn(async move { socket.recv(&mut [0; 8]).await.unwrap() }));
                sender.send_to(b"xyz", to).await.unwrap();
            }
            for task in tasks {
                assert_eq!(task.await.unwrap(), 3);
            }
        });
        for message in [
            panic_message(|| drop(build().max_io_events_per_tick(0).build())),
            panic_message(|| drop(build().max_io_events_per_busy_tick(0).build())),
        ] {
            assert!(message.contains("at least one event"), "{message}");
        }
    }
}

#[cfg(target_os = "linux")]
mod affinity {
    use rustix::thread::{CpuSet, sched_getaffinity};

    use super::*;

    fn here() -> Vec<usize> {
        let set = sched_getaffinity(None).unwrap();
        (0..CpuSet::MAX_CPU).filter(|processor| set.is_set(*processor)).collect()
    }

    #[test]
    fn workers_stay_on_their_processors_and_other_threads_are_left_alone() {
        let all = here();
        for workers in [1, 2, 4] {
            let sets: Vec<_> = all.iter().map(|processor| [*processor]).collect();
            let runtime = multi(workers).worker_affinity(sets.clone()).build().unwrap();
            assert_eq!(here(), all, "the thread that built it");
            let look = || (worker_index(), here());
            let seen: Vec<_> = (0..50)
                .map(|_| {
                    let task = runtime.spawn(async move {
                        let seen = look();
                        yield_now().await;
                        seen
                    });
                    runtime.block_on(task).unwrap()
                })
                .collect();
            for (worker, processors) in seen {
                assert_eq!(processors, sets[worker.unwrap() % sets.len()]);
            }
            let blocking = runtime.block_on(runtime.spawn_blocking(here)).unwrap();
            assert!(blocking == all || workers == 0, "{blocking:?}");
        }
    }

    #[test]
    fn a_thread_that_takes_over_a_worker_is_pinned_too() {
        let first = here()[0];
        let runtime = multi(1).worker_affinity([[first]]).build().unwrap();
        let seen = runtime.block_on(runtime.spawn(async {
            let (sender, receiver) = mpsc::channel();
            drop(rt_facade::spawn(async move { sender.send(here()).unwrap() }));
            block_in_place(|| receive(&receiver))
        }));
        assert_eq!(seen.unwrap(), [first]);
    }

    #[test]
    fn a_processor_that_cannot_be_had_is_an_error_and_nothing_is_left_behind() {
        let before = here();
        for (sets, what) in [
            (vec![vec![before[0]], vec![1023]], "the set of worker 1 has processor 1023"),
            (vec![vec![usize::MAX]], "has processor"),
            (vec![vec![]], "the set of worker 0 is empty"),
        ] {
            let error = multi(2).enable_all().worker_affinity(sets).build().unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains(what), "{error}");
            assert_eq!(here(), before);
        }
        // No sets: no rule. And none for a thread that is the caller's.
        let none: [[usize; 1]; 0] = [];
        assert_eq!(multi(1).worker_affinity(none).build().unwrap().block_on(async { 1 }), 1);
        let one = Builder::new_current_thread().worker_affinity([[before[0]]]).build().unwrap();
        assert_eq!(one.block_on(async { here() }), before);
    }
}

#[test]
fn park_hooks_run_on_the_single_thread_flavour_too() {
    let (parks, unparks) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (parked, unparked) = (parks.clone(), unparks.clone());
    let here = thread::current().id();
    let runtime = Builder::new_current_thread()
        .enable_all()
        .on_thread_park(move || {
            assert_eq!(parked.fetch_add(1, SeqCst), unparked.load(SeqCst), "in turn");
            assert_eq!(thread::current().id(), here);
            assert!(Handle::try_current().is_ok());
        })
        .on_thread_unpark({
            let unparks = unparks.clone();
            move || {
                unparks.fetch_add(1, SeqCst);
            }
        })
        .build()
        .unwrap();
    runtime.block_on(async {
        for _ in 0..5 {
            sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(parks.load(SeqCst) >= 5);
    assert_eq!(parks.load(SeqCst), unparks.load(SeqCst));
}

#[test]
fn a_park_hook_of_the_single_thread_flavour_may_wake_spawn_and_panic() {
    let spawned = Arc::new(AtomicUsize::new(0));
    let (counted, gate) = (spawned.clone(), crate::support::Gate::new());
    let opens = gate.clone();
    let runtime = Builder::new_current_thread()
        .on_thread_park(move || {
            let counted = counted.clone();
            drop(rt_facade::spawn(async move { counted.fetch_add(1, SeqCst) }));
            opens.open();
        })
        .on_thread_unpark(|| panic!("a hook"))
        .build()
        .unwrap();
    // The root is woken by the hook; without that it would wait for ever.
    runtime.block_on(gate.passed());
    let task = runtime.spawn(async {
        yield_now().await;
        1
    });
    assert_eq!(runtime.block_on(task).unwrap(), 1);
    drop(runtime);
    assert!(spawned.load(SeqCst) <= 3);
}

#[test]
fn a_shutdown_that_waits_in_vain_tells_for_whom() {
    for workers in [1, 2, 4] {
        for later in [false, true] {
            let runtime = multi(workers).enable_all().build().unwrap();
            let (let_go, held) = hold();
            let (starts, started) = mpsc::channel();
            let line = line!() + 1;
            let task = rt_task_named(&runtime, "stubborn", async move {
                if later {
                    sleep(Duration::from_millis(1)).await;
                }
                starts.send(()).unwrap();
                held.stay();
            });
            receive(&started);
            let report = runtime.shutdown_report(Duration::from_millis(1));
            let_go.go();
            assert!(!report.is_complete());
            assert_eq!((report.alive_tasks, report.tasks.len()), (1, 1), "{report}");
            assert!(report.busy_workers >= 1, "others may be about to leave");
            let told = &report.tasks[0];
            assert_eq!((told.id, told.location.line()), (task, line));
            assert_eq!(
                told.name.as_deref(),
                later.then_some("stubborn"),
                "of a first poll not known"
            );
            assert_eq!(told.polls, if later { 2 } else { 1 });
            let shown = report.to_string();
            assert!(shown.contains(&format!("task {task}")), "{shown}");
            assert!(shown.contains(&format!("running in poll {}", told.polls)), "{shown}");
            assert_eq!(shown.contains("after waiting for time at "), later, "{shown}");
        }
    }
}

#[track_caller]
fn rt_task_named(
    runtime: &Runtime,
    name: &str,
    future: impl Future<Output = ()> + Send + 'static,
) -> rt_facade::task::Id {
    let _guard = runtime.enter();
    rt_facade::task::Builder::new().name(name).spawn(future).unwrap().id()
}

#[test]
fn a_handle_outlives_its_runtime_and_says_so() {
    for build in flavors() {
        let runtime = build().enable_all().name("gone").build().unwrap();
        let handle = runtime.handle().clone();
        let metrics = runtime.metrics();
        drop(runtime);
        assert_eq!(handle.name(), Some("gone"));
        assert!(rt_task::block_on(handle.spawn(async {})).unwrap_err().is_cancelled());
        assert!(rt_task::block_on(handle.spawn_blocking(|| ())).unwrap_err().is_cancelled());
        assert_eq!((metrics.num_alive_tasks(), handle.dump().tasks().len()), (0, 0));
        // A future that needs nothing of it can still be driven.
        assert_eq!(handle.block_on(async { 1 }), 1);
        let _guard = handle.enter();
        assert_eq!(Handle::current().id(), handle.id());
    }
}

#[test]
fn a_builder_builds_more_than_one() {
    for build in flavors() {
        let mut builder = build();
        let starts = Arc::new(Mutex::new(0));
        let counted = starts.clone();
        builder.enable_all().on_thread_start(move || *counted.lock().unwrap() += 1);
        let (a, b) = (builder.build().unwrap(), builder.build().unwrap());
        assert_ne!(a.handle().id(), b.handle().id());
        for runtime in [&a, &b] {
            assert_eq!(runtime.block_on(runtime.spawn_blocking(|| 5)).unwrap(), 5);
        }
        assert!(*starts.lock().unwrap() >= 2);
        assert!(!format!("{builder:?}").is_empty());
    }
}
