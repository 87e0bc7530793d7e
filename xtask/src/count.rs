//! `count`: what one operation costs, counted and not timed.
//!
//! An operation is run N and then M times by the program `op` of rt-benches, under callgrind and
//! under strace; the difference, divided by M - N, is the cost of one, whatever else the machine
//! does. Callgrind tells how often each instruction ran; the disassembly tells which of them are
//! atomic read-modify-writes (`lock …`, `xchg` with memory) or fences. Those of other libraries,
//! libc's allocator among them, are not counted.

mod callgrind;
mod ceilings;
mod disassembly;
pub(crate) mod ledger;
mod page;
mod strace;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::bench::catalog::{self, How};
use crate::bench::results::{self, Flavor, Kind};
use crate::bench::stats::PEER;
use crate::flags::{Count, Table};
use crate::util::{self, cargo, columns, figure};
use callgrind::Profile;
use disassembly::Disassembly;

const TOOLS: [&str; 4] = ["valgrind", "strace", "objdump", "nm"];

/// With several workers it is chance which of them does what.
const WORKERS: &str = "1";

pub(crate) fn run(flags: &Count) -> Result<()> {
    if let Some(missing) = TOOLS.into_iter().find(|tool| !util::installed(tool)) {
        println!("skipped: {missing} is not installed");
        return Ok(());
    }
    let (mut counted, mut problems) = (0, 0);
    let mut sections = Vec::new();
    for program in ["op", "sync"] {
        let tables = flags.tables.iter().filter(|table| table.program() == program);
        let tables: Vec<Table> = tables.copied().collect();
        if tables.is_empty() {
            continue;
        }
        let bench = Bench::build(program)?;
        for table in tables {
            let rows = bench.rows(table, flags)?;
            if rows.is_empty() {
                continue;
            }
            counted += rows.len();
            // A check counts ours alone, and has nothing to write down.
            if flags.check {
                problems += ceilings::check(&bench, table, rows, flags.only.is_none())?;
                continue;
            }
            print!("\n{}\n", columns(&page::table(table, &rows)));
            if flags.write {
                page::write(table, &rows)?;
            }
            if flags.only.is_none() {
                sections.extend(ledger::section(table, &rows));
            }
        }
    }
    if !sections.is_empty() {
        ledger::save(sections)?;
    }
    ensure!(problems == 0, "{problems} costs above their ceilings");
    ensure!(counted > 0, "no such operation, or no subject of ours");
    Ok(())
}

fn is_ours(subject: &str) -> bool {
    subject.starts_with("rt-")
}

/// Whom we are compared with. Of pairings all that have tokio's channels and locks.
fn is_peer(subject: &str) -> bool {
    results::runtime(subject) == PEER
}

impl Table {
    /// The program that knows its operations.
    fn program(self) -> &'static str {
        match self {
            Self::Current | Self::Multi => "op",
            Self::Sync => "sync",
        }
    }

    /// As the file of ceilings calls it.
    fn section(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Multi => "multi",
            Self::Sync => "sync",
        }
    }

    /// Where it is counted: what a channel costs is seen best where the runtime adds least.
    fn flavor(self) -> Flavor {
        match self {
            Self::Current | Self::Sync => Flavor::Current,
            Self::Multi => Flavor::Multi,
        }
    }

    /// Whether this subject has a column. Our channels on a runtime of others are only timed.
    fn has(self, subject: &str) -> bool {
        match self {
            Self::Current | Self::Multi => is_ours(subject) || is_peer(subject),
            Self::Sync => subject.starts_with("rt-sync@rt-") || is_peer(subject),
        }
    }
}

/// The program that runs operations (`op`, or another that takes the same words), and what it can do.
struct Bench {
    op: PathBuf,
    subjects: Vec<Subject>,
    operations: Vec<Operation>,
    disassembly: Disassembly,
}

/// As `op list` names it.
struct Subject {
    name: String,
    flavor: Flavor,
}

/// As `op list` describes it.
struct Operation {
    flavor: Flavor,
    name: String,
    kind: Kind,
    few: u64,
    many: u64,
    about: String,
}

/// Builds the programs of rt-benches: a release build with line tables.
///
/// With `peers`, those runtimes, too, which nobody counts.
pub(crate) fn build(peers: bool) -> Result<Vec<(String, PathBuf)>> {
    let mut build = cargo(["build", "--profile", "bench", "-p", "rt-benches", "--bins"]);
    util::built(build.args(peers.then_some("--features=peers")))
}

/// Builds one of them, and nothing else.
pub(crate) fn built(name: &str) -> Result<PathBuf> {
    let mut build = cargo(["build", "--profile", "bench", "-p", "rt-benches", "--bin", name]);
    program(&util::built(&mut build)?, name)
}

/// One of them.
pub(crate) fn program(built: &[(String, PathBuf)], name: &str) -> Result<PathBuf> {
    let found = built.iter().find(|(built, _)| built == name);
    Ok(found.with_context(|| format!("rt-benches has no program `{name}`"))?.1.clone())
}

/// The subjects and operations that `op list` prints. Whoever runs on one thread is counted there.
fn list(op: &Path) -> Result<(Vec<Subject>, Vec<Operation>)> {
    let told = catalog::parse(&util::output(Command::new(op).arg("list"))?)?;
    let subjects = told.subjects.into_iter();
    let subjects = subjects.map(|it| Subject { name: it.name, flavor: it.flavor.table() });
    let operations = told.workloads.into_iter().filter_map(|it| {
        let How::Operation { few, many } = it.how else { return None };
        let (flavor, name, kind, about) = (it.flavor.table(), it.name, it.kind, it.about);
        Some(Operation { flavor, name, kind, few, many, about })
    });
    Ok((subjects.collect(), operations.collect()))
}

/// A number that `op` prints after a run.
fn reading(text: &str, name: &str) -> Result<f64> {
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
    fn build(name: &str) -> Result<Self> {
        let op = built(name)?;
        let (subjects, operations) = list(&op)?;
        let disassembly = Disassembly::read(&op)?;
        Ok(Self { op, subjects, operations, disassembly })
    }

    /// Operations of a table on ours and, but for a check, on the peer.
    fn rows(&self, table: Table, flags: &Count) -> Result<Vec<Row<'_>>> {
        let flavor = table.flavor();
        let wanted = |name: &str| table.has(name) && !(flags.check && is_peer(name));
        let of_flavor = self.subjects.iter().filter(|subject| subject.flavor == flavor);
        let subjects: Vec<&String> =
            of_flavor.map(|subject| &subject.name).filter(|name| wanted(name)).collect();
        let is_asked = |name: &String| flags.only.as_ref().is_none_or(|only| only == name);
        let operations = self.operations.iter().filter(|operation| {
            operation.flavor == flavor
                && operation.kind != Kind::Times
                && is_asked(&operation.name)
                && !subjects.is_empty()
        });
        operations
            .map(|operation| {
                let mut costs = Vec::new();
                for subject in &subjects {
                    let cost = self.measure(subject, operation, flags.instr)?;
                    println!("{subject:<19} {:<20} {}", operation.name, cost.sentence());
                    costs.push(((*subject).clone(), cost));
                }
                Ok(Row { operation, costs })
            })
            .collect()
    }

    fn measure(&self, subject: &str, operation: &Operation, places: bool) -> Result<Cost> {
        match operation.kind {
            Kind::Steps | Kind::Times => self.steps(subject, operation, places),
            Kind::Memory => {
                let text = util::output(&mut self.command(subject, operation, operation.many))?;
                let bytes = reading(&text, "resident_bytes")? / operation.many as f64;
                Ok(Cost { bytes: Some(bytes), ..Cost::default() })
            }
            Kind::Idle => {
                let text = util::output(&mut self.command(subject, operation, operation.many))?;
                Ok(Cost {
                    idle_us: Some(reading(&text, "cpu_ns")? / 1_000.0 / operation.many as f64),
                    syscalls: self.syscalls(subject, operation)?,
                    ..Cost::default()
                })
            }
        }
    }

    fn command(&self, subject: &str, operation: &Operation, n: u64) -> Command {
        let mut command = Command::new(&self.op);
        command.args(words(subject, operation, &n.to_string()));
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
            .args(words(subject, operation, &n.to_string()));
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
            util::output(command.args(words(subject, operation, &n.to_string())))?;
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

/// What `op` is told.
fn words<'a>(subject: &'a str, operation: &'a Operation, n: &'a str) -> [&'a str; 5] {
    [subject, &operation.name, n, "--workers", WORKERS]
}

/// One operation on every subject, in their order.
struct Row<'a> {
    operation: &'a Operation,
    costs: Vec<(String, Cost)>,
}
