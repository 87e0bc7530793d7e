//! What a lane is.

use anyhow::Result;

use super::ground::Ground;

/// One technique, and what it shows.
pub(super) struct Lane {
    /// As in `cargo xtask verify NAME`.
    pub(super) name: &'static str,
    /// What is done, in a few words.
    pub(super) technique: &'static str,
    /// What would be found if it did not hold; a row of `docs/testing.md` each.
    pub(super) shows: &'static [&'static str],
    /// What of it CI runs, and by which command.
    pub(super) ci: Ci,
    pub(super) run: fn(&mut Ground<'_>) -> Result<Outcome>,
    /// What it must find when it is there.
    pub(super) bugs: &'static [Bug],
}

/// Whether CI runs a lane.
pub(super) enum Ci {
    /// As a step of `cargo xtask ci`, or a part of the README's test command: which.
    Runs(&'static str),
    /// On demand only: why.
    OnDemand(&'static str),
}

pub(super) enum Outcome {
    /// What ran: how many models, seeds, minutes.
    Passed(String),
    /// What was missing.
    Skipped(String),
}

/// A bug that is put into a copy of the tree, where the lane must then fail.
pub(super) struct Bug {
    pub(super) name: &'static str,
    /// The wrong thing that it does.
    pub(super) effect: &'static str,
    /// The edit: in this file, this text, which is there once, becomes that one.
    pub(super) file: &'static str,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    /// What of the lane has to be run (`--only`); all of it, if empty.
    pub(super) only: &'static str,
    /// A text that the lane prints when it has found it, so that a bug that does not compile, say,
    /// is not taken for found.
    pub(super) told: &'static str,
}
