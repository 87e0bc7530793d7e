//! Random programs against a model.

use std::time::Duration;

use anyhow::{Context, Result};

use super::super::ground::Ground;
use super::super::lane::{Bug, Ci, Lane, Outcome};

/// Seeds, each run on every flavour, unless somebody says.
const SEEDS: u64 = 3000;
const SEEDS_QUICK: u64 = 300;

/// What it prints before a program that does what it should not.
const FOUND: &str = "FAILED: seed";

pub(super) const LANE: Lane = Lane {
    name: "programs",
    technique: "random programs on every flavour, against a model on plain data, with the orders in which commands race",
    shows: &[
        "tasks, channels, locks, timers and sockets together do what their parts do, in some order",
        "every future is dropped once, and on a thread where it may be",
        "a timer fires at its deadline, where the clock is paused; never before it, where it runs",
        "threads, descriptors, tasks and timers come back to what they were; counts never go backwards",
    ],
    ci: Ci::Runs("`cargo test`: 40 programs on each of seven runtimes"),
    run,
    bugs: &[
        Bug {
            name: "a_busy_task_before_the_root",
            effect: "a lone task that uses its whole budget each time keeps the root of `block_on` from its turn",
            file: "crates/rt-sched-current/src/core.rs",
            from: "                    self.event_credit = credit; //",
            to: "                    let _ = credit; //",
            only: "current",
            told: "FAILED: hangs",
        },
        Bug {
            name: "a_searcher_nobody_knows_of",
            effect: "a worker that was called does not count as searching, and is counted: nobody is called any more",
            file: "crates/rt-sched-multi/src/idle.rs",
            from: "        Risen { called: before & bit == 0, unwatched: Glance(after).is_unwatched() }",
            to: "        Risen { called: false, unwatched: Glance(after).is_unwatched() }",
            only: "multi-2",
            told: FOUND,
        },
        Bug {
            name: "an_abort_that_keeps_the_future",
            effect: "a task that is aborted while it waits ends, and its future is never dropped",
            file: "crates/rt-task/src/cell.rs",
            from: "match unsafe { drop_in_stage::<F>(stage) } {",
            to: "match if true { Ok(()) } else { unsafe { drop_in_stage::<F>(stage) } } {",
            only: "current",
            told: FOUND,
        },
        Bug {
            name: "a_timer_a_tick_early",
            effect: "a deadline is rounded down to a tick",
            file: "crates/rt-timer/src/moment.rs",
            from: "let tick = (deadline - u64::from(self.0)).div_ceil(TICK_NANOS);",
            to: "let tick = (deadline - u64::from(self.0)) / TICK_NANOS;",
            only: "running",
            told: FOUND,
        },
        Bug {
            name: "a_permit_lost_on_cancellation",
            effect: "who is handed permits, and goes away before it looks, takes them along",
            file: "crates/rt-sync/src/base/permits.rs",
            from: "            _ => (asked - missing(), None),\n",
            to: "            _ => (0, None),\n",
            only: "current",
            told: FOUND,
        },
    ],
};

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    let flags = ground.flags;
    let seeds = flags.seeds.unwrap_or(if flags.quick { SEEDS_QUICK } else { SEEDS });
    let mut command = ground.cargo(["run", "--quiet", "--package", "rt-programs", "--"]);
    command.args(["--seed", &flags.seed.unwrap_or(0).to_string()]);
    match flags.minutes {
        Some(minutes) => command.args(["--minutes", &minutes.to_string()]),
        None => command.args(["--seeds", &seeds.to_string()]),
    };
    if let Some(flavors) = &flags.only {
        command.args(["--flavors", flavors]);
    }
    // A build, and ten times as long as a quiet machine takes.
    let limit = Duration::from_secs(1200 + flags.minutes.unwrap_or(0) * 60 + seeds / 2);
    let text = ground.run(limit, &mut command)?;
    let told = text.lines().find_map(|line| line.strip_prefix("programs: "));
    Ok(Outcome::Passed(told.context("it says how many programs ran")?.to_owned()))
}
