//! What should not be done to a task, and what comes of it: a clear result, and no harm to others.

use std::future::{pending, poll_fn};
use std::panic::{panic_any, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;

use rt_facade::runtime::{Handle, Runtime};
use rt_facade::task::{JoinHandle, block_in_place, spawn_blocking, yield_now};

use crate::support::{
    CountsDrops, Gate, LetGo, flavors, for_each_flavor, for_workers, hold, panic_message, receive,
    until,
};

/// Panics when dropped.
struct PanicsInDrop(&'static str);

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic_any(self.0);
    }
}

/// Still good for work, new tasks and closures.
fn is_well(runtime: &Runtime) {
    runtime.block_on(async {
        assert_eq!(rt_facade::spawn(async { 1 }).await.unwrap(), 1);
        assert_eq!(spawn_blocking(|| 2).await.unwrap(), 2);
    });
}

/// Spawns a task that gets its own handle.
fn with_itself<F>(
    runtime: &Runtime,
    body: impl FnOnce(JoinHandle<()>) -> F + Send + 'static,
) -> rt_facade::task::AbortHandle
where
    F: Future<Output = ()> + Send + 'static,
{
    let (sends, receives) = mpsc::channel();
    let passed = Gate::new();
    let task = {
        let opened = passed.passed();
        runtime.spawn(async move {
            opened.await;
            body(receives.recv().unwrap()).await;
        })
    };
    let watches = task.abort_handle();
    sends.send(task).unwrap();
    passed.open();
    watches
}

#[test]
fn a_task_that_joins_itself_is_told() {
    for_each_flavor(|runtime| {
        let told = Arc::new(Mutex::new(None));
        let tells = told.clone();
        let watches = with_itself(runtime, move |mut own| async move {
            let message =
                poll_fn(|cx| Poll::Ready(panic_message(|| std::pin::Pin::new(&mut own).poll(cx))));
            *tells.lock().unwrap() = Some(message.await);
            own.await.unwrap(); // and not contained
        });
        runtime.block_on(until(|| watches.is_finished()));
        let message = told.lock().unwrap().take().unwrap();
        let task = format!("task {}", watches.id());
        for word in [&task, "bad_ends.rs:", "its own `JoinHandle`", "for ever"] {
            assert!(message.contains(word), "{message}");
        }
        is_well(runtime);
    });
}

#[test]
fn a_closure_that_blocks_on_itself_is_told() {
    for_each_flavor(|runtime| {
        let (sends, receives) = mpsc::channel::<JoinHandle<()>>();
        let (tells, told) = mpsc::channel();
        let closure = runtime.spawn_blocking(move || {
            let own = receives.recv().unwrap();
            let joins = || Handle::current().block_on(own).unwrap();
            tells.send(panic_message(joins)).unwrap();
        });
        sends.send(closure).unwrap();
        assert!(receive(&told).contains("its own `JoinHandle`"));
        is_well(runtime);
    });
}

#[test]
fn a_task_in_place_that_blocks_on_itself_is_told() {
    for_workers([1, 2], |runtime| {
        let (tells, told) = mpsc::channel();
        let watches = with_itself(runtime, move |own| async move {
            let joins = || Handle::current().block_on(own).unwrap();
            tells.send(panic_message(|| block_in_place(joins))).unwrap();
        });
        assert!(receive(&told).contains("its own `JoinHandle`"));
        runtime.block_on(until(|| watches.is_finished()));
        is_well(runtime);
    });
}

#[test]
fn a_task_that_aborts_and_then_joins_itself_ends_there() {
    for_each_flavor(|runtime| {
        let drops = Arc::new(AtomicUsize::new(0));
        let guard = CountsDrops(drops.clone());
        let watches = with_itself(runtime, |own| async move {
            let _guard = guard;
            own.abort();
            drop(own.await);
            unreachable!("it was aborted");
        });
        runtime.block_on(until(|| watches.is_finished()));
        assert_eq!(drops.load(SeqCst), 1);
        is_well(runtime);
    });
}

/// A task that stays in its first poll until it is let go; then pends, or ends with 7.
fn in_a_poll(
    runtime: &Runtime,
    pends: bool,
    guard: CountsDrops,
) -> (JoinHandle<u32>, Receiver<()>, LetGo) {
    let (let_go, held) = hold();
    let (starts, started) = mpsc::channel();
    let task = runtime.spawn(async move {
        let _guard = guard;
        starts.send(()).unwrap();
        held.stay();
        if pends {
            pending::<()>().await;
        }
        7
    });
    (task, started, let_go)
}

#[test]
fn an_abort_during_a_poll_from_another_thread_takes_effect_at_its_end() {
    for_each_flavor(|runtime| {
        for (pends, times) in [(true, 1), (false, 1), (true, 3), (false, 3)] {
            let drops = Arc::new(AtomicUsize::new(0));
            let (task, started, let_go) = in_a_poll(runtime, pends, CountsDrops(drops.clone()));
            let aborts = task.abort_handle();
            let other = thread::Builder::new().spawn({
                let drops = drops.clone();
                move || {
                    receive(&started);
                    (0..times).for_each(|_| aborts.abort());
                    assert_eq!(drops.load(SeqCst), 0);
                    assert!(!aborts.is_finished());
                    let_go.go();
                }
            });
            let joined = runtime.block_on(task);
            assert_eq!(drops.load(SeqCst), 1, "the future is gone when the join result is there");
            match pends {
                true => assert!(joined.unwrap_err().is_cancelled()),
                false => assert_eq!(joined.unwrap(), 7, "it ended in that poll"),
            }
            other.unwrap().join().unwrap();
        }
        is_well(runtime);
    });
}

#[test]
fn aborted_and_awaited_a_task_is_gone_to_the_last_destructor() {
    struct Slow(Arc<AtomicUsize>);
    impl Drop for Slow {
        fn drop(&mut self) {
            (0..100).for_each(|_| thread::yield_now());
            self.0.fetch_add(1, SeqCst);
        }
    }
    for_each_flavor(|runtime| {
        let drops = Arc::new(AtomicUsize::new(0));
        runtime.block_on(async {
            for n in 1..20 {
                let (slow, gate) = (Slow(drops.clone()), Gate::new());
                let passed = gate.passed();
                let task = rt_facade::spawn(async move {
                    let _slow = slow;
                    passed.await;
                });
                until(|| gate.is_waited_for()).await;
                task.abort();
                assert!(task.await.unwrap_err().is_cancelled());
                assert_eq!(drops.load(SeqCst), n);
            }
        });
    });
}

#[test]
fn aborts_of_a_finished_task_change_nothing() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let ends = [
                rt_facade::spawn(async { 1 }),
                rt_facade::spawn(async { panic_any("it") }),
                spawn_blocking(|| 1),
            ];
            for task in &ends {
                until(|| task.is_finished()).await;
                let aborts = task.abort_handle();
                (0..3).for_each(|_| aborts.abort());
                task.abort();
            }
            let [output, panic, closure] = ends;
            assert_eq!(output.await.unwrap(), 1);
            assert!(panic.await.unwrap_err().is_panic());
            let aborts = closure.abort_handle();
            assert_eq!(closure.await.unwrap(), 1);
            aborts.abort(); // and the output is gone, too
        });
        is_well(runtime);
    });
}

#[test]
fn a_destructor_that_panics_in_an_unwinding_task_is_contained() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            // The poll unwinds; what the future still holds is dropped after it, and panics too.
            let mut bomb = Some(PanicsInDrop("its drop"));
            let task = rt_facade::spawn(poll_fn(move |_| -> Poll<()> {
                let _keeps = &mut bomb;
                panic_any("its poll")
            }));
            let panic = task.await.unwrap_err().into_panic();
            assert_eq!(panic.downcast_ref(), Some(&"its poll"), "the first counts");
        });
        is_well(runtime);
    });
}

#[test]
fn a_handle_dropped_while_unwinding_drops_an_output_that_panics() {
    for_each_flavor(|runtime| {
        let finished = || {
            let task = runtime.spawn(async { PanicsInDrop("an output") });
            runtime.block_on(until(|| task.is_finished()));
            task
        };
        // On a thread of ours, and in a task.
        let task = finished();
        let message = panic_message(|| {
            let _task = task;
            panic!("unwinds");
        });
        assert_eq!(message, "unwinds");
        let task = finished();
        let outer = runtime.spawn(async move {
            let _task = task;
            resume_unwind(Box::new("unwinds"));
        });
        let panic = runtime.block_on(outer).unwrap_err().into_panic();
        assert_eq!(panic.downcast_ref(), Some(&"unwinds"));
        is_well(runtime);
    });
}

#[test]
fn what_runs_while_a_task_unwinds_may_spawn_wake_and_abort() {
    struct Busy {
        handle: Handle,
        gate: Gate,
        victim: rt_facade::task::AbortHandle,
        spawned: Arc<AtomicUsize>,
    }
    impl Drop for Busy {
        fn drop(&mut self) {
            assert!(thread::panicking());
            let spawned = self.spawned.clone();
            drop(self.handle.spawn(async move { spawned.fetch_add(1, SeqCst) }));
            self.victim.abort();
            self.gate.open();
        }
    }
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (gate, spawned) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
            let (woken, victim) =
                (rt_facade::spawn(gate.passed()), rt_facade::spawn(pending::<()>()));
            let busy = Busy {
                handle: runtime.handle().clone(),
                gate: gate.clone(),
                victim: victim.abort_handle(),
                spawned: spawned.clone(),
            };
            let task = rt_facade::spawn(async move {
                let _busy = busy;
                panic_any("unwinds");
            });
            assert!(task.await.unwrap_err().is_panic());
            woken.await.unwrap();
            assert!(victim.await.unwrap_err().is_cancelled());
            until(|| spawned.load(SeqCst) == 1).await;
        });
    });
}

#[test]
fn a_runtime_dropped_while_unwinding_drops_its_tasks_and_contains_their_panics() {
    for build in flavors() {
        let drops = Arc::new(AtomicUsize::new(0));
        let counted = drops.clone();
        let message = panic_message(move || {
            let runtime = build().enable_all().build().unwrap();
            for _ in 0..3 {
                let (guard, gate) = (CountsDrops(counted.clone()), Gate::new());
                let passed = gate.passed();
                drop(runtime.spawn(async move {
                    let _guard = guard;
                    let _bomb = PanicsInDrop("a task's drop");
                    passed.await;
                    pending::<()>().await;
                }));
                runtime.block_on(until(|| gate.is_waited_for()));
            }
            runtime.block_on(async { panic!("the root") })
        });
        assert_eq!(message, "the root");
        assert_eq!(drops.load(SeqCst), 3);
    }
}

#[test]
fn what_a_task_spawns_while_the_shutdown_drops_it_is_cancelled_at_once() {
    struct Spawns {
        handle: Handle,
        tells: mpsc::Sender<(JoinHandle<()>, JoinHandle<()>)>,
        drops: Arc<AtomicUsize>,
    }
    impl Drop for Spawns {
        fn drop(&mut self) {
            let guards = [CountsDrops(self.drops.clone()), CountsDrops(self.drops.clone())];
            let [one, two] = guards;
            let task = self.handle.spawn(async move { drop(one) });
            let here = rt_facade::spawn(async move { drop(two) });
            self.tells.send((task, here)).unwrap();
        }
    }
    for build in flavors() {
        let (tells, told) = mpsc::channel();
        let drops = Arc::new(AtomicUsize::new(0));
        let runtime = build().enable_all().build().unwrap();
        let gate = Gate::new();
        let (passed, handle) = (gate.passed(), runtime.handle().clone());
        let spawns = Spawns { handle, tells, drops: drops.clone() };
        drop(runtime.spawn(async move {
            let _spawns = spawns;
            passed.await;
            pending::<()>().await;
        }));
        runtime.block_on(until(|| gate.is_waited_for()));
        drop(runtime);
        let (task, here) = receive(&told);
        for late in [task, here] {
            assert!(late.is_finished());
            assert!(rt_task::block_on(late).unwrap_err().is_cancelled());
        }
        assert_eq!(drops.load(SeqCst), 2);
    }
}

#[test]
fn a_task_that_yields_after_a_late_spawn_goes_on() {
    // A runtime that is gone, used inside one that works.
    for_each_flavor(|runtime| {
        let gone = rt_facade::runtime::Builder::new_current_thread().build().unwrap();
        let handle = gone.handle().clone();
        drop(gone);
        runtime.block_on(async {
            let task = rt_facade::spawn(async move {
                let late = handle.spawn(async { 1 });
                yield_now().await;
                late.await
            });
            assert!(task.await.unwrap().unwrap_err().is_cancelled());
        });
    });
}
