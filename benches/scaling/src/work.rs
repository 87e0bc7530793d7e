//! The workloads: those of `rt-benches` that are about workers, over places to meet that the simulation
//! sees.

use std::future::Future;
use std::sync::Arc;

use rt_task::JoinHandle;

use crate::meet::{Channel, Countdown, Storm, yield_now};
use crate::{cost, play};

/// What a workload asks of a scheduler.
pub trait Stage: Clone + Send + Sync + 'static {
    /// Spawns a task.
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) -> JoinHandle<()>;
    /// What comes between two of these is measured.
    fn mark(&self);
}

/// One workload.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// As on the command line.
    pub name: &'static str,
    /// What one operation is.
    pub about: &'static str,
    /// Operations in a round.
    pub round: u64,
    /// Rounds that are measured, simulated.
    pub rounds: u64,
    /// Nanoseconds of work in one operation, apart from what the runtime does.
    pub work: f64,
}

/// All of them.
pub const ALL: &[Workload] = &[
    of("spawn_inside", "one of 10,000 tasks that a task spawns and waits for", 10_000, 2, 0.0),
    of("spawn_outside", "the same from a thread that is no worker", 10_000, 2, 0.0),
    of("chained_spawn", "a link of a chain, each spawned by the one before", 1_000, 4, 0.0),
    of("yield_many", "a yield among 200 tasks", 200 * YIELDS, 1, 0.0),
    of("ping_pong", "a round trip between two tasks", 1_000, 2, 0.0),
    of("wake_storm", "one of 128 waiting tasks woken by another", 128, 40, 0.0),
    of("fan_in", "a message of one of 16 tasks to one", 16 * 500, 1, 0.0),
    of("skewed_fan_out", "one of 512 tasks of very unequal length", 512, 6, MEAN_SKEW),
    of("fan_out", "one of 10,000 jobs of 20 µs that a task makes", 10_000, 1, JOB),
];

const fn of(
    name: &'static str,
    about: &'static str,
    round: u64,
    rounds: u64,
    work: f64,
) -> Workload {
    Workload { name, about, round, rounds, work }
}

const YIELDS: u64 = 100;
const JOB: f64 = 20_000.0;
/// The unit of unequal work.
const UNIT: f64 = 10.0;
/// One to 2,048 units, each of twelve lengths as often.
const MEAN_SKEW: f64 = UNIT * 4095.0 / 12.0;

/// Runs a round to warm up, then so many that are measured. On a thread that is no worker.
///
/// # Panics
/// If a task does.
pub fn run<S: Stage>(workload: &'static Workload, stage: &S, rounds: u64) {
    let measured = measured(workload.name, stage.clone(), rounds);
    match workload.name {
        "spawn_outside" => rt_task::block_on(measured),
        _ => rt_task::block_on(stage.spawn(measured)).expect("a workload does not panic"),
    }
}

async fn measured<S: Stage>(name: &'static str, stage: S, rounds: u64) {
    let storm = (name == "wake_storm").then(|| storm(&stage));
    if let Some(storm) = storm {
        storm.all_wait().await;
    }
    round(name, &stage, storm).await;
    stage.mark();
    for _ in 0..rounds {
        round(name, &stage, storm).await;
    }
    stage.mark();
}

async fn round<S: Stage>(name: &str, stage: &S, storm: Option<&'static Storm>) {
    match (name, storm) {
        ("spawn_inside" | "spawn_outside", _) => spawn_and_wait(stage, 10_000, 0.0).await,
        ("fan_out", _) => spawn_and_wait(stage, 10_000, JOB).await,
        ("chained_spawn", _) => chain(stage).await,
        ("yield_many", _) => yields(stage).await,
        ("ping_pong", _) => ping_pong(stage).await,
        ("wake_storm", Some(storm)) => storm.wake_all().await,
        ("fan_in", _) => fan_in(stage).await,
        ("skewed_fan_out", _) => skewed(stage).await,
        (other, _) => panic!("no workload `{other}`"),
    }
}

/// The workload of that name.
pub fn named(name: &str) -> Option<&'static Workload> {
    ALL.iter().find(|workload| workload.name == name)
}

async fn spawn_and_wait<S: Stage>(stage: &S, tasks: u64, work: f64) {
    let left = Arc::new(Countdown::default());
    left.set(tasks);
    for _ in 0..tasks {
        let left = left.clone();
        play::spend(cost::CROWDED / 2.0);
        drop(stage.spawn(async move {
            play::spend(cost::CROWDED / 2.0);
            play::work(work);
            left.one_less();
        }));
    }
    left.reached().await;
}

/// From one unit to 2,048, so that half of the work is in one task of twelve.
fn skew(place: u64) -> f64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    UNIT * (1 << ((place.wrapping_mul(ODD) >> 32) % 12)) as f64
}

async fn skewed<S: Stage>(stage: &S) {
    const TASKS: u64 = 512;
    let left = Arc::new(Countdown::default());
    left.set(TASKS);
    for place in 0..TASKS {
        let left = left.clone();
        drop(stage.spawn(async move {
            play::work(skew(place));
            left.one_less();
        }));
    }
    left.reached().await;
}

async fn chain<S: Stage>(stage: &S) {
    fn link<S: Stage>(stage: S, left: u64, end: Arc<Countdown>) {
        match left {
            0 => end.one_less(),
            _ => {
                let spawner = stage.clone();
                drop(spawner.spawn(async move { link(stage, left - 1, end) }));
            }
        }
    }
    let end = Arc::new(Countdown::default());
    end.set(1);
    link(stage.clone(), 1_000, end.clone());
    end.reached().await;
}

async fn yields<S: Stage>(stage: &S) {
    const TASKS: usize = 200;
    let left = Arc::new(Countdown::default());
    left.set(TASKS as u64);
    play::steps_of(TASKS);
    for place in 0..TASKS {
        let left = left.clone();
        drop(stage.spawn(async move {
            for _ in 0..YIELDS {
                yield_now().await;
                play::step(place, YIELDS);
            }
            left.one_less();
        }));
    }
    left.reached().await;
}

async fn ping_pong<S: Stage>(stage: &S) {
    const TRIPS: u64 = 1_000;
    let (ping, pong) = (Arc::new(Channel::of(1)), Arc::new(Channel::of(1)));
    let there = (ping.clone(), pong.clone());
    let other = stage.spawn(async move {
        for _ in 0..TRIPS {
            let trip = there.0.receive().await;
            there.1.send(trip).await;
        }
    });
    let one = stage.spawn(async move {
        for trip in 0..TRIPS {
            ping.send(trip).await;
            assert_eq!(pong.receive().await, trip);
        }
    });
    other.await.expect("it does not panic");
    one.await.expect("it does not panic");
}

fn storm<S: Stage>(stage: &S) -> &'static Storm {
    const TASKS: usize = 128;
    let storm: &'static Storm = Box::leak(Box::new(Storm::of(TASKS)));
    for place in 0..TASKS {
        drop(stage.spawn(async move {
            for round in 1.. {
                storm.pass(place, round).await;
            }
        }));
    }
    storm
}

async fn fan_in<S: Stage>(stage: &S) {
    const PRODUCERS: u64 = 16;
    const MESSAGES: u64 = 500;
    let channel = Arc::new(Channel::of(64));
    for _ in 0..PRODUCERS {
        let channel = channel.clone();
        drop(stage.spawn(async move {
            for message in 0..MESSAGES {
                channel.send(message).await;
            }
        }));
    }
    for _ in 0..PRODUCERS * MESSAGES {
        channel.receive().await;
    }
}
