//! The scheduler of one thread: `rt-sched-current` in the place of async-executor, on a bare
//! parker: no reactor, no timer.

use rt_sched_current::Executor;
use rt_task::base::clock::Monotonic;
use rt_task::base::driver::Stack;
use rt_task::base::park::RoamingPark;
use rt_task::base::seam::NoTimers;

use super::Swap;
use crate::gate::SelfWake;
use crate::meter::{Cost, Meter};

pub(super) const OURS: Swap = Swap {
    piece: "scheduler",
    part: "rt-sched-current",
    ours: true,
    about: "one of 1,000 tasks spawned, woken once, joined by the root future; a bare parker",
    timed: 500_000,
    run: ours,
};

pub(super) const PEER: Swap = OURS.beside("async-executor", peer);

const TASKS: u64 = 1_000;

/// Rounds of tasks by any spawner.
async fn spawn_and_join<T: Future<Output = u64>>(n: u64, spawn: impl Fn(u64) -> T) -> Cost {
    let mut tasks = Vec::with_capacity(TASKS as usize);
    let mut meter = Meter::start();
    for round in 0..=n / TASKS {
        tasks.extend((0..TASKS).map(&spawn));
        for (place, task) in tasks.drain(..).enumerate() {
            assert_eq!(task.await, place as u64);
        }
        if round == 0 {
            meter = Meter::start();
        }
    }
    meter.stop()
}

/// What every task does.
async fn work(place: u64) -> u64 {
    SelfWake::by_ref(1).await;
    place
}

fn ours(n: u64) -> Cost {
    let executor = Executor::new(Stack::new(RoamingPark::new(), NoTimers, Monotonic::new()));
    let spawn = |place| {
        let handle = executor.spawn(work(place));
        async { handle.await.expect("it does not panic") }
    };
    executor.block_on(spawn_and_join(n, spawn)).expect("it is the only one")
}

fn peer(n: u64) -> Cost {
    let executor = smol::Executor::new();
    let spawn = |place| executor.spawn(work(place));
    rt_task::block_on(executor.run(spawn_and_join(n, spawn)))
}
