//! Plays workloads with many workers, or runs them: see `cargo xtask scaling`.
//!
//! Built with `--cfg rt_sim` it plays: `one WORKLOAD VARIANT WORKERS SEED COSTS` (a name, a tab and a
//! number a line), `search WORKERS FIRST COUNT` (random orders of steps), `all` (every table, and
//! `--json FILE`). Built without it runs for real: `real WORKLOAD WORKERS ROUNDS`, and `measure` tells
//! what the costs of the model are here.
#![allow(clippy::print_stdout, reason = "the output of a program")]

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match rt_scaling::command(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            eprintln!("scaling: {wrong}");
            ExitCode::FAILURE
        }
    }
}
