//! The same workloads on real threads, and the costs of the model where they can be measured.

use std::hint::{black_box, spin_loop};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::Duration;
use std::{io, thread};

use rt_sched_multi::WorkerMetrics;
use rt_sched_multi::queue::Standard;
use rt_task::base::clock::Monotonic;
use rt_task::base::seam::Clock;

use crate::stage;
use crate::work::{self, Workload};

/// `real WORKLOAD WORKERS ROUNDS` and `measure`.
///
/// # Errors
/// What is wrong with the words, or with the system.
pub fn command(words: &[&str]) -> Result<(), String> {
    match *words {
        ["real", workload, workers, rounds] => {
            let workload = work::named(workload).ok_or("no such workload")?;
            let workers = workers.parse().map_err(|_| "workers: not a number")?;
            let rounds = rounds.parse().map_err(|_| "rounds: not a number")?;
            run(workload, workers, rounds).map_err(|error| error.to_string())
        }
        ["measure"] => {
            measure();
            Ok(())
        }
        _ => {
            Err("real WORKLOAD WORKERS ROUNDS | measure (the rest is built with --cfg rt_sim)"
                .into())
        }
    }
}

fn run(workload: &'static Workload, workers: usize, rounds: u64) -> io::Result<()> {
    let marks = stage::run::<Standard>(workload, workers, rounds, 0, || ())?;
    let [before, after] = &marks[..] else { unreachable!("a workload marks twice") };
    let operations = (workload.round * rounds) as f64;
    let tell = |name: &str, what: fn(&WorkerMetrics) -> u64| {
        let sum = |mark: &stage::Mark| mark.workers.iter().map(what).sum::<u64>();
        println!("{name}\t{}", (sum(after) - sum(before)) as f64 / operations);
    };
    println!("ns\t{}", (after.at_ns - before.at_ns) as f64 / operations);
    tell("polls", |it| it.polls);
    tell("steals", |it| it.steals);
    tell("steal_operations", |it| it.steal_operations);
    tell("calls", |it| it.calls);
    tell("calls_in_vain", |it| it.noop_wakes);
    tell("parks", |it| it.parks);
    Ok(())
}

/// The least of a few means, in ns.
fn time(times: u64, mut f: impl FnMut()) -> f64 {
    let clock = Monotonic::new();
    let mean = |_| {
        let start = clock.now().0;
        (0..times).for_each(|_| f());
        (clock.now().0 - start) as f64 / times as f64
    };
    (0..9).map(mean).fold(f64::MAX, f64::min)
}

/// A line of its own.
#[repr(align(128))]
struct Line(AtomicU64);

fn measure() {
    const TIMES: u64 = 4_000_000;
    let word = AtomicU64::new(0);
    println!("load\t{:.2}", time(TIMES, || _ = black_box(word.load(Ordering::Acquire))));
    println!("store\t{:.2}", time(TIMES, || word.store(black_box(1), Ordering::Release)));
    println!("modify\t{:.2}", time(TIMES, || _ = black_box(word.fetch_add(1, Ordering::AcqRel))));
    println!(
        "fence\t{:.2}",
        time(TIMES, || {
            word.store(1, Ordering::Relaxed);
            fence(Ordering::SeqCst);
        })
    );
    println!("spin\t{:.2}", time(TIMES / 10, spin_loop));
    println!("yields\t{:.2}", time(TIMES / 100, thread::yield_now));
    println!("near\t{:.2}", transfer());
    let (wake, latency) = wake();
    println!("wake\t{wake}\nlatency\t{latency}");
    let slack = median((0..100).map(|_| sleeps_too_long()).collect());
    println!("slack\t{slack}");
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values[values.len() / 2]
}

fn start(main: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    thread::Builder::new().spawn(main).expect("the system starts threads")
}

/// A line there and back between two threads, halved.
fn transfer() -> f64 {
    const TRIPS: u64 = 1_000_000;
    let line = Arc::new(Line(AtomicU64::new(0)));
    let theirs = line.clone();
    let answer = move |from: &Line, last: u64| {
        for trip in 0..last {
            // Pairs with the other side's store.
            while from.0.load(Ordering::Acquire) != 2 * trip + 1 {}
            from.0.store(2 * trip + 2, Ordering::Release);
        }
    };
    let other = start(move || answer(&theirs, TRIPS));
    let clock = Monotonic::new();
    let begin = clock.now().0;
    for trip in 0..TRIPS {
        line.0.store(2 * trip + 1, Ordering::Release);
        // Pairs with `answer`.
        while line.0.load(Ordering::Acquire) != 2 * trip + 2 {}
    }
    let spent = clock.now().0 - begin;
    other.join().expect("it does not panic");
    spent as f64 / (2 * TRIPS) as f64
}

/// How long a call of a sleeping thread keeps its caller, and when the other one runs; medians.
fn wake() -> (u64, u64) {
    const ROUNDS: usize = 2_000;
    const OVER: u64 = u64::MAX;
    let clock = Monotonic::new();
    let called_at = Arc::new(AtomicU64::new(0));
    let latency = Arc::new(AtomicU64::new(0));
    let theirs = (called_at.clone(), latency.clone());
    let sleeper = start(move || {
        loop {
            thread::park();
            match theirs.0.swap(0, Ordering::AcqRel) {
                0 => {}
                OVER => return,
                at => theirs.1.store(clock.now().0 - at, Ordering::Release),
            }
        }
    });
    let mut calls = Vec::new();
    let mut latencies = Vec::new();
    for _ in 0..ROUNDS {
        // Long enough for it to sleep.
        let begin = clock.now().0;
        while clock.now().0 < begin + 100_000 {
            spin_loop();
        }
        let at = clock.now().0;
        called_at.store(at, Ordering::Release);
        sleeper.thread().unpark();
        calls.push(clock.now().0 - at);
        let mut seen = 0;
        while seen == 0 {
            spin_loop();
            seen = latency.swap(0, Ordering::AcqRel);
        }
        latencies.push(seen);
    }
    called_at.store(OVER, Ordering::Release);
    sleeper.thread().unpark();
    sleeper.join().expect("it does not panic");
    (median(calls), median(latencies))
}

fn sleeps_too_long() -> u64 {
    const BOUND: Duration = Duration::from_millis(1);
    let clock = Monotonic::new();
    let begin = clock.now().0;
    thread::park_timeout(BOUND);
    (clock.now().0 - begin).saturating_sub(BOUND.as_nanos() as u64)
}
