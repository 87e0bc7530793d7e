//! `loom`: the models of every claim; with `--weaken`, the proof that they look at the orderings.
//!
//! A model lives in a `loom_tests` module and is built under `--cfg rt_loom` into a target folder
//! of its own. Weakening needs no second build: `loom/weaken.rs`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::flags::Loom;
use crate::source;
use crate::util::{self, cargo};

mod weaken;

/// Module of the models, and so the filter that leaves other tests out.
const MODELS: &str = "loom_tests";

/// How many times a model may be preempted unless told otherwise. Three finds what two finds and
/// a little more.
const PREEMPTIONS: u64 = 3;

/// Loom gives up after so many branches of one execution; its own default is low for us.
const BRANCHES: &str = "10000";

/// Where sanitizers can be used, and so the one target that is built with them.
const ASAN_TARGET: &str = "x86_64-unknown-linux-gnu";

pub(crate) fn run(flags: &Loom) -> Result<()> {
    if flags.asan && !util::has_nightly() {
        println!("skipped: loom --asan needs a nightly toolchain");
        return Ok(());
    }
    let crates = chosen(flags)?;
    if crates.is_empty() {
        println!("skipped: no crate has loom models yet");
    }
    for (name, dir) in &crates {
        match flags.weaken {
            true => weaken::run(name, dir, flags)?,
            false => explore(name, flags)?,
        }
    }
    Ok(())
}

/// The crates that were asked for, or all that have models.
fn chosen(flags: &Loom) -> Result<Vec<(String, PathBuf)>> {
    let mut crates = source::crates()?;
    crates.retain(|(_, dir)| has_models(dir));
    if let Some(unknown) =
        flags.crates.iter().find(|name| !crates.iter().any(|(has, _)| has == *name))
    {
        bail!("{unknown} has no loom models");
    }
    crates.retain(|(name, _)| flags.crates.is_empty() || flags.crates.contains(name));
    Ok(crates)
}

fn has_models(dir: &Path) -> bool {
    let models = |path: &PathBuf| {
        fs::read_to_string(path).is_ok_and(|text| text.contains(&format!("mod {MODELS}")))
    };
    util::files(&dir.join("src"), "rs").iter().any(models)
}

/// Runs the models of one crate as they are.
fn explore(name: &str, flags: &Loom) -> Result<()> {
    let preemptions = flags.preemptions.or_else(from_environment).unwrap_or(PREEMPTIONS);
    println!("-- {name}: up to {preemptions} preemptions");
    let mut command = cargo_test(name, flags.asan);
    bound(&mut command, preemptions);
    util::run(command.arg(flags.test.as_deref().unwrap_or(MODELS)))
}

/// A `cargo test` of one crate's models.
fn cargo_test(name: &str, asan: bool) -> Command {
    let target_dir = util::target_dir().join(if asan { "loom-asan" } else { "loom" });
    let mut command = match asan {
        false => cargo([]),
        true => util::nightly([]),
    };
    command.args(["test", "--quiet", "--lib", "--profile", "loom", "-p", name, "--target-dir"]);
    command.arg(target_dir).env("RUSTFLAGS", "--cfg rt_loom");
    if asan {
        command.args(["--target", ASAN_TARGET]);
        command.env("RUSTFLAGS", "--cfg rt_loom -Zsanitizer=address");
        // Loom counts its own objects; its tracing leaks by design. Frames on the heap, to find those used
        // after their return, take two thirds of the time: loom changes stacks at each step.
        command.env("ASAN_OPTIONS", "detect_leaks=0:detect_stack_use_after_return=0");
    }
    command
}

fn bound(command: &mut Command, preemptions: u64) {
    command.env("LOOM_MAX_PREEMPTIONS", preemptions.to_string());
    if env::var_os("LOOM_MAX_BRANCHES").is_none() {
        command.env("LOOM_MAX_BRANCHES", BRANCHES);
    }
}

fn from_environment() -> Option<u64> {
    env::var("LOOM_MAX_PREEMPTIONS").ok()?.parse().ok()
}
