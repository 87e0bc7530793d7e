//! A set that is dropped with tasks alive, wherever that is.

#![allow(clippy::async_yields_async, reason = "handles are handed out, to be awaited outside")]
#![allow(clippy::disallowed_methods, reason = "the other threads of these tests are theirs")]

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use rt_facade::runtime::Runtime;
use rt_facade::task::{JoinHandle, LocalSet, spawn_local, yield_now};
use rt_facade::time::{Duration, sleep};

use crate::support::{for_each_flavor, receive};

/// Runs a closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A task that waits for ever, and calls `f` when it is dropped.
fn waits(set: &LocalSet, f: impl FnMut() + 'static) -> JoinHandle<()> {
    let on_drop = OnDrop(f);
    set.spawn_local(async move {
        let _on_drop = on_drop;
        pending().await
    })
}

#[test]
fn polled_and_unpolled_tasks_are_dropped_before_the_drop_returns() {
    for_each_flavor(|runtime| {
        let set = LocalSet::new();
        let dropped = Rc::new(Cell::new(0));
        let count = || {
            let dropped = dropped.clone();
            move || dropped.set(dropped.get() + 1)
        };
        let polled = waits(&set, count());
        set.block_on(runtime, yield_now());
        let unpolled = waits(&set, count());
        drop(set);
        assert_eq!(dropped.get(), 2);
        runtime.block_on(async {
            assert!(polled.await.unwrap_err().is_cancelled());
            assert!(unpolled.await.unwrap_err().is_cancelled());
        });
    });
}

#[test]
fn what_a_destructor_spawns_or_wakes_then_is_cancelled() {
    for_each_flavor(|runtime| {
        let set = LocalSet::new();
        let spawned = Rc::new(RefCell::new(None));
        let late = spawned.clone();
        let other = waits(&set, || ()).abort_handle();
        drop(waits(&set, move || {
            other.abort();
            *late.borrow_mut() = Some(spawn_local(async { unreachable!("it never runs") }));
        }));
        set.block_on(runtime, yield_now());
        drop(set);
        let spawned: JoinHandle<()> = spawned.borrow_mut().take().unwrap();
        assert!(runtime.block_on(spawned).unwrap_err().is_cancelled());
    });
}

#[test]
fn a_destructor_that_panics_stops_no_other() {
    for_each_flavor(|runtime| {
        let set = LocalSet::new();
        let dropped = Rc::new(Cell::new(false));
        let panics = waits(&set, || panic!("in a destructor"));
        let noted = dropped.clone();
        let other = waits(&set, move || noted.set(true));
        set.block_on(runtime, yield_now());
        drop(set);
        assert!(dropped.get() && other.is_finished());
        assert!(runtime.block_on(panics).unwrap_err().is_panic());
    });
}

#[test]
fn a_set_may_be_dropped_inside_a_runtime_and_inside_a_task_of_another_set() {
    for_each_flavor(|runtime| {
        let dropped = Rc::new(Cell::new(0));
        let with_one = || {
            let (set, dropped) = (LocalSet::new(), dropped.clone());
            drop(waits(&set, move || dropped.set(dropped.get() + 1)));
            set
        };
        runtime.block_on(async {
            let set = with_one();
            set.run_until(yield_now()).await;
        });
        assert_eq!(dropped.get(), 1);
        LocalSet::new().block_on(runtime, async {
            let set = with_one();
            spawn_local(async move {
                set.run_until(yield_now()).await;
                drop(set);
                spawn_local(async {}).await.unwrap(); // the outer set is entered again
            })
            .await
            .unwrap();
        });
        assert_eq!(dropped.get(), 2);
    });
}

/// The nearest that safe code gets to a set dropped by itself: its last owner but one ends inside.
#[test]
fn a_task_may_own_its_set_as_long_as_who_polls_it_does_too() {
    for_each_flavor(|runtime| {
        let set = Rc::new(LocalSet::new());
        let inside = set.clone();
        let task = set.spawn_local(async move {
            yield_now().await;
            drop(inside);
            spawn_local(async { 5 }).await.unwrap()
        });
        assert_eq!(set.block_on(runtime, task).unwrap(), 5);
        assert_eq!(Rc::strong_count(&set), 1);
    });
}

#[test]
fn a_guard_may_outlive_its_set() {
    for_each_flavor(|runtime| {
        let set = LocalSet::new();
        let guard = set.enter();
        drop(set);
        let late = spawn_local(async { 1 });
        assert!(runtime.block_on(late).unwrap_err().is_cancelled());
        drop(guard);
    });
}

#[test]
fn a_set_in_a_thread_local_is_dropped_with_its_thread() {
    thread_local! {
        static SENDER: RefCell<Option<mpsc::Sender<&'static str>>> = const { RefCell::new(None) };
        static SET: RefCell<Option<LocalSet>> = const { RefCell::new(None) };
    }
    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || {
        let runtime = Runtime::new().unwrap();
        let set = LocalSet::new();
        let from_task = sender.clone();
        drop(waits(&set, move || {
            // Another thread-local, which may be gone or not.
            let _ = SENDER.try_with(|sender| {
                let sender = sender.borrow();
                sender.as_ref().map(|sender| sender.send("a thread-local is there"))
            });
            drop(spawn_local(async {})); // cancelled
            from_task.send("the task is dropped").unwrap();
        }));
        set.block_on(&runtime, yield_now());
        SET.with(|local| *local.borrow_mut() = Some(set));
        SENDER.with(|local| *local.borrow_mut() = Some(sender));
    });
    thread.join().unwrap();
    let mut told: Vec<_> = receiver.iter().collect();
    told.retain(|told| *told != "a thread-local is there");
    assert_eq!(told, ["the task is dropped"]);
}

#[test]
fn the_runtime_may_go_first() {
    for build in crate::support::flavors() {
        let runtime = build().enable_all().build().unwrap();
        let set = LocalSet::new();
        let (sender, receiver) = mpsc::channel();
        let sleeper = set.spawn_local(async { sleep(Duration::from_secs(3600)).await });
        drop(waits(&set, move || sender.send(()).unwrap()));
        set.block_on(&runtime, yield_now());
        drop(runtime);
        assert!(!sleeper.is_finished());
        drop(set);
        receive(&receiver);
        assert!(sleeper.is_finished());
    }
}
