//! Runs one operation on one subject: `op <subject> <operation> <n>`; `op list` names them all.
//!
//! Prints a line each for allocations, processor time in nanoseconds and resident bytes.
#![allow(clippy::print_stdout, reason = "the output of a program")]

use std::env;
use std::process::ExitCode;

use rt_benches::alloc::Counting;
use rt_benches::meter::Cost;
use rt_benches::op;
use rt_benches::subject::{self, Subject, TokioCurrent, Visit};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Run<'a> {
    operation: &'a str,
    n: u64,
}

impl Visit for Run<'_> {
    type Output = Option<Cost>;

    fn visit<S: Subject>(self) -> Option<Cost> {
        let operations = op::all::<S>();
        let operation = operations.iter().find(|operation| operation.name == self.operation)?;
        Some((operation.run)(self.n))
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
        [subject, operation, n] => {
            n.parse().ok().and_then(|n| subject::with(subject, Run { operation, n }).flatten())
        }
        _ => None,
    };
    let Some(Cost { allocs, cpu_ns, resident_bytes }) = cost else {
        eprintln!("usage: op <subject> <operation> <n> | op list");
        return ExitCode::FAILURE;
    };
    println!("allocs\t{allocs}\ncpu_ns\t{cpu_ns}\nresident_bytes\t{resident_bytes}");
    ExitCode::SUCCESS
}

/// One line per subject and per operation.
fn list() {
    for name in subject::NAMES {
        println!("subject\t{name}");
    }
    for operation in op::all::<TokioCurrent>() {
        let op::Operation { name, about, kind, counts: (few, many), timed, .. } = operation;
        println!("operation\t{name}\t{kind:?}\t{few}\t{many}\t{timed}\t{about}");
    }
}
