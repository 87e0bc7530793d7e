//! A server and its clients, for as long as one likes; and very many of one thing, and then none.
//!
//! The program is `verify/soak`. What one of its runs looked like is `target/verify/soak.svg`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::super::ground::{self, Ground};
use super::super::lane::{Bug, Ci, Lane, Outcome};
use crate::util::{self, cargo};

const PROGRAM: &str = "rt-soak";
/// Half of it for each flavour.
const MINUTES: u64 = 30;
const QUICK_MINUTES: u64 = 2;
const CI_SECONDS: u64 = 60;
/// Of the million tasks, say, CI has one in so many.
const CI_SHARE: u64 = 20;
const BUILD_MAX: Duration = Duration::from_secs(3_600);
const COUNTS_MAX: Duration = Duration::from_secs(1_200);

pub(super) const LANE: Lane = Lane {
    name: "soak",
    technique: "a server of all the pieces, reloaded, stopped and killed under clients that vanish, reset, drip, flood and never read; \
                memory, descriptors, threads and latency plotted",
    shows: &[
        "registrations, timers, tasks, threads, descriptors and memory return to the start level",
        "whatever others do, a request is answered, rightly and soon; who waits for a descriptor gets it",
        "a metric never goes backwards",
        "10,000 connections, 1,000,000 tasks, 1,000,000 timers, 10,000 runtimes leave nothing behind",
    ],
    ci: Ci::Runs("`cargo xtask ci`: a minute of it, and a twentieth of the counts"),
    run,
    bugs: &[
        Bug {
            name: "a_slot_that_is_never_let_again",
            effect: "each registration takes a new slot of the reactor: memory grows with connections",
            file: "crates/rt-reactor/src/slots.rs",
            from: "match vacancy.free.pop() {",
            to: "match vacancy.free.pop().filter(|_| false) {",
            only: "minute",
            told: "heap_bytes of a calm server",
        },
        Bug {
            name: "a_task_that_is_never_freed",
            effect: "the last reference of a task frees nothing: memory grows with tasks",
            file: "crates/rt-task/src/header.rs",
            from: "if unsafe { self.header() }.state.drop_ref() {",
            to: "if unsafe { self.header() }.state.drop_ref() && false {",
            only: "minute",
            told: "heap_blocks of a calm server",
        },
        Bug {
            name: "a_listener_that_spins",
            effect: "a listener without a descriptor to accept with tries again at once, for ever",
            file: "crates/rt-net/src/exhausted.rs",
            from: "self.word.store(next | DUE, Relaxed);",
            to: "let _ = next;",
            only: "minute",
            told: "a loop that does not wait",
        },
        Bug {
            name: "a_rest_that_never_ends",
            effect: "a listener that rests begins its rest anew whenever a connection ends, so that nobody is let in",
            file: "crates/rt-net/src/exhausted.rs",
            from: "if !self.is_over {",
            to: "if self.is_over {",
            only: "minute",
            told: "who waited for that was let in",
        },
    ],
};

/// `--only`: `counts`; `multi` or `current`, a flavour; `minute`, what CI runs.
fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    if !cfg!(target_os = "linux") {
        return Ok(Outcome::Skipped("made for Linux: it looks at `/proc`".to_owned()));
    }
    let only = ground.flags.only.as_deref();
    let minute = only == Some("minute");
    // A long run is optimised, with the assertions of a test.
    let (profile, folder) = match ground.flags.quick || minute {
        true => ("dev", "debug"),
        false => ("loom", "loom"),
    };
    let build = ["build", "--package", PROGRAM, "--profile", profile];
    ground.run(BUILD_MAX, &mut ground.cargo(build))?;
    let program = ground.target_dir().join(folder).join(PROGRAM);
    let minutes = if ground.flags.quick { QUICK_MINUTES } else { MINUTES };
    let seconds = if minute { CI_SECONDS } else { 60 * ground.flags.minutes.unwrap_or(minutes) };
    let mut told = Vec::new();
    if only.is_none_or(|only| only == "counts") {
        let text = ground.run(COUNTS_MAX, Command::new(&program).arg("count"))?;
        text.lines().for_each(|line| println!("   {line}"));
        told.push(format!("{} counts", text.lines().count()));
    }
    if only != Some("counts") {
        let mut command = soak(&program, seconds);
        if let Some(flavor @ ("multi" | "current")) = only {
            command.args(["--flavor", flavor]);
        }
        if let Some(seed) = ground.flags.seed {
            command.args(["--seed", &seed.to_string()]);
        }
        if !ground.flags.quick && !minute {
            command.args(["--descriptors", "11000", "--crowd", "10000"]);
        }
        // A slow machine takes longer to get from one round to the next.
        let text = ground.run(Duration::from_secs(2 * seconds + 300), &mut command)?;
        told.push(figures(&text)?);
    }
    Ok(Outcome::Passed(told.join("; ")))
}

fn soak(program: &Path, seconds: u64) -> Command {
    let mut command = Command::new(program);
    command.args(["soak", "--seconds", &seconds.to_string(), "--chart"]);
    command.arg(ground::folder().join("soak.svg"));
    command
}

/// The line that says how much was seen.
fn figures(text: &str) -> Result<String> {
    let line =
        text.lines().find(|line| line.contains(" calm points, ") && line.contains(" findings "));
    let line = line.with_context(|| format!("{PROGRAM} said nothing of what it has seen"))?;
    Ok(line.to_owned())
}

/// What CI runs, built as its other steps have built already.
pub(crate) fn for_ci() -> Result<()> {
    if !cfg!(target_os = "linux") {
        println!("skipped: it looks at `/proc`");
        return Ok(());
    }
    let build = ["build", "--workspace", "--all-features", "--examples", "--bin", PROGRAM];
    let built = util::built(&mut cargo(build))?;
    let Some((_, program)) = built.into_iter().find(|(name, _)| name == PROGRAM) else {
        bail!("{PROGRAM} was not built");
    };
    std::fs::create_dir_all(ground::folder())?;
    util::run(Command::new(&program).args(["count", "--share", &CI_SHARE.to_string()]))?;
    util::run(&mut soak(&program, CI_SECONDS))
}
