//! The models of every claim, under the address sanitizer.

use anyhow::Result;

use super::super::ground::Ground;
use super::super::lane::{Bug, Ci, Lane, Outcome};
use crate::{flags, loom, util};

pub(super) const LANE: Lane = Lane {
    name: "loom",
    technique: "every interleaving of two or three threads, up to two preemptions, under AddressSanitizer",
    shows: &[
        "no wake-up is lost: a wake after the last poll began means one more poll",
        "a task is polled by one thread at a time, and never after it ended or was aborted",
        "a join handle gets exactly one of output, panic and cancellation",
        "what is published is seen whole, and freed once, by whoever is last",
    ],
    ci: Ci::Runs("`cargo xtask loom --preemptions 2`, without the sanitizer"),
    run,
    bugs: &[
        FREED_TOO_SOON,
        Bug {
            name: "a_wake_during_a_poll_forgotten",
            effect: "the end of a poll overwrites a wake that came during it",
            file: "crates/rt-task/src/state.rs",
            from: "(self.0 ^ seen.0) & (EPOCHS | CANCELLED)",
            to: "(self.0 ^ seen.0) & CANCELLED",
            only: "rt-task",
            told: "FAILED",
        },
    ],
};

/// For whatever runs under AddressSanitizer.
pub(super) const FREED_TOO_SOON: Bug = Bug {
    name: "a_task_freed_too_soon",
    effect: "the last reference but one frees a task: use after free",
    file: "crates/rt-task/src/state.rs",
    from: "        before.refs() == 1\n",
    to: "        before.refs() <= 2\n",
    only: "rt-task",
    told: "heap-use-after-free",
};

/// With three, those of rt-sched-multi did not end within twenty minutes: `cargo xtask loom CRATE`.
const PREEMPTIONS: u64 = 2;

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    let flags = flags::Loom {
        crates: ground.flags.only.iter().cloned().collect(),
        asan: util::has_nightly(),
        preemptions: Some(PREEMPTIONS),
        ..flags::Loom::default()
    };
    loom::run(&flags)?;
    let how = if flags.asan { "with" } else { "without" };
    Ok(Outcome::Passed(format!("all models, {how} AddressSanitizer")))
}
