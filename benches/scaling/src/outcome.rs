//! One play of one workload, and what came of it.

use std::cell::RefCell;

use rt_sched_multi::queue::Queues;

use crate::cost::Costs;
use crate::machine::{Counts, Order, World};
use crate::memory::Hot;
use crate::play::{self, Told};
use crate::stage::{self, Mark};
use crate::variants::{self, Visit};
use crate::work::Workload;

/// What to play.
#[derive(Clone, Copy, Debug)]
pub struct Play {
    /// The workload.
    pub workload: &'static Workload,
    /// The queues and rules, by name.
    pub variant: &'static str,
    /// Virtual workers, of 128 at most.
    pub workers: usize,
    /// What chooses.
    pub seed: u64,
    /// What things cost.
    pub costs: Costs,
}

/// What came of it, per operation unless it says otherwise.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Name and number, in the order in which they are told.
    pub figures: Vec<(&'static str, f64)>,
    /// Lines that were waited for most, warm-up included, and what share of all waiting that was.
    pub hottest: Vec<(Hot, f64)>,
    /// Sums up what happened in which order.
    pub trace: u64,
}

thread_local! {
    static SEEN: RefCell<Vec<(Vec<Counts>, u64)>> = const { RefCell::new(Vec::new()) };
    static WORLD: RefCell<Option<&'static World>> = const { RefCell::new(None) };
}

fn on_mark() {
    let counts = WORLD.with_borrow(|world| world.map(World::counts)).unwrap_or_default();
    let is_first = SEEN.with_borrow_mut(|seen| {
        seen.push((counts, variants::attempts()));
        seen.len() == 1
    });
    if is_first {
        play::forget();
    } else {
        TOLD.set(Some(play::told()));
    }
}

thread_local! {
    static TOLD: RefCell<Option<Told>> = const { RefCell::new(None) };
}

struct Run {
    play: Play,
    world: &'static World,
}

impl Visit for Run {
    type Output = Result<Vec<Mark>, String>;

    fn visit<Q: Queues>(self) -> Self::Output {
        let Self { play: Play { workload, workers, seed, .. }, world } = self;
        let marks = std::rc::Rc::new(RefCell::new(Vec::new()));
        let theirs = marks.clone();
        world.play(move || {
            let run = stage::run::<Q>(workload, workers, workload.rounds, seed, on_mark);
            *theirs.borrow_mut() = run.expect("a machine starts threads");
        })?;
        Ok(marks.take())
    }
}

impl Outcome {
    /// A figure by its name.
    ///
    /// # Panics
    /// If there is none.
    pub fn get(&self, name: &str) -> f64 {
        let found = self.figures.iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("no figure `{name}`")).1
    }
}

impl Play {
    /// Plays it.
    ///
    /// # Errors
    /// If somebody waits for ever.
    ///
    /// # Panics
    /// If there is no such variant, or a task panics.
    pub fn run(self) -> Result<Outcome, String> {
        variants::reset();
        SEEN.take();
        let world = World::new(self.costs, Order::Timed, self.seed);
        WORLD.set(Some(world));
        play::record(world);
        let run = Run { play: self, world };
        let marks = variants::with(self.variant, run).expect("variants are known by name")?;
        let [before, after] = &marks[..] else { unreachable!("a workload marks twice") };
        let seen = SEEN.take();
        let told = TOLD.take().unwrap_or_default();
        let figures = self.figures(before, after, &seen, &told);
        Ok(Outcome { figures, hottest: world.hottest(HOTTEST), trace: world.trace() })
    }

    fn figures(
        &self,
        before: &Mark,
        after: &Mark,
        seen: &[(Vec<Counts>, u64)],
        told: &Told,
    ) -> Vec<(&'static str, f64)> {
        let operations = (self.workload.round * self.workload.rounds) as f64;
        let wall = (after.at_ns - before.at_ns) as f64;
        let worker = |what: fn(&rt_sched_multi::WorkerMetrics) -> u64| {
            let sum = |mark: &Mark| mark.workers.iter().map(what).sum::<u64>();
            (sum(after) - sum(before)) as f64
        };
        let counted = |what: fn(&Counts) -> u64| {
            let sum = |at: usize| seen[at].0.iter().map(what).sum::<u64>();
            (sum(1) - sum(0)) as f64
        };
        // The root thread is number nought.
        let idle: u64 = seen[1].0.iter().skip(1).map(|it| it.idle).sum::<u64>()
            - seen[0].0.iter().skip(1).map(|it| it.idle).sum::<u64>();
        let at = |share: f64| {
            let place = (told.delays.len() as f64 * share) as usize;
            told.delays.get(place).or(told.delays.last()).copied().unwrap_or_default() as f64
        };
        let (behind, of) = told.behind.unwrap_or_default();
        vec![
            ("ns", wall / operations),
            ("polls", worker(|it| it.polls) / operations),
            ("steals", worker(|it| it.steals) / operations),
            ("steal_operations", worker(|it| it.steal_operations) / operations),
            ("steal_attempts", (seen[1].1 - seen[0].1) as f64 / operations),
            ("calls", worker(|it| it.calls) / operations),
            ("unparks", counted(|it| it.calls) / operations),
            ("calls_in_vain", worker(|it| it.noop_wakes) / operations),
            ("parks", worker(|it| it.parks) / operations),
            ("modifies", counted(|it| it.modifies) / operations),
            ("fetches", counted(|it| it.fetches) / operations),
            ("taken", counted(|it| it.taken) / operations),
            ("idle", idle as f64 / 1000.0 / wall / self.workers as f64),
            ("delay_p50_ns", at(0.5)),
            ("delay_p99_ns", at(0.99)),
            ("delay_max_ns", at(1.0)),
            ("overtaken_max", told.overtaken as f64),
            ("overtaken_at_home_max", told.overtaken_at_home as f64),
            ("behind", behind as f64 / of.max(1) as f64),
        ]
    }
}

const HOTTEST: usize = 4;
