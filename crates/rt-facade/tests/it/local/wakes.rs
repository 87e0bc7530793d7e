//! Local tasks woken and aborted from other threads.

#![allow(clippy::async_yields_async, reason = "handles are handed out, to be awaited outside")]
#![allow(clippy::disallowed_methods, reason = "the other threads of these tests are theirs")]

use std::cell::Cell;
use std::future::{Future, pending, poll_fn};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;

use rt_facade::runtime::LocalRuntime;
use rt_facade::task::{LocalSet, spawn_local, yield_now};

use crate::support::{CountsDrops, Gate, block_until, for_each_flavor, hold, receive};

#[test]
fn other_threads_wake_local_tasks() {
    for_each_flavor(|runtime| {
        LocalSet::new().block_on(runtime, async {
            let gates: Vec<_> = (0..100).map(|_| Gate::new()).collect();
            let tasks: Vec<_> = gates.iter().map(|gate| spawn_local(gate.passed())).collect();
            let opener = thread::spawn(move || {
                for gate in &gates {
                    block_until(|| gate.is_waited_for());
                    gate.open();
                }
            });
            for task in tasks {
                task.await.unwrap();
            }
            opener.join().unwrap();
        });
    });
}

#[test]
fn a_local_task_aborted_from_another_thread_is_dropped_at_home() {
    /// Must not be dropped elsewhere.
    struct Bound(Rc<()>, thread::ThreadId);
    impl Drop for Bound {
        fn drop(&mut self) {
            assert_eq!(thread::current().id(), self.1);
            assert_eq!(Rc::strong_count(&self.0), 1);
        }
    }
    for_each_flavor(|runtime| {
        LocalSet::new().block_on(runtime, async {
            let bound = Bound(Rc::new(()), thread::current().id());
            let gate = Gate::new();
            let started = gate.clone();
            let task = spawn_local(async move {
                let _bound = bound;
                started.open();
                pending::<()>().await;
            });
            gate.passed().await;
            let abort = task.abort_handle();
            let aborts = thread::spawn(move || abort.abort());
            assert!(task.await.unwrap_err().is_cancelled());
            aborts.join().unwrap();
        });
    });
}

#[test]
fn wakers_that_outlive_the_set_do_nothing() {
    for_each_flavor(|runtime| {
        let wakers = Arc::new(Mutex::new(Vec::<Waker>::new()));
        let drops = Arc::new(AtomicUsize::new(0));
        let set = LocalSet::new();
        for _ in 0..10 {
            let (wakers, guard) = (wakers.clone(), CountsDrops(drops.clone()));
            set.spawn_local(async move {
                let _guard = guard;
                poll_fn(|cx| {
                    wakers.lock().unwrap().push(cx.waker().clone());
                    Poll::<()>::Pending
                })
                .await;
            });
        }
        set.block_on(runtime, rt_facade::task::yield_now());
        drop(set);
        assert_eq!(drops.load(SeqCst), 10);
        let wakers = std::mem::take(&mut *wakers.lock().unwrap());
        assert_eq!(wakers.len(), 10);
        thread::spawn(move || wakers.into_iter().for_each(Waker::wake)).join().unwrap();
    });
}

#[test]
fn wakes_race_with_the_drop_of_the_set() {
    for_each_flavor(|runtime| {
        for _ in 0..50 {
            let (sender, receiver) = mpsc::channel::<Waker>();
            let waker = thread::spawn(move || receiver.iter().for_each(Waker::wake));
            let drops = Arc::new(AtomicUsize::new(0));
            let set = LocalSet::new();
            for _ in 0..8 {
                let (sender, guard) = (sender.clone(), CountsDrops(drops.clone()));
                set.spawn_local(async move {
                    let _guard = guard;
                    poll_fn(|cx| {
                        let _ = sender.send(cx.waker().clone());
                        Poll::<()>::Pending
                    })
                    .await;
                });
            }
            drop(sender);
            set.block_on(runtime, rt_facade::task::yield_now());
            drop(set);
            assert_eq!(drops.load(SeqCst), 8, "each is dropped before the drop returns");
            waker.join().unwrap();
        }
    });
}

#[test]
fn a_set_is_called_by_the_waker_of_who_polls_it_now() {
    for_each_flavor(|runtime| {
        let mut set = LocalSet::new();
        let gate = Gate::new();
        let task = set.spawn_local(gate.passed());
        // Polled by one root, then by another one on the same thread.
        runtime.block_on(poll_fn(|cx| {
            assert!(std::pin::Pin::new(&mut set).poll(cx).is_pending());
            Poll::Ready(())
        }));
        let (sender, receiver) = mpsc::channel();
        let opener = thread::spawn(move || {
            receive(&receiver);
            gate.open();
        });
        runtime.block_on(async {
            sender.send(()).unwrap();
            (&mut set).await;
        });
        opener.join().unwrap();
        assert!(task.is_finished());
    });
}

/// Aborts a local task from another thread during its poll, and awaits it.
async fn is_aborted_in_a_poll() {
    struct Notes(Rc<Cell<bool>>);
    impl Drop for Notes {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let is_gone = Rc::new(Cell::new(false));
    let notes = Notes(is_gone.clone());
    let (starts, started) = mpsc::channel();
    let (let_go, held) = hold();
    let task = spawn_local(async move {
        let _notes = notes;
        starts.send(()).unwrap();
        held.stay();
        yield_now().await;
        unreachable!("it goes on after the yield");
    });
    let abort = task.abort_handle();
    let aborts = thread::spawn(move || {
        receive(&started);
        abort.abort();
        let_go.go();
        abort
    });
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(is_gone.get(), "to the last destructor");
    let abort = aborts.join().unwrap();
    abort.abort(); // changes nothing
    assert!(abort.is_finished());
}

#[test]
fn aborted_during_its_poll_and_awaited_a_local_task_is_gone() {
    for_each_flavor(|runtime| {
        LocalSet::new().block_on(runtime, is_aborted_in_a_poll());
    });
    LocalRuntime::new().unwrap().block_on(is_aborted_in_a_poll());
}
