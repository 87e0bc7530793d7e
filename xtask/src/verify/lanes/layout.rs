//! All tests with types laid out at random, and `std`'s own checks of unsafe calls switched on.

use anyhow::Result;

use super::super::ground::Ground;
use super::super::lane::{Bug, Ci, Lane, Outcome};
use super::super::suite::{self, Build, HOST};

pub(super) const LANE: Lane = Lane {
    name: "layout",
    technique: "the tests, optimised, with fields in random order and `std`'s checks of unsafe calls",
    shows: &[
        "no code believes in a layout that Rust does not promise",
        "the contracts of `std`'s unsafe functions are kept in an optimised build, too",
    ],
    ci: Ci::OnDemand("an optimised build of its own: ten minutes on two processors"),
    run,
    bugs: &[Bug {
        name: "a_task_whose_head_may_be_anywhere",
        effect: "a pointer to a task is taken for one to its first field, which need not be first",
        file: "crates/rt-task/src/cell.rs",
        from: "#[repr(C)]\nstruct Cell<",
        to: "struct Cell<",
        only: "rt-task",
        told: "SIG",
    }],
};

pub(in super::super) const BUILD: Build = Build {
    rustflags: "-Zrandomize-layout -Zub-checks=yes -Cdebug-assertions",
    env: &[],
    args: &["--tests", "--release"],
    target: HOST,
    std: false,
    quick: &["rt-task", "rt-timer"],
    left_out: &[],
};

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    suite::outcome(ground, &BUILD)
}
