//! Every workload with every number of workers, and the tables.
//!
//! Each play has a process of its own: where its memory lies, and with it which words share a line,
//! is then the same each time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, thread};

use crate::memory::Hot;
use crate::outcome::Play;
use crate::{cost, search, variants, work};

/// See `bin/scaling.rs`.
///
/// # Errors
/// What is wrong with the words, or with a play.
pub fn command(words: &[&str]) -> Result<(), String> {
    match *words {
        ["one", workload, variant, workers, seed, costs] => {
            one(workload, variant, workers, seed, costs)
        }
        ["search", program, workers, first, count] => {
            let workers = match workers {
                "any" => None,
                workers => Some(number(workers)? as usize),
            };
            search::command(program, workers, number(first)?, number(count)?)
        }
        ["all", ref options @ ..] => Sweep::new(options)?.run(),
        _ => Err(
            "one WORKLOAD VARIANT WORKERS SEED COSTS | search PROGRAM WORKERS FIRST COUNT | all [--quick] \
                  [--seeds N] [--real FILE] [--json FILE]"
                .into(),
        ),
    }
}

fn number(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| format!("`{word}`: not a number"))
}

fn one(
    workload: &str,
    variant: &str,
    workers: &str,
    seed: &str,
    costs: &str,
) -> Result<(), String> {
    let known = |name: &str| format!("`{name}`: not known");
    let play = Play {
        workload: work::named(workload).ok_or_else(|| known(workload))?,
        variant: variants::ALL
            .iter()
            .find_map(|(name, _)| (*name == variant).then_some(*name))
            .ok_or_else(|| known(variant))?,
        workers: number(workers)? as usize,
        seed: number(seed)?,
        costs: cost::ALL.into_iter().find(|it| it.name == costs).ok_or_else(|| known(costs))?,
    };
    let outcome = play.run()?;
    for (name, figure) in outcome.figures {
        println!("{name}\t{figure:.6}");
    }
    // Where a line lies differs from process to process, but for its place in a page.
    for (hot, share) in outcome.hottest {
        let (page, Hot { reads, writes, modifies, .. }) = (hot.address % 4096, hot);
        println!(
            "hot line {page:#x}: {share:.3} of waiting; {reads} reads, {writes} writes, {modifies} modifies"
        );
    }
    println!("trace\t{:x}", outcome.trace);
    Ok(())
}

/// What to play and where to write it.
struct Sweep {
    quick: bool,
    seeds: u64,
    real: Option<String>,
    json: Option<String>,
}

/// A play, by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    workload: &'static str,
    variant: &'static str,
    costs: &'static str,
    workers: u64,
}

type Figures = BTreeMap<String, f64>;

/// What is played in full.
const WORKERS: [u64; 8] = [1, 2, 4, 8, 16, 32, 64, 128];
/// Where variants are compared.
const FEW: [u64; 4] = [2, 16, 64, 128];
const OURS: &str = "ours";
const HERE: &str = cost::HERE.name;
const METAL: &str = cost::METAL.name;

impl Sweep {
    fn new(options: &[&str]) -> Result<Self, String> {
        let mut sweep = Self { quick: false, seeds: 3, real: None, json: None };
        let mut options = options.iter();
        while let Some(option) = options.next() {
            let mut value = || options.next().ok_or(format!("`{option}` needs a value"));
            match *option {
                "--quick" => sweep.quick = true,
                "--seeds" => sweep.seeds = number(value()?)?.max(1),
                "--real" => sweep.real = Some((*value()?).to_owned()),
                "--json" => sweep.json = Some((*value()?).to_owned()),
                other => return Err(format!("`{other}`: not known")),
            }
        }
        Ok(sweep)
    }

    fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        let workers: &[u64] = if self.quick { &[1, 2, 16, 128] } else { &WORKERS };
        for workload in work::ALL {
            let name = workload.name;
            let key = |variant, costs, workers| Key { workload: name, variant, costs, workers };
            keys.extend(workers.iter().map(|&workers| key(OURS, HERE, workers)));
            let few: &[u64] = if self.quick { &[16] } else { &FEW };
            for &(variant, _) in &variants::ALL[1..] {
                keys.extend(few.iter().map(|&workers| key(variant, HERE, workers)));
            }
            let metal: &[u64] = if self.quick { &[] } else { &[1, 16, 64, 128] };
            keys.extend(metal.iter().map(|&workers| key(OURS, METAL, workers)));
        }
        keys
    }

    fn run(&self) -> Result<(), String> {
        let keys = self.keys();
        let results = self.play(&keys)?;
        println!("{}", Tables { sweep: self, results: &results }.all()?);
        if let Some(path) = &self.json {
            fs::write(path, json(&results)).map_err(|error| format!("{path}: {error}"))?;
            println!("written: {path}");
        }
        Ok(())
    }

    /// Plays all, as many at a time as there are processors.
    fn play(&self, keys: &[Key]) -> Result<BTreeMap<Key, Figures>, String> {
        let next = AtomicUsize::new(0);
        let results = Mutex::new(BTreeMap::new());
        let wrong = Mutex::new(None);
        let jobs = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(|| {
                    // A ticket: orders nothing.
                    while let Some(key) = keys.get(next.fetch_add(1, Ordering::Relaxed)) {
                        match self.median(key) {
                            Ok(figures) => {
                                results.lock().expect("nobody panics").insert(key.clone(), figures);
                            }
                            Err(error) => *wrong.lock().expect("nobody panics") = Some(error),
                        }
                    }
                });
            }
        });
        match wrong.into_inner().expect("nobody panics") {
            Some(wrong) => Err(wrong),
            None => Ok(results.into_inner().expect("nobody panics")),
        }
    }

    /// Of several seeds, figure by figure.
    fn median(&self, key: &Key) -> Result<Figures, String> {
        let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for seed in 0..self.seeds {
            for (name, figure) in apart(key, seed)? {
                all.entry(name).or_default().push(figure);
            }
        }
        let median = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Ok(all.into_iter().map(|(name, values)| (name, median(values))).collect())
    }
}

/// Plays it in a process of its own.
fn apart(key: &Key, seed: u64) -> Result<Figures, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    let (workers, seed) = (key.workers.to_string(), seed.to_string());
    command.args(["one", key.workload, key.variant, &workers, &seed, key.costs]);
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{key:?}, seed {seed}: {}", output.status));
    }
    Ok(parse(&String::from_utf8_lossy(&output.stdout)))
}

fn parse(text: &str) -> Figures {
    let line = |line: &str| {
        let (name, figure) = line.split_once('\t')?;
        Some((name.to_owned(), figure.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

struct Tables<'a> {
    sweep: &'a Sweep,
    results: &'a BTreeMap<Key, Figures>,
}

impl Tables<'_> {
    fn all(&self) -> Result<String, String> {
        let mut text = String::new();
        self.speed_up(&mut text, HERE);
        if !self.sweep.quick {
            self.speed_up(&mut text, METAL);
        }
        self.details(&mut text);
        self.variants(&mut text);
        if let Some(path) = &self.sweep.real {
            let real = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
            self.validation(&mut text, &real);
        }
        Ok(text)
    }

    fn get(
        &self,
        workload: &'static str,
        variant: &'static str,
        costs: &'static str,
        workers: u64,
    ) -> Option<&Figures> {
        self.results.get(&Key { workload, variant, costs, workers })
    }

    fn speed_up(&self, text: &mut String, costs: &'static str) {
        let has = |workers: &&u64| self.get(work::ALL[0].name, OURS, costs, **workers).is_some();
        let workers: Vec<u64> = WORKERS.iter().filter(has).copied().collect();
        let head: Vec<String> = workers.iter().map(|count| format!("{count} workers")).collect();
        let _ = writeln!(text, "Costs `{costs}`: ns per operation, and times one worker's speed\n");
        let _ = writeln!(text, "| workload | {} |", head.join(" | "));
        let _ = writeln!(text, "| --- |{}", " --- |".repeat(workers.len()));
        for workload in work::ALL {
            let one = self.get(workload.name, OURS, costs, 1).map_or(f64::NAN, |it| it["ns"]);
            let cells = workers.iter().map(|&count| {
                let ns =
                    self.get(workload.name, OURS, costs, count).map_or(f64::NAN, |it| it["ns"]);
                format!("{ns:.0} ({:.1}x)", one / ns)
            });
            let cells: Vec<String> = cells.collect();
            let _ = writeln!(text, "| {} | {} |", workload.name, cells.join(" | "));
        }
        text.push('\n');
    }

    fn details(&self, text: &mut String) {
        let _ = writeln!(
            text,
            "Ours, costs `{HERE}`, per operation (per thousand: steals to parks); delays in µs\n\n\
             | workload | workers | steals | attempts | calls | in vain | parks | lines taken | idle | \
             delay p50 | p99 | max | overtaken |\n| --- |{}",
            " --- |".repeat(12)
        );
        for workload in work::ALL {
            for workers in [2, 16, 64, 128] {
                let Some(it) = self.get(workload.name, OURS, HERE, workers) else { continue };
                let thousand = |name: &str| it[name] * 1e3;
                let us = |name: &str| it[name] / 1e3;
                let _ = writeln!(
                    text,
                    "| {} | {workers} | {:.1} | {:.1} | {:.2} | {:.2} | {:.2} | {:.2} | {:.0} % | {:.1} | {:.1} | {:.0} | {:.0} |",
                    workload.name,
                    thousand("steals"),
                    thousand("steal_attempts"),
                    thousand("unparks"),
                    thousand("calls_in_vain"),
                    thousand("parks"),
                    it["taken"],
                    it["idle"] * 100.0,
                    us("delay_p50_ns"),
                    us("delay_p99_ns"),
                    us("delay_max_ns"),
                    it["overtaken_max"],
                );
            }
        }
        text.push('\n');
    }

    fn variants(&self, text: &mut String) {
        let names: Vec<&str> = variants::ALL.iter().map(|(name, _)| *name).collect();
        let _ = writeln!(
            text,
            "Time per operation of each queue and rule, in times ours (above 1: slower); costs `{HERE}`\n\n\
             | workload | workers | {} |\n| --- | --- |{}",
            names[1..].join(" | "),
            " --- |".repeat(names.len() - 1)
        );
        for workload in work::ALL {
            for workers in FEW {
                let Some(ours) = self.get(workload.name, OURS, HERE, workers) else { continue };
                let cell = |&(name, _): &(&'static str, &str)| {
                    let it = self.get(workload.name, name, HERE, workers);
                    it.map_or("-".to_owned(), |it| format!("{:.2}", it["ns"] / ours["ns"]))
                };
                let cells: Vec<String> = variants::ALL[1..].iter().map(cell).collect();
                let _ = writeln!(text, "| {} | {workers} | {} |", workload.name, cells.join(" | "));
            }
        }
        for (name, about) in variants::ALL {
            let _ = write!(text, "\n- `{name}`: {about}");
        }
        text.push_str("\n\n");
    }

    /// `real`: blocks of figures, each after a line `= workload workers`.
    fn validation(&self, text: &mut String, real: &str) {
        const COMPARED: [&str; 6] = ["ns", "polls", "steals", "calls", "calls_in_vain", "parks"];
        let _ = writeln!(
            text,
            "Two workers, simulated / as counted on this machine; all but ns per thousand operations\n\n\
             | workload | {} |\n| --- |{}",
            COMPARED.join(" | "),
            " --- |".repeat(COMPARED.len())
        );
        for block in real.split("= ").skip(1) {
            let (head, figures) = block.split_once('\n').unwrap_or((block, ""));
            let Some((workload, workers)) = head.split_once(' ') else { continue };
            let Some(workload) = work::named(workload) else { continue };
            let workers = workers.trim().parse().unwrap_or_default();
            let Some(ours) = self.get(workload.name, OURS, HERE, workers) else { continue };
            let real = parse(figures);
            let cell = |name: &&str| {
                let scale = if *name == "ns" { 1.0 } else { 1e3 };
                let real = real.get(*name).copied().unwrap_or(f64::NAN);
                format!("{:.1} / {:.1}", ours[*name] * scale, real * scale)
            };
            let cells: Vec<String> = COMPARED.iter().map(cell).collect();
            let _ = writeln!(text, "| {}, {workers} | {} |", workload.name, cells.join(" | "));
        }
        text.push('\n');
    }
}

/// Names and numbers alone, so nothing needs quoting.
fn json(results: &BTreeMap<Key, Figures>) -> String {
    let row = |(key, figures): (&Key, &Figures)| {
        let figures: Vec<String> =
            figures.iter().map(|(name, figure)| format!("\"{name}\": {figure}")).collect();
        let Key { workload, variant, costs, workers } = key;
        format!(
            "    {{\"workload\": \"{workload}\", \"variant\": \"{variant}\", \"costs\": \"{costs}\", \
             \"workers\": {workers}, \"figures\": {{{}}}}}",
            figures.join(", ")
        )
    };
    let rows: Vec<String> = results.iter().map(row).collect();
    format!("{{\n  \"version\": 1,\n  \"rows\": [\n{}\n  ]\n}}\n", rows.join(",\n"))
}
