//! A server on one subject: `serve <subject> <protocol> [--workers N]`; `serve list` says what
//! is measured of servers.
//!
//! Prints one word, which `load` understands: its address, a comma, and the address at which it
//! takes marks. Once its input is closed it prints what it has cost between the two marks, as
//! `op` does, and ends; without marks, what it has cost since it began.
#![allow(clippy::print_stdout, reason = "the output of a program")]
#![allow(clippy::disallowed_methods, reason = "whatever runs the server must not watch the input")]

use std::io::{self, Read};
use std::net::SocketAddr;
use std::process::{self, ExitCode};
use std::{env, thread};

use rt_benches::alloc::Counting;
use rt_benches::floor;
use rt_benches::marks::Ledger;
use rt_benches::serve::{Protocol, list, serve};
use rt_benches::subject::{self, Subject, Visit, WORKERS};
use rt_benches::words::{option, raise_descriptor_limit};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Serve {
    protocol: Protocol,
    workers: usize,
    marks: SocketAddr,
}

impl Visit for Serve {
    type Output = io::Result<()>;

    fn visit<S: Subject>(self) -> io::Result<()> {
        let Self { protocol, workers, marks } = self;
        serve(S::new(workers), protocol, move |address| println!("{address},{marks}"))
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    let workers = option(&mut words, "--workers", WORKERS);
    let (subject, protocol) = match words[..] {
        ["list"] => {
            list().iter().for_each(|line| println!("{line}"));
            return ExitCode::SUCCESS;
        }
        [subject, protocol] => (subject, Protocol::named(protocol)),
        _ => return usage(),
    };
    let (Some(protocol), Some(workers)) = (protocol, workers) else {
        return usage();
    };
    raise_descriptor_limit();
    let ledger = Ledger::open();
    let marks = ledger.listen().expect("loopback");
    thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        println!("{}", ledger.cost().print());
        process::exit(0);
    });
    let served = if floor::is_named(subject) {
        let listening = |address| println!("{address},{marks}");
        Some(floor::serve(subject, workers, protocol, listening))
    } else {
        subject::with(subject, Serve { protocol, workers, marks })
    };
    match served {
        Some(Err(error)) => eprintln!("{error}"),
        Some(Ok(())) => {}
        None => eprintln!("no subject {subject}"),
    }
    ExitCode::FAILURE
}

fn usage() -> ExitCode {
    let protocols = Protocol::ALL.map(Protocol::name).join("|");
    eprintln!("usage: serve <subject> <{protocols}> [--workers N] | serve list");
    ExitCode::FAILURE
}
