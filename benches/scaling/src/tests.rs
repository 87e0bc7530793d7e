//! That no order of steps loses a task, and that nobody is overtaken beyond measure.

use std::env;

use crate::cost::HERE;
use crate::outcome::{Outcome, Play};
use crate::{search, work};

/// `RT_SEEDS=n` plays so many of each.
fn seeds(usual: u64) -> u64 {
    env::var("RT_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(usual)
}

fn play(workload: &str, workers: usize, seed: u64) -> Outcome {
    let workload = work::named(workload).expect("it is known");
    let play = Play { workload, variant: "ours", workers, seed, costs: HERE };
    play.run().expect("it ends")
}

#[test]
fn no_order_of_steps_loses_a_task() {
    for program in search::programs::ALL {
        for seed in 0..seeds(200) {
            let case = search::Case { program, seed, workers: None };
            let wrong = case.play().err();
            assert_eq!(
                wrong, None,
                "cargo xtask verify search --seed {seed} --only {}",
                program.name
            );
        }
    }
}

/// 255 tasks may be before one in a queue, each with three from the slot in its train, and of what
/// others leave one comes first at every second pick.
const OVERTAKEN_MAX: f64 = 256.0 * 4.0 * 1.5;

#[test]
fn a_worker_lets_no_task_of_its_queue_be_overtaken_beyond_measure() {
    for workload in ["yield_many", "wake_storm", "fan_in", "ping_pong", "chained_spawn"] {
        for workers in [1, 2, 4, 16] {
            for seed in 0..seeds(3) {
                let overtaken = play(workload, workers, seed).get("overtaken_at_home_max");
                assert!(overtaken <= OVERTAKEN_MAX, "{workload}, {workers}, {seed}: {overtaken}");
            }
        }
    }
}

#[test]
fn tasks_that_yield_on_one_worker_take_turns() {
    let outcome = play("yield_many", 1, 0);
    assert_eq!(outcome.get("overtaken_max"), 0.0);
    assert!(outcome.get("behind") <= 0.01 + f64::EPSILON, "one step of a hundred");
}

#[test]
fn a_task_waits_no_longer_than_those_before_it_and_one_call() {
    for workers in [2, 4, 16, 64] {
        for seed in 0..seeds(3) {
            let delay = play("yield_many", workers, seed).get("delay_max_ns");
            // 200 polls of 26 ns, lines fetched, and a worker called; the watcher is not needed.
            assert!(delay < 1e6, "{workers} workers, seed {seed}: {delay} ns");
        }
    }
}
