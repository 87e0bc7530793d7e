//! `loom --weaken`: one ordering after another lowered, and the models that must notice.
//!
//! The shim in rt-task knows two wishes: `RT_WEAKEN=id=Order` lowers one site, `RT_SITES=FILE` writes
//! down which sites were come by. A model that comes by none of a site's uses cannot notice it lowered,
//! so each trial runs only the models that do, the quickest first, each in a process of its own.

#![allow(
    clippy::disallowed_methods,
    reason = "a run that takes too long is given up, and a person is told how long runs took"
)]

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{MODELS, bound, cargo_test, from_environment};
use crate::flags::Loom;
use crate::sites::{self, Site};
use crate::source;
use crate::util::{self, columns};

/// For so many runs, fewer preemptions than where each model runs once.
const PREEMPTIONS: u64 = 2;

/// One model, weakened, is given up after this.
const LIMIT_SECS: u64 = 120;

/// Runs at a time.
const JOBS: usize = 2;

/// Runs the models of one crate for each way to lower one of its orderings.
pub(super) fn run(name: &str, dir: &Path, flags: &Loom) -> Result<()> {
    let sites = sites_of(dir)?;
    let trials: Vec<Trial<'_>> = sites
        .iter()
        .flat_map(|site| site.weaker().iter().map(move |weaker| Trial { site, weaker }))
        .collect();
    let lab = Lab {
        binary: build(name)?,
        preemptions: flags.preemptions.or_else(from_environment).unwrap_or(PREEMPTIONS),
        limit: Duration::from_secs(flags.limit_secs.unwrap_or(LIMIT_SECS)),
    };
    println!(
        "-- {name}: {} sites, {} ways to lower one, up to {} preemptions",
        sites.len(),
        trials.len(),
        lab.preemptions
    );
    let models = lab.models(name, flags.test.as_deref().unwrap_or(MODELS))?;
    let all: Duration = models.iter().map(|model| model.took).sum();
    println!("   as it is: {} models pass in {:.1} s", models.len(), all.as_secs_f64());
    let outcomes = in_jobs(&trials, |trial| lab.outcome(&models, trial))?;
    report(name, &trials, &outcomes)
}

/// One ordering, lowered.
struct Trial<'a> {
    site: &'a Site,
    weaker: &'static str,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    /// Each model that comes by it passed.
    Unnoticed,
    /// The model that failed.
    Caught(String),
    /// The model that did not end; the others passed.
    Timeout(String),
}

/// One model, as it is.
struct Model {
    name: String,
    took: Duration,
    /// The sites that it comes by.
    sites: BTreeSet<String>,
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

/// Where models are run.
struct Lab {
    binary: PathBuf,
    preemptions: u64,
    /// For one model.
    limit: Duration,
}

/// How one run of one model ended.
enum Ended {
    Passed,
    Failed,
    Expired,
}

impl Lab {
    /// Every model with `filter` in its name, run once; the quickest first.
    fn models(&self, package: &str, filter: &str) -> Result<Vec<Model>> {
        let listed = Command::new(&self.binary).args([filter, "--list"]).output();
        let listed = listed.with_context(|| format!("cannot start {}", self.binary.display()))?;
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let names: Vec<&str> =
            listed.lines().filter_map(|line| line.strip_suffix(": test")).collect();
        let mut models = in_jobs(&names, |name| self.model(name))
            .with_context(|| format!("{package}: the models do not pass as they are"))?;
        models.sort_by_key(|model| model.took);
        Ok(models)
    }

    fn model(&self, name: &str) -> Result<Model> {
        let file = format!("rt-sites-{}-{}", std::process::id(), name.replace("::", "-"));
        let seen = env::temp_dir().join(file);
        let start = Instant::now();
        // As it is it may take longer: nothing is learned without it.
        let ended = self.run(name, self.limit * 5, "RT_SITES", seen.as_os_str())?;
        let took = start.elapsed();
        // A model of what has no sites writes none.
        let sites = fs::read_to_string(&seen).unwrap_or_default();
        let _ = fs::remove_file(&seen);
        match ended {
            Ended::Passed => {}
            Ended::Failed => bail!("{name} fails"),
            Ended::Expired => bail!("{name} does not end; try --limit"),
        }
        let sites = sites.lines().map(str::to_owned).collect();
        Ok(Model { name: name.to_owned(), took, sites })
    }

    fn outcome(&self, models: &[Model], Trial { site, weaker }: &Trial<'_>) -> Result<Outcome> {
        let lowered = format!("{}={weaker}", site.id);
        let mut outcome = Outcome::Unnoticed;
        for Model { name, .. } in models.iter().filter(|model| model.sites.contains(&site.id)) {
            match self.run(name, self.limit, "RT_WEAKEN", lowered.as_ref())? {
                Ended::Passed => {}
                Ended::Failed => return Ok(Outcome::Caught(name.clone())),
                Ended::Expired => outcome = Outcome::Timeout(name.clone()),
            }
        }
        Ok(outcome)
    }

    /// Runs one model, with one wish to the shim.
    fn run(&self, model: &str, limit: Duration, wish: &str, value: &OsStr) -> Result<Ended> {
        let mut command = Command::new(&self.binary);
        command.args([model, "--exact", "--test-threads", "1"]).env(wish, value);
        bound(&mut command, self.preemptions);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", self.binary.display()))?;
        match util::ends_within(&mut child, limit) {
            Some(status) if status.success() => Ok(Ended::Passed),
            Some(_) => Ok(Ended::Failed),
            None => {
                child.kill()?;
                child.wait()?;
                Ok(Ended::Expired)
            }
        }
    }
}

/// `work` on each, some at a time; what came out, in their order.
fn in_jobs<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let job = || -> Result<()> {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = all.get(at) else { return Ok(()) };
            let result = work(one)?;
            done.lock().expect("a job panicked").push((at, result));
        }
    };
    thread::scope(|scope| {
        let jobs: Vec<_> = (0..JOBS).map(|_| scope.spawn(job)).collect();
        jobs.into_iter().try_for_each(|job| job.join().expect("a job panicked"))
    })?;
    let mut done = done.into_inner().expect("a job panicked");
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// The table; fails if an ordering may be lowered without anyone noticing or saying why.
fn report(name: &str, trials: &[Trial<'_>], outcomes: &[Outcome]) -> Result<()> {
    let heading = ["site", "ordering", "lowered to", "result", "", "place"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    let mut unexplained = 0;
    for (Trial { site, weaker }, outcome) in trials.iter().zip(outcomes) {
        let (result, detail) = match (outcome, &site.accepted) {
            (Outcome::Caught(model), _) => ("caught", format!("by {model}")),
            (Outcome::Timeout(model), _) => ("timeout", format!("{model}; try --limit")),
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
    let timeouts = count(|outcome| matches!(outcome, Outcome::Timeout(_)));
    let accepted = outcomes.len() - caught - timeouts - unexplained;
    println!(
        "{name}: {caught} caught, {accepted} accepted with a reason, {timeouts} timeouts, {unexplained} unnoticed"
    );
    if unexplained > 0 {
        bail!("{name}: {unexplained} orderings may be lowered and no model notices");
    }
    Ok(())
}
