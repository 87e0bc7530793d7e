//! Runs one operation on one subject: `op <subject> <operation> <n> [--workers N]`; `op list`
//! names them all.
//!
//! Prints what it cost: allocations, nanoseconds, context switches, resident bytes.
#![allow(clippy::print_stdout, reason = "the output of a program")]

use std::env;
use std::process::ExitCode;

use rt_benches::alloc::Counting;
use rt_benches::meter::Cost;
use rt_benches::op;
use rt_benches::subject::{self, Subject, TokioCurrent, TokioMulti, Visit, WORKERS};

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
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let cost = match words[..] {
        ["list"] => {
            list();
            return ExitCode::SUCCESS;
        }
        [subject, operation, n] => run(subject, operation, n.parse().ok(), Some(WORKERS)),
        [subject, operation, n, "--workers", workers] => {
            run(subject, operation, n.parse().ok(), workers.parse().ok())
        }
        _ => None,
    };
    let Some(cost) = cost else {
        eprintln!("usage: op <subject> <operation> <n> [--workers N] | op list");
        return ExitCode::FAILURE;
    };
    println!("{}", cost.print());
    ExitCode::SUCCESS
}

fn run(subject: &str, operation: &str, n: Option<u64>, workers: Option<usize>) -> Option<Cost> {
    subject::with(subject, Run { operation, n: n?, workers: workers? }).flatten()
}

/// One line per subject, and per operation and flavour.
fn list() {
    for described in subject::all() {
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
