//! The operations whose cost is measured.
//!
//! Each warms up, then runs `n` times between the two ends of a [`Meter`]. Whoever counts runs
//! it with two values of `n` and takes the difference, so that nothing outside the loop matters.
//! Some operations come in groups: there `n` is a multiple of the size of the group. Each checks
//! that what it asked for was done, so that a runtime that drops work fails instead of winning.
//!
//! Here is what an operation is and what all of them share. `table` names them, one table for
//! each [`Flavor`](crate::subject::Flavor); `task` wakes, spawns and yields, `crowd` has many
//! tasks that meet, `timer` arms sleeps that never fire, `due` waits for sleeps that do,
//! `outside` waits for sockets and other threads, `growth` does little among much, `rest`
//! measures what lies still.

mod crowd;
mod due;
mod growth;
mod outside;
mod rest;
mod table;
mod task;
mod timer;

use std::future::Future;
use std::hint::black_box;
use std::time::Duration;

use crate::meter::{Cost, Meter};
use crate::subject::Subject;

pub(crate) use table::Scale;
pub use table::all;

/// Runs before the meter starts.
pub(crate) const WARM_UP: u64 = 100;

/// Tasks at a time where an operation is about many.
const MANY: u64 = 1_000;

/// Tasks that wait where an operation is about a crowd.
const CROWD: u64 = 10_000;

/// Longer than anyone waits.
const FAR: Duration = Duration::from_secs(3_600);

/// One operation on one subject.
#[derive(Debug)]
pub struct Operation<S> {
    /// As it is called on the command line and in the table.
    pub name: String,
    /// What one operation is.
    pub about: &'static str,
    /// What is measured of it.
    pub kind: Kind,
    /// What it says something about.
    pub group: Group,
    /// Among how many of what it happens, where it is there to show how its cost grows.
    pub growth: Option<Growth>,
    /// The two values of `n` for counting.
    pub counts: (u64, u64),
    /// The value of `n` for timing.
    pub timed: u64,
    /// Its `n` is a multiple of this.
    pub least: u64,
    /// No other `n` than that for timing says the same.
    pub fixed: bool,
    run: Run<S>,
}

/// What an operation is given.
#[derive(Debug)]
enum Run<S> {
    /// A runtime.
    On(fn(S, u64) -> Cost),
    /// A runtime, and the size of the crowd.
    Among(fn(S, u64, u64) -> Cost),
    /// A number of workers: it makes its runtimes itself.
    Cold(fn(usize, u64) -> Cost),
}

impl<S: Subject> Operation<S> {
    /// Runs it `n` times, with so many workers where there are any.
    pub fn run(&self, workers: usize, n: u64) -> Cost {
        match self.run {
            Run::On(run) => run(S::new(workers), n),
            Run::Among(run) => run(S::new(workers), self.growth.map_or(0, |among| among.size), n),
            Run::Cold(run) => run(workers, n),
        }
    }
}

/// What is measured of an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Instructions, read-modify-writes, allocations, system calls; processor time.
    Steps,
    /// Processor time and time on the clock, and latency where it is told: threads meet as they
    /// will, so nothing is counted but wakes.
    Times,
    /// Resident bytes per task, once.
    Memory,
    /// Processor time and system calls of a stretch in which nothing happens.
    Idle,
}

/// What a workload says something about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Group {
    /// Spawns, wakes, yields, channels.
    Scheduler,
    /// Sleeps.
    Timer,
    /// Closures that block.
    Blocking,
    /// TCP and UDP, and servers.
    Sockets,
    /// Bytes per task.
    Memory,
    /// How soon, rather than how cheaply.
    Latency,
    /// Channels, locks and notification.
    Sync,
    /// Files, and what else reads and writes.
    Io,
}

/// How much there is of what a cost may grow with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// `tasks`, `timers` or `connections`.
    pub family: &'static str,
    /// So many of them.
    pub size: u64,
}

impl Group {
    /// As lists call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheduler => "scheduler",
            Self::Timer => "timer",
            Self::Blocking => "blocking",
            Self::Sockets => "sockets",
            Self::Memory => "memory",
            Self::Latency => "latency",
            Self::Sync => "sync",
            Self::Io => "io",
        }
    }
}

impl<S: Subject> Operation<S> {
    /// As `op list` prints it: columns that every operation has, then keys with values.
    pub fn line(&self) -> String {
        let Self { name, about, kind, group, growth, counts: (few, many), timed, least, .. } = self;
        let flavor = S::FLAVOR;
        let mut line = format!(
            "operation\t{flavor:?}\t{name}\t{kind:?}\t{few}\t{many}\t{timed}\t{about}\
             \tgroup={}\tstep={least}",
            group.name()
        );
        if let Some(Growth { family, size }) = growth {
            line += &format!("\tgrowth={family}:{size}");
        }
        if self.fixed {
            line += "\tn=fixed";
        }
        line
    }
}

/// Runs `op` so many times in the root future.
fn in_root<S: Subject>(mut runtime: S, n: u64, op: impl AsyncFnMut()) -> Cost {
    runtime.block_on(times(n, op))
}

/// Runs what measures itself as a task.
pub(crate) fn in_task<S: Subject>(
    mut runtime: S,
    measured: impl Future<Output = Cost> + Send + 'static,
) -> Cost {
    runtime.block_on(async { S::spawn(measured).await.expect("the workload does not panic") })
}

/// Warms up, then measures `op` so many times.
async fn times(n: u64, mut op: impl AsyncFnMut()) -> Cost {
    for _ in 0..WARM_UP {
        op().await;
    }
    let meter = Meter::start();
    for _ in 0..n {
        op().await;
    }
    meter.stop()
}

/// The same in rounds of `group` operations each, the first of which is the warm-up.
async fn rounds(n: u64, group: u64, mut round: impl AsyncFnMut()) -> Cost {
    round().await;
    let meter = Meter::start();
    for _ in 0..n / group {
        round().await;
    }
    meter.stop()
}

/// A unit is some seven nanoseconds of a processor of 2026, and the same for every subject.
pub(crate) fn work(units: u64) {
    const STEPS: u64 = 8;
    let mut value = black_box(units);
    for _ in 0..units * STEPS {
        value = black_box(value.wrapping_mul(31).rotate_left(7));
    }
}
