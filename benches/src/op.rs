//! The operations whose cost is measured.
//!
//! Each warms up, then runs `n` times between the two ends of a [`Meter`]. Whoever counts runs
//! it with two values of `n` and takes the difference, so that nothing outside the loop matters.
//! Some operations come in groups: there `n` is a multiple of the size of the group.
//!
//! Here are the tables, one for each [`Flavor`]; below are the workloads: `task` wakes, spawns
//! and yields, `crowd` has many tasks that meet, `timer` sleeps, `outside` waits for
//! sockets and other threads, `rest` measures what lies still.

mod crowd;
mod outside;
mod rest;
mod task;
mod timer;

use std::future::Future;
use std::time::Duration;

use crate::meter::{Cost, Meter};
use crate::subject::{Flavor, Subject};

/// Runs before the meter starts.
const WARM_UP: u64 = 100;

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
    pub name: &'static str,
    /// What one operation is.
    pub about: &'static str,
    /// What is measured of it.
    pub kind: Kind,
    /// The two values of `n` for counting.
    pub counts: (u64, u64),
    /// The value of `n` for timing.
    pub timed: u64,
    /// Runs it `n` times.
    pub run: fn(S, u64) -> Cost,
}

/// What is measured of an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Instructions, read-modify-writes, allocations, system calls; processor time.
    Steps,
    /// Processor time and time on the clock: threads meet as they will, so nothing is counted
    /// but wakes.
    Times,
    /// Resident bytes per task, once.
    Memory,
    /// Processor time and system calls of a stretch in which nothing happens.
    Idle,
}

/// Every operation on one subject.
pub fn all<S: Subject>() -> Vec<Operation<S>> {
    match S::FLAVOR {
        Flavor::Current => current(),
        Flavor::Multi => multi(),
    }
}

/// Tasks run on the thread of the root future.
#[rustfmt::skip] // A table: a line each.
fn current<S: Subject>() -> Vec<Operation<S>> {
    vec![
        FEW.of("self_wake", "a task wakes itself by reference and is polled", task::self_wake),
        FEW.of("self_wake_root", "the same in the root future", task::self_wake_root),
        FEW.of("clone_wake", "a task clones its waker, wakes it and is polled", task::clone_wake),
        FEW.of("hand_over", "a task wakes another by a stored waker, and waits", task::hand_over),
        FEW.of("spawn_await", "a task that is ready at once: spawned, joined", task::spawn_await),
        FEW.of("spawn_await_root", "the same from the root future", task::spawn_await_root),
        FEW.of("spawn_detached", "the same, handle dropped, then a yield", task::spawn_detached_root),
        GROUPS.of("spawn_many", "one of 1,000 tasks spawned, then joined", task::spawn_many),
        FEW.of("yield_alone", "a yield with nothing else to run", task::yield_alone),
        FEW.of("yield_alone_root", "the same in the root future", task::yield_alone_root),
        GROUPS.of("yield_many", "a yield among 1,000 tasks", task::yield_many),
        CROWDS.of("wake_parked", "one of 10,000 tasks woken, waiting again", task::wake_parked),
        FEW.of("sleep_drop", "a sleep polled once, dropped; one outstanding", timer::sleep_drop_root),
        FEW.of("sleep_drop_alone", "the same, none outstanding", timer::sleep_drop_alone_root),
        SOCKETS.of("udp_round_trip", "a datagram there and back, two tasks", outside::udp_round_trip),
        SOCKETS.of("tcp_echo", "64 bytes there and back, two tasks", outside::tcp_echo),
        SOCKETS.of("blocking_round_trip", "an empty blocking closure, awaited", outside::blocking_round_trip_root),
        FEW.of("block_on_ready", "`block_on` of a future that is ready at once", task::block_on_ready),
        MILLION.of("memory_pending", "a task without state that waits", rest::memory_pending_root),
        MILLION.of("memory_sleeping", "a task that sleeps", rest::memory_sleeping_root),
        SECOND.of("idle", "one second in which the root future sleeps", rest::idle_root),
    ]
}

/// Tasks run on workers, so whatever is measured is a task, too.
#[rustfmt::skip] // A table: a line each.
fn multi<S: Subject>() -> Vec<Operation<S>> {
    vec![
        FEW.of("self_wake", "a task wakes itself by reference and is polled", task::self_wake),
        FEW.of("clone_wake", "a task clones its waker, wakes it and is polled", task::clone_wake),
        FEW.of("hand_over", "a task wakes another by a stored waker, and waits", task::hand_over),
        FEW.of("spawn_await", "a task that is ready at once: spawned, joined", task::spawn_await),
        FEW.of("spawn_detached", "the same, handle dropped, then a yield", task::spawn_detached),
        FEW.of("yield_alone", "a yield with nothing else to run", task::yield_alone),
        TEN_THOUSANDS.of("spawn_many_inside", "one of 10,000 tasks that a task spawns and waits for", crowd::spawn_many_inside),
        TEN_THOUSANDS.timed("spawn_many_outside", "the same from the root future", crowd::spawn_many_outside),
        GROUPS.of("chained_spawn", "a link of a chain of 1,000 tasks, each spawned by the one before", crowd::chained_spawn),
        YIELDS.of("yield_many", "a yield among 200 tasks", crowd::yield_many),
        GROUPS.of("oneshot_pairs", "one of 1,000 pairs of new tasks that exchange a value each", crowd::oneshot_pairs),
        FEW.of("ping_pong", "a round trip between two tasks over bounded channels", crowd::ping_pong),
        STORMS.of("wake_storm", "one of 128 waiting tasks woken by another, waiting again", crowd::wake_storm),
        PRODUCERS.of("fan_in", "a message of one of 16 tasks to one, over a bounded channel", crowd::fan_in),
        SKEWED.timed("skewed_fan_out", "one of 512 tasks of very unequal length that a task spawns", crowd::skewed_fan_out),
        FEW.of("sleep_drop", "a sleep polled once, dropped; one outstanding", timer::sleep_drop),
        FEW.of("sleep_drop_alone", "the same, none outstanding", timer::sleep_drop_alone),
        FEW.of("sleep_drop_among_10k", "the same, 10,000 outstanding", timer::sleep_drop_among),
        FEW.of("timeout_yield", "a sleep polled, a yield, the sleep dropped; none outstanding", timer::timeout_yield),
        FEW.timed("sleep_drop_from_two", "a sleep polled once, dropped, by two tasks on two workers", timer::sleep_drop_from_two),
        SOCKETS.of("udp_round_trip", "a datagram there and back, two tasks", outside::udp_round_trip),
        SOCKETS.of("tcp_echo", "64 bytes there and back, two tasks", outside::tcp_echo),
        SOCKETS.of("blocking_round_trip", "an empty blocking closure, awaited", outside::blocking_round_trip),
        PARKED.of("park_unpark", "a task of a parked worker woken by a foreign thread, which then sleeps", outside::park_unpark),
        MILLION.of("memory_pending", "a task without state that waits", rest::memory_pending),
        MILLION.of("memory_sleeping", "a task that sleeps", rest::memory_sleeping),
        SECOND.of("idle", "one second in which a task sleeps", rest::idle),
    ]
}

/// How often operations of one sort are run.
struct Scale {
    kind: Kind,
    counts: (u64, u64),
    timed: u64,
}

impl Scale {
    fn of<S>(
        &self,
        name: &'static str,
        about: &'static str,
        run: fn(S, u64) -> Cost,
    ) -> Operation<S> {
        let Self { kind, counts, timed } = *self;
        Operation { name, about, kind, counts, timed, run }
    }

    /// The same for what is not counted.
    fn timed<S>(
        &self,
        name: &'static str,
        about: &'static str,
        run: fn(S, u64) -> Cost,
    ) -> Operation<S> {
        Self { kind: Kind::Times, ..*self }.of(name, about, run)
    }
}

const FEW: Scale = Scale { kind: Kind::Steps, counts: (1_000, 3_000), timed: 500_000 };
const SOCKETS: Scale = Scale { kind: Kind::Steps, counts: (200, 600), timed: 50_000 };
const GROUPS: Scale = Scale { kind: Kind::Steps, counts: (2_000, 6_000), timed: 500_000 };
const CROWDS: Scale = Scale { kind: Kind::Steps, counts: (10_000, 30_000), timed: 500_000 };
const TEN_THOUSANDS: Scale = Scale { kind: Kind::Steps, counts: (10_000, 30_000), timed: 500_000 };
const YIELDS: Scale = Scale { kind: Kind::Steps, counts: (40_000, 80_000), timed: 1_000_000 };
const STORMS: Scale = Scale { kind: Kind::Steps, counts: (2_560, 7_680), timed: 512_000 };
const PRODUCERS: Scale = Scale { kind: Kind::Steps, counts: (1_600, 4_800), timed: 480_000 };
const SKEWED: Scale = Scale { kind: Kind::Steps, counts: (512, 1_536), timed: 51_200 };
const PARKED: Scale = Scale { kind: Kind::Steps, counts: (100, 300), timed: 300 };
const MILLION: Scale = Scale { kind: Kind::Memory, counts: (0, 1_000_000), timed: 0 };
const SECOND: Scale = Scale { kind: Kind::Idle, counts: (0, 4), timed: 0 };

/// Runs `op` so many times in the root future.
fn in_root<S: Subject>(mut runtime: S, n: u64, op: impl AsyncFnMut()) -> Cost {
    runtime.block_on(times(n, op))
}

/// Runs what measures itself as a task.
fn in_task<S: Subject>(
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
