//! A server on the runtime, under a load that behaves badly, for as long as one likes.
//!
//! `cargo xtask verify soak` runs it. One program is three processes: the supervisor starts itself again
//! as the server and as the load.
//!
//! - `supervisor.rs`: rounds of disturbance and calm, the verdict, the picture.
//! - `server.rs`: what a program of some size does with a runtime.
//! - `load.rs`: clients on plain sockets and threads: steady ones that measure, and bad ones.
//! - `counts.rs`: very many of one thing, and then none.
#![allow(clippy::print_stdout, reason = "a program talks to whoever started it")]
#![allow(
    clippy::disallowed_methods,
    reason = "the runtime is measured by clocks and threads that are not its own"
)]

mod counts;
mod heap;
mod load;
mod place;
mod proc;
mod server;
mod supervisor;
mod words;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use counts::Count;
use place::Place;
use server::Flavor;
use supervisor::Options;

#[global_allocator]
static HEAP: heap::Counting = heap::Counting;

const USAGE: &str = "\
usage: rt-soak [soak] [OPTION VALUE]...
  --flavor FLAVOR    multi or current; one after the other unless given
  --seconds N        for all of it; 60 unless given
  --seed N           where random choices begin; 1 unless given
  --descriptors N    that the server may have; 1500 unless given
  --crowd N          how many clients come at once; 1000 unless given
  --chart FILE       where the picture goes; soak.svg unless given
usage: rt-soak count [OPTION VALUE]...
  --flavor FLAVOR    as above
  --only COUNT       connections, tasks, timers or runtimes
  --share N          a part of so many; 1, all, unless given";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> io::Result<bool> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["serve", name, place, descriptors] => {
            let (place, descriptors) =
                (told(Place::parse(place))?, told(descriptors.parse().ok())?);
            server::run(told(flavor(name))?, place, descriptors).map(|()| true)
        }
        ["load", place, seed] => {
            load::run(told(Place::parse(place))?, told(seed.parse().ok())?).map(|()| true)
        }
        ["count", ref options @ ..] => count(options),
        ["soak", ref options @ ..] | ref options => soak(options),
    }
}

fn soak(words: &[&str]) -> io::Result<bool> {
    let mut options = Options {
        flavors: vec![Flavor::Multi, Flavor::Current],
        time: Duration::from_secs(60),
        seed: 1,
        descriptors: 1_500,
        crowd: 1_000,
        chart: "soak.svg".into(),
    };
    for pair in words.chunks(2) {
        let [option, value] = *pair else { return usage() };
        match option {
            "--flavor" => options.flavors = vec![told(flavor(value))?],
            "--seconds" => options.time = Duration::from_secs(number(value)?),
            "--seed" => options.seed = number(value)?,
            "--descriptors" => options.descriptors = number(value)?,
            "--crowd" => options.crowd = number(value)?,
            "--chart" => options.chart = value.into(),
            _ => return usage(),
        }
    }
    supervisor::run(&options)
}

fn count(words: &[&str]) -> io::Result<bool> {
    let (mut flavors, mut counts, mut share) =
        (vec![Flavor::Multi, Flavor::Current], Count::ALL.to_vec(), 1);
    for pair in words.chunks(2) {
        let [option, value] = *pair else { return usage() };
        match option {
            "--flavor" => flavors = vec![told(flavor(value))?],
            "--only" => counts.retain(|count| count.name() == value),
            "--share" => share = number(value)?,
            _ => return usage(),
        }
    }
    let mut right = true;
    for count in counts {
        for flavor in &flavors {
            right &= counts::run(count, *flavor, share)?;
        }
    }
    Ok(right)
}

fn flavor(name: &str) -> Option<Flavor> {
    [Flavor::Multi, Flavor::Current].into_iter().find(|flavor| flavor.name() == name)
}

fn number(text: &str) -> io::Result<u64> {
    text.parse().map_err(io::Error::other)
}

fn told<T>(parsed: Option<T>) -> io::Result<T> {
    parsed.ok_or_else(|| io::Error::other(USAGE))
}

fn usage<T>() -> io::Result<T> {
    Err(io::Error::other(USAGE))
}
