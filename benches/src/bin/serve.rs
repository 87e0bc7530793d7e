//! A server on one subject: `serve <subject> <echo|http>`.
//!
//! Prints its address; once its input is closed it prints the processor time that it has used,
//! in nanoseconds, and ends.
#![allow(clippy::print_stdout, reason = "the output of a program")]
#![allow(clippy::disallowed_methods, reason = "whatever runs the server must not watch the input")]

use std::io::{self, Read};
use std::process::{self, ExitCode};
use std::{env, thread};

use rt_benches::meter::cpu_ns;
use rt_benches::serve::{Protocol, serve};
use rt_benches::subject::{self, Subject, Visit};

struct Serve(Protocol);

impl Visit for Serve {
    type Output = io::Result<()>;

    fn visit<S: Subject>(self) -> io::Result<()> {
        serve::<S>(self.0, |address| println!("{address}"))
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let protocol = words.get(1).and_then(|name| Protocol::named(name));
    let (Some(subject), Some(protocol)) = (words.first(), protocol) else {
        eprintln!("usage: serve <subject> <echo|http>");
        return ExitCode::FAILURE;
    };
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        println!("{}", cpu_ns());
        process::exit(0);
    });
    match subject::with(subject, Serve(protocol)) {
        Some(Err(error)) => eprintln!("{error}"),
        Some(Ok(())) => {}
        None => eprintln!("no subject {subject}"),
    }
    ExitCode::FAILURE
}
