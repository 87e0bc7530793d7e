//! `loom`: the models of every claim; with `--weaken`, the proof that they look at the orderings.
//!
//! A model lives in a `loom_tests` module and is built under `--cfg rt_loom` into a target folder
//! of its own. Weakening needs no second build: the shim in rt-task asks `RT_WEAKEN` which site
//! to lower.

#![allow(
    clippy::disallowed_methods,
    reason = "a run that takes too long is given up, and a person is told how long runs took"
)]

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::flags::Loom;
use crate::sites::{self, Site};
use crate::source;
use crate::util::{self, cargo, columns};

/// Module of the models, and so the filter that leaves other tests out.
const MODELS: &str = "loom_tests";

/// How many times a model may be preempted unless told otherwise. Three finds what two finds and
/// a little more; for the many runs of `--weaken`, two must do.
const PREEMPTIONS: u64 = 3;
const PREEMPTIONS_WEAKENED: u64 = 2;

/// Loom gives up after so many branches of one execution; its own default is low for us.
const BRANCHES: &str = "10000";

/// One weakened run is given up after this.
const LIMIT_SECS: u64 = 120;

/// Weakened runs at a time.
const JOBS: usize = 2;

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
            true => weaken(name, dir, flags)?,
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
        // Loom counts its own objects; its tracing leaks by design.
        command.env("ASAN_OPTIONS", "detect_leaks=0");
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

/// What became of one run of the models.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    /// All models passed.
    Unnoticed,
    /// The model that failed.
    Caught(String),
    Timeout,
}

/// One ordering, lowered.
struct Trial<'a> {
    site: &'a Site,
    weaker: &'static str,
}

/// Runs the models of one crate once for each way to lower one of its orderings.
fn weaken(name: &str, dir: &Path, flags: &Loom) -> Result<()> {
    let sites = sites_of(dir)?;
    let trials: Vec<Trial<'_>> = sites
        .iter()
        .flat_map(|site| site.weaker().iter().map(move |weaker| Trial { site, weaker }))
        .collect();
    let preemptions = flags.preemptions.or_else(from_environment).unwrap_or(PREEMPTIONS_WEAKENED);
    let models = Models {
        binary: build(name)?,
        filter: flags.test.as_deref().unwrap_or(MODELS),
        preemptions,
        limit: Duration::from_secs(flags.limit_secs.unwrap_or(LIMIT_SECS)),
    };
    println!(
        "-- {name}: {} sites, {} ways to lower one, up to {preemptions} preemptions",
        sites.len(),
        trials.len()
    );
    let start = Instant::now();
    match models.run(None)? {
        Outcome::Unnoticed => {}
        other => bail!("{name}: the models do not pass as they are: {other:?}"),
    }
    println!("   as it is: passes in {:.1} s", start.elapsed().as_secs_f64());
    let outcomes = models.run_all(&trials)?;
    report(name, &trials, &outcomes)
}

fn sites_of(dir: &Path) -> Result<Vec<Site>> {
    let mut all = Vec::new();
    for source in source::read_all(&dir.join("src"))? {
        let (sites, problems) = sites::find(&source);
        if let Some(problem) = problems.first() {
            bail!("{problem}");
        }
        all.extend(sites);
    }
    Ok(all)
}

/// Builds the test binary, once for all trials.
fn build(name: &str) -> Result<PathBuf> {
    let built = util::built(cargo_test(name, false).arg("--no-run"))?;
    let (_, binary) =
        built.into_iter().next().with_context(|| format!("{name}: no test binary"))?;
    Ok(binary)
}

/// The models of one crate, ready to run.
struct Models<'a> {
    binary: PathBuf,
    filter: &'a str,
    preemptions: u64,
    limit: Duration,
}

impl Models<'_> {
    /// One outcome per trial, in their order.
    fn run_all(&self, trials: &[Trial<'_>]) -> Result<Vec<Outcome>> {
        let next = AtomicUsize::new(0);
        let outcomes = Mutex::new(vec![None; trials.len()]);
        let work = || -> Result<()> {
            while let Some((at, trial)) = pick(&next, trials) {
                let outcome = self.run(Some(trial))?;
                outcomes.lock().expect("a job panicked")[at] = Some(outcome);
            }
            Ok(())
        };
        thread::scope(|scope| {
            let jobs: Vec<_> = (0..JOBS).map(|_| scope.spawn(work)).collect();
            jobs.into_iter().try_for_each(|job| job.join().expect("a job panicked"))
        })?;
        let outcomes = outcomes.into_inner().expect("a job panicked");
        Ok(outcomes.into_iter().flatten().collect())
    }

    fn run(&self, trial: Option<&Trial<'_>>) -> Result<Outcome> {
        let mut command = Command::new(&self.binary);
        // One at a time, so that the last name printed is the model that is running.
        command.args([self.filter, "--test-threads", "1"]);
        bound(&mut command, self.preemptions);
        if let Some(Trial { site, weaker }) = trial {
            command.env("RT_WEAKEN", format!("{}={weaker}", site.id));
        }
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", self.binary.display()))?;
        let stdout = child.stdout.take().context("the child's output is piped")?;
        let reader = thread::spawn(move || watch(BufReader::new(stdout)));
        let deadline = Instant::now() + self.limit;
        let mut expired = false;
        while !reader.is_finished() && !expired {
            thread::sleep(Duration::from_millis(10));
            expired = Instant::now() >= deadline;
        }
        // A model has failed, all have ended, or the time is up: nothing more to learn.
        if expired || !ends_soon(&mut child) {
            let _ = child.kill();
        }
        let status = child.wait()?;
        let seen = reader.join().expect("the reader does not panic");
        Ok(match seen.failed {
            Some(model) => Outcome::Caught(model),
            None if expired => Outcome::Timeout,
            None if status.success() => Outcome::Unnoticed,
            None => Outcome::Caught(seen.last),
        })
    }
}

/// Once its output is closed a process ends by itself at once; one whose model failed may go on.
fn ends_soon(child: &mut Child) -> bool {
    for _ in 0..20 {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return true;
        }
        thread::sleep(Duration::from_millis(5));
    }
    false
}

fn pick<'a, 'b>(next: &AtomicUsize, trials: &'a [Trial<'b>]) -> Option<(usize, &'a Trial<'b>)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, trials.get(at)?))
}

/// What the test harness printed.
#[derive(Default)]
struct Seen {
    /// The first model that failed.
    failed: Option<String>,
    /// The last model that began.
    last: String,
}

/// Reads until the first failure or the end.
fn watch(mut output: impl BufRead) -> Seen {
    let mut seen = Seen::default();
    let mut bytes = Vec::new();
    // Not by lines: an abort leaves `test x ... ` without an end of line.
    while matches!(output.read_until(b' ', &mut bytes), Ok(read) if read > 0) {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((name, _)) = text.rsplit_once(" ... ") {
            seen.last = name.rsplit("test ").next().unwrap_or_default().to_owned();
        }
        let verdict = text.rsplit(" ... ").next().unwrap_or_default();
        if text.contains(" ... ") && verdict.starts_with("FAILED") {
            seen.failed = Some(seen.last.clone());
            return seen;
        }
    }
    seen
}

/// The table; fails if an ordering may be lowered without anyone noticing or saying why.
fn report(name: &str, trials: &[Trial<'_>], outcomes: &[Outcome]) -> Result<()> {
    let heading = ["site", "ordering", "lowered to", "result", "", "place"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    let mut unexplained = 0;
    for (Trial { site, weaker }, outcome) in trials.iter().zip(outcomes) {
        let (result, detail) = match (outcome, &site.accepted) {
            (Outcome::Caught(model), _) => ("caught", format!("by {model}")),
            (Outcome::Timeout, _) => ("timeout", "no verdict; try --limit".to_owned()),
            (Outcome::Unnoticed, Some(reason)) => ("accepted", reason.clone()),
            (Outcome::Unnoticed, None) => {
                unexplained += 1;
                ("UNNOTICED", String::new())
            }
        };
        let row: [&str; 6] = [&site.id, &site.ordering, weaker, result, &detail, &site.place];
        rows.push(row.map(str::to_owned).to_vec());
    }
    print!("{}", columns(&rows));
    let count =
        |wanted: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| wanted(outcome)).count();
    let caught = count(|outcome| matches!(outcome, Outcome::Caught(_)));
    let timeouts = count(|outcome| *outcome == Outcome::Timeout);
    let accepted = outcomes.len() - caught - timeouts - unexplained;
    println!(
        "{name}: {caught} caught, {accepted} accepted with a reason, {timeouts} timeouts, {unexplained} unnoticed"
    );
    if unexplained > 0 {
        bail!("{name}: {unexplained} orderings may be lowered and no model notices");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::watch;

    #[test]
    fn the_first_failure_is_named() {
        let seen = watch(&b"running 2 tests\ntest a::loom_tests::x ... ok\ntest a::loom_tests::y ... FAILED\n\nfailures:\n"[..]);
        assert_eq!(seen.failed.as_deref(), Some("a::loom_tests::y"));
    }

    #[test]
    fn an_abort_names_the_model_that_ran() {
        let seen = watch(&b"running 2 tests\ntest x ... ok\ntest y ... "[..]);
        assert_eq!((seen.failed, seen.last.as_str()), (None, "y"));
    }
}
