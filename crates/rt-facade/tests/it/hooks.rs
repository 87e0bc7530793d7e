//! What is told to the builder about threads: names, stacks and hooks.

use std::collections::HashMap;
use std::hint::black_box;
use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use rt_facade::runtime::{Builder, Handle};
use rt_facade::task::{block_in_place, yield_now};
use rt_facade::time::{Duration, sleep};

use crate::support::{Gate, flavors, for_each_flavor, is_multi, multi, receive, until};

fn name() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}

#[test]
fn threads_have_the_names_that_the_builder_gives_them() {
    for build in flavors() {
        let runtime = build().thread_name("mine").build().unwrap();
        assert_eq!(runtime.block_on(runtime.spawn_blocking(name)).unwrap(), "mine");
        if is_multi(&runtime) {
            let task = runtime.spawn(async { (name(), block_in_place(name)) });
            assert_eq!(runtime.block_on(task).unwrap(), ("mine".to_owned(), "mine".to_owned()));
        }
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let name_fn = move || format!("mine-{}", counted.fetch_add(1, SeqCst));
        let runtime = build().thread_name_fn(name_fn).build().unwrap();
        let named = runtime.block_on(runtime.spawn_blocking(name)).unwrap();
        let threads = if is_multi(&runtime) { runtime.metrics().workers + 1 } else { 1 };
        assert_eq!(calls.load(SeqCst), threads, "one call for each thread");
        assert_eq!(named, format!("mine-{}", threads - 1));
    }
}

#[test]
fn threads_have_the_stack_that_the_builder_asks_for() {
    /// More than the two megabytes that threads have usually.
    const DEEP: usize = 6 << 20;
    fn dig(left: usize) -> usize {
        let frame = black_box([1_u8; 4096]);
        if left < frame.len() {
            0
        } else {
            dig(left - frame.len()) + usize::from(frame[left % 4096])
        }
    }
    for build in flavors() {
        let runtime = build().thread_stack_size(64 << 20).build().unwrap();
        let blocking = runtime.spawn_blocking(|| dig(DEEP));
        assert_eq!(runtime.block_on(blocking).unwrap(), DEEP / 4096);
        if is_multi(&runtime) {
            let task = runtime.spawn(async { dig(DEEP) });
            assert_eq!(runtime.block_on(task).unwrap(), DEEP / 4096);
        }
    }
}

#[test]
fn each_thread_starts_and_stops_once() {
    for build in flavors() {
        let (starts, stops) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (started, stopped) = (starts.clone(), stops.clone());
        let runtime = build()
            .on_thread_start(move || {
                started.fetch_add(1, SeqCst);
            })
            .on_thread_stop(move || {
                stopped.fetch_add(1, SeqCst);
            })
            .build()
            .unwrap();
        runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
        let mut threads = 1;
        if is_multi(&runtime) {
            // On two threads at least; with one worker, three.
            let task = runtime.spawn(async {
                let (sender, receiver) = mpsc::channel();
                drop(rt_facade::spawn(async move { sender.send(()).unwrap() }));
                block_in_place(|| receive(&receiver));
            });
            runtime.block_on(task).unwrap();
            threads += runtime.metrics().workers;
        }
        assert!(stops.load(SeqCst) <= starts.load(SeqCst));
        drop(runtime);
        let starts = starts.load(SeqCst);
        assert!((threads..=threads + 2).contains(&starts), "{starts} threads, of {threads} known");
        assert_eq!(stops.load(SeqCst), starts, "each that has started has stopped");
    }
}

#[test]
fn parking_and_unparking_alternate_on_each_thread() {
    type Parked = Mutex<HashMap<thread::ThreadId, bool>>;
    for workers in [1, 2, 4] {
        let parked: Arc<Parked> = Arc::default();
        let (parks, unparks) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let turn = |counted: &Arc<AtomicUsize>, to: bool| {
            let (parked, counted) = (parked.clone(), counted.clone());
            move || {
                counted.fetch_add(1, SeqCst);
                let before = parked.lock().unwrap().insert(thread::current().id(), to);
                assert_eq!(before.unwrap_or(false), !to, "twice in a row");
                assert!(Handle::try_current().is_ok(), "the runtime is entered");
            }
        };
        let runtime = multi(workers)
            .enable_all()
            .on_thread_park(turn(&parks, true))
            .on_thread_unpark(turn(&unparks, false))
            .build()
            .unwrap();
        runtime.block_on(async {
            for _ in 0..20 {
                let slept = rt_facade::spawn(sleep(Duration::from_millis(1)));
                slept.await.unwrap();
            }
        });
        drop(runtime);
        assert!(parks.load(SeqCst) > 0);
        assert_eq!(parks.load(SeqCst), unparks.load(SeqCst));
        assert!(parked.lock().unwrap().values().all(|parked| !parked));
    }
}

#[test]
fn a_park_hook_may_wake_and_spawn() {
    for workers in [1, 2] {
        let (gate, rounds) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
        let (opens, counted) = (gate.clone(), rounds.clone());
        let hook = move || {
            if opens.is_waited_for() {
                let counted = counted.clone();
                drop(rt_facade::spawn(async move { counted.fetch_add(1, SeqCst) }));
                opens.open();
            }
        };
        let runtime = multi(workers).on_thread_park(hook).build().unwrap();
        let passed = gate.passed();
        let task = runtime.spawn(async move {
            yield_now().await;
            passed.await;
            1
        });
        assert_eq!(runtime.block_on(task).unwrap(), 1);
        runtime.block_on(until(|| rounds.load(SeqCst) > 0));
    }
}

#[test]
fn a_hook_that_blocks_in_place_just_blocks() {
    for workers in [1, 2] {
        let blocks = || block_in_place(thread::yield_now);
        let runtime = multi(workers)
            .enable_time()
            .on_thread_park(blocks)
            .on_thread_unpark(blocks)
            .build()
            .unwrap();
        runtime.block_on(async {
            for n in 0..50 {
                let task = rt_facade::spawn(async move {
                    sleep(Duration::from_millis(n % 2)).await;
                    rt_facade::spawn(async move { n }).await.unwrap()
                });
                assert_eq!(task.await.unwrap(), n);
            }
        });
    }
}

/// Panics when dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a payload's drop");
    }
}

#[test]
fn a_panic_in_a_hook_takes_no_thread_away() {
    for build in flavors() {
        let bomb = || panic_any(Bomb);
        type Set = fn(&mut Builder, fn()) -> &mut Builder;
        let hooks: [(&str, Set); 5] = [
            ("name", |it, _| it.thread_name_fn(|| panic_any(Bomb))),
            ("start", |it, bomb| it.on_thread_start(bomb)),
            ("stop", |it, bomb| it.on_thread_stop(bomb)),
            ("park", |it, bomb| it.on_thread_park(bomb)),
            ("unpark", |it, bomb| it.on_thread_unpark(bomb)),
        ];
        for (hook, set) in hooks {
            let mut builder = build();
            let runtime = set(&mut builder, bomb).enable_all().build().unwrap();
            runtime.block_on(async {
                for n in 0..10 {
                    let task = rt_facade::spawn(async move {
                        sleep(Duration::from_millis(1)).await;
                        rt_facade::task::spawn_blocking(move || n).await.unwrap()
                    });
                    assert_eq!(task.await.unwrap(), n, "{hook}");
                }
            });
            drop(runtime);
        }
    }
}

#[test]
fn the_runtime_is_entered_on_the_threads_that_it_starts() {
    for_each_flavor(|runtime| {
        let entered = runtime.spawn_blocking(|| Handle::try_current().is_ok());
        assert!(runtime.block_on(entered).unwrap());
    });
    for build in flavors() {
        let (tells, told) = mpsc::channel();
        let tells_too = tells.clone();
        let entered = || Handle::try_current().is_ok();
        let runtime = build()
            .on_thread_start(move || tells.send(("start", entered())).unwrap())
            .on_thread_stop(move || tells_too.send(("stop", entered())).unwrap())
            .build()
            .unwrap();
        runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
        drop(runtime);
        let told: Vec<_> = told.try_iter().collect();
        assert!(told.iter().all(|(_, entered)| *entered), "{told:?}");
    }
}
