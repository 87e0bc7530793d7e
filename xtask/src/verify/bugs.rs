//! `verify --selftest`: each lane against the bugs that it must find.
//!
//! The tree as git knows it is copied, one bug is edited into the copy, and the lane is run there
//! by the copy's own `xtask`. It must fail, and say what it found.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::ground;
use super::lane::{Bug, Lane};
use crate::flags::Verify;
use crate::util::{self, columns};

/// Lines of a run that should have failed otherwise.
const TAIL: usize = 25;

pub(super) fn run(lanes: &[&Lane], flags: &Verify) -> Result<()> {
    let tree = copy()?;
    let mut table = vec![["lane", "bug", "result", "seconds"].map(str::to_owned).to_vec()];
    let mut missed = 0;
    for lane in lanes {
        let asked = |bug: &&Bug| flags.only.as_ref().is_none_or(|only| only == bug.name);
        for bug in lane.bugs.iter().filter(asked) {
            println!("\n== {}: {}: {}", lane.name, bug.name, bug.effect);
            let start = Instant::now();
            let found = seeded(&tree, lane, bug)?;
            missed += usize::from(!found);
            let seconds = format!("{:.0}", start.elapsed().as_secs_f64());
            let result = if found { "found" } else { "MISSED" };
            println!("== {}: {}: {result} in {seconds} s", lane.name, bug.name);
            table.push([lane.name, bug.name, result, &seconds].map(str::to_owned).to_vec());
        }
    }
    print!("\n{}", columns(&table));
    match missed {
        0 => Ok(()),
        count => bail!("verify --selftest: {count} bugs are there and were not found"),
    }
}

/// Copies what git knows of the tree, with what is not committed, into the folder for that.
fn copy() -> Result<PathBuf> {
    let tree = ground::folder().join("tree");
    fs::create_dir_all(&tree)?;
    let root = util::root();
    let listed = util::output(Command::new("git").current_dir(&root).args(["ls-files", "-z"]))
        .context("the copy is made of what git lists")?;
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        let (from, to) = (root.join(name), tree.join(name));
        // What was removed and is not committed yet.
        if !from.is_file() {
            continue;
        }
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        put(&to, &fs::read(&from)?)?;
        fs::set_permissions(&to, fs::metadata(&from)?.permissions())?;
    }
    Ok(tree)
}

/// Writes only what is new, so that only that is built again.
fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(path, bytes).with_context(|| path.display().to_string())
}

/// Whether the lane finds the bug; the copy is as it was afterwards.
fn seeded(tree: &Path, lane: &Lane, bug: &Bug) -> Result<bool> {
    let path = tree.join(bug.file);
    let text = fs::read_to_string(&path).with_context(|| bug.file.to_owned())?;
    let edited = edit(&text, bug)?;
    put(&path, edited.as_bytes())?;
    let mut command = util::cargo(["run", "--quiet", "--package", "xtask", "--", "verify"]);
    command.current_dir(tree).arg(lane.name).stdin(Stdio::null());
    let target = util::target_dir().join("verify-selftest");
    command.env("CARGO_TARGET_DIR", &target);
    if !bug.only.is_empty() {
        command.args(["--only", bug.only]);
    }
    let output = command.output();
    put(&path, text.as_bytes())?;
    let output = output?;
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    // The lane prints the end of that only, which may be one long backtrace.
    let log = target.join("verify").join(format!("{}.log", lane.name));
    let log = fs::read(log).unwrap_or_default();
    let says = told.contains(bug.told) || String::from_utf8_lossy(&log).contains(bug.told);
    let found = !output.status.success() && says;
    if !found {
        let lines: Vec<&str> = told.lines().collect();
        lines[lines.len().saturating_sub(TAIL)..].iter().for_each(|line| println!("   | {line}"));
        println!("   wanted: a failure that says `{}`", bug.told);
    }
    Ok(found)
}

/// The text with the bug in it.
fn edit(text: &str, bug: &Bug) -> Result<String> {
    match text.matches(bug.from).count() {
        1 => Ok(text.replacen(bug.from, bug.to, 1)),
        count => bail!("{}: {}: `{}` is there {count} times", bug.name, bug.file, bug.from),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::lanes;
    use super::edit;
    use crate::util;

    /// Code moves on, and a bug that fits nowhere any more would find that out on demand only.
    #[test]
    fn every_bug_fits_into_the_tree_of_today() {
        for bug in lanes::ALL.iter().flat_map(|lane| lane.bugs) {
            let text = fs::read_to_string(util::root().join(bug.file)).expect(bug.file);
            let edited = edit(&text, bug).unwrap_or_else(|error| panic!("{error}"));
            assert_ne!(edited, text, "{}", bug.name);
        }
    }

    #[test]
    fn every_lane_has_a_bug_to_find() {
        for lane in lanes::ALL {
            assert!(!lane.bugs.is_empty(), "{} has no seeded bug", lane.name);
        }
    }
}
