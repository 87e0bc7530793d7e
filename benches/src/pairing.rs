//! The program that measures pairings: what `io` and `sync` do, each with its own workloads.
#![allow(clippy::print_stdout, reason = "the output of a program")]

use std::env;
use std::process::ExitCode;

use crate::meter::Cost;
use crate::subject::{Subject, WORKERS};
use crate::sync::{Family, Visit};
use crate::words::{self, option};

/// One workload, as the command line names it.
#[derive(Debug)]
pub struct Run<'a> {
    operation: &'a str,
    n: u64,
    workers: usize,
}

impl Visit for Run<'_> {
    /// `None` if the pairing has no such workload.
    type Output = Option<Cost>;

    fn visit<F: Family, S: Subject>(self) -> Option<Cost> {
        let operations = F::operations::<S>();
        let operation = operations.iter().find(|operation| operation.name == self.operation)?;
        Some(operation.run(self.workers, self.n))
    }
}

/// `name` is the program's, `list` what it has, and `run` does one workload on the pairing of a name, if there
/// is that pairing.
///
/// A workload that some pairings have and this one has not is skipped, with a word.
pub fn main(
    name: &str,
    list: fn() -> Vec<String>,
    run: impl FnOnce(&str, Run<'_>) -> Option<Option<Cost>>,
) -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    let workers = option(&mut words, "--workers", WORKERS);
    let limit = option(&mut words, "--limit", 0);
    let told = match (&words[..], workers, limit) {
        (["list"], ..) => {
            list().iter().for_each(|line| println!("{line}"));
            return ExitCode::SUCCESS;
        }
        ([pairing, operation, n], Some(workers), Some(limit)) => {
            words::end_after(limit);
            let told = n.parse().ok().and_then(|n| run(pairing, Run { operation, n, workers }));
            let is_one = || list().iter().any(|line| line.split('\t').nth(2) == Some(operation));
            if matches!(told, Some(None)) && is_one() {
                println!("skipped\tnot a thing of this one");
                return ExitCode::SUCCESS;
            }
            told.flatten()
        }
        _ => None,
    };
    let Some(cost) = told else {
        eprintln!(
            "usage: {name} <pairing> <operation> <n> [--workers N] [--limit SECONDS] | {name} list"
        );
        return ExitCode::FAILURE;
    };
    println!("{}", cost.print());
    ExitCode::SUCCESS
}
