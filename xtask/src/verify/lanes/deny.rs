//! What is depended on, against `deny.toml`.

use std::time::Duration;

use anyhow::Result;

use super::super::ground::Ground;
use super::super::lane::{Bug, Ci, Lane, Outcome};
use crate::util;

pub(super) const LANE: Lane = Lane {
    name: "deny",
    technique: "`cargo deny` with the rules of `deny.toml`",
    shows: &[
        "nothing is depended on that an advisory is about, whose licence is not on the list, or that is there twice",
    ],
    ci: Ci::Runs("`cargo xtask ci` does the same where `cargo-deny` is installed"),
    run,
    bugs: &[Bug {
        name: "a_dependency_of_any_version",
        effect: "whatever is the newest is taken",
        file: "crates/rt-sched-multi/Cargo.toml",
        from: "crossbeam-deque.workspace = true",
        to: "crossbeam-deque = \"*\"",
        only: "",
        told: "error[wildcard]",
    }],
};

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    if !util::installed("cargo-deny") {
        return Ok(Outcome::Skipped("no cargo-deny: `cargo install --locked cargo-deny`".into()));
    }
    let limit = Duration::from_secs(300);
    ground.run(limit, &mut ground.cargo(["deny", "check", "bans", "licenses", "sources"]))?;
    Ok(Outcome::Passed("bans, licenses and sources".into()))
}
