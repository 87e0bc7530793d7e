//! Runs one part in the place of another: `swap <piece> <part> <n>`; `swap list` names them all.
//!
//! Prints what it cost, as `op` does.
#![allow(clippy::print_stdout, reason = "the output of a program")]

use std::env;
use std::process::ExitCode;

use rt_benches::alloc::Counting;
use rt_benches::swap::{ALL, named};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["list"] => {
            for swap in ALL {
                println!("swap\t{}", swap.line());
            }
            ExitCode::SUCCESS
        }
        [piece, part, n] => match (named(piece, part), n.parse()) {
            (Some(swap), Ok(n)) => {
                println!("{}", (swap.run)(n).print());
                ExitCode::SUCCESS
            }
            _ => usage(),
        },
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: swap <piece> <part> <n> | swap list");
    ExitCode::FAILURE
}
