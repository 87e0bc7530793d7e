//! All tests under the address sanitizer, which looks for leaks at the end, too.

use anyhow::Result;

use super::super::ground::Ground;
use super::super::lane::{Bug, Ci, Lane, Outcome};
use super::super::suite::{self, Build, HOST, LeftOut};
use super::loom;

pub(super) const LANE: Lane = Lane {
    name: "asan",
    technique: "the tests of every crate under AddressSanitizer and LeakSanitizer",
    shows: &[
        "no memory is used after it was freed, freed twice, or touched past its end",
        "what was allocated is freed: tasks, timers, registrations, messages, runtimes",
    ],
    ci: Ci::OnDemand("a build of its own: ten minutes on two processors"),
    run,
    bugs: &[
        loom::FREED_TOO_SOON,
        Bug {
            name: "a_block_of_messages_kept_for_ever",
            effect: "blocks of a channel that were read are not freed: a leak",
            file: "crates/rt-sync/src/mpsc/block.rs",
            from: "drop(unsafe { Box::from_raw(block.as_ptr()) });",
            to: "let _ = block;",
            only: "rt-sync",
            told: "LeakSanitizer",
        },
    ],
};

pub(in super::super) const BUILD: Build = Build {
    rustflags: "-Zsanitizer=address",
    env: &[],
    args: &["--tests"],
    target: HOST,
    std: false,
    quick: &["rt-task", "rt-timer", "rt-sched-multi", "rt-reactor"],
    left_out: &[LeftOut {
        package: "rt-facade",
        test: "storms::a_million_queued_closures_take_bounded_memory_and_are_run_or_cancelled",
        why: "a million allocations with what the sanitizer puts around each: it measures that, and runs out of its minute",
    }],
};

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    suite::outcome(ground, &BUILD)
}
