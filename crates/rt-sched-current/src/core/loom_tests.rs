//! The whole scheduler with one foreign thread, over every interleaving.

use std::future::poll_fn;
use std::task::Poll;

use rt_task::base::clock::Monotonic;
use rt_task::base::driver::Stack;
use rt_task::base::park::ThreadPark;
use rt_task::base::seam::NoTimers;
use rt_task::base::shim::{Arc, AtomicBool, Mutex, Ordering::*, model, thread};

use crate::LocalExecutor;

fn executor() -> LocalExecutor<Stack<ThreadPark, NoTimers, Monotonic>> {
    LocalExecutor::new(Stack::new(ThreadPark::new(), NoTimers, Monotonic::new()))
}

/// Explores `body` from both ends: as it is, and with the other thread let go first. The checker
/// goes back to the last access of an object only, and would miss orders in which one thread's loads
/// all come after another's changes.
fn both_ways(test: impl Fn(fn()) + Copy + Send + Sync + 'static) {
    model(move || test(|| ()));
    model(move || test(thread::yield_now));
}

/// A flag that wakes one waiter.
#[derive(Default)]
struct Flag {
    set: AtomicBool,
    waker: Mutex<Option<std::task::Waker>>,
}

impl Flag {
    async fn wait(this: Arc<Self>) {
        poll_fn(|cx| {
            *this.waker.lock().unwrap() = Some(cx.waker().clone());
            match this.set.load(Acquire) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    fn raise(&self) {
        self.set.store(true, Release);
        let waker = self.waker.lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[test]
fn a_task_woken_from_elsewhere_runs() {
    both_ways(|turn| {
        let executor = executor();
        let flag = Arc::new(Flag::default());
        let raiser = {
            let flag = flag.clone();
            thread::spawn(move || flag.raise())
        };
        turn();
        executor.block_on(async { executor.spawn(Flag::wait(flag)).await.unwrap() });
        raiser.join().unwrap();
    });
}

#[test]
fn a_root_woken_from_elsewhere_is_polled() {
    both_ways(|turn| {
        let executor = executor();
        let flag = Arc::new(Flag::default());
        let raiser = {
            let flag = flag.clone();
            thread::spawn(move || flag.raise())
        };
        turn();
        executor.block_on(Flag::wait(flag));
        raiser.join().unwrap();
    });
}

#[test]
fn shutdown_waits_for_a_push_in_flight() {
    both_ways(|turn| {
        let executor = executor();
        let flag = Arc::new(Flag::default());
        let task = executor.spawn(Flag::wait(flag.clone()));
        executor.block_on(rt_task::coop::yield_now());
        let raiser = thread::spawn(move || flag.raise());
        turn();
        drop(executor);
        assert!(task.is_finished(), "every task is dropped before the drop returns");
        raiser.join().unwrap();
    });
}

#[test]
fn a_spawn_from_elsewhere_runs_or_is_cancelled() {
    both_ways(|turn| {
        let executor = executor();
        let spawner = executor.spawner().clone();
        let remote = thread::spawn(move || spawner.spawn(async {}));
        turn();
        drop(executor);
        assert!(remote.join().unwrap().is_finished());
    });
}
