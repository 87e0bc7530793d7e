//! `ci`: every gate, in the order in which they are quick to fail.

#![allow(clippy::disallowed_methods, reason = "a step's time is told to a person")]

use std::env;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::flags::{self, Ci};
use crate::util::{cargo, installed, output};
use crate::verify::lanes::soak;
use crate::{count, loom, scaling, tidy, util};

/// A bare machine without an operating system, for the part of rt-task that needs none.
const BARE_TARGET: &str = "thumbv7m-none-eabi";

/// Warnings are errors here and only here.
const DENY_WARNINGS: &str = "-D warnings";

type Step = (&'static str, fn(&Ci) -> Result<()>);

const FAST: [Step; 3] = [("fmt", fmt), ("clippy", clippy), ("tidy", |_| tidy::run())];

const SLOW: [Step; 9] = [
    ("test", test),
    ("doc", doc),
    ("loom", models),
    ("scaling", |_| scaling::test()),
    ("no_std", no_std),
    ("examples", |_| {
        util::run(&mut cargo(["build", "--workspace", "--examples", "--all-features"]))
    }),
    ("soak", |_| soak::for_ci()),
    ("deny", deny),
    ("count", ledger),
];

pub(crate) fn run(flags: &Ci) -> Result<()> {
    let slow: &[Step] = if flags.fast { &[] } else { &SLOW };
    let steps: Vec<&Step> = FAST.iter().chain(slow).collect();
    let start = Instant::now();
    let mut done = Vec::new();
    for (name, step) in &steps {
        println!("\n== {name}");
        let start = Instant::now();
        let result = step(flags);
        println!("== {name}: {:.1} s", start.elapsed().as_secs_f64());
        if result.is_err() {
            let passed = if done.is_empty() { "nothing".to_owned() } else { done.join(", ") };
            println!("\nci: `{name}` FAILED; passed before it: {passed}");
        }
        result.with_context(|| format!("ci step `{name}`"))?;
        done.push(*name);
    }
    println!("\nci: {} passed in {:.0} s", done.join(", "), start.elapsed().as_secs_f64());
    Ok(())
}

fn fmt(_: &Ci) -> Result<()> {
    util::run(&mut cargo(["fmt", "--all", "--check"]))
}

fn clippy(_: &Ci) -> Result<()> {
    let warnings = ["--", "-D", "warnings"];
    util::run(cargo(["clippy", "--workspace", "--all-targets", "--all-features"]).args(warnings))?;
    util::run(cargo(["clippy", "--workspace", "--all-targets"]).args(warnings))
}

/// What the README says, documentation tests included.
fn test(flags: &Ci) -> Result<()> {
    if flags.no_test {
        println!("skipped, as asked: `cargo test --workspace --all-features` runs them all");
        return Ok(());
    }
    util::run(&mut cargo(["test", "--workspace", "--all-features"]))
}

fn doc(_: &Ci) -> Result<()> {
    let mut command = cargo(["doc", "--no-deps", "--workspace", "--all-features"]);
    util::run(command.env("RUSTDOCFLAGS", DENY_WARNINGS))
}

fn models(_: &Ci) -> Result<()> {
    loom::run(&flags::Loom { preemptions: Some(2), ..flags::Loom::default() })
}

fn no_std(_: &Ci) -> Result<()> {
    let check = ["check", "-p", "rt-task", "--no-default-features"];
    util::run(&mut cargo(check))?;
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let libraries = ["--print", "target-libdir", "--target", BARE_TARGET];
    let dir = output(Command::new(rustc).args(libraries))?;
    if !std::path::Path::new(dir.trim()).is_dir() {
        println!("skipped: {BARE_TARGET} is not installed");
        return Ok(());
    }
    util::run(cargo(check).args(["--target", BARE_TARGET]))
}

fn deny(_: &Ci) -> Result<()> {
    if !installed("cargo-deny") {
        println!("skipped: cargo-deny is not installed");
        return Ok(());
    }
    // Advisories need a database from the network; deny.toml bans what matters by version.
    util::run(&mut cargo(["deny", "check", "bans", "licenses", "sources"]))
}

fn ledger(_: &Ci) -> Result<()> {
    count::run(&flags::Count::check())
}
