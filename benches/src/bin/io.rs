//! Runs one workload of what reads and writes on one pairing: `io <pairing> <operation> <n>`;
//! `io list` names them all. `--workers N` is for runtimes that have any; `--limit SECONDS` ends
//! a process that hangs.
//!
//! Prints what it cost, as `op` does.
#![allow(clippy::print_stdout, reason = "the output of a program")]

use std::env;
use std::process::ExitCode;

use rt_benches::alloc::Counting;
use rt_benches::io;
use rt_benches::meter::Cost;
use rt_benches::subject::{Subject, WORKERS};
use rt_benches::sync::{Family, Visit};
use rt_benches::words::{self, option};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Run<'a> {
    operation: &'a str,
    n: u64,
    workers: usize,
}

impl Visit for Run<'_> {
    type Output = Option<Cost>;

    fn visit<F: Family, S: Subject>(self) -> Option<Cost> {
        let operations = F::operations::<S>();
        let operation = operations.iter().find(|operation| operation.name == self.operation)?;
        Some(operation.run(self.workers, self.n))
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    let workers = option(&mut words, "--workers", WORKERS);
    let limit = option(&mut words, "--limit", 0);
    let told = match (&words[..], workers, limit) {
        (["list"], ..) => {
            io::list().iter().for_each(|line| println!("{line}"));
            return ExitCode::SUCCESS;
        }
        ([pairing, operation, n], Some(workers), Some(limit)) => {
            words::end_after(limit);
            let told = n.parse().ok().and_then(|n| {
                let run = Run { operation, n, workers };
                io::with(pairing, run)
            });
            let is_one =
                || io::list().iter().any(|line| line.split('\t').nth(2) == Some(operation));
            if let (Some(None), true) = (&told, is_one()) {
                println!("skipped\tnot a thing of this one");
                return ExitCode::SUCCESS;
            }
            told.flatten()
        }
        _ => None,
    };
    let Some(cost) = told else {
        eprintln!("usage: io <pairing> <operation> <n> [--workers N] [--limit SECONDS] | io list");
        return ExitCode::FAILURE;
    };
    println!("{}", cost.print());
    ExitCode::SUCCESS
}
