//! A run: trials that size every loop, then rounds in which subjects take turns.
//!
//! A round goes through all workloads. In each, every subject has one turn, ours has two, in an
//! order that is drawn anew: whoever comes first finds the machine otherwise than whoever comes
//! last. So the rounds of a workload lie minutes apart, and what the machine does for a minute
//! meets one of them and not all. A subject that fails or hangs has no further turns of that
//! workload, and its row says why.
#![allow(clippy::disallowed_methods, reason = "what a process takes is told by the clock")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::catalog::{How, Rate, Subject, Workload};
use super::plan::{Budget, Planned, Trial, Turn, plan};
use super::process::Failure;
use super::progress::{Progress, duration};
use super::results::{self, Flavor, Group, Kind, Samples};
use super::stats;
use super::turns::{Programs, Readings};

/// What every process does before its clock starts, and what else is not told.
pub(crate) const WARM_UP: &str = "each process runs 100 operations, or one group of them, before \
    its clock starts; a trial of each, which sizes the loop, is thrown away";

/// All that is to be run, and what has come of it.
#[derive(Debug)]
pub(crate) struct Session {
    programs: Programs,
    jobs: Vec<Job>,
    budget: Budget,
    random: Random,
    began: Instant,
}

/// One workload of one table.
#[derive(Debug)]
struct Job {
    workload: Workload,
    entries: Vec<Entry>,
    /// What our subject has told in its second turns.
    twin: Samples,
    trial: Trial,
    planned: Planned,
    /// Requests a second, if they fall due by a schedule.
    rate: Option<u64>,
}

/// One subject of a workload.
#[derive(Debug)]
struct Entry {
    subject: String,
    ours: bool,
    skipped: Option<String>,
    samples: Samples,
    turn: Turn,
}

/// Whose turn it is: a place among the entries, and whether it is the second of ours.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seat {
    entry: usize,
    is_twin: bool,
}

impl Session {
    pub(crate) fn new(
        programs: Programs,
        subjects: &[Subject],
        workloads: Vec<Workload>,
        budget: Budget,
        seed: u64,
    ) -> Self {
        let job = |workload: Workload| {
            let table = workload.flavor;
            let of_table = subjects.iter().filter(|subject| subject.flavor.table() == table);
            let entries = of_table.map(Entry::new).collect();
            Job {
                workload,
                entries,
                twin: Samples::new(),
                trial: Trial::default(),
                planned: Planned { n: 0, rounds: 0, round_s: 0.0 },
                rate: None,
            }
        };
        let jobs = workloads.into_iter().map(job).collect();
        Self { programs, jobs, budget, random: Random(seed), began: Instant::now() }
    }

    /// Every subject tries every workload; then it is known how long everything takes. What is
    /// measured at a part of the speed of something needs that, asked for or not: `known` has it.
    pub(crate) fn try_all(&mut self, known: &[Workload]) -> Result<()> {
        // A guess, for the bar.
        const TRIAL_S: f64 = 0.06;
        let limit = trial_limit(&self.budget);
        let guess_s = self.jobs.iter().map(|job| job.entries.len() as f64 * TRIAL_S).sum();
        let mut progress = Progress::new(guess_s);
        for at in 0..self.jobs.len() {
            if let Some(rate) = self.jobs[at].workload.rate.clone() {
                let table = self.jobs[at].workload.flavor;
                match self.rate_of(&rate, table, known, limit)? {
                    Some(rate) => self.jobs[at].ask_at(rate),
                    None => self.jobs[at].skip(&format!("nobody can do {}", rate.of)),
                }
            }
            let job = &mut self.jobs[at];
            for entry in &mut job.entries {
                progress.says(&format!("sizing {} on {}", job.workload.name, entry.subject));
                if entry.skipped.is_none() {
                    match tried(&self.programs, &entry.subject, &job.workload, limit) {
                        Ok(turn) => entry.turn = turn,
                        Err(failure) => entry.fail("in its trial", failure)?,
                    }
                }
                progress.done(TRIAL_S);
            }
            job.trial = job.trial(&self.budget);
        }
        drop(progress);
        let trials: Vec<Trial> = self.jobs.iter().map(|job| job.trial.clone()).collect();
        let planned = plan(&trials, &self.budget, self.took_s());
        for (job, planned) in self.jobs.iter_mut().zip(planned) {
            job.planned = planned;
        }
        Ok(())
    }

    /// Requests a second: a part of what the slowest subject of a table can do, to two digits;
    /// none if nobody can.
    fn rate_of(
        &self,
        rate: &Rate,
        table: Flavor,
        known: &[Workload],
        limit: Duration,
    ) -> Result<Option<u64>> {
        let is_it = |workload: &Workload| workload.name == rate.of && workload.flavor == table;
        let mut each: Vec<f64> = Vec::new();
        if let Some(job) = self.jobs.iter().find(|job| is_it(&job.workload)) {
            each.extend(job.trial.turns.iter().map(|turn| turn.each_s));
        } else if let Some(workload) = known.iter().find(|workload| is_it(workload)) {
            let job = self.jobs.iter().find(|job| job.workload.flavor == table);
            for entry in job.iter().flat_map(|job| &job.entries) {
                match tried(&self.programs, &entry.subject, workload, limit) {
                    Ok(turn) => each.push(turn.each_s),
                    Err(Failure::Stopped) => bail!("stopped"),
                    // It will say so itself.
                    Err(_) => {}
                }
            }
        }
        let slowest = each.into_iter().reduce(f64::max);
        Ok(slowest.map(|each_s| two_digits(rate.percent / 100.0 / each_s)))
    }

    /// What is planned.
    pub(crate) fn sentence(&self) -> String {
        let turns = |job: &Job| job.planned.rounds * job.trial.turns.len();
        format!(
            "{} workloads, up to {} rounds, {} processes: about {}",
            self.jobs.len(),
            self.rounds(),
            self.jobs.iter().map(turns).sum::<usize>(),
            duration(self.planned_s())
        )
    }

    /// Seconds since it began.
    pub(crate) fn took_s(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Seconds that all rounds will take.
    fn planned_s(&self) -> f64 {
        self.jobs.iter().map(|job| job.planned.seconds()).sum()
    }

    /// The most rounds that a workload has.
    fn rounds(&self) -> usize {
        self.jobs.iter().map(|job| job.planned.rounds).max().unwrap_or_default()
    }

    /// Runs all rounds, or as many as there is time for; `after` sees what there is after each.
    pub(crate) fn run(&mut self, mut after: impl FnMut(&Self, usize) -> Result<()>) -> Result<()> {
        let rounds = self.rounds();
        let mut progress = Progress::new(self.planned_s());
        let mut round_s = 0.0;
        for round in 0..rounds {
            let began_s = self.took_s();
            if !self.budget.has_time_for(round, began_s + round_s) {
                break;
            }
            for job in &mut self.jobs {
                if round < job.planned.rounds {
                    let name = &job.workload.name;
                    progress.says(&format!("round {} of {rounds}: {name}", round + 1));
                    let patience_s = self.budget.patience_s;
                    job.round(&self.programs, round, patience_s, &mut self.random)?;
                    progress.done(job.planned.round_s);
                }
            }
            after(self, round + 1)?;
            round_s = self.took_s() - began_s;
        }
        Ok(())
    }

    /// What wakes and waits, in runs of their own.
    pub(crate) fn count_wakes(&mut self) -> Result<()> {
        // strace slows whatever makes a system call, so that more runs say no more.
        const RUNS: usize = 3;
        const SHORTER: u64 = 10;
        let limit = trial_limit(&self.budget);
        for job in &mut self.jobs {
            let How::Operation { .. } = job.workload.how else { continue };
            let step = job.workload.step;
            let n = (job.planned.n / SHORTER / step).max(1) * step;
            for entry in job.entries.iter_mut().filter(|entry| entry.skipped.is_none()) {
                for _ in 0..RUNS {
                    match self.programs.wakes(&entry.subject, &job.workload, n, limit) {
                        Ok(told) => {
                            let told = [("waits", told.waits), ("wakes", told.wakes)];
                            add(&mut entry.samples, told.map(|(name, it)| (name.to_owned(), it)));
                        }
                        Err(Failure::Stopped) => bail!("stopped"),
                        // What was measured without strace stands.
                        Err(_) => break,
                    }
                }
            }
        }
        Ok(())
    }

    /// What there is so far, in the form of a file.
    pub(crate) fn workloads(&self) -> Vec<results::Workload> {
        self.jobs.iter().map(Job::told).collect()
    }
}

/// The longest that a trial may take.
fn trial_limit(budget: &Budget) -> Duration {
    Duration::from_secs_f64(budget.patience_s + 10.0 * budget.most_s)
}

/// Runs a workload until it is known what an operation takes.
fn tried(
    programs: &Programs,
    subject: &str,
    workload: &Workload,
    limit: Duration,
) -> Result<Turn, Failure> {
    // Shorter loops tell mostly how cold everything was.
    const ENOUGH_S: f64 = 0.01;
    let step = workload.step;
    let whole = |n: u64| (n / step).max(1) * step;
    // A part of it tells as much, but where the length is what is measured.
    const PART: u64 = 20;
    let mut n = match (workload.kind, &workload.how) {
        (Kind::Idle, _) => 1,
        (Kind::Memory, _) => workload.timed.div_ceil(PART),
        _ if workload.fixed => workload.timed,
        (_, How::Operation { few, .. }) => whole(*few),
        (_, How::Server { .. }) => whole(workload.timed / PART),
    };
    loop {
        let began = Instant::now();
        let told = programs.turn(subject, workload, n, limit)?;
        let turn = turn(&told, n, began.elapsed().as_secs_f64());
        let loop_s = turn.each_s * n as f64;
        if loop_s >= ENOUGH_S || n >= workload.timed || workload.fixed {
            return Ok(turn);
        }
        // Twice as long as needed, so that one more time is enough.
        let more = (2.0 * ENOUGH_S / turn.each_s) as u64;
        n = whole(more.max(2 * n)).min(workload.timed.max(step));
    }
}

/// A round number below, so that it can be remembered.
fn two_digits(value: f64) -> u64 {
    let scale = 10_f64.powi(value.max(1.0).log10().floor() as i32 - 1);
    ((value / scale).floor() * scale).max(1.0) as u64
}

/// What of a process was the loop.
fn turn(told: &Readings, n: u64, elapsed_s: f64) -> Turn {
    match told.get("wall_ns") {
        Some(wall_ns) => {
            let each_s = wall_ns / 1e9;
            Turn { start_s: (elapsed_s - each_s * n as f64).max(0.0), each_s }
        }
        // It does not say, so all of it.
        None => Turn { start_s: 0.0, each_s: elapsed_s / n as f64 },
    }
}

impl Entry {
    fn new(subject: &Subject) -> Self {
        Self {
            subject: subject.name.clone(),
            ours: subject.ours,
            skipped: subject.unavailable.clone(),
            samples: Samples::new(),
            turn: Turn::default(),
        }
    }

    /// Has no further turns. If everything is to stop, nobody has, which is an error.
    fn fail(&mut self, when: &str, failure: Failure) -> Result<()> {
        self.skipped = Some(match failure {
            Failure::Skipped(reason) => reason,
            Failure::Failed(reason) => format!("{when}: {reason}"),
            Failure::Stopped => bail!("stopped"),
        });
        Ok(())
    }
}

impl Job {
    /// All turns of a round, in the order of the entries; ours has two.
    fn seats(&self) -> Vec<Seat> {
        let able = self.entries.iter().enumerate().filter(|(_, entry)| entry.skipped.is_none());
        let seat = |entry, is_twin| Seat { entry, is_twin };
        let mut seats: Vec<Seat> = able.map(|(at, _)| seat(at, false)).collect();
        if let Some(ours) = self.ours() {
            seats.push(seat(ours, true));
        }
        seats
    }

    /// Our entry, if it is able: the first of ours, if there are several.
    fn ours(&self) -> Option<usize> {
        let ours = self.entries.iter().position(|entry| entry.ours)?;
        self.entries[ours].skipped.is_none().then_some(ours)
    }

    /// Nobody has a turn.
    fn skip(&mut self, reason: &str) {
        for entry in &mut self.entries {
            entry.skipped.get_or_insert_with(|| reason.to_owned());
        }
    }

    /// So many requests a second fall due.
    fn ask_at(&mut self, rate: u64) {
        self.rate = Some(rate);
        if let How::Server { load, .. } = &mut self.workload.how {
            for word in load {
                *word = word.replace("{rate}", &rate.to_string());
            }
        }
    }

    fn trial(&self, budget: &Budget) -> Trial {
        let Workload { timed, step, fixed, rounds_max, .. } = self.workload;
        let is_latency = self.workload.group == Group::Latency;
        let of_sort = match fixed || self.workload.growth.is_some() {
            true => Some(budget.few_rounds),
            false => is_latency.then_some(budget.latency_rounds),
        };
        let seats = self.seats();
        Trial {
            ours: seats.iter().position(|seat| Some(seat.entry) == self.ours()),
            turns: seats.iter().map(|seat| self.entries[seat.entry].turn).collect(),
            timed,
            step,
            fixed,
            loop_s: is_latency.then_some(budget.latency_s),
            rounds_max: rounds_max.into_iter().chain(of_sort).min(),
        }
    }

    fn round(
        &mut self,
        programs: &Programs,
        round: usize,
        patience_s: f64,
        random: &mut Random,
    ) -> Result<()> {
        let mut seats = self.seats();
        random.shuffle(&mut seats);
        for Seat { entry, is_twin } in seats {
            let entry = &mut self.entries[entry];
            // Its first turn of this round may just have failed.
            if entry.skipped.is_some() {
                continue;
            }
            let n = self.planned.n;
            let limit = limit(&entry.turn, n, patience_s);
            match programs.turn(&entry.subject, &self.workload, n, limit) {
                Ok(told) if is_twin => add(&mut self.twin, told),
                Ok(told) => add(&mut entry.samples, told),
                Err(failure) => entry.fail(&format!("in round {}", round + 1), failure)?,
            }
        }
        Ok(())
    }

    /// In the form of a file.
    fn told(&self) -> results::Workload {
        let Workload { name, about, flavor, group, growth, kind, .. } = self.workload.clone();
        let row = |entry: &Entry| results::Row {
            subject: entry.subject.clone(),
            skipped: entry.skipped.clone(),
            samples: entry.samples.clone(),
        };
        results::Workload {
            name,
            about,
            flavor,
            group,
            kind,
            growth,
            noise: self.noise(),
            twin: self.twin.clone(),
            n: self.planned.n,
            rate: self.rate,
            rows: self.entries.iter().map(row).collect(),
        }
    }

    /// How far our subject is from itself, by reading.
    fn noise(&self) -> BTreeMap<String, f64> {
        let Some(ours) = self.ours() else { return BTreeMap::new() };
        let noise = |(reading, twin): (&String, &Vec<f64>)| {
            let own = self.entries[ours].samples.get(reading)?;
            let noise = stats::noise(&stats::ratios(twin, own))?;
            Some((results::without_unit(reading).to_owned(), noise))
        };
        self.twin.iter().filter_map(noise).collect()
    }
}

/// What a turn may take: ten times what it should, and some.
fn limit(turn: &Turn, n: u64, patience_s: f64) -> Duration {
    Duration::from_secs_f64(patience_s + 10.0 * (turn.start_s + turn.each_s * n as f64))
}

fn add(samples: &mut Samples, told: impl IntoIterator<Item = (String, f64)>) {
    for (name, value) in told {
        samples.entry(name).or_default().push(value);
    }
}

/// A generator that a number repeats (SplitMix64): it orders turns, no more.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Every order is as likely.
    pub(crate) fn shuffle<T>(&mut self, these: &mut [T]) {
        for last in (1..these.len()).rev() {
            let at = self.next() % (last as u64 + 1);
            these.swap(last, at as usize);
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
