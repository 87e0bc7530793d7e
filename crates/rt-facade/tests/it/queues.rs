//! Where a task that can run waits, and in which order it is run.
//!
//! Orders are promised where one thread runs all: on the single-thread flavour, and with one worker.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use rt_facade::runtime::{Builder, Runtime, WorkerMetrics};
use rt_facade::task::{coop, yield_now};

use crate::support::{Gate, for_each_flavor, for_workers, hold, multi, receive, until};

/// A builder of each flavour, with one thread for all tasks.
const ONE_THREAD: [fn() -> Builder; 2] = [Builder::new_current_thread, || multi(1)];

/// Runs `future` as a task, to its end.
fn run<F>(runtime: &Runtime, future: F) -> F::Output
where
    F: Future<Output: Send> + Send + 'static,
{
    runtime.block_on(runtime.spawn(future)).unwrap()
}

fn worker(runtime: &Runtime) -> WorkerMetrics {
    runtime.handle().worker_metrics(0).expect("there is one at least")
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<usize>>>);

impl Log {
    fn push(&self, n: usize) {
        self.0.lock().unwrap().push(n);
    }

    fn take(&self) -> Vec<usize> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[test]
fn what_one_task_spawns_runs_in_that_order() {
    for build in ONE_THREAD {
        let (runtime, log) = (build().build().unwrap(), Log::default());
        let logged = log.clone();
        run(&runtime, async move {
            let tasks: Vec<_> = (0..100)
                .map(|n| {
                    let log = logged.clone();
                    rt_facade::spawn(async move { log.push(n) })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert_eq!(log.take(), (0..100).collect::<Vec<_>>());
    }
}

#[test]
fn tasks_that_yield_take_turns() {
    for build in ONE_THREAD {
        let (runtime, log) = (build().build().unwrap(), Log::default());
        let logged = log.clone();
        run(&runtime, async move {
            let tasks: Vec<_> = (0..10)
                .map(|n| {
                    let log = logged.clone();
                    rt_facade::spawn(async move {
                        for _ in 0..50 {
                            log.push(n);
                            yield_now().await;
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        for round in log.take().chunks(10) {
            assert_eq!(round, (0..10).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_full_queue_gives_half_to_all() {
    for_workers([1], |runtime| {
        let ran = Arc::new(AtomicUsize::new(0));
        let counted = ran.clone();
        let metrics = runtime.handle().clone();
        run(runtime, async move {
            for n in 1..=1000 {
                let ran = counted.clone();
                drop(rt_facade::spawn(async move { ran.fetch_add(1, SeqCst) }));
                let depth = metrics.worker_metrics(0).unwrap().local_queue_depth;
                assert!(depth <= 256, "{depth} in a worker's queue");
                let all = metrics.metrics();
                assert_eq!(all.local_queue_depth + all.global_queue_depth, n);
            }
            until(|| counted.load(SeqCst) == 1000).await;
        });
        assert!(worker(runtime).overflows >= 6, "six times half of 256");
    });
}

/// Two that wake each other for ever beside one that yields: which of them ran, in order.
fn ping_pong_beside_a_third(runtime: &Runtime) -> Vec<usize> {
    const ROUNDS: usize = 100;
    let log = Log::default();
    let logged = log.clone();
    run(runtime, async move {
        let gates: Vec<_> = (0..=2 * ROUNDS).map(|_| Gate::new()).collect();
        let players: Vec<_> = (0..2)
            .map(|player| {
                let (log, gates) = (logged.clone(), gates.clone());
                rt_facade::spawn(async move {
                    for round in 0..ROUNDS {
                        gates[2 * round + player].passed().await;
                        log.push(player);
                        gates[2 * round + player + 1].open();
                    }
                })
            })
            .collect();
        yield_now().await; // both wait
        gates[0].open();
        while !gates[2 * ROUNDS].is_open() {
            logged.push(2);
            yield_now().await;
        }
        for player in players {
            player.await.unwrap();
        }
    });
    log.take()
}

/// The longest row between two polls of the third.
fn longest_row(log: &[usize]) -> usize {
    let mut rows: Vec<_> = log.split(|n| *n == 2).map(<[usize]>::len).collect();
    rows.pop(); // the third has ended
    rows.into_iter().max().unwrap_or(0)
}

#[test]
fn what_was_woken_last_runs_next_but_three_times_in_a_row_at_most() {
    for_workers([1], |runtime| {
        let log = ping_pong_beside_a_third(runtime);
        let row = longest_row(&log);
        // One from the queue, and three from the slot.
        assert!((2..=4).contains(&row), "{row}: {log:?}");
    });
    let runtime = multi(1).disable_lifo_slot().build().unwrap();
    let log = ping_pong_beside_a_third(&runtime);
    assert_eq!(longest_row(&log), 1, "without the slot: {log:?}");
    let runtime = Builder::new_current_thread().build().unwrap();
    let log = ping_pong_beside_a_third(&runtime);
    assert_eq!(longest_row(&log), 1, "the single-thread flavour has none: {log:?}");
}

#[test]
fn what_runs_from_the_slot_has_what_is_left_of_the_budget() {
    for (slot, left) in [(true, 28), (false, 128)] {
        let mut builder = multi(1);
        if !slot {
            builder.disable_lifo_slot();
        }
        let runtime = builder.build().unwrap();
        let counted = run(&runtime, async {
            let gate = Gate::new();
            let passed = gate.passed();
            let task = rt_facade::spawn(async move {
                passed.await;
                let mut left = 0;
                while coop::has_budget_remaining() {
                    coop::consume_budget().await;
                    left += 1;
                }
                left
            });
            while !gate.is_waited_for() {
                yield_now().await;
            }
            yield_now().await; // a budget of its own again
            for _ in 0..100 {
                coop::consume_budget().await;
            }
            gate.open();
            task.await.unwrap()
        });
        assert_eq!(counted, left);
    }
}

#[test]
fn the_driver_is_turned_every_so_many_picks() {
    for build in ONE_THREAD {
        for (interval, picks) in [(None, 61), (Some(7), 7), (Some(200), 200)] {
            let mut builder = build();
            if let Some(interval) = interval {
                builder.event_interval(interval);
            }
            let runtime = builder.enable_all().build().unwrap();
            // The driver is turned more often where polls are slow, as while the system runs others.
            let kept = (0..10).map(|_| turns_and_polls(&runtime)).find(|(turns, polls)| {
                let expected = polls / picks;
                assert!(*turns >= expected * 9 / 10, "{turns} in {polls}, every {picks}");
                *turns <= expected * 11 / 10 + 2
            });
            assert!(kept.is_some(), "more often than every {picks}, again and again");
        }
    }
}

/// How often the driver was turned, and how often tasks were polled meanwhile, all of which can run.
fn turns_and_polls(runtime: &Runtime) -> (u64, u64) {
    let handle = runtime.handle().clone();
    run(runtime, async move {
        let others = (0..3).map(|_| {
            rt_facade::spawn(async {
                for _ in 0..6000 {
                    yield_now().await;
                }
            })
        });
        let others: Vec<_> = others.collect();
        for _ in 0..100 {
            yield_now().await;
        }
        let before = handle.worker_metrics(0).unwrap();
        for _ in 0..5000 {
            yield_now().await;
        }
        let after = handle.worker_metrics(0).unwrap();
        others.into_iter().for_each(|other| other.abort());
        (after.turns - before.turns, after.polls - before.polls)
    })
}

#[test]
fn what_comes_from_outside_waits_for_a_bounded_number_of_polls() {
    for build in ONE_THREAD {
        // The default is four on one flavour, and between 2 and 127 on the other.
        for (interval, most) in [(None, 128), (Some(5), 6), (Some(100), 101)] {
            let mut builder = build();
            if let Some(interval) = interval {
                builder.global_queue_interval(interval);
            }
            let runtime = builder.build().unwrap();
            let handle = runtime.handle().clone();
            let worst = run(&runtime, async move {
                let polls = Arc::new(AtomicUsize::new(0));
                let busy: Vec<_> = (0..5)
                    .map(|_| {
                        let polls = polls.clone();
                        rt_facade::spawn(async move {
                            loop {
                                polls.fetch_add(1, SeqCst);
                                yield_now().await;
                            }
                        })
                    })
                    .collect();
                let mut worst = 0;
                for _ in 0..20 {
                    let (counted, handle) = (polls.clone(), handle.clone());
                    // From another thread, while this one stands still.
                    let task = std::thread::scope(|scope| {
                        let spawned = scope.spawn(move || {
                            let before = counted.load(SeqCst);
                            handle.spawn(async move { counted.load(SeqCst) - before })
                        });
                        spawned.join().unwrap()
                    });
                    worst = worst.max(task.await.unwrap());
                }
                busy.iter().for_each(|task| task.abort());
                worst
            });
            assert!(worst <= most, "{worst} polls, where {most} is the bound");
        }
    }
}

#[test]
fn wakes_from_other_threads_are_all_heard() {
    for_each_flavor(|runtime| {
        const THREADS: usize = 4;
        const ROUNDS: usize = 300;
        std::thread::scope(|scope| {
            let tasks: Vec<_> = (0..THREADS)
                .map(|_| {
                    let (to_task, mut from_thread) = futures_channel::mpsc::channel::<usize>(1);
                    let (to_thread, from_task) = mpsc::channel();
                    scope.spawn(move || {
                        let mut to_task = to_task;
                        for n in 0..ROUNDS {
                            to_task.try_send(n).unwrap();
                            assert_eq!(receive(&from_task), n);
                        }
                    });
                    runtime.spawn(async move {
                        use futures_util::StreamExt;
                        for n in 0..ROUNDS {
                            assert_eq!(from_thread.next().await, Some(n));
                            to_thread.send(n).unwrap();
                        }
                    })
                })
                .collect();
            runtime.block_on(async {
                for task in tasks {
                    task.await.unwrap();
                }
            });
        });
    });
}

#[test]
fn an_idle_worker_steals_half_and_not_one_by_one() {
    for_workers([2], |runtime| {
        let handle = runtime.handle().clone();
        let before = steals(&handle);
        run(runtime, async {
            let (sender, receiver) = mpsc::channel();
            for _ in 0..200 {
                let sender = sender.clone();
                drop(rt_facade::spawn(async move { sender.send(()).unwrap() }));
            }
            (0..200).for_each(|_| receive(&receiver)); // in one poll: others must run them
        });
        let after = steals(&handle);
        let (tasks, operations) = (after.0 - before.0, after.1 - before.1);
        assert!(tasks >= 200, "{tasks} of 200 were stolen");
        assert!((1..100).contains(&operations), "{operations} times for {tasks}");
    });
}

/// Tasks stolen, and how often.
fn steals(handle: &rt_facade::runtime::Handle) -> (u64, u64) {
    let workers = (0..).map_while(|worker| handle.worker_metrics(worker));
    workers.fold((0, 0), |sum, it| (sum.0 + it.steals, sum.1 + it.steal_operations))
}

#[test]
fn more_workers_than_processors_share_all_there_is() {
    // More than one word of the idle protocol has room for.
    for_workers([16, 100], |runtime| {
        let workers = runtime.metrics().workers;
        let (let_go, held): (Vec<_>, Vec<_>) = (0..workers).map(|_| hold()).unzip();
        let (starts, started) = mpsc::channel();
        let tasks: Vec<_> = held
            .into_iter()
            .map(|held| {
                let starts = starts.clone();
                runtime.spawn(async move {
                    starts.send(()).unwrap();
                    held.stay(); // each on a worker of its own
                })
            })
            .collect();
        (0..workers).for_each(|_| receive(&started));
        drop(let_go);
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
            let tasks: Vec<_> = (0..1000).map(|n| rt_facade::spawn(async move { n })).collect();
            for (n, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await.unwrap(), n);
            }
        });
    });
}
