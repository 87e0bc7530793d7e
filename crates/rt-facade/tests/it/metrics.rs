//! What is counted adds up.

use rt_facade::runtime::Builder;
use rt_facade::task::{spawn_blocking, yield_now};
use rt_facade::time::{Duration, sleep};

use crate::support::{for_each_flavor, for_workers, keep_workers, multi, until};

#[test]
fn tasks_are_counted_from_their_spawn_to_their_end() {
    for_each_flavor(|runtime| {
        let before = runtime.metrics();
        runtime.block_on(async {
            let workers = keep_workers(runtime);
            let tasks: Vec<_> = (0..100).map(|_| rt_facade::spawn(yield_now())).collect();
            let spawned = runtime.metrics().spawned_tasks - before.spawned_tasks;
            assert_eq!(spawned, 100 + workers.len() as u64);
            assert_eq!(runtime.metrics().alive_tasks, spawned);
            drop(workers);
            for task in tasks {
                task.await.unwrap();
            }
            until(|| runtime.metrics().alive_tasks == 0).await;
        });
        let polls = runtime.metrics().polls - before.polls;
        assert!((200..=300).contains(&polls), "{polls} polls of 100 tasks that yield once");
    });
}

#[test]
fn what_comes_from_outside_goes_by_way_of_the_global_queue_and_what_comes_from_inside_does_not() {
    for build in [Builder::new_current_thread, || multi(1)] {
        let runtime = build().build().unwrap();
        let global = || runtime.metrics().remote_schedules;
        let inside = runtime.spawn(async {
            for n in 0..100 {
                assert_eq!(rt_facade::spawn(async move { n }).await.unwrap(), n);
            }
        });
        runtime.block_on(inside).unwrap();
        assert_eq!(global(), 1, "the first of them alone");
        for _ in 0..10 {
            runtime.block_on(runtime.spawn(async {})).unwrap();
        }
        assert_eq!(global(), 11);
    }
}

#[test]
fn the_runtimes_counts_are_the_sums_of_its_workers() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..50)
                .map(|n| {
                    rt_facade::spawn(async move {
                        sleep(Duration::from_millis(n % 3)).await;
                        spawn_blocking(|| ()).await.unwrap();
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            // Nothing goes on any more: the counts stand still.
            let mut sums = (0, 0);
            until(|| {
                let all = runtime.metrics();
                let workers = (0..all.workers).map(|n| runtime.handle().worker_metrics(n).unwrap());
                sums = workers.fold((0, 0), |sum, it| (sum.0 + it.polls, sum.1 + it.from_global));
                sums == (all.polls, all.remote_schedules)
            })
            .await;
            assert!(sums.0 >= 100, "{sums:?}");
            assert!(sums.1 > 0, "{sums:?}");
            assert!(runtime.handle().worker_metrics(runtime.metrics().workers).is_none());
        });
        assert!(runtime.metrics().parks > 0);
    });
}

#[test]
fn a_worker_counts_its_waits_its_time_and_what_its_polls_take() {
    for_workers([1, 2], |runtime| {
        runtime.block_on(async {
            let busy = rt_facade::spawn(async {
                for _ in 0..10_000 {
                    yield_now().await;
                }
                sleep(Duration::from_millis(1)).await;
            });
            busy.await.unwrap();
            until(|| {
                let workers = (0..runtime.metrics().workers)
                    .map(|n| runtime.handle().worker_metrics(n).unwrap());
                let workers: Vec<_> = workers.collect();
                let has_worked = workers.iter().any(|it| {
                    let known = it.busy > Duration::ZERO && it.mean_poll > Duration::ZERO;
                    it.polls >= 5_000 && known
                });
                // That may be the other one, which waited meanwhile.
                has_worked && workers.iter().any(|it| it.turns > 0 && it.parks > 0)
            })
            .await;
        });
    });
}
