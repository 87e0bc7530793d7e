//! `rt-programs`: runs many programs, or one again.

#![allow(clippy::print_stdout, reason = "a command prints")]

use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;

use rt_programs::{COUNTS, Failure, Flavor, Program, bytes, check, replay, shrink};
use rt_task::base::clock::Monotonic;
use rt_task::base::seam::Clock;

const USAGE: &str =
    "rt-programs [--seed N] [--seeds N] [--minutes N] [--flavors A,B] [--replay HEX] [--show]";

/// Times that a program is run again, to see whether it fails again, where threads decide.
const TRIES: u32 = 40;

struct Flags {
    seed: u64,
    seeds: u64,
    minutes: Option<u64>,
    flavors: Vec<Flavor>,
    replay: Option<Vec<u8>>,
    show: bool,
}

fn main() -> ExitCode {
    let flags = match flags(std::env::args().skip(1)) {
        Ok(flags) => flags,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let clock = Monotonic::new();
    let seconds = || clock.now().0 / 1_000_000_000;
    if let Some(bytes) = &flags.replay {
        println!("{}", Program::read(bytes));
        for flavor in &flags.flavors {
            if let Some(failure) = fails(bytes, *flavor) {
                println!("FAILED on {flavor}: {failure}");
                return ExitCode::FAILURE;
            }
        }
        println!("did as the model does");
        return ExitCode::SUCCESS;
    }
    let mut seed = flags.seed;
    let goes_on = |seed: u64| match flags.minutes {
        Some(minutes) => seconds() < minutes * 60,
        None => seed - flags.seed < flags.seeds,
    };
    while goes_on(seed) {
        let bytes = bytes(seed);
        if flags.show {
            println!("seed {seed}: {}", Program::read(&bytes));
        }
        for flavor in &flags.flavors {
            if let Err(failure) = check(&bytes, *flavor) {
                tell(&bytes, *flavor, seed, &failure);
                return ExitCode::FAILURE;
            }
        }
        seed += 1;
    }
    let count = |count: &std::sync::atomic::AtomicU64| count.load(Relaxed);
    println!(
        "programs: {} seeds from {}, {} runs, {} steps, {} commands, {} given up, {} s",
        seed - flags.seed,
        flags.seed,
        count(&COUNTS.programs),
        count(&COUNTS.steps),
        count(&COUNTS.commands),
        count(&COUNTS.given_up),
        seconds()
    );
    ExitCode::SUCCESS
}

/// The first failure in a few tries.
fn fails(bytes: &[u8], flavor: Flavor) -> Option<Failure> {
    let tries = if flavor.is_multi() { TRIES } else { 1 };
    (0..tries).find_map(|_| check(bytes, flavor).err())
}

fn tell(whole: &[u8], flavor: Flavor, seed: u64, failure: &Failure) {
    println!(
        "FAILED: seed {seed} on {flavor}: {failure}\nrun it again by: {}",
        replay(whole, flavor)
    );
    println!("making it smaller ...");
    let mut last = None;
    let small = shrink(whole, |bytes| {
        let failure = fails(bytes, flavor);
        let is_one = failure.is_some();
        last = failure.or(last.take());
        is_one
    });
    match last {
        Some(failure) => println!(
            "FAILED: {}\n{failure}\nrun it again by: {}",
            Program::read(&small),
            replay(&small, flavor)
        ),
        None => println!("it does not fail again in {TRIES} tries:\n{}", Program::read(whole)),
    }
}

fn flags(mut args: impl Iterator<Item = String>) -> Result<Flags, String> {
    let mut flags = Flags {
        seed: 0,
        seeds: 1000,
        minutes: None,
        flavors: Flavor::ALL.to_vec(),
        replay: None,
        show: false,
    };
    while let Some(name) = args.next() {
        let mut value = || args.next().ok_or(format!("{name} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("{text} is no number"));
        match name.as_str() {
            "--seed" => flags.seed = number(value()?)?,
            "--seeds" => flags.seeds = number(value()?)?,
            "--minutes" => flags.minutes = Some(number(value()?)?),
            "--flavors" => {
                flags.flavors = value()?.split(',').map(str::parse).collect::<Result<_, _>>()?
            }
            "--replay" => flags.replay = Some(unhex(&value()?)?),
            "--show" => flags.show = true,
            other => return Err(format!("what is `{other}`?")),
        }
    }
    Ok(flags)
}

fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u32> =
        text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>().ok_or("no hex")?;
    Ok(digits.chunks_exact(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}
