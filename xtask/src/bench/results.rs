//! What a run of `bench` has found, as it lies on disk: one JSON file a run.
//!
//! Raw samples only, and what is needed to repeat them. Whatever follows from them (medians,
//! ratios, who is ahead) is worked out anew in `stats`, so that a table and a page made of the
//! same file cannot disagree.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::util;

/// Grows when an old file can no longer be read as it was meant.
pub(crate) const VERSION: u32 = 1;

/// The run that was made last, saved or not.
pub(crate) const LAST: &str = "last";

/// One run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Results {
    pub(crate) version: u32,
    /// When it began: `2026-01-31 18:30:00 UTC`.
    pub(crate) date: String,
    /// As it was typed.
    pub(crate) command: String,
    pub(crate) commit: String,
    /// Whether the tree differed from that commit.
    pub(crate) dirty: bool,
    pub(crate) machine: Machine,
    pub(crate) rustc: String,
    /// So many at most: what is counted has fewer.
    pub(crate) rounds: usize,
    /// What a process does before its clock starts, in words.
    pub(crate) warm_up: String,
    /// Of runtimes that have any.
    pub(crate) workers: u64,
    /// Repeats the order in which subjects took their turns.
    #[serde(default)]
    pub(crate) seed: u64,
    /// Whether loops were shorter and rounds fewer than what figures should be told from.
    #[serde(default)]
    pub(crate) quick: bool,
    /// Seconds that all of it took.
    #[serde(default)]
    pub(crate) took_s: f64,
    pub(crate) subjects: Vec<Subject>,
    pub(crate) workloads: Vec<Workload>,
}

/// Where it ran.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_bytes: u64,
    pub(crate) kernel: String,
    /// The distribution.
    pub(crate) system: String,
}

/// Where a runtime polls tasks. Subjects of one table are compared: those without workers share
/// one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Flavor {
    /// On the thread that calls `block_on`.
    Current,
    /// On workers.
    Multi,
    /// On the thread that calls `block_on`, which tasks never leave: they need not be `Send`.
    Local,
}

/// A runtime under measurement.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) flavor: Flavor,
    /// Of the package, from the lock file.
    pub(crate) version: String,
    pub(crate) ours: bool,
    /// Whether it can be called the best: wakers that any thread may use, timers never early,
    /// tasks that can be aborted and joined.
    pub(crate) same_promises: bool,
    /// What it is, and what it does not promise.
    pub(crate) about: String,
}

/// One table row per subject.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Workload {
    pub(crate) name: String,
    /// What one operation is.
    pub(crate) about: String,
    /// The table it belongs to: never [`Flavor::Local`].
    pub(crate) flavor: Flavor,
    pub(crate) group: Group,
    #[serde(default)]
    pub(crate) kind: Kind,
    /// Its place in a curve, if it is a point of one.
    pub(crate) growth: Option<Growth>,
    /// How far our subject is from itself in the same run, by reading without its unit (`cpu`
    /// for `cpu_ns`): 0.03 is 3 %. Ask [`Workload::noise_of`].
    pub(crate) noise: BTreeMap<String, f64>,
    /// The samples of that second turn of our subject in every round.
    #[serde(default)]
    pub(crate) twin: Samples,
    /// How often the operation ran in one process.
    #[serde(default)]
    pub(crate) n: u64,
    /// Requests a second, where they fell due by a schedule.
    #[serde(default)]
    pub(crate) rate: Option<u64>,
    pub(crate) rows: Vec<Row>,
}

/// What is told of a workload.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// What an operation takes; it can be counted, too.
    Steps,
    /// What an operation takes.
    #[default]
    Times,
    /// Bytes of one of many things.
    Memory,
    /// What a second costs in which nothing happens.
    Idle,
}

/// What a workload is about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Group {
    Scheduler,
    Timer,
    Blocking,
    Sockets,
    Memory,
    Latency,
    Sync,
    Io,
}

/// A point of a curve: what is there many of, and how many.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Growth {
    /// `tasks`, `timers`, `connections`.
    pub(crate) family: String,
    pub(crate) size: u64,
}

/// A sample is one process, per operation where that makes sense. Samples of one place were
/// taken in the same round.
pub(crate) type Samples = BTreeMap<String, Vec<f64>>;

/// One subject's.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) subject: String,
    /// Why it has no figures, or not those of all rounds.
    pub(crate) skipped: Option<String>,
    /// By reading: `cpu_ns`, `wall_ns`, `switches`, `p50_ns`, `p99_ns`, `p999_ns`, `max_ns`,
    /// `bytes`, and whatever else a workload tells.
    pub(crate) samples: Samples,
}

impl Flavor {
    /// Where it is shown.
    pub(crate) fn table(self) -> Self {
        match self {
            Self::Multi => Self::Multi,
            Self::Current | Self::Local => Self::Current,
        }
    }
}

impl Results {
    pub(crate) fn subject(&self, name: &str) -> Option<&Subject> {
        self.subjects.iter().find(|subject| subject.name == name)
    }

    /// Our subject of a table: the one that the others are compared with.
    pub(crate) fn ours(&self, table: Flavor) -> Option<&Subject> {
        self.subjects.iter().find(|subject| subject.ours && subject.flavor == table)
    }

    /// Whether it is one of pairings: channels and locks of one, on a runtime of the same or of
    /// another.
    pub(crate) fn is_of_pairings(&self) -> bool {
        self.subjects.iter().any(|subject| subject.name.contains('@'))
    }

    /// The workloads of a table, in their order.
    pub(crate) fn of_table(&self, table: Flavor) -> impl Iterator<Item = &Workload> {
        self.workloads.iter().filter(move |workload| workload.flavor.table() == table)
    }

    pub(crate) fn workload(&self, table: Flavor, name: &str) -> Option<&Workload> {
        self.of_table(table).find(|workload| workload.name == name)
    }
}

impl Subject {
    /// The runtime that a subject is a flavour of: `tokio` of `tokio-multi`. Of a pairing whose
    /// channels and locks it has: `tokio` of `tokio@rt-multi`.
    pub(crate) fn runtime(&self) -> &str {
        runtime(&self.name)
    }
}

/// The runtime that a subject of this name is a flavour of.
pub(crate) fn runtime(name: &str) -> &str {
    name.split(['-', '@']).next().unwrap_or(name)
}

impl Workload {
    pub(crate) fn row(&self, subject: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.subject == subject)
    }

    /// The noise of a reading, if our subject ran twice.
    pub(crate) fn noise_of(&self, reading: &str) -> Option<f64> {
        self.noise.get(without_unit(reading)).copied()
    }
}

impl Row {
    /// The samples of a reading; none if the row was skipped.
    pub(crate) fn of(&self, reading: &str) -> &[f64] {
        match self.skipped {
            Some(_) => &[],
            None => self.samples.get(reading).map_or(&[], Vec::as_slice),
        }
    }
}

/// `cpu_ns` as `cpu`.
pub(crate) fn without_unit(reading: &str) -> &str {
    reading.strip_suffix("_ns").unwrap_or(reading)
}

/// Where a run of this name lies; a path with a slash or an extension stands for itself.
pub(crate) fn path(name: &str) -> PathBuf {
    if name.ends_with(".json") || name.contains('/') {
        return PathBuf::from(name);
    }
    util::target_dir().join("bench").join(format!("{name}.json"))
}

/// Writes a run down.
pub(crate) fn save(results: &Results, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let text = serde_json::to_string(results)?;
    // Whoever reads meanwhile sees the old run or the new one.
    let beside = to.with_extension("json.new");
    fs::write(&beside, text + "\n")
        .and_then(|()| fs::rename(&beside, to))
        .with_context(|| format!("cannot write {}", to.display()))
}

/// Reads a run by its name or its path.
pub(crate) fn load(name: &str) -> Result<Results> {
    let path = path(name);
    let text = fs::read_to_string(&path)
        .with_context(|| format!("no run saved as {name}: {}", path.display()))?;
    parse(&text).with_context(|| format!("cannot read {}", path.display()))
}

fn parse(text: &str) -> Result<Results> {
    let results: Results = serde_json::from_str(text)?;
    ensure!(results.version == VERSION, "version {}, not {VERSION}", results.version);
    Ok(results)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{
        Flavor, Group, Kind, Machine, Results, Row, Samples, Subject, VERSION, Workload, parse,
        path,
    };

    pub(crate) fn row(subject: &str, samples: &[(&str, &[f64])]) -> Row {
        let samples = samples.iter().map(|(name, values)| ((*name).to_owned(), values.to_vec()));
        Row { subject: subject.to_owned(), skipped: None, samples: samples.collect() }
    }

    pub(crate) fn workload(name: &str, group: Group, noise: f64, rows: Vec<Row>) -> Workload {
        Workload {
            name: name.to_owned(),
            about: format!("what {name} does"),
            flavor: Flavor::Multi,
            group,
            kind: Kind::Times,
            growth: None,
            noise: [("cpu".to_owned(), noise), ("wall".to_owned(), noise)].into(),
            twin: Samples::new(),
            n: 1_000,
            rate: None,
            rows,
        }
    }

    pub(crate) fn subject(name: &str, same_promises: bool) -> Subject {
        Subject {
            name: name.to_owned(),
            flavor: Flavor::Multi,
            version: "1.2.3".to_owned(),
            ours: name.starts_with("rt-"),
            same_promises,
            about: format!("what {name} is"),
        }
    }

    pub(crate) fn results(subjects: Vec<Subject>, workloads: Vec<Workload>) -> Results {
        Results {
            version: VERSION,
            date: "2026-01-31 18:30:00 UTC".to_owned(),
            command: "cargo xtask bench".to_owned(),
            commit: "0123456789ab".to_owned(),
            dirty: false,
            machine: Machine { cores: 2, ..Machine::default() },
            rustc: "rustc 1.88.0".to_owned(),
            rounds: 3,
            warm_up: "100 operations".to_owned(),
            workers: 2,
            seed: 7,
            quick: false,
            took_s: 1.0,
            subjects,
            workloads,
        }
    }

    #[test]
    fn a_run_is_read_as_it_was_written() {
        let rows = vec![row("rt-multi", &[("cpu_ns", &[1.5, 2.0])])];
        let run = results(
            vec![subject("rt-multi", true)],
            vec![workload("yield_many", Group::Scheduler, 0.03, rows)],
        );
        let text = serde_json::to_string(&run).unwrap();
        assert!(
            text.contains(r#""flavor":"multi","group":"scheduler","kind":"times","growth":null"#),
            "{text}"
        );
        assert_eq!(parse(&text).unwrap(), run);
        assert_eq!(run.workloads[0].noise_of("cpu_ns"), Some(0.03));
        assert!(parse(&text.replace(r#""version":1,"#, r#""version":9,"#)).is_err());
    }

    #[test]
    fn names_lie_in_the_target_folder_and_paths_where_they_say() {
        assert!(path("before").ends_with("bench/before.json"));
        assert_eq!(path("a/b.json").to_str(), Some("a/b.json"));
    }
}
