//! Futures that are bound to a thread or a scope, and ids.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::future::pending;
use std::sync::mpsc;
use std::thread;

use crate::base::context::{Env, enter};
use crate::kit::*;
use crate::{Builder, JoinHandle, Ran, Runnable, Schedule, TaskId, Why, block_on, spawn};

/// Sends a task home to the thread that runs it.
#[derive(Clone)]
struct Home(mpsc::Sender<Runnable<Home>>);

impl Schedule for Home {
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        // Should the thread be gone: not to be dropped here.
        if let Err(mpsc::SendError(runnable)) = self.0.send(runnable) {
            core::mem::forget(runnable);
        }
    }
}

/// Runs what comes until `handle` is finished.
fn serve<T>(runnables: &mpsc::Receiver<Runnable<Home>>, home: &Home, handle: &JoinHandle<T>) {
    while !handle.is_finished() {
        if let Ran::Yielded(again) = runnables.recv().unwrap().run() {
            home.schedule(again, Why::Wake);
        }
    }
}

#[test]
fn a_future_that_is_not_send_stays_where_it_is() {
    let (send, runnables) = mpsc::channel();
    let home = Home(send);
    let drops = Drops::default();
    // Each drop asserts its thread: the future's on completion, on an abort from elsewhere,
    // and that of an output that nobody wants.
    for how in ["woken", "aborted", "detached"] {
        let (here, output) = (drops.bound(), drops.bound());
        let (give, wakers) = mpsc::channel();
        let counted = Rc::new(Cell::new(0));
        let count = counted.clone();
        let at_home = thread::current().id();
        let future = async move {
            let _here = here;
            core::future::poll_fn(|cx| {
                assert_eq!(thread::current().id(), at_home);
                count.set(count.get() + 1);
                give.send(cx.waker().clone()).unwrap();
                match count.get() {
                    2 => core::task::Poll::Ready(()),
                    _ => core::task::Poll::Pending,
                }
            })
            .await;
            output
        };
        // SAFETY: scheduled to, run on and dropped on this thread.
        let (runnable, handle) = unsafe { Builder::new().spawn_unchecked(future, home.clone()) };
        home.schedule(runnable, Why::Wake);
        let abort = handle.abort_handle();
        let elsewhere = thread::scope(|scope| {
            let elsewhere = scope.spawn(move || {
                let waker = wakers.recv().unwrap();
                match how {
                    "aborted" => abort.abort(),
                    _ => waker.wake_by_ref(),
                }
                drop(abort);
                (waker, wakers)
            });
            match how {
                "detached" => {
                    let abort = handle.abort_handle();
                    drop(handle);
                    while !abort.is_finished() {
                        let _ = runnables.recv().unwrap().run();
                    }
                }
                _ => {
                    serve(&runnables, &home, &handle);
                    let result = result(handle).map(drop);
                    assert_eq!(result.is_err(), how == "aborted");
                }
            }
            elsewhere.join().unwrap()
        });
        // The last references to the task go on another thread: memory alone goes with them.
        thread::scope(|scope| scope.spawn(move || drop(elsewhere)).join().unwrap());
        assert_eq!(Rc::strong_count(&counted), 1);
    }
    assert_eq!(drops.count(), 6);
}

#[test]
fn a_future_may_borrow_from_a_scope() {
    let queue = Queue::new();
    let mut text = alloc::string::String::from("scoped");
    {
        let borrowed = &mut text;
        let future = async move {
            crate::coop::yield_now().await;
            borrowed.push('!');
            borrowed.len()
        };
        // SAFETY: run to its end in this scope.
        let (runnable, handle) = unsafe { Builder::new().spawn_unchecked(future, queue.clone()) };
        queue.push(runnable);
        queue.run();
        assert_eq!(result(handle).unwrap(), 7);
    }
    assert_eq!(text, "scoped!");
}

#[test]
fn futures_and_outputs_of_any_shape_fit() {
    #[repr(align(256))]
    #[derive(Clone, Copy, PartialEq, Debug)]
    struct Aligned(u8);
    let queue = Queue::new();
    let aligned = Aligned(7);
    let handle = queue.spawn(async move {
        let kept = aligned;
        crate::coop::yield_now().await;
        assert_eq!((&raw const kept).addr() % 256, 0);
        kept
    });
    queue.run();
    assert_eq!(result(handle).unwrap(), aligned);
    // An output larger than its future, and the other way round.
    let handle = queue.spawn(async { [1_u8; 4096] });
    queue.run();
    assert_eq!(result(handle).unwrap(), [1; 4096]);
    let large = [2_u8; 4096];
    let handle = queue.spawn(async move { large.len() });
    queue.run();
    assert_eq!(result(handle).unwrap(), 4096);
    // Larger than either: a panic's payload in the place of nothing.
    let handle = queue.spawn(async { panics("the poll") });
    queue.run();
    let handle: JoinHandle<()> = handle;
    assert_eq!(panic_word(result(handle).unwrap_err()), "the poll");
}

#[test]
fn ids_are_unique_across_threads_with_and_without_a_context() {
    let ids = |context: bool| {
        let _guard = context.then(|| enter(Env::new()));
        let queue = Queue::new();
        let ids: Vec<TaskId> = (0..3000)
            .map(|_| {
                let (runnable, handle) = spawn(pending::<()>(), queue.clone());
                drop(runnable);
                handle.id()
            })
            .collect();
        ids
    };
    let mut all: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|n| scope.spawn(move || ids(n % 2 == 0))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 4 * 3000);
}

#[test]
fn ids_of_one_context_count_up() {
    let _guard = enter(Env::new());
    let id = || spawn(async {}, Queue::new()).1.id().as_u64();
    let first = id();
    assert_eq!([id(), id()], [first + 1, first + 2]);
}

#[test]
fn a_task_runs_to_its_end_on_other_threads() {
    let queue = Queue::new();
    let handles: Vec<_> = (0..100)
        .map(|n| {
            queue.spawn(async move {
                for _ in 0..n {
                    crate::coop::yield_now().await;
                }
                n
            })
        })
        .collect();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| queue.run());
        }
        for (n, handle) in handles.into_iter().enumerate() {
            assert_eq!(block_on(handle).unwrap(), n);
        }
    });
}
