//! One task or a few: wakes, spawns, yields.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{CROWD, MANY, WARM_UP, in_root, in_task, times};
use crate::gate::{Gate, Relay, SelfWake};
use crate::meter::{Cost, Meter};
use crate::subject::Subject;

pub(super) fn self_wake<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        SelfWake::by_ref(WARM_UP).await;
        let meter = Meter::start();
        SelfWake::by_ref(n).await;
        meter.stop()
    })
}

pub(super) fn self_wake_root<S: Subject>(mut runtime: S, n: u64) -> Cost {
    runtime.block_on(async move {
        SelfWake::by_ref(WARM_UP).await;
        let meter = Meter::start();
        SelfWake::by_ref(n).await;
        meter.stop()
    })
}

pub(super) fn clone_wake<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        SelfWake::by_clone(WARM_UP).await;
        let meter = Meter::start();
        SelfWake::by_clone(n).await;
        meter.stop()
    })
}

pub(super) fn hand_over<S: Subject>(mut runtime: S, n: u64) -> Cost {
    let relay = Arc::new(Relay::default());
    let turns = n + WARM_UP;
    let run = |relay: Arc<Relay>, first: u64| async move {
        let mut meter = None;
        for turn in (first..turns).step_by(2) {
            if turn >= WARM_UP {
                meter.get_or_insert_with(Meter::start);
            }
            relay.take_turn(turn).await;
        }
        meter.map(Meter::stop)
    };
    runtime.block_on(async {
        let one = S::spawn(run(relay.clone(), 0));
        let other = S::spawn(run(relay, 1));
        let cost = one.await.expect("the workload does not panic");
        other.await.expect("the workload does not panic");
        cost.expect("there are turns after the warm-up")
    })
}

pub(super) fn spawn_await<S: Subject>(runtime: S, n: u64) -> Cost {
    async fn times<S: Subject>(n: u64) {
        for _ in 0..n {
            S::spawn(async {}).await.expect("an empty task does not panic");
        }
    }
    in_task(runtime, async move {
        times::<S>(WARM_UP).await;
        let meter = Meter::start();
        times::<S>(n).await;
        meter.stop()
    })
}

pub(super) fn spawn_await_root<S: Subject>(runtime: S, n: u64) -> Cost {
    in_root(runtime, n, async || S::spawn(async {}).await.expect("an empty task does not panic"))
}

pub(super) fn spawn_detached<S: Subject>(runtime: S, n: u64) -> Cost {
    async fn each<S: Subject>(ran: &'static [AtomicBool]) {
        for ran in ran {
            detached::<S>(ran).await;
        }
    }
    let ran = boxes(n);
    in_task(runtime, async move {
        let (warm_up, measured) = ran.split_at(WARM_UP as usize);
        each::<S>(warm_up).await;
        let meter = Meter::start();
        each::<S>(measured).await;
        let cost = meter.stop();
        all_ran::<S>(ran).await;
        cost
    })
}

pub(super) fn spawn_detached_root<S: Subject>(mut runtime: S, n: u64) -> Cost {
    let ran = boxes(n);
    let mut left = ran.iter();
    runtime.block_on(async {
        let next = async || detached::<S>(left.next().expect("one for each")).await;
        let cost = times(n, next).await;
        all_ran::<S>(ran).await;
        cost
    })
}

/// Spawns a task that ticks its box, with a plain store: nobody counts in one word.
async fn detached<S: Subject>(ran: &'static AtomicBool) {
    drop(S::spawn(async { ran.store(true, Ordering::Relaxed) }));
    S::yield_now().await;
}

/// A box for each task, those of the warm-up among them.
fn boxes(n: u64) -> &'static [AtomicBool] {
    let boxes: Box<[AtomicBool]> = (0..n + WARM_UP).map(|_| AtomicBool::new(false)).collect();
    Box::leak(boxes)
}

/// Waits for those that another worker still has.
async fn all_ran<S: Subject>(ran: &[AtomicBool]) {
    const YIELDS_MAX: u64 = 1_000_000;
    for _ in 0..YIELDS_MAX {
        if ran.iter().rev().all(|ran| ran.load(Ordering::Relaxed)) {
            return;
        }
        S::yield_now().await;
    }
    panic!("a task whose handle was dropped never ran");
}

pub(super) fn spawn_many<S: Subject>(mut runtime: S, n: u64) -> Cost {
    runtime.block_on(async {
        let mut tasks = Vec::with_capacity(MANY as usize);
        super::rounds(n, MANY, async || {
            tasks.extend((0..MANY).map(|_| S::spawn(async {})));
            for task in tasks.drain(..) {
                task.await.expect("an empty task does not panic");
            }
        })
        .await
    })
}

pub(super) fn yield_alone<S: Subject>(runtime: S, n: u64) -> Cost {
    async fn times<S: Subject>(n: u64) {
        for _ in 0..n {
            S::yield_now().await;
        }
    }
    in_task(runtime, async move {
        times::<S>(WARM_UP).await;
        let meter = Meter::start();
        times::<S>(n).await;
        meter.stop()
    })
}

pub(super) fn yield_alone_root<S: Subject>(runtime: S, n: u64) -> Cost {
    in_root(runtime, n, async || S::yield_now().await)
}

pub(super) fn yield_many<S: Subject>(mut runtime: S, n: u64) -> Cost {
    let rounds = n / MANY;
    runtime.block_on(async {
        let tasks: Vec<_> = (0..MANY)
            .map(|_| {
                S::spawn(async move {
                    S::yield_now().await;
                    let meter = Meter::start();
                    for _ in 0..rounds {
                        S::yield_now().await;
                    }
                    meter.stop()
                })
            })
            .collect();
        let mut costs = Vec::new();
        for task in tasks {
            costs.push(task.await.expect("the workload does not panic"));
        }
        // They run side by side, so any one has seen the cost of all.
        costs[0]
    })
}

pub(super) fn wake_parked<S: Subject>(mut runtime: S, n: u64) -> Cost {
    let gate = Arc::new(Gate::default());
    let rounds = n / CROWD;
    runtime.block_on(async {
        for _ in 0..CROWD {
            let gate = gate.clone();
            drop(S::spawn(async move {
                for round in 1.. {
                    gate.pass(round).await;
                }
            }));
        }
        let all_wait = async || {
            while gate.waiting() < CROWD as usize {
                S::yield_now().await;
            }
        };
        all_wait().await;
        gate.open();
        all_wait().await;
        let meter = Meter::start();
        for _ in 0..rounds {
            gate.open();
            all_wait().await;
        }
        meter.stop()
    })
}

pub(super) fn block_on_ready<S: Subject>(mut runtime: S, n: u64) -> Cost {
    for _ in 0..WARM_UP {
        runtime.block_on(async {});
    }
    let meter = Meter::start();
    for _ in 0..n {
        runtime.block_on(async {});
    }
    meter.stop()
}

/// Makes a runtime, runs a future that is ready, and drops it, so many times.
pub(super) fn cold_block_on<S: Subject>(workers: usize, n: u64) -> Cost {
    let once = || S::new(workers).block_on(async {});
    once();
    let meter = Meter::start();
    (0..n).for_each(|_| once());
    meter.stop()
}
