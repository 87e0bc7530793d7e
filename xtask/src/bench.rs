//! `bench`: what an operation takes, in whole processes that take turns.
//!
//! The clock on the wall says little on a shared machine, so the first figure is processor time,
//! of all threads of the process that does the work; the clock stands beside it, since threads
//! that wait for each other use no processor. Subjects take turns and the order changes every
//! round, so that what the machine does meanwhile meets them alike; how many times as fast as its
//! peer a subject is, is told round by round for the same reason.

#[allow(dead_code, reason = "what runs and what reports follow")]
pub(crate) mod results;
#[allow(dead_code, reason = "what runs and what reports follow")]
pub(crate) mod stats;
mod wakes;

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::count::{self, Kind, Operation, Subject, program, reading};
use crate::flags::{Bench, Flavor};
use crate::util::{self, columns, figure};

/// A server in a process of its own, with a client that is the same for all.
#[derive(Clone, Copy)]
struct Server {
    name: &'static str,
    protocol: &'static str,
    connections: u64,
    requests: u64,
}

#[rustfmt::skip] // A table: a line each.
const SERVERS: [Server; 4] = [
    Server { name: "serve_echo_1", protocol: "echo", connections: 1, requests: 20_000 },
    Server { name: "serve_echo", protocol: "echo", connections: 64, requests: 102_400 },
    Server { name: "serve_echo_512", protocol: "echo", connections: 512, requests: 102_400 },
    Server { name: "serve_http", protocol: "http", connections: 64, requests: 102_400 },
];

/// Runs under strace: it slows whatever makes a system call, so that more say no more.
const TRACED_MAX: usize = 3;

pub(crate) fn run(flags: &Bench) -> Result<()> {
    let built = count::build()?;
    let programs = Programs {
        op: program(&built, "op")?,
        serve: program(&built, "serve")?,
        load: program(&built, "load")?,
        workers: flags.workers.to_string(),
    };
    ensure!(!flags.wakes || util::installed("strace"), "--wakes needs strace");
    let (subjects, operations) = count::list(&programs.op)?;
    let tables = flags.flavors.iter().map(|flavor| {
        let workloads = workloads(&operations, *flavor, &flags.operations);
        let subjects = chosen(&subjects, *flavor, &flags.subjects);
        (*flavor, subjects, workloads)
    });
    let tables: Vec<_> = tables.filter(|(_, _, workloads)| !workloads.is_empty()).collect();
    ensure!(!tables.is_empty(), "no such operation");
    for (flavor, (subjects, peer), workloads) in tables {
        println!("{}", title(flavor, flags, &subjects[peer]));
        let mut rows = vec![heading(flags.wakes)];
        for workload in &workloads {
            eprintln!("{} …", workload.name());
            let rounds = rounds(&programs, &subjects, workload, flags.runs)?;
            let mut wakes = Vec::new();
            if let (true, Workload::Operation(operation)) = (flags.wakes, workload) {
                wakes = programs.wakes(&subjects, operation, flags.runs.min(TRACED_MAX))?;
            }
            rows.extend(summary(workload.name(), &subjects, peer, &rounds, &wakes));
        }
        println!("{}", columns(&rows));
    }
    Ok(())
}

fn title(flavor: Flavor, flags: &Bench, peer: &str) -> String {
    let workers = match flavor {
        Flavor::Current => "the root future's thread".to_owned(),
        Flavor::Multi => format!("{} workers", flags.workers),
    };
    format!(
        "{workers}, {} runs each: medians of ns per operation, events per 1,000 operations, \
         and how many times as fast as {peer}",
        flags.runs
    )
}

struct Programs {
    op: PathBuf,
    serve: PathBuf,
    load: PathBuf,
    workers: String,
}

enum Workload<'a> {
    Operation(&'a Operation),
    Server(Server),
}

impl Workload<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Operation(operation) => &operation.name,
            Self::Server(server) => server.name,
        }
    }
}

/// What is timed of a flavour; all of it if no names are given.
fn workloads<'a>(
    operations: &'a [Operation],
    flavor: Flavor,
    names: &[String],
) -> Vec<Workload<'a>> {
    let timed = operations.iter().filter(|operation| {
        operation.flavor == flavor && matches!(operation.kind, Kind::Steps | Kind::Times)
    });
    let servers = SERVERS.into_iter().map(Workload::Server);
    let all = timed.map(Workload::Operation).chain(servers);
    all.filter(|workload| names.is_empty() || names.iter().any(|name| name == workload.name()))
        .collect()
}

/// Subjects of a flavour by name, all if none are given, and where among them the peer is.
fn chosen(subjects: &[Subject], flavor: Flavor, names: &[String]) -> (Vec<String>, usize) {
    let of_flavor = subjects.iter().filter(|subject| subject.flavor == flavor);
    let is_asked = |name: &String| names.is_empty() || names.contains(name) || count::is_peer(name);
    let chosen: Vec<String> =
        of_flavor.map(|subject| subject.name.clone()).filter(is_asked).collect();
    let peer = chosen.iter().position(|name| count::is_peer(name)).unwrap_or_default();
    (chosen, peer)
}

/// What one run took, per operation.
#[derive(Clone, Copy, Default)]
struct Taken {
    cpu_ns: f64,
    wall_ns: f64,
    switches: f64,
}

/// A row per round, a column per subject.
fn rounds(
    programs: &Programs,
    subjects: &[String],
    workload: &Workload<'_>,
    runs: usize,
) -> Result<Vec<Vec<Taken>>> {
    let mut rounds = Vec::new();
    for round in 0..runs {
        let mut row = vec![Taken::default(); subjects.len()];
        for turn in 0..subjects.len() {
            let at = (turn + round) % subjects.len();
            row[at] = match workload {
                Workload::Operation(operation) => programs.time(&subjects[at], operation)?,
                Workload::Server(server) => programs.time_server(&subjects[at], *server)?,
            };
        }
        rounds.push(row);
    }
    Ok(rounds)
}

impl Programs {
    /// The words after the program's name.
    fn words<'a>(&'a self, subject: &'a str, operation: &'a str, n: &'a str) -> [&'a str; 5] {
        [subject, operation, n, "--workers", &self.workers]
    }

    fn time(&self, subject: &str, operation: &Operation) -> Result<Taken> {
        let n = operation.timed;
        let words = n.to_string();
        let mut command = Command::new(&self.op);
        let text = util::output(command.args(self.words(subject, &operation.name, &words)))?;
        let per_op = |name| Ok::<_, anyhow::Error>(reading(&text, name)? / n as f64);
        Ok(Taken {
            cpu_ns: per_op("cpu_ns")?,
            wall_ns: per_op("wall_ns")?,
            switches: per_op("switches")?,
        })
    }

    /// Per request: processor time and switches of the server alone, the clock of its client.
    fn time_server(&self, subject: &str, server: Server) -> Result<Taken> {
        let Server { protocol, connections, requests, .. } = server;
        let mut child = Command::new(&self.serve)
            .args([subject, protocol, "--workers", &self.workers])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the server")?;
        let mut output = BufReader::new(child.stdout.take().context("its output is piped")?);
        let mut address = String::new();
        output.read_line(&mut address)?;
        let mut load = Command::new(&self.load);
        load.args([address.trim(), protocol]);
        let asked = util::output(load.args([connections.to_string(), requests.to_string()]));
        // The server ends when its input does.
        drop(child.stdin.take());
        let mut told = String::new();
        output.read_to_string(&mut told)?;
        child.wait()?;
        let asked = asked?;
        let per_request =
            |text, name| Ok::<_, anyhow::Error>(reading(text, name)? / requests as f64);
        Ok(Taken {
            cpu_ns: per_request(&told, "cpu_ns")?,
            wall_ns: per_request(&asked, "wall_ns")?,
            switches: per_request(&told, "switches")?,
        })
    }

    /// Wakes and waits of every subject, per operation, in runs that take turns.
    fn wakes(
        &self,
        subjects: &[String],
        operation: &Operation,
        runs: usize,
    ) -> Result<Vec<wakes::Wakes>> {
        let n = operation.timed;
        let mut told: Vec<Vec<wakes::Wakes>> = vec![Vec::new(); subjects.len()];
        for _ in 0..runs {
            for (subject, told) in subjects.iter().zip(&mut told) {
                let words = n.to_string();
                let words = self.words(subject, &operation.name, &words);
                told.push(wakes::trace(&self.op, &words)?.per(n as f64));
            }
        }
        Ok(told.iter().map(|told| wakes::Wakes::median(told)).collect())
    }
}

fn heading(wakes: bool) -> Vec<String> {
    let mut heading = vec!["operation", "subject", "cpu", "least", "most", "wall", "switches"];
    if wakes {
        heading.extend(["wakes", "waits"]);
    }
    heading.extend(["x cpu", "x wall"]);
    heading.into_iter().map(str::to_owned).collect()
}

/// One row per subject.
fn summary(
    name: &str,
    subjects: &[String],
    peer: usize,
    rounds: &[Vec<Taken>],
    wakes: &[wakes::Wakes],
) -> Vec<Vec<String>> {
    let row = |(at, subject): (usize, &String)| {
        let all = |part: fn(&Taken) -> f64| -> Vec<f64> {
            let mut values: Vec<f64> = rounds.iter().map(|round| part(&round[at])).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let times_as_fast = |part: fn(&Taken) -> f64| {
            let ratios = rounds.iter().map(|round| part(&round[peer]) / part(&round[at]));
            if at == peer { String::new() } else { format!("{:.2}", median(ratios)) }
        };
        let ns = |time: f64| format!("{time:.0}");
        let cpu = all(|taken| taken.cpu_ns);
        let mut cells = vec![
            name.to_owned(),
            subject.clone(),
            ns(cpu[cpu.len() / 2]),
            ns(cpu[0]),
            ns(cpu[cpu.len() - 1]),
            ns(median(all(|taken| taken.wall_ns))),
            figure(per_thousand(median(all(|taken| taken.switches)))),
        ];
        if let Some(wakes) = wakes.get(at) {
            cells.extend([wakes.wakes, wakes.waits].map(|events| figure(per_thousand(events))));
        }
        cells.extend([times_as_fast(|taken| taken.cpu_ns), times_as_fast(|taken| taken.wall_ns)]);
        cells
    };
    subjects.iter().enumerate().map(row).collect()
}

/// To one digit: these are never exact.
fn per_thousand(per_op: f64) -> f64 {
    (per_op * 10_000.0).round() / 10.0
}

/// The middle one.
fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::{Taken, heading, summary};

    #[test]
    fn ratios_are_taken_round_by_round() {
        let subjects = ["ours".to_owned(), "peer".to_owned()];
        let taken = |cpu_ns| Taken { cpu_ns, wall_ns: cpu_ns / 2.0, switches: 0.002 };
        // A slow machine in the second round slows both.
        let rounds = [[5.0, 10.0], [50.0, 100.0], [6.0, 10.0]].map(|row| row.map(taken).to_vec());
        let rows = summary("x", &subjects, 1, &rounds, &[]);
        assert_eq!(rows[0], ["x", "ours", "6", "5", "50", "3", "2", "2.00", "2.00"]);
        assert_eq!(rows[1], ["x", "peer", "10", "10", "100", "5", "2", "", ""]);
        assert_eq!(rows[0].len(), heading(false).len());
    }
}
