//! Looks for orders of steps in which the scheduler goes wrong.
//!
//! A seed makes a small program of tasks ([`programs`]), a number of workers, and a way to choose which
//! thread goes on: by chance, with any access to an atomic as a place where another may; by ranks, of which
//! a few change ([`ranks`](crate::ranks)); or by the threads' clocks. Wrong is: a task that could run while
//! all threads sleep; one that waits for ever; whatever [`laws`] says; a panic. All crates are the real
//! ones: `rt-sched-multi` over `rt-task`, with the timers of `rt-timer` and the channels of `rt-sync`.
//!
//! The same seed of the same program is the same play, step by step.

mod crowd;
mod laws;
pub mod programs;

use std::panic::{AssertUnwindSafe, catch_unwind};

use rt_task::base::rng::FastRng;
use rt_task::base::seam::{Choice, Choose};

use crate::cost::HERE;
use crate::machine::{Order, World};
use crate::play;
use programs::Program;

use crowd::Scene;

/// One play.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What is played.
    pub program: &'static Program,
    /// What chooses all else.
    pub seed: u64,
    /// How many; the seed says, if nobody does.
    pub workers: Option<usize>,
}

/// What came of a play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// How often another thread went on.
    pub switches: u64,
    /// Sums up what happened in which order.
    pub trace: u64,
    /// Tasks.
    pub tasks: u64,
    /// Polls of tasks.
    pub polls: u64,
    /// The most polls that came between a wake and the poll, and how many may there.
    pub overtaken: (u64, u64),
    /// The most polls on all threads between a wake and the poll, and of how many tasks, if threads went by
    /// their clocks.
    pub passed: (u64, u64),
    /// The longest wait of a task that could run, in ns, if threads went by their clocks.
    pub longest_ns: u64,
}

impl Case {
    fn rng(&self) -> FastRng {
        let name = self.program.name.bytes().fold(0_u64, |sum, byte| sum * 31 + u64::from(byte));
        FastRng::new(self.seed ^ name.rotate_left(40))
    }

    /// Plays it.
    ///
    /// # Errors
    /// What went wrong.
    pub fn play(&self) -> Result<Played, String> {
        let played = catch_unwind(AssertUnwindSafe(|| self.play_or_panic()));
        played.unwrap_or_else(|_| Err(format!("a thread panicked: {}", laws::panicked())))
    }

    fn play_or_panic(&self) -> Result<Played, String> {
        let rng = self.rng();
        let order = order(&rng);
        let workers = self.workers.unwrap_or(2 + rng.below(7, Choice::Tie) as usize);
        let world = World::new(HERE, order, self.seed);
        world.ends_within(END_NS);
        world.flatten();
        play::record(world);
        laws::begin(world);
        world.on_rest(|| match laws::ready() {
            0 => None,
            tasks => Some(format!("{tasks} tasks could run while all threads sleep")),
        });
        let Self { program, seed, .. } = *self;
        let timed = order == Order::Timed;
        world.play(move || Scene::play(program, rng, workers, seed, timed))?;
        let (futures, outputs) = laws::left();
        if futures + outputs != 0 {
            return Err(format!("{futures} futures and {outputs} outputs outlive the scheduler"));
        }
        let told = laws::told();
        Ok(Played {
            switches: world.switches(),
            trace: world.trace(),
            tasks: told.tasks,
            polls: told.polls,
            overtaken: told.overtaken,
            passed: if timed { told.passed } else { (0, 0) },
            longest_ns: if timed { told.longest_ns } else { 0 },
        })
    }
}

/// Half by chance, three eighths by rank, an eighth by the clocks.
fn order(rng: &FastRng) -> Order {
    const TURNS: [u32; 6] = [2, 4, 8, 16, 64, 256];
    match rng.below(8, Choice::Tie) {
        0 => Order::Timed,
        1..=3 => {
            let steps = 1 << (8 + rng.below(9, Choice::Tie));
            Order::Rank(rng.below(6, Choice::Tie), steps)
        }
        _ => Order::Chance(TURNS[rng.below(TURNS.len() as u32, Choice::Tie) as usize]),
    }
}

/// What takes longer does not end.
const END_NS: u64 = 500_000_000;

/// Each so-manieth seed is played twice.
const TWICE: u64 = 16;

/// `search PROGRAM WORKERS FIRST COUNT`, where the first two may be `all` and `any`.
///
/// # Errors
/// What went wrong, and how to see it again.
pub fn command(name: &str, workers: Option<usize>, first: u64, count: u64) -> Result<(), String> {
    let asked = |it: &&Program| name == "all" || it.name == name;
    let asked: Vec<&'static Program> = programs::ALL.iter().filter(asked).collect();
    if asked.is_empty() {
        let names: Vec<_> = programs::ALL.iter().map(|it| it.name).collect();
        return Err(format!("no program `{name}`; there are {}", names.join(", ")));
    }
    laws::hush();
    let mut plays = 0;
    for program in asked {
        let mut sum = Played::default();
        for seed in first..first + count {
            let case = Case { program, seed, workers };
            let played = case.play().and_then(|played| match seed % TWICE {
                0 if case.play()? != played => Err("its second play went otherwise".into()),
                _ => Ok(played),
            });
            let played = played.map_err(|wrong| told(&case, &wrong))?;
            plays += 1;
            sum.switches += played.switches;
            sum.tasks += played.tasks;
            sum.polls += played.polls;
            sum.longest_ns = sum.longest_ns.max(played.longest_ns);
            if played.passed.0 > sum.passed.0 {
                sum.passed = played.passed;
            }
            if played.overtaken.0 > sum.overtaken.0 {
                sum.overtaken = played.overtaken;
            }
        }
        let (overtaken, bound) = sum.overtaken;
        println!(
            "{:<9} {count} seeds, {} tasks, {} polls, {} switches; overtaken {overtaken} of {bound}; \
             passed by {} of {}; waited {:.2} ms",
            program.name,
            sum.tasks,
            sum.polls,
            sum.switches,
            sum.passed.0,
            sum.passed.1,
            sum.longest_ns as f64 / 1e6
        );
    }
    println!("searched: {plays} plays, nothing wrong");
    Ok(())
}

fn told(case: &Case, wrong: &str) -> String {
    let Case { program: Program { name, .. }, seed, workers } = case;
    let again = match workers {
        None => format!("cargo xtask verify search --seed {seed} --only {name}"),
        Some(workers) => {
            format!("cargo xtask scaling --search {workers} --seed {seed} --only {name}")
        }
    };
    format!("{name}, seed {seed}: {wrong}\nagain: {again}")
}
