//! Runs one workload of channels and locks on one pairing: `sync <pairing> <operation> <n>`;
//! `sync list` names them all. `--workers N` is for runtimes that have any; `--limit SECONDS` ends
//! a process that hangs.
//!
//! Prints what it cost, as `op` does.

use std::process::ExitCode;

use rt_benches::alloc::Counting;
use rt_benches::{pairing, sync};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    pairing::main("sync", sync::list, |name, run| sync::with(name, run))
}
