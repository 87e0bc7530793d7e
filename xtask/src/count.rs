//! `count`: what one operation costs, counted and not timed.
//!
//! An operation is run N and then M times by the program `op` of rt-benches, under callgrind and
//! under strace; the difference, divided by M - N, is the cost of one, whatever else the machine
//! does. Callgrind tells how often each instruction ran; the disassembly tells which of them are
//! atomic read-modify-writes (`lock …`, `xchg` with memory) or fences. Those of other libraries,
//! libc's allocator among them, are not counted.

mod callgrind;
mod disassembly;
mod strace;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::flags::Count;
use crate::util::{self, cargo, columns, figure, markdown};
use callgrind::Profile;
use disassembly::Disassembly;

const PAGE: &str = "docs/costs.md";
const CEILINGS: &str = "benches/ceilings.json";
const TOOLS: [&str; 4] = ["valgrind", "strace", "objdump", "nm"];

/// The part of the page that this command writes.
const BEGIN: &str = "<!-- count:begin -->";
const END: &str = "<!-- count:end -->";

/// Instructions may exceed their ceiling by so much: compilers change their minds. Counts of
/// read-modify-writes, allocations and system calls may not.
const INSTRUCTIONS_SLACK: f64 = 1.05;

/// What a count may be off by, since a few turns of a driver fall on one side or the other.
const SLACK: f64 = 0.05;

/// Per task: what the process itself gains in the meantime, spread over a million.
const BYTES_SLACK: f64 = 1.0;

pub(crate) fn run(flags: &Count) -> Result<()> {
    if let Some(missing) = TOOLS.into_iter().find(|tool| !util::installed(tool)) {
        println!("skipped: {missing} is not installed");
        return Ok(());
    }
    let bench = Bench::build()?;
    let mut subjects = bench.subjects.clone();
    if flags.check {
        subjects.retain(|name| is_ours(name));
    }
    if subjects.is_empty() {
        println!("skipped: no subject of ours to check yet");
        return Ok(());
    }
    let mut rows = Vec::new();
    for operation in &bench.operations {
        if flags.only.as_ref().is_some_and(|only| *only != operation.name) {
            continue;
        }
        let mut row = Row { operation, costs: Vec::new() };
        for subject in &subjects {
            let cost = bench.measure(subject, operation, flags.instr)?;
            println!("{subject:<15} {:<20} {}", operation.name, cost.sentence());
            row.costs.push((subject.clone(), cost));
        }
        rows.push(row);
    }
    ensure!(!rows.is_empty(), "no such operation");
    if !flags.check {
        print!("\n{}", columns(&table(&rows)));
    }
    if flags.write {
        write(&rows)?;
    }
    if flags.check {
        check(&rows, flags.only.is_none())?;
    }
    Ok(())
}

fn is_ours(subject: &str) -> bool {
    subject.starts_with("rt-")
}

/// The program that runs operations, and what it can do.
pub(crate) struct Bench {
    pub(crate) op: PathBuf,
    pub(crate) subjects: Vec<String>,
    pub(crate) operations: Vec<Operation>,
    disassembly: Disassembly,
}

/// As `op list` describes it.
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    few: u64,
    many: u64,
    /// Times to run it when it is timed.
    pub(crate) timed: u64,
    about: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Steps,
    Memory,
    Idle,
}

/// Builds the programs of rt-benches: a release build with line tables.
pub(crate) fn build() -> Result<Vec<(String, PathBuf)>> {
    util::built(&mut cargo(["build", "--profile", "bench", "-p", "rt-benches", "--bins"]))
}

/// One of them.
pub(crate) fn program(built: &[(String, PathBuf)], name: &str) -> Result<PathBuf> {
    let found = built.iter().find(|(built, _)| built == name);
    Ok(found.with_context(|| format!("rt-benches has no program `{name}`"))?.1.clone())
}

/// The subjects and operations that `op list` prints.
pub(crate) fn list(op: &Path) -> Result<(Vec<String>, Vec<Operation>)> {
    let text = util::output(Command::new(op).arg("list"))?;
    let mut subjects = Vec::new();
    let mut operations = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        match words[..] {
            ["subject", name] => subjects.push(name.to_owned()),
            ["operation", name, kind, few, many, timed, about] => operations.push(Operation {
                name: name.to_owned(),
                kind: match kind {
                    "Steps" => Kind::Steps,
                    "Memory" => Kind::Memory,
                    _ => Kind::Idle,
                },
                few: few.parse()?,
                many: many.parse()?,
                timed: timed.parse()?,
                about: about.to_owned(),
            }),
            _ => bail!("`op list` printed `{line}`"),
        }
    }
    Ok((subjects, operations))
}

/// A number that `op` prints after a run.
pub(crate) fn reading(text: &str, name: &str) -> Result<f64> {
    let mut lines = text.lines().filter_map(|line| line.split_once('\t'));
    let (_, value) = lines.find(|(key, _)| *key == name).with_context(|| format!("no {name}"))?;
    Ok(value.parse()?)
}

/// What one operation costs one subject.
#[derive(Default)]
struct Cost {
    rmw: f64,
    instructions: f64,
    allocs: f64,
    syscalls: BTreeMap<String, f64>,
    /// Resident bytes per task.
    bytes: Option<f64>,
    /// Processor time, where nothing should happen.
    idle_us: Option<f64>,
}

impl Cost {
    fn all_syscalls(&self) -> f64 {
        self.syscalls.values().sum()
    }

    fn sentence(&self) -> String {
        if let Some(bytes) = self.bytes {
            return format!("{bytes:.0} bytes");
        }
        let mut text = match self.idle_us {
            Some(idle_us) => format!("{idle_us:.0} us"),
            None => format!(
                "{} RMW, {:.0} instructions, {} allocations",
                figure(self.rmw),
                self.instructions,
                figure(self.allocs)
            ),
        };
        for (name, calls) in &self.syscalls {
            text.push_str(&format!(", {} {name}", figure(*calls)));
        }
        text
    }
}

impl Bench {
    fn build() -> Result<Self> {
        let op = program(&build()?, "op")?;
        let (subjects, operations) = list(&op)?;
        let disassembly = Disassembly::read(&op)?;
        Ok(Self { op, subjects, operations, disassembly })
    }

    fn measure(&self, subject: &str, operation: &Operation, places: bool) -> Result<Cost> {
        match operation.kind {
            Kind::Steps => self.steps(subject, operation, places),
            Kind::Memory => {
                let text = util::output(&mut self.command(subject, operation, operation.many))?;
                let bytes = reading(&text, "resident_bytes")? / operation.many as f64;
                Ok(Cost { bytes: Some(bytes), ..Cost::default() })
            }
            Kind::Idle => {
                let text = util::output(&mut self.command(subject, operation, operation.many))?;
                Ok(Cost {
                    idle_us: Some(reading(&text, "cpu_ns")? / 1_000.0),
                    syscalls: self.syscalls(subject, operation)?,
                    ..Cost::default()
                })
            }
        }
    }

    fn command(&self, subject: &str, operation: &Operation, n: u64) -> Command {
        let mut command = Command::new(&self.op);
        command.args([subject, &operation.name, &n.to_string()]);
        command
    }

    fn steps(&self, subject: &str, operation: &Operation, places: bool) -> Result<Cost> {
        let (few, few_allocs) = self.profile(subject, operation, operation.few)?;
        let (many, many_allocs) = self.profile(subject, operation, operation.many)?;
        let times = (operation.many - operation.few) as f64;
        let per_op = |difference: f64| difference / times;
        let mut rmw = 0.0;
        let mut told = Vec::new();
        for (address, instruction) in &self.disassembly.atomics {
            let per_op = per_op(many.executed(*address) - few.executed(*address));
            rmw += per_op;
            if per_op.abs() >= 0.005 {
                told.push((per_op, many.place(*address), instruction));
            }
        }
        if places {
            println!("{subject} {}:", operation.name);
            told.sort_by(|a, b| a.1.cmp(&b.1));
            let rows: Vec<Vec<String>> = told
                .into_iter()
                .map(|(count, place, text)| vec!["  ".into(), figure(count), text.clone(), place])
                .collect();
            print!("{}", columns(&rows));
        }
        Ok(Cost {
            rmw,
            instructions: per_op(many.total - few.total),
            allocs: per_op(many_allocs - few_allocs),
            syscalls: self.syscalls(subject, operation)?,
            ..Cost::default()
        })
    }

    /// Runs under callgrind: the profile, and the allocations that the program has counted.
    fn profile(&self, subject: &str, operation: &Operation, n: u64) -> Result<(Profile, f64)> {
        let out = self.scratch(".callgrind");
        let mut command = Command::new("valgrind");
        command
            .args(["--tool=callgrind", "--dump-instr=yes", "--compress-pos=no"])
            .args(["--compress-strings=no", "--quiet"])
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(&self.op)
            .args([subject, &operation.name, &n.to_string()]);
        let printed = util::output(&mut command)?;
        let text = fs::read_to_string(&out)?;
        let profile = Profile::parse(&text, &self.op.to_string_lossy(), self.disassembly.main)?;
        // The offset is right if whatever ran is the beginning of an instruction.
        let strange =
            profile.addresses().find(|address| !self.disassembly.starts.contains(address));
        if let Some(address) = strange {
            bail!("callgrind saw an instruction at {address:#x}, and objdump did not");
        }
        Ok((profile, reading(&printed, "allocs")?))
    }

    fn syscalls(&self, subject: &str, operation: &Operation) -> Result<BTreeMap<String, f64>> {
        let out = self.scratch(".strace");
        let run = |n: u64| -> Result<BTreeMap<String, f64>> {
            let mut command = Command::new("strace");
            command.args(["-f", "-c", "-o"]).arg(&out).arg(&self.op);
            util::output(command.args([subject, &operation.name, &n.to_string()]))?;
            Ok(strace::parse(&fs::read_to_string(&out)?))
        };
        let (few, many) = (run(operation.few)?, run(operation.many)?);
        Ok(strace::per_op(&few, &many, (operation.many - operation.few) as f64))
    }

    fn scratch(&self, extension: &str) -> PathBuf {
        let mut path = self.op.clone().into_os_string();
        path.push(extension);
        path.into()
    }
}

/// One operation on every subject, in their order.
struct Row<'a> {
    operation: &'a Operation,
    costs: Vec<(String, Cost)>,
}

impl Row<'_> {
    /// Ours, then the others', with a dash where there is none.
    fn cells(&self, figure: impl Fn(&Cost) -> Option<String>) -> (String, String) {
        let cell = |ours: bool| {
            let mut costs = self.costs.iter().filter(|(subject, _)| is_ours(subject) == ours);
            costs.next().and_then(|(_, cost)| figure(cost)).unwrap_or_else(|| "–".to_owned())
        };
        (cell(true), cell(false))
    }

    fn pair(&self, figure: impl Fn(&Cost) -> Option<String>) -> String {
        let (ours, other) = self.cells(figure);
        format!("{ours} / {other}")
    }
}

/// Operations that are counted in steps.
fn table(rows: &[Row<'_>]) -> Vec<Vec<String>> {
    let heading = [
        "operation",
        "RMW ours",
        "RMW tokio",
        "instr ours",
        "instr tokio",
        "allocs ours / tokio",
        "syscalls ours / tokio",
    ];
    let mut cells = vec![heading.map(str::to_owned).to_vec()];
    for row in rows.iter().filter(|row| row.operation.kind == Kind::Steps) {
        let (rmw_ours, rmw_other) = row.cells(|cost| Some(figure(cost.rmw)));
        let (instr_ours, instr_other) = row.cells(|cost| Some(format!("{:.0}", cost.instructions)));
        cells.push(vec![
            row.operation.name.clone(),
            rmw_ours,
            rmw_other,
            instr_ours,
            instr_other,
            row.pair(|cost| Some(figure(cost.allocs))),
            row.pair(|cost| Some(figure(cost.all_syscalls()))),
        ]);
    }
    cells
}

/// What else is measured, and what the operations are.
fn notes(rows: &[Row<'_>]) -> String {
    let mut text = String::from("\n| what | ours | tokio |\n| --- | --- | --- |\n");
    for row in rows.iter().filter(|row| row.operation.kind != Kind::Steps) {
        let (ours, other) = row.cells(|cost| match cost.bytes {
            Some(bytes) => Some(format!("{bytes:.0} B")),
            None => cost.idle_us.map(|idle_us| {
                format!("{idle_us:.0} us, system calls: {}", figure(cost.all_syscalls()))
            }),
        });
        text.push_str(&format!("| {} | {ours} | {other} |\n", row.operation.about));
    }
    text.push('\n');
    for row in rows.iter().filter(|row| row.operation.kind == Kind::Steps) {
        text.push_str(&format!("- `{}`: {}\n", row.operation.name, row.operation.about));
    }
    text
}

/// Puts the table into the page.
fn write(rows: &[Row<'_>]) -> Result<()> {
    let path = util::root().join(PAGE);
    let page = fs::read_to_string(&path)
        .unwrap_or_else(|_| format!("# What operations cost\n\n{BEGIN}\n{END}\n"));
    let block = markdown(&table(rows)) + &notes(rows);
    fs::write(&path, replace(&page, &block)?)?;
    println!("written: {PAGE}");
    Ok(())
}

fn replace(page: &str, block: &str) -> Result<String> {
    let (before, rest) =
        page.split_once(BEGIN).with_context(|| format!("{PAGE} has no {BEGIN}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{PAGE} has no {END}"))?;
    Ok(format!("{before}{BEGIN}\n{block}{END}{after}"))
}

/// Holds every figure of ours against its ceiling.
fn check(rows: &[Row<'_>], whole: bool) -> Result<()> {
    let text = fs::read_to_string(util::root().join(CEILINGS)).context(CEILINGS)?;
    let ceilings: Value = serde_json::from_str(&text).context(CEILINGS)?;
    let mut problems = Vec::new();
    for row in rows {
        let name = &row.operation.name;
        for (_, cost) in row.costs.iter().filter(|(subject, _)| is_ours(subject)) {
            match ceilings.get(name) {
                Some(ceiling) => {
                    problems.extend(above(cost, ceiling).map(|text| format!("{name}: {text}")));
                }
                None => problems.push(format!("{name}: no ceiling in {CEILINGS}")),
            }
        }
    }
    let known = |name: &String| rows.iter().any(|row| row.operation.name == *name);
    let gone = ceilings.as_object().into_iter().flat_map(|ceilings| ceilings.keys());
    problems.extend(
        gone.filter(|name| whole && !known(name))
            .map(|name| format!("{name}: a ceiling in {CEILINGS} for no operation")),
    );
    problems.iter().for_each(|problem| println!("{problem}"));
    ensure!(problems.is_empty(), "{} costs above their ceiling", problems.len());
    println!("count: {} operations within their ceilings", rows.len());
    Ok(())
}

/// The figures of a cost that exceed its ceiling; what a ceiling leaves out is free.
fn above(cost: &Cost, ceiling: &Value) -> impl Iterator<Item = String> {
    let figures = [
        ("rmw", Some(cost.rmw), 1.0, SLACK),
        ("allocs", Some(cost.allocs), 1.0, SLACK),
        ("syscalls", Some(cost.all_syscalls()), 1.0, SLACK),
        ("instructions", Some(cost.instructions), INSTRUCTIONS_SLACK, 0.0),
        ("bytes", cost.bytes, 1.0, BYTES_SLACK),
    ];
    figures.into_iter().filter_map(|(name, value, factor, slack)| {
        let (value, max) = (value?, ceiling[name].as_f64()?);
        (value > max * factor + slack)
            .then(|| format!("{} {name}, and the ceiling is {}", figure(value), figure(max)))
    })
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, Cost, END, above, replace};

    #[test]
    fn only_what_exceeds_its_ceiling_is_told() {
        let cost = Cost { rmw: 4.04, instructions: 104.0, allocs: 1.0, ..Cost::default() };
        let told = |ceiling| above(&cost, &ceiling).count();
        assert_eq!(told(serde_json::json!({ "rmw": 4, "instructions": 100, "allocs": 1 })), 0);
        assert_eq!(told(serde_json::json!({ "rmw": 3, "instructions": 99, "allocs": 0 })), 3);
        assert_eq!(told(serde_json::json!({})), 0);
    }

    #[test]
    fn the_table_replaces_the_old_one() {
        let page = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        assert_eq!(replace(&page, "new\n").unwrap(), format!("a\n{BEGIN}\nnew\n{END}\nb\n"));
        assert!(replace("a", "new").is_err());
    }
}
