//! The load: clients that know nothing of the runtime, only of sockets and threads.
//!
//! Steady ones (`load/steady.rs`) ask at fixed points in time, whether they were answered or not, check
//! every answer, and measure from the point at which they should have asked: a stall cannot hide in
//! requests that were never sent. The others (`load/chaos.rs`, `load/crowd.rs`) behave as clients do that
//! nobody wishes for. The supervisor says on standard input when who is at work.

mod chaos;
mod client;
mod crowd;
mod steady;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::place::Place;

/// What was excused is so for so long after.
const AFTERMATH: Duration = Duration::from_millis(700);
/// How often the machine itself is asked whether it stalls.
const CANARY: Duration = Duration::from_millis(5);
/// Findings of one kind fill no screen.
const BAD_MAX: u64 = 40;

/// What all clients share.
struct Shared {
    place: Place,
    started: Instant,
    /// Who is at work.
    steady: AtomicBool,
    chaos: AtomicBool,
    /// The supervisor stops, kills or reloads something, or more clients come than the server has
    /// descriptors for; and until when, in milliseconds since the start, that excuses a failure.
    disturbed: AtomicBool,
    excused_ms: AtomicU64,
    interval: Mutex<Interval>,
    bad: AtomicU64,
}

/// What happened since the last report.
#[derive(Default)]
struct Interval {
    latencies_us: Vec<u32>,
    retries: u64,
    /// What bad clients did.
    chaos: u64,
    /// Those of them that nothing excuses.
    judged: u64,
    judged_max_us: u32,
    canary_us: u32,
}

impl Shared {
    fn interval(&self) -> MutexGuard<'_, Interval> {
        self.interval.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    /// Whether a failure of what began at `ms` is to be expected: bad times have begun since, or were not
    /// over then.
    fn excused_since(&self, ms: u64) -> bool {
        self.disturbed.load(Relaxed) || ms < self.excused_ms.load(Relaxed)
    }

    fn disturb(&self, on: bool) {
        self.disturbed.store(on, Relaxed);
        self.excused_ms.store(self.now_ms() + AFTERMATH.as_millis() as u64, Relaxed);
    }

    /// A finding about what began at `ms`, unless it is excused.
    fn bad(&self, ms: u64, told: &str) {
        if !self.excused_since(ms) && self.bad.fetch_add(1, Relaxed) < BAD_MAX {
            println!("bad {}", told.replace('\n', " "));
        }
    }

    /// Waits, while the bad clients are at work. Says whether they still are.
    fn rest(&self, span: Duration) -> bool {
        let end = Instant::now() + span;
        while self.chaos.load(Relaxed) && Instant::now() < end {
            thread::sleep(Duration::from_millis(10).min(end - Instant::now().min(end)));
        }
        self.chaos.load(Relaxed)
    }
}

pub(crate) fn run(place: Place, seed: u64) -> io::Result<()> {
    let shared = Arc::new(Shared {
        place,
        started: Instant::now(),
        steady: AtomicBool::new(false),
        chaos: AtomicBool::new(false),
        disturbed: AtomicBool::new(false),
        excused_ms: AtomicU64::new(0),
        interval: Mutex::default(),
        bad: AtomicU64::new(0),
    });
    thread::spawn({
        let shared = shared.clone();
        move || report(&shared)
    });
    thread::spawn({
        let shared = shared.clone();
        move || canary(&shared)
    });
    let mut at_work: Vec<JoinHandle<()>> = Vec::new();
    for (number, line) in io::stdin().lines().enumerate() {
        let line = line?;
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let count = rest.parse().unwrap_or(0);
        match word {
            "polite" => chaos::polite(&shared),
            "steady" => {
                shared.steady.store(true, Relaxed);
                at_work.extend(steady::start(&shared));
            }
            "chaos" => {
                shared.chaos.store(true, Relaxed);
                at_work.extend(chaos::start(&shared, seed.wrapping_add(number as u64)));
            }
            "calm" => {
                shared.chaos.store(false, Relaxed);
                shared.steady.store(false, Relaxed);
                at_work.drain(..).for_each(|thread| {
                    if thread.join().is_err() {
                        println!("bad a client panicked");
                    }
                });
            }
            "crowd" => println!("crowd {}", crowd::come_and_go(&shared, count)),
            "flood" => println!("crowd {}", crowd::fill(&shared, count)),
            "disturb" => shared.disturb(true),
            "settle" => shared.disturb(false),
            _ => break,
        }
        println!("done {word}");
    }
    Ok(())
}

/// Tells each second how it went.
fn report(shared: &Shared) {
    loop {
        thread::sleep(Duration::from_secs(1));
        let mut interval = std::mem::take(&mut *shared.interval());
        let latencies = &mut interval.latencies_us;
        latencies.sort_unstable();
        let at = |share: f64| {
            let index = (latencies.len() as f64 * share) as usize;
            latencies.get(index.min(latencies.len().saturating_sub(1))).copied().unwrap_or(0)
        };
        println!(
            "latency answers={} p50={} p99={} p999={} max={} judged={} judged_max={} retries={} chaos={} canary={}",
            latencies.len(),
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0),
            interval.judged,
            interval.judged_max_us,
            interval.retries,
            interval.chaos,
            interval.canary_us,
        );
    }
}

/// Measures how late the machine lets somebody go on who only slept.
fn canary(shared: &Shared) {
    loop {
        let asked = Instant::now();
        thread::sleep(CANARY);
        let late = asked.elapsed().saturating_sub(CANARY).as_micros() as u32;
        let mut interval = shared.interval();
        interval.canary_us = interval.canary_us.max(late);
    }
}
