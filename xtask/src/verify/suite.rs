//! The tests of the workspace in a build of another kind: under a sanitizer, say, or for another
//! machine.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::ground::{Ground, passed};
use super::lane::Outcome;
use crate::{source, util};

/// The machine that these builds are for: a sanitizer wants it named, so that build scripts and
/// procedural macros stay without.
pub(super) const HOST: &str = "x86_64-unknown-linux-gnu";

/// The tests of one package, its build included.
const LIMIT: Duration = Duration::from_secs(40 * 60);

/// Its tests run its examples, which are not built where `--tests` says what is.
const WITH_EXAMPLES: &str = "rt-facade";

/// How all packages are built and run.
pub(super) struct Build {
    /// What is different about it.
    pub(super) rustflags: &'static str,
    /// `{root}` is the top of the tree.
    pub(super) env: &'static [(&'static str, &'static str)],
    /// Further words for `cargo test`.
    pub(super) args: &'static [&'static str],
    pub(super) target: &'static str,
    /// The standard library is built anew, too, with the same flags; needs its source.
    pub(super) std: bool,
    /// What a quick run has.
    pub(super) quick: &'static [&'static str],
    pub(super) left_out: &'static [LeftOut],
}

/// A test that cannot be run this way.
pub(super) struct LeftOut {
    pub(super) package: &'static str,
    /// As for `--skip`; a whole package, if empty.
    pub(super) test: &'static str,
    pub(super) why: &'static str,
}

/// Of every build: `ui.rs`.
const COMPILERS: [LeftOut; 3] = [
    compiler("bad_code_is_rejected"),
    compiler("good_code_compiles"),
    compiler("code_on_pages_for_readers_compiles"),
];

const fn compiler(test: &'static str) -> LeftOut {
    let why =
        "runs a compiler, which knows nothing of the flags, the `std` and the target of this build";
    LeftOut { package: "rt-facade", test, why }
}

/// What is left out of a build.
fn left_out(build: &Build) -> impl Iterator<Item = &LeftOut> {
    build.left_out.iter().chain(&COMPILERS)
}

/// What comes of a lane that is such a run.
pub(super) fn outcome(ground: &mut Ground<'_>, build: &Build) -> Result<Outcome> {
    if !is_host() {
        return Ok(Outcome::Skipped(format!("made for {HOST}")));
    }
    match missing(build.std) {
        Some(why) => Ok(Outcome::Skipped(why)),
        None => run(ground, build).map(Outcome::Passed),
    }
}

/// Runs what was asked for, package by package; tells how many tests passed in how many packages.
fn run(ground: &mut Ground<'_>, build: &Build) -> Result<String> {
    let packages = packages(ground, build)?;
    run_each(ground, build, &packages)
}

/// Runs those of all packages, whatever was asked for, or of one.
pub(super) fn run_all(
    ground: &mut Ground<'_>,
    build: &Build,
    package: Option<&str>,
) -> Result<String> {
    let mut names = all_packages(build)?;
    names.retain(|name| package.is_none_or(|package| name == package));
    run_each(ground, build, &names)
}

fn run_each(ground: &mut Ground<'_>, build: &Build, packages: &[String]) -> Result<String> {
    let (mut tests, mut failed) = (0, Vec::new());
    for package in packages {
        match run_one(ground, build, package) {
            Ok(count) => tests += count,
            Err(error) => {
                println!("   {error:#}");
                failed.push(package.as_str());
            }
        }
    }
    if !failed.is_empty() {
        bail!("{} of {} packages failed: {}", failed.len(), packages.len(), failed.join(", "));
    }
    let mut left = left_out(build).collect::<Vec<_>>();
    left.retain(|left| left.test.is_empty() || packages.iter().any(|name| name == left.package));
    left.iter()
        .for_each(|left| println!("   left out: {} {}: {}", left.package, left.test, left.why));
    let without =
        if left.is_empty() { String::new() } else { format!(", {} left out", left.len()) };
    Ok(format!("{tests} tests of {} packages{without}", packages.len()))
}

/// How many tests passed.
fn run_one(ground: &mut Ground<'_>, build: &Build, package: &str) -> Result<u64> {
    if build.args.contains(&"--tests") && package == WITH_EXAMPLES {
        let mut examples = command(ground, build, package, "build");
        examples.args(build.args.iter().filter(|word| **word != "--tests"));
        ground.run(LIMIT, examples.arg("--examples"))?;
    }
    let mut tests = command(ground, build, package, "test");
    tests.arg("--no-fail-fast").args(build.args);
    let left: BTreeSet<&str> =
        left_out(build).filter(|left| left.package == package).map(|left| left.test).collect();
    if !left.is_empty() {
        tests.arg("--");
        tests.args(left.iter().flat_map(|test| ["--skip", test]));
    }
    ground.run(LIMIT, &mut tests).and_then(|text| passed(&text))
}

/// All that have tests.
fn all_packages(build: &Build) -> Result<Vec<String>> {
    let mut names: Vec<String> = source::crates()?.into_iter().map(|(name, _)| name).collect();
    let whole =
        |name: &str| left_out(build).any(|left| left.package == name && left.test.is_empty());
    // Procedural macros run in the compiler; the facade's tests have what they make.
    names.retain(|name| name != "rt-macros" && !whole(name));
    Ok(names)
}

/// Those of them that were asked for.
fn packages(ground: &Ground<'_>, build: &Build) -> Result<Vec<String>> {
    let mut names = all_packages(build)?;
    if let Some(only) = &ground.flags.only {
        names.retain(|name| name == only);
    } else if ground.flags.quick {
        names.retain(|name| build.quick.contains(&name.as_str()));
    }
    if names.is_empty() {
        bail!("no package of that name has tests that are run here");
    }
    Ok(names)
}

fn command(ground: &Ground<'_>, build: &Build, package: &str, what: &str) -> Command {
    let mut command = ground.nightly([what, "--all-features"]);
    command.args(["-p", package, "--target", build.target]);
    if build.std {
        command.arg("-Zbuild-std");
    }
    // A panic that is expected tells its stack, if it is asked to: from a program of this size that takes
    // seconds, and tests run out of their time.
    command.env("RUST_BACKTRACE", "0");
    command.env("RUSTFLAGS", build.rustflags);
    let root = util::root().display().to_string();
    command.envs(build.env.iter().map(|(name, value)| (name, value.replace("{root}", &root))));
    command
}

/// What is missing for such a build, if anything.
pub(super) fn missing(std: bool) -> Option<String> {
    if !util::has_nightly() {
        return Some("no nightly tool chain: `rustup toolchain install nightly`".into());
    }
    (std && !has_source())
        .then(|| "no source of std: `rustup component add rust-src --toolchain nightly`".into())
}

fn has_source() -> bool {
    let mut command = Command::new("rustup");
    let root = util::output(command.args(["run", "nightly", "rustc", "--print", "sysroot"]));
    root.is_ok_and(|root| {
        std::path::Path::new(root.trim()).join("lib/rustlib/src/rust/library/std").is_dir()
    })
}

/// Whether this machine is the one that the sanitizers are told of.
fn is_host() -> bool {
    cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))
}

#[cfg(test)]
mod tests {
    use super::{LeftOut, left_out};

    #[test]
    fn a_left_out_test_has_a_reason() {
        use super::super::lanes::{asan, layout, msan, ports, tsan};
        let all: Vec<&LeftOut> = [
            asan::BUILD,
            layout::BUILD,
            msan::BUILD,
            tsan::BUILD,
            ports::I686,
            ports::AARCH64,
            ports::WINDOWS,
        ]
        .iter()
        .flat_map(left_out)
        .collect();
        assert!(all.iter().all(|left| !left.why.is_empty()));
    }
}
