//! Optimised tests as they are, under valgrind: what the sanitizers cannot see through.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::super::ground::{Ground, passed};
use super::super::lane::{Bug, Ci, Lane, Outcome};
use super::super::suite::LeftOut;
use crate::util;

pub(super) const LANE: Lane = Lane {
    name: "memcheck",
    technique: "optimised tests, not instrumented, under valgrind",
    shows: &[
        "what the compiler makes of it, and the C library, touch no memory that is not theirs, and lose none",
    ],
    ci: Ci::OnDemand("valgrind runs one thread at a time, each thirty times slower"),
    run,
    bugs: &[Bug {
        name: "a_block_of_messages_kept_for_ever",
        effect: "blocks of a channel that were read are not freed: a leak",
        file: "crates/rt-sync/src/mpsc/block.rs",
        from: "drop(unsafe { Box::from_raw(block.as_ptr()) });",
        to: "let _ = block;",
        only: "rt-sync",
        told: "are definitely lost in loss record",
    }],
};

/// The tests that are run, by what their names contain: what makes, moves and frees memory, and
/// what calls the system. Thousands of rounds by many threads are left to the sanitizers.
const TESTS: &[(&str, &[&str])] = &[
    ("rt-task", &["join_set", "owned", "runnable", "spawn", "task_local"]),
    ("rt-timer", &["sleep", "timeout", "interval"]),
    ("rt-sync", &["mpsc::tests", "oneshot::tests", "cancellation"]),
    ("rt-io", &["duplex", "read_buf", "compat"]),
    ("rt-reactor", &["driver", "slots", "unix"]),
    ("rt-process", &["wait", "pipe", "output"]),
    ("rt-facade", &["runtime_life", "shutdown", "net_unix", "local"]),
];

/// Said of a test as the lanes that are builds say it.
const LEFT_OUT: LeftOut = LeftOut {
    package: "rt-process",
    test: "when_the_reactor_goes_the_wait_says_so",
    why: "is of a wait by the descriptor of a process, and valgrind knows none",
};

const VALGRIND: [&str; 7] = [
    "--quiet",
    "--fair-sched=yes",
    "--error-exitcode=9",
    "--leak-check=full",
    "--show-leak-kinds=definite,indirect",
    "--errors-for-leak-kinds=definite,indirect",
    // A thread's own memory is freed by the C library at its end, or not at all.
    "--run-libc-freeres=yes",
];

/// One program.
const LIMIT: Duration = Duration::from_secs(20 * 60);

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    if !util::installed("valgrind") {
        return Ok(Outcome::Skipped("valgrind is not installed".into()));
    }
    let (mut tests, mut failed) = (0, Vec::new());
    let asked = |name: &str| match &ground.flags.only {
        Some(only) => only == name,
        None => !ground.flags.quick || name == "rt-task",
    };
    let packages: Vec<_> = TESTS.iter().filter(|(name, _)| asked(name)).collect();
    for (package, names) in &packages {
        if *package == LEFT_OUT.package {
            println!("   left out: {} {}: {}", LEFT_OUT.package, LEFT_OUT.test, LEFT_OUT.why);
        }
        let build = ["test", "--release", "--lib", "--tests", "--all-features", "--no-run", "-p"];
        let mut command = ground.cargo(build);
        for (_, program) in util::built(command.arg(package))? {
            // A test program runs those whose name contains one of these, and none if there is none.
            let mut command = Command::new("valgrind");
            command.current_dir(util::root().join("crates").join(package));
            command.args(VALGRIND).arg(program).args(*names).args(["--test-threads", "1"]);
            if *package == LEFT_OUT.package {
                command.args(["--skip", LEFT_OUT.test]);
            }
            // Random programs, a few of each.
            command.env("PROPTEST_CASES", "4");
            match ground.run(LIMIT, &mut command) {
                Ok(text) => tests += passed(&text).unwrap_or(0),
                Err(error) => {
                    println!("   {error:#}");
                    failed.push(*package);
                }
            }
        }
    }
    match (failed.is_empty(), tests) {
        (false, _) => bail!("valgrind found something in {}", failed.join(", ")),
        (true, 0) => bail!("no test was run: are the names right?"),
        (true, _) => Ok(Outcome::Passed(format!("{tests} tests of {} packages", packages.len()))),
    }
}
