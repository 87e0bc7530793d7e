//! `bench`: processor time per operation, in whole processes that take turns.
//!
//! The clock on the wall says little on a shared machine, so every figure is processor time, of
//! all threads of the process that does the work. Subjects take turns and the order changes every
//! round, so that what the machine does meanwhile meets them alike; the ratio is taken round by
//! round for the same reason.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::count::{self, Kind, Operation, program, reading};
use crate::flags::Bench;
use crate::util::{self, columns};

/// Workloads of a server in a process of its own, with a client that is the same for all.
const PROTOCOLS: [&str; 2] = ["echo", "http"];
const CONNECTIONS: u64 = 64;
const REQUESTS: u64 = 100_000;

pub(crate) fn run(flags: &Bench) -> Result<()> {
    let built = count::build()?;
    let programs = Programs {
        op: program(&built, "op")?,
        serve: program(&built, "serve")?,
        load: program(&built, "load")?,
    };
    let (subjects, operations) = count::list(&programs.op)?;
    let steps = operations.into_iter().filter(|operation| operation.kind == Kind::Steps);
    let servers = PROTOCOLS.into_iter().map(Workload::Server);
    let mut workloads: Vec<Workload> = steps.map(Workload::Operation).chain(servers).collect();
    let asked = |name: &str| flags.operations.iter().any(|asked| asked == name);
    workloads.retain(|workload| flags.operations.is_empty() || asked(&workload.name()));
    ensure!(!workloads.is_empty(), "no such operation");
    println!(
        "processor time in ns per operation, {} runs each; ratios below 1 are ours",
        flags.runs
    );
    let heading = ["operation", "subject", "median", "least", "most", "ratio"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for workload in &workloads {
        eprintln!("{} …", workload.name());
        let rounds = rounds(&programs, &subjects, workload, flags.runs)?;
        rows.extend(summary(&workload.name(), &subjects, &rounds));
    }
    print!("{}", columns(&rows));
    Ok(())
}

struct Programs {
    op: PathBuf,
    serve: PathBuf,
    load: PathBuf,
}

enum Workload {
    Operation(Operation),
    Server(&'static str),
}

impl Workload {
    fn name(&self) -> String {
        match self {
            Self::Operation(operation) => operation.name.clone(),
            Self::Server(protocol) => format!("serve_{protocol}"),
        }
    }
}

/// Nanoseconds per operation: a row per round, a column per subject.
fn rounds(
    programs: &Programs,
    subjects: &[String],
    workload: &Workload,
    runs: usize,
) -> Result<Vec<Vec<f64>>> {
    let mut rounds = Vec::new();
    for round in 0..runs {
        let mut times = vec![0.0; subjects.len()];
        for turn in 0..subjects.len() {
            let at = (turn + round) % subjects.len();
            times[at] = match workload {
                Workload::Operation(operation) => programs.time(&subjects[at], operation)?,
                Workload::Server(protocol) => programs.time_server(&subjects[at], protocol)?,
            };
        }
        rounds.push(times);
    }
    Ok(rounds)
}

impl Programs {
    fn time(&self, subject: &str, operation: &Operation) -> Result<f64> {
        let n = operation.timed;
        let mut command = Command::new(&self.op);
        let text = util::output(command.args([subject, &operation.name, &n.to_string()]))?;
        Ok(reading(&text, "cpu_ns")? / n as f64)
    }

    /// Per request, of the server alone.
    fn time_server(&self, subject: &str, protocol: &str) -> Result<f64> {
        let mut server = Command::new(&self.serve)
            .args([subject, protocol])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the server")?;
        let mut output = BufReader::new(server.stdout.take().context("its output is piped")?);
        let mut address = String::new();
        output.read_line(&mut address)?;
        let mut load = Command::new(&self.load);
        load.args([address.trim(), protocol]);
        let asked = util::run(load.args([CONNECTIONS.to_string(), REQUESTS.to_string()]));
        // The server ends when its input does.
        drop(server.stdin.take());
        let mut rest = String::new();
        output.read_to_string(&mut rest)?;
        server.wait()?;
        asked?;
        let cpu_ns: f64 = rest.trim().parse().context("the server says what time it used")?;
        Ok(cpu_ns / REQUESTS as f64)
    }
}

/// One row per subject; the ratio is against the last one, a peer.
fn summary(name: &str, subjects: &[String], rounds: &[Vec<f64>]) -> Vec<Vec<String>> {
    let last = subjects.len() - 1;
    let row = |(at, subject): (usize, &String)| {
        let mut times: Vec<f64> = rounds.iter().map(|round| round[at]).collect();
        let mut ratios: Vec<f64> = rounds.iter().map(|round| round[at] / round[last]).collect();
        let ratio = if at == last { String::new() } else { format!("{:.2}", median(&mut ratios)) };
        let middle = median(&mut times);
        let (least, most) = (times[0], times[times.len() - 1]);
        let ns = |time: f64| format!("{time:.0}");
        vec![name.to_owned(), subject.clone(), ns(middle), ns(least), ns(most), ratio]
    };
    subjects.iter().enumerate().map(row).collect()
}

/// Sorts, and returns the middle one.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn ratios_are_taken_round_by_round() {
        let subjects = ["ours".to_owned(), "peer".to_owned()];
        // A slow machine in the second round slows both.
        let rows = summary("x", &subjects, &[vec![5.0, 10.0], vec![50.0, 100.0], vec![6.0, 10.0]]);
        assert_eq!(rows[0], ["x", "ours", "6", "5", "50", "0.50"]);
        assert_eq!(rows[1], ["x", "peer", "10", "10", "100", ""]);
    }
}
