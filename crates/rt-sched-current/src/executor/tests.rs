//! One executor, several threads.

use std::future::poll_fn;
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Poll, Waker};
use std::thread;

use rt_task::base::clock::Monotonic;
use rt_task::base::driver::Stack;
use rt_task::base::park::RoamingPark;
use rt_task::base::seam::NoTimers;
use rt_task::coop::yield_now;

use crate::Executor;

type Plain = Stack<RoamingPark, NoTimers, Monotonic>;

fn executor() -> Executor<Plain> {
    Executor::new(Stack::new(RoamingPark::new(), NoTimers, Monotonic::new()))
}

#[test]
fn a_thread_that_waits_takes_over_when_the_driving_one_stops() {
    let executor = executor();
    let (entered, waits) = mpsc::channel();
    let (release, released) = mpsc::channel::<Waker>();
    thread::scope(|scope| {
        let executor = &executor;
        // Drives until the other thread's root has been polled once beside it.
        scope.spawn(move || {
            executor
                .block_on(async {
                    let mut told = false;
                    poll_fn(|cx| {
                        if told {
                            return Poll::Ready(());
                        }
                        told = true;
                        release.send(cx.waker().clone()).unwrap();
                        entered.send(()).unwrap();
                        Poll::Pending
                    })
                    .await;
                })
                .unwrap();
        });
        waits.recv().unwrap();
        let mut released = Some(released);
        let output = executor.block_on(async {
            poll_fn(|_| {
                if let Some(released) = released.take() {
                    released.recv().unwrap().wake(); // the other thread stops now
                }
                Poll::Ready(())
            })
            .await;
            // Only a driven executor runs a task.
            executor.spawn(async { 7 }).await.unwrap()
        });
        assert_eq!(output.unwrap(), 7);
    });
}

#[test]
fn many_threads_block_on_one_executor_and_none_is_forgotten() {
    let executor = executor();
    let start = Barrier::new(8);
    thread::scope(|scope| {
        for n in 0..8_usize {
            let (executor, start) = (&executor, &start);
            scope.spawn(move || {
                start.wait();
                for round in 0..50 {
                    let sum = executor.block_on(async {
                        let task = executor.spawn(async move {
                            yield_now().await;
                            n + round
                        });
                        task.await.unwrap()
                    });
                    assert_eq!(sum.unwrap(), n + round);
                }
            });
        }
    });
    assert_eq!(executor.metrics().alive_tasks, 0);
    assert_eq!(executor.metrics().spawned_tasks, 400);
}

#[test]
fn tasks_spawned_and_woken_from_many_threads_all_end() {
    let executor = executor();
    let total = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    thread::scope(|scope| {
        let handles: Vec<_> = (0..4)
            .map(|_| {
                let (spawner, total) = (executor.spawner().clone(), total.clone());
                scope.spawn(move || {
                    let tasks: Vec<_> = (0..500)
                        .map(|_| {
                            let total = total.clone();
                            spawner.spawn(async move {
                                yield_now().await;
                                total.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                            })
                        })
                        .collect();
                    for task in tasks {
                        rt_task::block_on(task).unwrap();
                    }
                })
            })
            .collect();
        executor
            .block_on(async {
                while !handles.iter().all(thread::ScopedJoinHandle::is_finished) {
                    yield_now().await;
                }
            })
            .unwrap();
    });
    assert_eq!(total.load(std::sync::atomic::Ordering::Relaxed), 2000);
}
