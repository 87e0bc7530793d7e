//! Whole schedulers, played by one thread in orders of steps that a seed chooses.

use std::time::Duration;

use anyhow::{Context, Result};

use super::super::ground::Ground;
use super::super::lane::{Bug, Ci, Lane, Outcome};
use crate::scaling;

/// Seeds of each program, unless told otherwise.
const SEEDS: u64 = 4_000;
const SEEDS_QUICK: u64 = 200;

/// With the build.
const LIMIT: Duration = Duration::from_secs(3_600);

pub(super) const LANE: Lane = Lane {
    name: "search",
    technique: "the real scheduler, timers and channels on 2 to 8 virtual workers: small programs, thousands of \
                orders of steps by chance, by priorities that change (PCT) and by clocks",
    shows: &[
        "no task waits for ever while a worker idles, behind a poll that does not return included",
        "bounded overtaking: at most 6 polls and 1 for each other task in the queue, 1,535 in all, come before \
         a task that waits there; 128 more if it was woken from outside",
        "every future and every output is dropped once; none is polled after its end, by two threads, after \
         an abort took effect or after the shutdown",
        "a timer is never early, and at most 1.5 ms late",
        "the same seed is the same play",
    ],
    ci: Ci::Runs("`cargo xtask scaling --test`, with fewer seeds"),
    run,
    bugs: &[
        Bug {
            name: "a_push_that_calls_nobody",
            effect: "a task from outside waits while all workers sleep",
            file: "crates/rt-sched-multi/src/shared.rs",
            from: "if let Some(worker) = self.idle.call_after_push(|| self.driver.waits()) {",
            to: "if let Some(worker) = None::<usize> {",
            only: "outside",
            told: "could run while all threads sleep",
        },
        Bug {
            name: "no_second_look_before_sleep",
            effect: "what is pushed while a worker falls asleep is overlooked (D3)",
            file: "crates/rt-sched-multi/src/wait.rs",
            from: "        let overlooked = work\n",
            to: "        let overlooked = (work && false)\n",
            only: "outside",
            told: "could run while all threads sleep",
        },
        Bug {
            name: "a_slot_that_nobody_rescues",
            effect: "a task woken by one that never returns waits for ever",
            file: "crates/rt-sched-multi/src/watch.rs",
            from: "if let Some(task) = worker.slot.take() {",
            to: "if let Some(task) = worker.slot.take().filter(|_| false) {",
            only: "stuck",
            told: "stuck, seed",
        },
        Bug {
            name: "batches_before_what_comes_from_outside",
            effect: "more tasks than fit into a queue keep what is woken from outside waiting for ever",
            file: "crates/rt-sched-multi/src/core.rs",
            from: "let is_over = queued == 0 || polls >= self.round_end;",
            to: "let is_over = queued == 0 || polls >= self.round_end || true;",
            only: "crowded",
            told: "it does not end",
        },
        Bug {
            name: "a_busy_task_before_what_comes_from_outside",
            effect: "the turn of the driver after a lone task that used its whole budget puts off the look at what comes from outside",
            file: "crates/rt-sched-multi/src/core.rs",
            from: "local.is_empty() && !self.shared.has_shared();\n                if self.ctx.is_spent() && is_idle() {\n                    self.tick();",
            to: "local.is_empty();\n                if self.ctx.is_spent() && is_idle() {\n                    self.global_credit = self.global_interval();\n                    self.tick();",
            only: "busy",
            told: "it does not end",
        },
        Bug {
            name: "a_slot_without_an_end",
            effect: "tasks that wake each other by the slot keep all others waiting",
            file: "crates/rt-sched-multi/src/core.rs",
            from: "self.slot_credit = self.slot_credit.saturating_sub(1);",
            to: "self.slot_credit = self.slot_credit.saturating_sub(0);",
            only: "all",
            told: "was overtaken",
        },
    ],
};

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    let flags = ground.flags;
    let quick = if flags.quick { SEEDS_QUICK } else { SEEDS };
    let (first, count) = match flags.seed {
        Some(seed) => (seed, flags.seeds.unwrap_or(1)),
        None => (0, flags.seeds.unwrap_or(quick)),
    };
    let program = flags.only.as_deref().unwrap_or("all");
    let mut command = scaling::played(["search", program, "any"]);
    let told = ground.run(LIMIT, command.args([first, count].map(|number| number.to_string())))?;
    told.lines().filter(|line| line.contains(" seeds, ")).for_each(|line| println!("   {line}"));
    let last = told.lines().rev().find_map(|line| line.strip_prefix("searched: "));
    Ok(Outcome::Passed(last.context("the search did not say what it did")?.to_owned()))
}
