//! The same seed gives the same play, in a process of its own, and another seed another one.
#![cfg(rt_sim)]

use std::process::Command;

fn one(workload: &str, workers: &str, seed: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scaling"));
    let output = command.args(["one", workload, "ours", workers, seed, "here"]).output();
    let output = output.expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("it is text")
}

fn trace(told: &str) -> &str {
    told.lines().find_map(|line| line.strip_prefix("trace\t")).expect("the trace is told")
}

#[test]
fn the_same_seed_gives_the_same_play() {
    for workload in ["spawn_inside", "yield_many", "wake_storm", "fan_in", "skewed_fan_out"] {
        for workers in ["2", "16", "128"] {
            let first = one(workload, workers, "7");
            assert_eq!(first, one(workload, workers, "7"), "{workload}, {workers} workers");
            let other = one(workload, workers, "8");
            assert_ne!(trace(&first), trace(&other), "{workload}, {workers} workers");
        }
    }
}
