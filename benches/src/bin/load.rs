//! The client of `serve`, the same for every subject:
//! `load <word of serve> <protocol> <connections> <requests>`.
//!
//! | option | says |
//! |---|---|
//! | `--rate R` | an open loop: so many requests a second, each due by a schedule |
//! | `--active N` | so many connections ask, the others are silent |
//! | `--window N` | so many requests are under way at most |
//! | `--streams N` | so many of them on one connection |
//! | `--churn` | every request is on a connection of its own |
//! | `--idle` | nothing is asked, for so many seconds as there would be requests |
//! | `--limit SECONDS` | the process ends after that, however it hangs |
//!
//! Prints the time on the clock and how long requests took; all of it is measured once every
//! connection is there and warm.
#![allow(clippy::print_stdout, reason = "the output of a program")]

use std::env;
use std::process::ExitCode;

use rt_benches::load::{Plan, run};
use rt_benches::serve::Protocol;
use rt_benches::words::{end_after, option, raise_descriptor_limit, switch};

/// Descriptors that are no connections.
const SPARE: u64 = 64;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some((at, plan, limit)) = parse(&mut words) else {
        let protocols = Protocol::ALL.map(Protocol::name).join("|");
        eprintln!(
            "usage: load <word of serve> <{protocols}> <connections> <requests> [--rate R] \
             [--active N] [--window N] [--streams N] [--churn] [--idle] [--limit SECONDS]"
        );
        return ExitCode::FAILURE;
    };
    let descriptors = raise_descriptor_limit();
    if descriptors < plan.connections as u64 + SPARE {
        println!("skipped\ta process may have {descriptors} descriptors here");
        return ExitCode::SUCCESS;
    }
    end_after(limit);
    match run(at, &plan) {
        Ok(outcome) => println!("{}", outcome.print()),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn parse<'a>(words: &mut Vec<&'a str>) -> Option<(&'a str, Plan, u32)> {
    let rate = option(words, "--rate", 0)?;
    let active = option(words, "--active", usize::MAX)?;
    let window = option(words, "--window", usize::MAX)?;
    let streams = option(words, "--streams", 1)?;
    let limit = option(words, "--limit", 0)?;
    let (churn, idle) = (switch(words, "--churn"), switch(words, "--idle"));
    let [at, protocol, connections, requests] = words[..] else { return None };
    let (connections, requests) = (connections.parse().ok()?, requests.parse().ok()?);
    let protocol = Protocol::named(protocol)?;
    let plan = Plan { protocol, connections, requests, active, window, streams, rate, churn, idle };
    (connections > 0 && active > 0 && window > 0 && streams > 0).then_some((at, plan, limit))
}
