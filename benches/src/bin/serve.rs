//! A server on one subject: `serve <subject> <echo|http> [--workers N]`.
//!
//! Prints its address; once its input is closed it prints what it has cost, as `op` does, and
//! ends.
#![allow(clippy::print_stdout, reason = "the output of a program")]
#![allow(clippy::disallowed_methods, reason = "whatever runs the server must not watch the input")]

use std::io::{self, Read};
use std::process::{self, ExitCode};
use std::{env, thread};

use rt_benches::meter::Meter;
use rt_benches::serve::{Protocol, serve};
use rt_benches::subject::{self, Subject, Visit, WORKERS};

struct Serve {
    protocol: Protocol,
    workers: usize,
}

impl Visit for Serve {
    type Output = io::Result<()>;

    fn visit<S: Subject>(self) -> io::Result<()> {
        serve(S::new(self.workers), self.protocol, |address| println!("{address}"))
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (subject, protocol, workers) = match words[..] {
        [subject, protocol] => (subject, protocol, Some(WORKERS)),
        [subject, protocol, "--workers", workers] => (subject, protocol, workers.parse().ok()),
        _ => return usage(),
    };
    let (Some(protocol), Some(workers)) = (Protocol::named(protocol), workers) else {
        return usage();
    };
    let meter = Meter::start();
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        println!("{}", meter.stop().print());
        process::exit(0);
    });
    match subject::with(subject, Serve { protocol, workers }) {
        Some(Err(error)) => eprintln!("{error}"),
        Some(Ok(())) => {}
        None => eprintln!("no subject {subject}"),
    }
    ExitCode::FAILURE
}

fn usage() -> ExitCode {
    eprintln!("usage: serve <subject> <echo|http> [--workers N]");
    ExitCode::FAILURE
}
