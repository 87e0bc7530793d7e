//! The protocol by which workers sleep and are called, in every interleaving.

use std::time::Duration;

use anyhow::{Result, bail};

use super::super::ground::{self, Ground};
use super::super::lane::{Bug, Ci, Lane, Outcome};

/// With the build.
const LIMIT: Duration = Duration::from_secs(3_600);

pub(super) const LANE: Lane = Lane {
    name: "idle",
    technique: "every interleaving of two workers (on demand three, one task) and of who pushes, step by step as in the table of \
                `idle.rs`, whose own functions take the steps",
    shows: &[
        "no task is queued while all workers sleep and nobody is about to call one; from everywhere there is a way \
         to where all tasks are taken",
        "those that search are counted right, and one worker at a time holds the driver",
    ],
    ci: Ci::Runs("two workers, in the README's test command"),
    run,
    bugs: &[
        Bug {
            name: "a_called_worker_that_does_not_count",
            effect: "who is called is not counted as searching",
            file: "crates/rt-sched-multi/src/idle.rs",
            from: "let called = (word & !self.bit(worker)) + SEARCHER;",
            to: "let called = word & !self.bit(worker);",
            only: "two_workers_leave_no_task_behind",
            told: "those that search are counted wrong",
        },
        Bug {
            name: "a_watch_that_never_ends",
            effect: "a worker that rises still counts as the one that watches: nobody looks after the others",
            file: "crates/rt-sched-multi/src/idle.rs",
            from: "let mine = if watch { bit | WATCHED } else { bit };",
            to: "let mine = bit;",
            only: "two_workers_leave_no_task_behind",
            told: "model_tests",
        },
        Bug {
            name: "a_push_that_sees_no_sleeper",
            effect: "who pushes calls nobody",
            file: "crates/rt-sched-multi/src/idle.rs",
            from: "if sleepers == 0 || (polite && word & SEARCHING != 0) {",
            to: "if sleepers == 0 || polite {",
            only: "two_workers_leave_no_task_behind",
            told: "a task waits for ever",
        },
    ],
};

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    let flags = ground.flags;
    let test = ["test", "--release", "-p", "rt-sched-multi", "--lib"];
    let only = flags.only.as_deref().unwrap_or_default();
    let mut command = ground.cargo(test);
    command.arg(format!("idle::model_tests::{only}")).args(["--", "--nocapture"]);
    if !flags.quick && only.is_empty() {
        command.arg("--include-ignored");
    }
    let text = ground.run(LIMIT, &mut command)?;
    ground::passed(&text)?;
    let explored = text.lines().filter_map(|line| line.split_once("idle: ").map(|(_, told)| told));
    let mut states = 0;
    for told in explored {
        println!("   {told}");
        let count = told.rsplit(": ").next().and_then(|it| it.strip_suffix(" states"));
        states += count.and_then(|count| count.parse::<u64>().ok()).unwrap_or_default();
    }
    match states {
        0 => bail!("no model told how many states it has"),
        _ => Ok(Outcome::Passed(format!("{states} states"))),
    }
}
