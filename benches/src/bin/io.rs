//! Runs one workload of what reads and writes on one pairing: `io <pairing> <operation> <n>`;
//! `io list` names them all. `--workers N` is for runtimes that have any; `--limit SECONDS` ends
//! a process that hangs.
//!
//! Prints what it cost, as `op` does.

use std::process::ExitCode;

use rt_benches::alloc::Counting;
use rt_benches::{io, pairing};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    pairing::main("io", io::list, |name, run| io::with(name, run))
}
