//! The scheduler of many threads: `rt-sched-multi` in the place of async-executor, on bare parkers:
//! no reactor, no timer.
#![allow(clippy::disallowed_methods, reason = "an executor without threads is given some")]

use std::future::pending;
use std::thread;

use rt_sched_multi::Builder;
use rt_task::base::clock::Monotonic;
use rt_task::base::context::Env;
use rt_task::base::driver::Stack;
use rt_task::base::park::RoamingPark;
use rt_task::base::seam::NoTimers;

use super::Swap;
use crate::gate::{Countdown, SelfWake};
use crate::meter::{Cost, Meter};
use crate::subject::WORKERS;

pub(super) const OURS: Swap = Swap {
    piece: "workers",
    part: "rt-sched-multi",
    ours: true,
    about: "one of 1,000 tasks that a task spawns, woken once; two workers on bare parkers",
    timed: 500_000,
    run: ours,
};

pub(super) const PEER: Swap = OURS.beside("async-executor", peer);

const TASKS: u64 = 1_000;

/// Rounds of tasks by any spawner.
async fn spawn_and_wait(n: u64, spawn: impl Fn(&'static Countdown)) -> Cost {
    let left: &'static Countdown = Box::leak(Box::default());
    let mut meter = Meter::start();
    for round in 0..=n / TASKS {
        left.set(TASKS);
        (0..TASKS).for_each(|_| spawn(left));
        left.reached().await;
        if round == 0 {
            meter = Meter::start();
        }
    }
    meter.stop()
}

/// What every task does.
async fn work(left: &Countdown) {
    SelfWake::by_ref(1).await;
    left.one_less();
}

fn ours(n: u64) -> Cost {
    let driver = Stack::new(RoamingPark::new(), NoTimers, Monotonic::new());
    let mut pool = Builder::new(WORKERS).build(driver);
    pool.start(Env::new()).expect("the system lets us");
    let spawner = pool.spawner().clone();
    let spawn = move |left| drop(spawner.spawn(work(left)));
    rt_task::block_on(pool.spawn(spawn_and_wait(n, spawn))).expect("it does not panic")
}

fn peer(n: u64) -> Cost {
    // Its threads run for as long as the process does.
    let executor: &'static smol::Executor<'_> = Box::leak(Box::default());
    for _ in 0..WORKERS {
        thread::spawn(|| rt_task::block_on(executor.run(pending::<()>())));
    }
    let spawn = |left| executor.spawn(work(left)).detach();
    rt_task::block_on(executor.spawn(spawn_and_wait(n, spawn)))
}
