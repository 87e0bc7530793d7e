//! The ledger as it lies on disk, for whoever tells of it elsewhere.
//!
//! `count` writes what it has counted of whole flavours to a JSON file in the target folder. Of
//! flavours that are not in it the tables of `docs/costs.md` tell, in fewer digits and without
//! the names of system calls. What channels and locks cost is on that page alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::page::{PAGE, marks};
use super::{Kind, Row, is_ours, is_peer};
use crate::bench::results::Flavor;
use crate::flags::Table;
use crate::util;

/// Grows when an old file can no longer be read as it was meant.
const VERSION: u32 = 1;

/// What operations cost.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Ledger {
    version: u32,
    pub(crate) sections: Vec<Section>,
}

/// A flavour's.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Section {
    pub(crate) flavor: Flavor,
    /// Of what it was counted, as a sentence.
    pub(crate) source: String,
    pub(crate) entries: Vec<Entry>,
}

/// An operation.
#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) about: String,
    /// By subject.
    pub(crate) costs: BTreeMap<String, Cost>,
}

/// What one operation costs one subject, as far as it was counted.
#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Cost {
    pub(crate) rmw: Option<f64>,
    pub(crate) instructions: Option<f64>,
    pub(crate) allocs: Option<f64>,
    pub(crate) syscalls: Option<f64>,
    /// Those system calls by name.
    #[serde(default)]
    pub(crate) calls: BTreeMap<String, f64>,
    /// Resident bytes per task.
    pub(crate) bytes: Option<f64>,
    /// Processor time, where nothing should happen.
    pub(crate) idle_us: Option<f64>,
}

impl Entry {
    /// Whether it is an operation that was counted in steps.
    pub(crate) fn is_counted(&self) -> bool {
        self.costs.values().any(|cost| cost.instructions.is_some())
    }

    pub(crate) fn ours(&self) -> Option<&Cost> {
        self.of(is_ours)
    }

    /// Of whom we are compared with.
    pub(crate) fn peer(&self) -> Option<&Cost> {
        self.of(is_peer)
    }

    fn of(&self, is_it: fn(&str) -> bool) -> Option<&Cost> {
        self.costs.iter().find(|(subject, _)| is_it(subject)).map(|(_, cost)| cost)
    }
}

/// What has been counted of a flavour; of what is no flavour, nothing.
pub(super) fn section(table: Table, rows: &[Row<'_>]) -> Option<Section> {
    let entry = |row: &Row<'_>| Entry {
        name: row.operation.name.clone(),
        about: row.operation.about.clone(),
        costs: row.costs.iter().map(|(subject, cost)| (subject.clone(), told(row, cost))).collect(),
    };
    let entries = rows.iter().map(entry).collect();
    Some(Section { flavor: flavor(table)?, source: source(), entries })
}

/// `Counted at commit 0123456789ab.`
fn source() -> String {
    let mut git = Command::new("git");
    git.current_dir(util::root()).args(["rev-parse", "--short=12", "HEAD"]);
    match util::output(&mut git) {
        Ok(commit) => format!("Counted at commit {}.", commit.trim()),
        Err(_) => "Counted, of which commit is not known.".to_owned(),
    }
}

fn told(row: &Row<'_>, cost: &super::Cost) -> Cost {
    let is_counted = row.operation.kind == Kind::Steps;
    let counted = |figure: f64| is_counted.then_some(figure);
    Cost {
        rmw: counted(cost.rmw),
        instructions: counted(cost.instructions),
        allocs: counted(cost.allocs),
        syscalls: (row.operation.kind != Kind::Memory).then(|| cost.all_syscalls()),
        calls: cost.syscalls.clone(),
        bytes: cost.bytes,
        idle_us: cost.idle_us,
    }
}

fn flavor(table: Table) -> Option<Flavor> {
    match table {
        Table::Current => Some(Flavor::Current),
        Table::Multi => Some(Flavor::Multi),
        Table::Sync => None,
    }
}

fn path() -> PathBuf {
    util::target_dir().join("count").join("last.json")
}

/// Writes down what was counted; flavours that were not counted now stay as they were.
pub(super) fn save(sections: Vec<Section>) -> Result<()> {
    let path = path();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let before = fs::read_to_string(&path).ok().and_then(|text| parse(&text).ok());
    let mut ledger = Ledger { version: VERSION, sections };
    ledger.complete(before);
    fs::write(&path, serde_json::to_string(&ledger)? + "\n")
        .with_context(|| format!("cannot write {}", path.display()))?;
    println!("saved: {}", path.display());
    Ok(())
}

/// What was counted last in this tree, and what the page of costs says of the rest.
pub(crate) fn load() -> Result<Ledger> {
    let path = path();
    let page = fs::read_to_string(util::root().join(PAGE)).unwrap_or_default();
    let page = from_page(&page);
    let Ok(text) = fs::read_to_string(&path) else {
        return Ok(page);
    };
    let mut ledger = parse(&text).with_context(|| format!("cannot read {}", path.display()))?;
    ledger.complete(Some(page));
    Ok(ledger)
}

impl Ledger {
    /// Takes from `other` the flavours that it has not.
    fn complete(&mut self, other: Option<Self>) {
        for section in other.into_iter().flat_map(|other| other.sections) {
            if self.sections.iter().all(|known| known.flavor != section.flavor) {
                self.sections.push(section);
            }
        }
        self.sections.sort_by_key(|section| section.flavor != Flavor::Current);
    }
}

fn parse(text: &str) -> Result<Ledger> {
    let ledger: Ledger = serde_json::from_str(text)?;
    ensure!(ledger.version == VERSION, "version {}, not {VERSION}", ledger.version);
    Ok(ledger)
}

/// The tables that `count --write` has put there.
pub(crate) fn from_page(page: &str) -> Ledger {
    let sections = [Table::Current, Table::Multi].into_iter().filter_map(|table| {
        let [begin, end] = marks(table);
        let (_, rest) = page.split_once(begin)?;
        let (block, _) = rest.split_once(end)?;
        let source = format!("From {PAGE}.");
        Some(Section { flavor: flavor(table)?, source, entries: entries(block) })
    });
    Ledger { version: VERSION, sections: sections.collect() }
}

/// Names under which the page's columns are kept.
const OURS: &str = "rt-";
const PEER: &str = "tokio-";

fn entries(block: &str) -> Vec<Entry> {
    let about: BTreeMap<&str, &str> =
        block.lines().filter_map(|line| line.strip_prefix("- `")?.split_once("`: ")).collect();
    let mut entries = Vec::new();
    for line in block.lines() {
        let Some(line) = line.strip_prefix("| ") else { continue };
        let cells: Vec<&str> = line.trim_end_matches('|').split(" | ").map(str::trim).collect();
        let [name, figures @ ..] = &cells[..] else { continue };
        let costs = match figures {
            [rmw, other_rmw, instructions, other_instructions, allocs, syscalls]
                if about.contains_key(name) =>
            {
                let (allocs, syscalls) = (pair(allocs), pair(syscalls));
                let cost = |at: usize, rmw: &str, instructions: &str| Cost {
                    rmw: number(rmw),
                    instructions: number(instructions),
                    allocs: allocs[at],
                    syscalls: syscalls[at],
                    ..Cost::default()
                };
                [cost(0, rmw, instructions), cost(1, other_rmw, other_instructions)]
            }
            [ours, other] if number(ours).is_some() => [ours, other].map(|cell| rest(cell)),
            // Headings and rules.
            _ => continue,
        };
        let named = [OURS, PEER].map(str::to_owned).into_iter().zip(costs);
        let about = about.get(name).unwrap_or(name);
        entries.push(Entry {
            name: (*name).to_owned(),
            about: (*about).to_owned(),
            costs: named.collect(),
        });
    }
    entries
}

/// `128 B`, or `40 us, system calls: 1`.
fn rest(cell: &str) -> Cost {
    match cell.split_once(" us, system calls: ") {
        Some((idle_us, syscalls)) => {
            Cost { idle_us: number(idle_us), syscalls: number(syscalls), ..Cost::default() }
        }
        None => Cost { bytes: number(cell), ..Cost::default() },
    }
}

fn pair(cell: &str) -> [Option<f64>; 2] {
    match cell.split_once(" / ") {
        Some((ours, other)) => [number(ours), number(other)],
        None => [None; 2],
    }
}

/// The number that a cell begins with.
fn number(cell: &str) -> Option<f64> {
    cell.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Cost as Counted, Kind, Operation, Row, page};
    use super::{Ledger, VERSION, from_page, parse, section};
    use crate::bench::results::Flavor;
    use crate::flags::Table;

    fn operation(name: &str, kind: Kind) -> Operation {
        Operation {
            flavor: Flavor::Multi,
            name: name.to_owned(),
            kind,
            few: 1,
            many: 2,
            about: format!("what {name} does"),
        }
    }

    #[test]
    fn what_is_counted_is_read_from_the_file_and_from_the_page_alike() {
        let operations = [
            operation("wake", Kind::Steps),
            operation("memory", Kind::Memory),
            operation("idle", Kind::Idle),
        ];
        let costs = |factor: f64| {
            let syscalls = [("read".to_owned(), 2.0)];
            [
                Counted {
                    rmw: factor,
                    instructions: 100.0 * factor,
                    allocs: 1.0,
                    syscalls: syscalls.clone().into(),
                    ..Counted::default()
                },
                Counted { bytes: Some(128.0 * factor), ..Counted::default() },
                Counted {
                    idle_us: Some(40.0 * factor),
                    syscalls: syscalls.into(),
                    ..Counted::default()
                },
            ]
        };
        let rows: Vec<Row<'_>> = operations
            .iter()
            .zip(costs(1.0).into_iter().zip(costs(2.0)))
            .map(|(operation, (ours, other))| Row {
                operation,
                costs: vec![("rt-multi".to_owned(), ours), ("tokio-multi".to_owned(), other)],
            })
            .collect();
        let saved =
            Ledger { version: VERSION, sections: vec![section(Table::Multi, &rows).unwrap()] };
        let saved = parse(&serde_json::to_string(&saved).unwrap()).unwrap();
        let [begin, end] = page::marks(Table::Multi);
        let told =
            from_page(&format!("text\n{begin}\n{}{end}\n", page::block(Table::Multi, &rows)));
        assert_eq!(told.sections.len(), 1);
        for (saved, told) in saved.sections[0].entries.iter().zip(&told.sections[0].entries) {
            assert_eq!(saved.about, told.about);
            assert_eq!(saved.is_counted(), told.is_counted());
            for (saved, told) in [(saved.ours(), told.ours()), (saved.peer(), told.peer())] {
                let (saved, told) = (saved.unwrap(), told.unwrap());
                assert_eq!(saved.rmw, told.rmw);
                assert_eq!(saved.instructions, told.instructions);
                assert_eq!(saved.allocs, told.allocs);
                assert_eq!(saved.syscalls, told.syscalls);
                assert_eq!(saved.bytes, told.bytes);
                assert_eq!(saved.idle_us, told.idle_us);
            }
        }
        assert_eq!(saved.sections[0].entries.len(), 3);
        assert_eq!(told.sections[0].entries.len(), 3);
    }

    #[test]
    fn flavours_that_were_not_counted_are_taken_from_elsewhere() {
        let mut ledger =
            Ledger { version: VERSION, sections: vec![section(Table::Multi, &[]).unwrap()] };
        let [current, multi] = [Table::Current, Table::Multi].map(|table| {
            let [begin, end] = page::marks(table);
            format!("{begin}\n{}{end}\n", page::block(table, &[]))
        });
        ledger.complete(Some(from_page(&(current + &multi))));
        let sources: Vec<&str> =
            ledger.sections.iter().map(|section| section.source.as_str()).collect();
        assert_eq!(sources[0], "From docs/costs.md.");
        assert!(sources[1].starts_with("Counted"), "{sources:?}");
        assert_eq!(sources.len(), 2);
    }

    #[test]
    fn a_page_without_tables_has_no_sections_and_other_versions_are_refused() {
        assert!(from_page("nothing here").sections.is_empty());
        assert!(parse(r#"{"version": 9, "sections": []}"#).is_err());
    }
}
