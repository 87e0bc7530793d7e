//! Runs one operation on one subject: `op <subject> <operation> <n>`; `op list` names them
//! all. `--workers N` is for subjects that have any; `--limit SECONDS` ends a process that hangs.
//!
//! Prints what it cost: allocations, nanoseconds, context switches, resident bytes.
#![allow(clippy::print_stdout, reason = "the output of a program")]

use std::env;
use std::process::ExitCode;

use rt_benches::alloc::Counting;
use rt_benches::meter::Cost;
use rt_benches::subject::{self, Subject, TokioCurrent, TokioMulti, Visit, WORKERS};
use rt_benches::words::{self, option};
use rt_benches::{floor, op};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Run<'a> {
    operation: &'a str,
    n: u64,
    workers: usize,
}

impl Visit for Run<'_> {
    type Output = Option<Cost>;

    fn visit<S: Subject>(self) -> Option<Cost> {
        let operations = op::all::<S>();
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
            list();
            return ExitCode::SUCCESS;
        }
        ([subject, operation, n], Some(workers), Some(limit)) => {
            words::end_after(limit);
            if floor::is_named(subject) {
                floor::lacks_all_else();
            }
            n.parse().ok().and_then(|n| {
                let run = Run { operation, n, workers };
                subject::with(subject, run).flatten()
            })
        }
        _ => None,
    };
    let Some(cost) = told else {
        eprintln!("usage: op <subject> <operation> <n> [--workers N] [--limit SECONDS] | op list");
        return ExitCode::FAILURE;
    };
    println!("{}", cost.print());
    ExitCode::SUCCESS
}

/// One line per subject, and per operation and flavour.
fn list() {
    for described in subject::all().into_iter().chain(floor::described()) {
        println!("subject\t{}", described.line());
    }
    operations::<TokioCurrent>();
    operations::<TokioMulti>();
}

fn operations<S: Subject>() {
    for operation in op::all::<S>() {
        println!("{}", operation.line());
    }
}
