//! `bench`: what an operation takes, ours beside its peers, in whole processes that take turns.
//!
//! The clock on the wall says little on a shared machine, so the first figure is processor time,
//! of all threads of the process that does the work; the clock stands beside it, since threads
//! that wait for each other use no processor.
//!
//! Here is what was asked for and what is printed of it. `catalog` knows what there is to run,
//! `plan` how often it fits the time, `session` runs it by `turns`, each a `process`; `results`
//! is what is kept, `stats` what follows from it, and `table`, `pairings` and `against` show that.

mod against;
pub(crate) mod catalog;
mod components;
mod machine;
mod pairings;
mod plan;
mod process;
mod progress;
pub(crate) mod results;
mod session;
pub(crate) mod stats;
mod table;
mod turns;
mod wakes;

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};

use crate::flags::{self, Bench, Instead};
use crate::util::{self, columns};
use catalog::{Catalog, Subject, Workload};
use plan::Budget;
use results::{Flavor, Kind, Results};
use session::Session;
use turns::Programs;

/// Whom ours is compared with unless somebody says.
const VERSUS: [&str; 3] = ["tokio", "smol", "nio"];

/// Those that are built only if they are asked for: they take minutes.
const BUILT_IF_ASKED: [&str; 3] = ["compio", "glommio", "monoio"];

/// A quick run has so many times fewer things where it asks for the bytes of one.
const QUICK_MEMORY_PART: u64 = 10;

/// Seconds in which nothing happens.
const IDLE_S_MAX: u64 = 2;

pub(crate) fn run(flags: &Bench) -> Result<()> {
    match &flags.instead {
        Instead::Run => measure(flags),
        Instead::List => list(flags),
        Instead::Components => components::run(flags),
        Instead::Show(name) => show(&results::load(name)?, flags),
        Instead::Table(name) => {
            print!("{}", for_page(&results::load(name)?));
            Ok(())
        }
    }
}

/// A run as tables, of whatever it is.
fn text(results: &Results) -> String {
    if results.is_of_pairings() { pairings::text(results) } else { table::text(results) }
}

fn for_page(results: &Results) -> String {
    if results.is_of_pairings() { pairings::for_page(results) } else { table::for_page(results) }
}

fn show(results: &Results, flags: &Bench) -> Result<()> {
    print!("{}{}", table::header(results), text(results));
    if let Some(name) = &flags.against {
        print!("{}", against::text(name, &results::load(name)?, results));
    }
    Ok(())
}

fn list(flags: &Bench) -> Result<()> {
    let (_, catalog) = built(flags)?;
    let mut rows =
        vec![["workload", "table", "group", "an operation is"].map(str::to_owned).into()];
    for workload in &catalog.workloads {
        let Workload { name, flavor, group, about, .. } = workload;
        let (flavor, group) = (format!("{flavor:?}"), format!("{group:?}"));
        rows.push(vec![name.clone(), flavor.to_lowercase(), group.to_lowercase(), about.clone()]);
    }
    println!("{}", columns(&rows));
    let mut rows = vec![["subject", "table", "version", "about"].map(str::to_owned).into()];
    for subject in &catalog.subjects {
        let Subject { name, flavor, version, about, .. } = subject;
        let flavor = format!("{flavor:?}").to_lowercase();
        rows.push(vec![name.clone(), flavor, version.clone(), about.clone()]);
    }
    print!("{}", columns(&rows));
    Ok(())
}

/// The programs that are asked for, and what they can do.
fn built(flags: &Bench) -> Result<(Programs, Catalog)> {
    if let Some(pairings) = flags.pairings {
        let programs = Programs::build_pairings(pairings.program, flags.workers)?;
        let catalog = catalog::read_pairings(&programs.op)?;
        return Ok((programs, catalog));
    }
    let programs = Programs::build(flags.workers, needs_peers(flags))?;
    let catalog = catalog::read(&programs.op, &programs.serve)?;
    Ok((programs, catalog))
}

fn measure(flags: &Bench) -> Result<()> {
    ensure!(!flags.wakes || util::installed("strace"), "--wakes needs strace");
    // Before an hour is spent on a run that is to be compared with it.
    let before = flags.against.as_deref().map(results::load).transpose()?;
    let (programs, catalog) = built(flags)?;
    let subjects = subjects(&catalog, flags)?;
    let workloads = workloads(&catalog, flags)?;
    process::stop_on_signals()?;
    let (date, moment) = machine::now();
    let seed = flags.seed.unwrap_or(moment);
    let (commit, dirty) = machine::commit();
    let mut results = Results {
        version: results::VERSION,
        date,
        command: machine::command(),
        commit,
        dirty,
        machine: machine::machine(),
        rustc: machine::rustc(),
        rounds: 0,
        warm_up: session::WARM_UP.to_owned(),
        workers: flags.workers,
        seed,
        quick: flags.quick,
        took_s: 0.0,
        subjects: subjects.iter().map(told).collect(),
        workloads: Vec::new(),
    };
    print!("{}", table::header(&results));
    let budget = budget(flags, &subjects);
    let mut session = Session::new(programs, &subjects, workloads, budget, seed);
    session.try_all(&catalog.workloads)?;
    println!("{}", session.sentence());
    let last_name = flags.pairings.map_or(results::LAST, |pairings| pairings.last);
    let last = results::path(last_name);
    let ran = session.run(|session, rounds| {
        results.rounds = rounds;
        results.took_s = session.took_s();
        results.workloads = session.workloads();
        results::save(&results, &last)
    });
    ran.with_context(|| match results.rounds {
        0 => "no round was finished".to_owned(),
        rounds => format!("{rounds} rounds are in {}: `--show {last_name}`", last.display()),
    })?;
    if flags.wakes {
        session.count_wakes()?;
        results.workloads = session.workloads();
    }
    results.took_s = session.took_s();
    results::save(&results, &last)?;
    print!("{}", text(&results));
    if let (Some(name), Some(before)) = (&flags.against, &before) {
        print!("{}", against::text(name, before, &results));
    }
    println!("\ntook {}; raw samples in {}", progress::duration(results.took_s), last.display());
    if let Some(name) = &flags.save {
        let path = results::path(name);
        results::save(&results, &path)?;
        println!("saved as {name}; `--against {name}` compares, `--show {name}` shows it again");
    }
    Ok(())
}

/// What a run may take: more, if more subjects were asked for than most people ask for.
fn budget(flags: &Bench, subjects: &[Subject]) -> Budget {
    /// Subjects of both tables, our twins included, that the times of a budget are meant for.
    const USUAL: f64 = 11.0;
    let mut budget = if flags.quick { Budget::QUICK } else { Budget::FULL };
    let twins = subjects.iter().filter(|subject| subject.ours).count();
    budget.total_s *= ((subjects.len() + twins) as f64 / USUAL).max(1.0);
    if let Some(rounds) = flags.rounds {
        budget.rounds = rounds;
        budget.rounds_stay = true;
    }
    budget
}

/// Whether somebody is asked for who is not built otherwise.
fn needs_peers(flags: &Bench) -> bool {
    let is_one = |name: &String| name == "all" || BUILT_IF_ASKED.contains(&results::runtime(name));
    flags.versus.iter().flatten().any(is_one)
}

/// Ours, and those that were asked for.
fn subjects(catalog: &Catalog, flags: &Bench) -> Result<Vec<Subject>> {
    let is_called = |subject: &Subject, name: &str| {
        name == "all" || subject.name == name || results::runtime(&subject.name) == name
    };
    let asked: Vec<&str> = match &flags.versus {
        Some(names) => names.iter().map(String::as_str).collect(),
        // A pairing says nothing without the others.
        None if flags.pairings.is_some() => vec!["all"],
        None => VERSUS.to_vec(),
    };
    let nobody = |name: &&&str| !catalog.subjects.iter().any(|subject| is_called(subject, name));
    if let (Some(name), true) = (asked.iter().find(nobody), flags.versus.is_some()) {
        let known: BTreeSet<&str> =
            catalog.subjects.iter().map(|subject| results::runtime(&subject.name)).collect();
        let known: Vec<&str> = known.into_iter().collect();
        bail!("no subject is called `{name}`; there are {}", known.join(", "));
    }
    let tables: Vec<Flavor> = flags.flavors.iter().copied().map(table_of).collect();
    let is_asked = |subject: &&Subject| {
        tables.contains(&subject.flavor.table())
            && (subject.ours || asked.iter().any(|name| is_called(subject, name)))
    };
    Ok(catalog.subjects.iter().filter(is_asked).cloned().collect())
}

/// Those that were asked for, by name or by group.
fn workloads(catalog: &Catalog, flags: &Bench) -> Result<Vec<Workload>> {
    let is_called = |workload: &Workload, name: &str| {
        workload.name == name || catalog::group_named(name).is_ok_and(|it| it == workload.group)
    };
    let nothing = |name: &&String| !catalog.workloads.iter().any(|it| is_called(it, name));
    if let Some(name) = flags.workloads.iter().find(nothing) {
        bail!("no workload is called `{name}`; `cargo xtask bench --list` names them");
    }
    let tables: Vec<Flavor> = flags.flavors.iter().copied().map(table_of).collect();
    let is_asked = |workload: &&Workload| {
        let by_name = flags.workloads.contains(&workload.name);
        tables.contains(&workload.flavor)
            && (flags.workloads.is_empty()
                || flags.workloads.iter().any(|name| is_called(workload, name)))
            // A curve of a quick run would not be one.
            && (by_name || !flags.quick || workload.growth.is_none())
    };
    let mut asked: Vec<Workload> = catalog.workloads.iter().filter(is_asked).cloned().collect();
    for workload in &mut asked {
        workload.timed = match (workload.kind, flags.quick) {
            (Kind::Idle, quick) => workload.timed.min(if quick { 1 } else { IDLE_S_MAX }),
            (Kind::Memory, true) => workload.timed.div_ceil(QUICK_MEMORY_PART),
            (_, _) => workload.timed,
        };
    }
    asked.first().context("none of these workloads has this flavour")?;
    Ok(asked)
}

fn table_of(flavor: flags::Flavor) -> Flavor {
    match flavor {
        flags::Flavor::Current => Flavor::Current,
        flags::Flavor::Multi => Flavor::Multi,
    }
}

/// In the form of a file.
fn told(subject: &Subject) -> results::Subject {
    let Subject { name, flavor, version, ours, same_promises, about, .. } = subject.clone();
    results::Subject { name, flavor, version, ours, same_promises, about }
}

#[cfg(test)]
mod tests {
    use super::{Bench, budget, catalog, subjects, workloads};
    use crate::flags::Args;

    const LIST: &str = "\
subject\trt-current\tCurrent\t0.1.0\tours\t-\t-\tx
subject\ttokio-current\tCurrent\t1.2.3\tpeer\t-\t-\tx
subject\tmonoio\tLocal\t1.2.3\tpeer\tSend\t-\tx
subject\trt-multi\tMulti\t0.1.0\tours\t-\t-\tx
subject\ttokio-multi\tMulti\t1.2.3\tpeer\t-\t-\tx
subject\tsmol\tMulti\t1.2.3\tpeer\t-\t-\tx
operation\tCurrent\tyields\tSteps\t1\t2\t3\tx\tgroup=scheduler
operation\tMulti\tyields\tSteps\t1\t2\t3\tx\tgroup=scheduler
operation\tMulti\tsleeps\tSteps\t1\t2\t3\tx\tgroup=timer
operation\tMulti\tcurve\tSteps\t1\t2\t3\tx\tgroup=timer\tgrowth=timers:1000000
";

    fn flags(line: &str) -> Bench {
        Bench::parse(Args::new(line.split_whitespace().map(str::to_owned).collect())).unwrap()
    }

    fn asked(line: &str) -> (String, String) {
        let (catalog, flags) = (catalog::parse(LIST).unwrap(), flags(line));
        let subjects = subjects(&catalog, &flags).unwrap();
        let workloads = workloads(&catalog, &flags).unwrap();
        let subjects: Vec<&str> = subjects.iter().map(|it| it.name.as_str()).collect();
        let workloads: Vec<&str> = workloads.iter().map(|it| it.name.as_str()).collect();
        (subjects.join(" "), workloads.join(" "))
    }

    #[test]
    fn ours_is_always_there() {
        assert_eq!(asked("--multi").0, "rt-multi tokio-multi smol");
        assert_eq!(asked("--multi --vs smol").0, "rt-multi smol");
        assert_eq!(asked("--vs tokio").0, "rt-current tokio-current rt-multi tokio-multi");
        assert_eq!(asked("--current --vs all").0, "rt-current tokio-current monoio");
        let catalog = catalog::parse(LIST).unwrap();
        let error = subjects(&catalog, &flags("--vs tokyo")).unwrap_err().to_string();
        assert!(error.contains("`tokyo`") && error.contains("monoio, rt, smol, tokio"), "{error}");
    }

    #[test]
    fn pairings_come_together() {
        let list = "\
subject\trt-sync@rt-multi\tMulti\t0.1.0\tours\t-\t-\tx
subject\ttokio@tokio-multi\tMulti\t1.2.3\tpeer\t-\t-\tx
subject\ttokio@rt-multi\tMulti\t1.2.3\tpeer\t-\t-\tx
subject\trt-sync@tokio-multi\tMulti\t0.1.0\tpeer\t-\t-\tx
subject\trt-sync@rt-current\tCurrent\t0.1.0\tours\t-\t-\tx
";
        let catalog = catalog::parse(list).unwrap();
        let count = |line| subjects(&catalog, &flags(line)).unwrap().len();
        assert_eq!((count("sync"), count("sync --multi")), (5, 4));
    }

    #[test]
    fn workloads_are_asked_for_by_name_or_group() {
        assert_eq!(asked("").1, "yields yields sleeps curve");
        assert_eq!(asked("yields").1, "yields yields");
        assert_eq!(asked("timer --multi").1, "sleeps curve");
        let catalog = catalog::parse(LIST).unwrap();
        assert!(workloads(&catalog, &flags("yeilds")).is_err());
        assert!(workloads(&catalog, &flags("sleeps --current")).is_err());
    }

    #[test]
    fn a_quick_run_leaves_curves_out_unless_asked() {
        assert_eq!(asked("--quick --multi").1, "yields sleeps");
        assert_eq!(asked("--quick --multi timer").1, "sleeps");
        assert_eq!(asked("--quick curve").1, "curve");
    }

    #[test]
    fn more_subjects_may_take_longer() {
        let catalog = catalog::parse(LIST).unwrap();
        let few = subjects(&catalog, &flags("")).unwrap();
        let total = |line, subjects: &[_]| budget(&flags(line), subjects).total_s;
        assert!(total("", &few) <= 27.0 * 60.0 && total("--quick", &few) <= 160.0);
        let many = vec![few[0].clone(); 11];
        assert_eq!(total("", &many), 2.0 * total("", &few));
        assert!(budget(&flags("--rounds 30"), &few).rounds_stay);
    }
}
