//! Inputs that reach code which no input before reached.

use std::time::Duration;

use anyhow::{Context, Result};

use super::super::ground::Ground;
use super::super::lane::{Bug, Ci, Lane, Outcome};
use crate::util;

const TARGETS: [&str; 6] = ["task", "timers", "sync", "reactor", "io", "programs"];

/// Of each target, unless somebody says.
const SECONDS: u64 = 180;
const SECONDS_QUICK: u64 = 20;

/// A build, and the inputs that are kept.
const ROOM_SECONDS: u64 = 1800;

/// What libFuzzer says of an input on which the target panicked.
const FOUND: &str = "libFuzzer: deadly signal";

pub(super) const LANE: Lane = Lane {
    name: "fuzz",
    technique: "coverage-guided inputs under AddressSanitizer: parts beside their models, and programs",
    shows: &[
        "a task's state word, the wheel, permits, notifications, the reactor's slots, buffers and pipes do what their models do, for any input",
        "any program of tasks that bytes can say does what the model does, on one thread",
    ],
    ci: Ci::Runs(
        "`cargo test`: the inputs that are kept, and 200 random ones for each part, without a fuzzer",
    ),
    run,
    bugs: &[
        Bug {
            name: "a_timer_due_by_then_rounded_down",
            effect: "a deadline is rounded down to a tick: it fires early",
            file: "crates/rt-timer/src/moment.rs",
            from: "let tick = (deadline - u64::from(self.0)).div_ceil(TICK_NANOS);",
            to: "let tick = (deadline - u64::from(self.0) + TICK_NANOS / 2) / TICK_NANOS;",
            only: "timers",
            told: FOUND,
        },
        Bug {
            name: "permits_taken_along",
            effect: "who is handed permits, and goes away before it looks, takes them along",
            file: "crates/rt-sync/src/base/permits.rs",
            from: "            _ => (asked - missing(), None),\n",
            to: "            _ => (0, None),\n",
            only: "sync",
            told: FOUND,
        },
        Bug {
            name: "a_wake_in_a_poll_forgotten",
            effect: "the end of a poll overwrites a wake that came during it",
            file: "crates/rt-task/src/state.rs",
            from: "(self.0 ^ seen.0) & (EPOCHS | CANCELLED)",
            to: "(self.0 ^ seen.0) & CANCELLED",
            only: "task",
            told: FOUND,
        },
        Bug {
            name: "readiness_cleared_whatever_came_since",
            effect: "an operation that would block clears what an event told meanwhile",
            file: "crates/rt-reactor/src/word.rs",
            from: "        if self.tick() != event.tick {\n",
            to: "        if false {\n",
            only: "reactor",
            told: FOUND,
        },
        Bug {
            name: "an_event_for_who_was_there_before",
            effect: "an event that was meant for a source which left makes the next one in its slot ready",
            file: "crates/rt-reactor/src/word.rs",
            from: "        if generation != self.generation() {\n",
            to: "        if generation > self.generation() {\n",
            only: "reactor",
            told: FOUND,
        },
    ],
};

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    if !util::has_nightly() {
        return Ok(Outcome::Skipped("the nightly tool chain is not installed".into()));
    }
    if !util::installed("cargo-fuzz") {
        return Ok(Outcome::Skipped(
            "`cargo install --locked cargo-fuzz` installs what it needs".into(),
        ));
    }
    let flags = ground.flags;
    let seconds = match flags.minutes {
        Some(minutes) => minutes * 60,
        None if flags.quick => SECONDS_QUICK,
        None => SECONDS,
    };
    let mut told = Vec::new();
    for target in TARGETS {
        if flags.only.as_ref().is_some_and(|only| only != target) {
            continue;
        }
        // New inputs go to the first folder; those that are kept are read besides.
        let new = ground.target_dir().join("corpus").join(target);
        std::fs::create_dir_all(&new)?;
        let mut command = ground.nightly(["fuzz", "run", "--fuzz-dir", "verify/fuzz", target]);
        command.arg(&new).arg(util::root().join("verify/programs/corpus").join(target));
        command.args(["--", "-print_final_stats=1", "-max_len=600"]);
        command.arg(format!("-max_total_time={seconds}"));
        if let Some(seed) = flags.seed {
            command.arg(format!("-seed={seed}"));
        }
        let text = ground.run(Duration::from_secs(seconds + ROOM_SECONDS), &mut command)?;
        let runs =
            text.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units: "));
        told.push(format!("{target} {}", runs.context("it says how many inputs it ran")?.trim()));
    }
    Ok(Outcome::Passed(format!("inputs: {}", told.join(", "))))
}
