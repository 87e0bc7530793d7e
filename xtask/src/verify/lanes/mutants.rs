//! Mutation testing: each small change of the code that no test notices.
//!
//! `.cargo/mutants.toml` says which changes are made; `survivors.txt` beside this file lists those
//! that live and may, each with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::super::ground::Ground;
use super::super::lane::{Bug, Ci, Lane, Outcome};
use crate::util;

pub(super) const LANE: Lane = Lane {
    name: "mutants",
    technique: "each operator and function body of rt-task, rt-timer and rt-sync replaced, one at a time (cargo-mutants)",
    shows: &[
        "the tests notice what the code does: each mutant fails one, or lives for a reason that is written down",
    ],
    ci: Ci::OnDemand("four thousand builds: a night"),
    run,
    bugs: &[Bug {
        name: "a_method_that_no_test_calls",
        effect: "a method has no test: its mutants live",
        file: "crates/rt-timer/src/level.rs",
        from: "    pub(crate) fn is_occupied(",
        to: "    #[allow(dead_code)]\n    fn untested() -> bool {\n        true\n    }\n\n    pub(crate) fn is_occupied(",
        only: "crates/rt-timer/src/level.rs",
        told: "untested",
    }],
};

const CRATES: [&str; 3] = ["rt-task", "rt-timer", "rt-sync"];

const SURVIVORS: &str = "xtask/src/verify/lanes/survivors.txt";

/// One crate's mutants; a build and a run of its unit tests takes seconds.
const LIMIT: Duration = Duration::from_secs(12 * 3600);

/// A mutant that hangs is found, too, after so long.
const HANGS_SECS: &str = "30";

/// The part of a crate's mutants that `--quick` takes: one of so many.
const SHARDS: u64 = 40;

fn run(ground: &mut Ground<'_>) -> Result<Outcome> {
    if !util::installed("cargo-mutants") {
        return Ok(Outcome::Skipped("`cargo install --locked cargo-mutants` makes them".into()));
    }
    let accepted = accepted()?;
    let only = ground.flags.only.clone();
    // A file, a crate, or all three.
    let parts: Vec<[String; 2]> = match only {
        Some(file) if file.ends_with(".rs") => vec![["--file".into(), file]],
        Some(name) => vec![["--package".into(), name]],
        None => CRATES.map(|name| ["--package".to_owned(), name.to_owned()]).to_vec(),
    };
    let mut told = Told::default();
    for part in &parts {
        told.add(&make(ground, part)?)?;
    }
    let is_unexplained = |mutant: &&String| !accepted.contains_key(*mutant);
    let unexplained: Vec<&String> = told.missed.iter().filter(is_unexplained).collect();
    for mutant in &unexplained {
        println!("   lives: {mutant}");
    }
    // Killed meanwhile, or gone: only a whole run can tell.
    let is_whole = !ground.flags.quick && ground.flags.only.is_none();
    let must_live = accepted.iter().filter(|(_, how)| **how == Lives::Always);
    let stale = must_live.map(|(mutant, _)| mutant).filter(|mutant| !told.missed.contains(*mutant));
    let stale: Vec<&String> = stale.filter(|_| is_whole).collect();
    for mutant in &stale {
        println!("   is listed and does not live: {mutant}");
    }
    if !unexplained.is_empty() || !stale.is_empty() {
        bail!("{} mutants live without a reason in {SURVIVORS}", unexplained.len() + stale.len());
    }
    Ok(Outcome::Passed(format!(
        "{} mutants: {} failed a test, {} hung one, {} live for a reason, {} do not compile",
        told.caught + told.hung + told.missed.len() + told.unviable,
        told.caught,
        told.hung,
        told.missed.len(),
        told.unviable,
    )))
}

/// Makes the mutants of one part; where the lists are.
fn make(ground: &mut Ground<'_>, part: &[String; 2]) -> Result<PathBuf> {
    let dir = ground.target_dir();
    fs::create_dir_all(&dir)?;
    let mut command =
        util::cargo(["mutants", "--jobs", "1", "--no-times", "--timeout", HANGS_SECS]);
    command.args(part).arg("--output").arg(&dir);
    // Cargo's own notes on this package mean nothing to the mutants' builds.
    command.env_remove("CARGO_TARGET_DIR");
    if ground.flags.quick {
        let shard = ground.flags.seed.unwrap_or_default() % SHARDS;
        command.args(["--shard", &format!("{shard}/{SHARDS}")]);
    }
    let out = dir.join("mutants.out");
    // It fails when one lives or hangs, which is told from its lists; without them it has failed itself.
    let _ = fs::remove_dir_all(&out);
    let ran = ground.run(LIMIT, &mut command);
    if !out.join("caught.txt").is_file() {
        ran?;
    }
    if !out.join("outcomes.json").is_file() {
        bail!("cargo mutants left no outcomes");
    }
    Ok(out)
}

/// What became of them.
#[derive(Default)]
struct Told {
    caught: usize,
    hung: usize,
    unviable: usize,
    missed: BTreeSet<String>,
}

impl Told {
    fn add(&mut self, out: &Path) -> Result<()> {
        let lines = |name: &str| -> Result<Vec<String>> {
            let text = fs::read_to_string(out.join(name)).with_context(|| name.to_owned())?;
            Ok(text.lines().map(without_place).collect())
        };
        self.caught += lines("caught.txt")?.len();
        self.hung += lines("timeout.txt")?.len();
        self.unviable += lines("unviable.txt")?.len();
        self.missed.extend(lines("missed.txt")?);
        Ok(())
    }
}

/// `file:line:column: what` without line and column, which move.
fn without_place(line: &str) -> String {
    let mut parts = line.splitn(4, ':');
    let (file, what) = (parts.next().unwrap_or_default(), parts.nth(2).unwrap_or_default());
    format!("{file}:{what}")
}

/// Whether a mutant that may live does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lives {
    Always,
    /// A test with threads may come by it, or not.
    Mostly,
}

/// What the reason of one begins with that lives mostly.
const MOSTLY: &str = "a race";

/// Those that may live. `mutant # reason`, a line each.
fn accepted() -> Result<BTreeMap<String, Lives>> {
    let text = fs::read_to_string(util::root().join(SURVIVORS)).context(SURVIVORS)?;
    parse(&text)
}

fn parse(text: &str) -> Result<BTreeMap<String, Lives>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| match line.split_once(" # ") {
            Some((mutant, reason)) if !reason.trim().is_empty() => {
                let how = if reason.starts_with(MOSTLY) { Lives::Mostly } else { Lives::Always };
                Ok((mutant.trim().to_owned(), how))
            }
            _ => bail!("{SURVIVORS}: `{line}` has no reason"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Lives, parse, without_place};

    #[test]
    fn lines_move_and_mutants_do_not() {
        let told = "crates/x/src/y.rs:12:5: replace a::b -> bool with true";
        assert_eq!(without_place(told), "crates/x/src/y.rs: replace a::b -> bool with true");
    }

    #[test]
    fn who_may_live_has_a_reason() {
        let text = "# heading\n\ncrates/x/src/y.rs: replace a with () # only faster\n\
                    crates/x/src/y.rs: replace b with () # a race: x::loom_tests::a\n";
        let accepted = parse(text).unwrap();
        let lives = |name| accepted[&format!("crates/x/src/y.rs: replace {name} with ()")];
        assert_eq!((lives("a"), lives("b")), (Lives::Always, Lives::Mostly));
        assert!(parse("crates/x/src/y.rs: replace a with ()\n").is_err());
    }
}
