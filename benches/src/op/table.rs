//! Which operations there are, by flavour, and how often each is run.

use super::{Group, Growth, Kind, Operation, Run, crowd, due, growth, outside, rest, task, timer};
use crate::meter::Cost;
use crate::subject::{Flavor, Subject};

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
    let scheduler = Group::Scheduler.of(vec![
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
        TEN_THOUSANDS.timed("spawn_many_inside", "one of 10,000 tasks that a task spawns and waits for", crowd::spawn_many_inside),
        TEN_THOUSANDS.timed("spawn_many_outside", "the same from the root future", crowd::spawn_many_outside),
        GROUPS.timed("chained_spawn", "a link of a chain of 1,000 tasks, each spawned by the one before", crowd::chained_spawn),
        GROUPS.timed("oneshot_pairs", "one of 1,000 pairs of new tasks that exchange a value each", crowd::oneshot_pairs),
        FEW.timed("ping_pong", "a round trip between two tasks over bounded channels", crowd::ping_pong),
        STORMS.timed("wake_storm", "one of 128 waiting tasks woken by another, waiting again", crowd::wake_storm),
        PRODUCERS.timed("fan_in", "a message of one of 16 tasks to one, over a bounded channel", crowd::fan_in),
        FEW.of("block_on_ready", "`block_on` of a future that is ready at once", task::block_on_ready),
        COLD.cold("block_on_cold", "a runtime made, a `block_on` as above, the runtime dropped", task::cold_block_on::<S>),
    ]);
    let timer = Group::Timer.of(vec![
        FEW.of("sleep_drop", "a sleep polled once, dropped; one outstanding", timer::sleep_drop_root),
        FEW.of("sleep_drop_alone", "the same, none outstanding", timer::sleep_drop_alone_root),
        FEW.timed("sleep_drop_among_10k", "the same in a task, 10,000 outstanding", timer::sleep_drop_among),
        FEW.timed("timeout_yield", "a sleep polled, a yield, the sleep dropped; none outstanding", timer::timeout_yield),
    ]);
    let sockets = Group::Sockets.of(vec![
        SOCKETS.of("udp_round_trip", "a datagram there and back, two tasks", outside::udp_round_trip),
        SOCKETS.of("tcp_echo", "64 bytes there and back, two tasks", outside::tcp_echo),
    ]);
    let blocking = Group::Blocking.of(vec![
        SOCKETS.of("blocking_round_trip", "a closure that returns a number, on a thread that may block; awaited", outside::blocking_round_trip_root),
    ]);
    let memory = Group::Memory.of(vec![
        MILLION.of("memory_pending", "a task without state that waits", rest::memory_pending_root),
        MILLION.of("memory_sleeping", "a task that sleeps", rest::memory_sleeping_root),
    ]);
    let idle = Group::Scheduler.of(vec![
        SECOND.of("idle", "one second in which the root future sleeps", rest::idle_root),
    ]);
    [scheduler, timer, sockets, blocking, memory, idle, late(), grown()].into_iter().flatten().collect()
}

/// Tasks run on workers, so whatever is measured is a task, too.
#[rustfmt::skip] // A table: a line each.
fn multi<S: Subject>() -> Vec<Operation<S>> {
    let scheduler = Group::Scheduler.of(vec![
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
        SKEWED.of("skewed_fan_out", "one of 10,000 jobs of 20 us that one task spawns and waits for", crowd::skewed_fan_out),
        UNEVEN.of("uneven_fan_out", "one of 512 jobs of very unequal length that a task spawns", crowd::uneven_fan_out),
        PARKED.of("park_unpark", "a task of a parked worker woken by a foreign thread, which then sleeps", outside::park_unpark),
        FEW.of("block_on_ready", "`block_on` of a future that is ready at once", task::block_on_ready),
        COLD.cold("block_on_cold", "a runtime made, a `block_on` as above, the runtime dropped", task::cold_block_on::<S>),
    ]);
    let timer = Group::Timer.of(vec![
        FEW.of("sleep_drop", "a sleep polled once, dropped; one outstanding", timer::sleep_drop),
        FEW.of("sleep_drop_alone", "the same, none outstanding", timer::sleep_drop_alone),
        FEW.of("sleep_drop_among_10k", "the same, 10,000 outstanding", timer::sleep_drop_among),
        FEW.of("timeout_yield", "a sleep polled, a yield, the sleep dropped; none outstanding", timer::timeout_yield),
        FEW.timed("sleep_drop_from_two", "a sleep polled once, dropped, by two tasks on two workers", timer::sleep_drop_from_two),
    ]);
    let sockets = Group::Sockets.of(vec![
        SOCKETS.of("udp_round_trip", "a datagram there and back, two tasks", outside::udp_round_trip),
        SOCKETS.of("tcp_echo", "64 bytes there and back, two tasks", outside::tcp_echo),
    ]);
    let blocking = Group::Blocking.of(vec![
        SOCKETS.of("blocking_round_trip", "a closure that returns a number, on a thread that may block; awaited", outside::blocking_round_trip),
    ]);
    let memory = Group::Memory.of(vec![
        MILLION.of("memory_pending", "a task without state that waits", rest::memory_pending),
        MILLION.of("memory_sleeping", "a task that sleeps", rest::memory_sleeping),
    ]);
    let idle = Group::Scheduler.of(vec![
        SECOND.of("idle", "one second in which a task sleeps", rest::idle),
    ]);
    [scheduler, timer, sockets, blocking, memory, idle, late(), grown()].into_iter().flatten().collect()
}

/// How late, on either flavour.
#[rustfmt::skip] // A table: a line each.
fn late<S: Subject>() -> Vec<Operation<S>> {
    let timer = Group::Timer.of(vec![
        SLEEPS.of("sleeps_100k", "one of 100,000 tasks that sleep once, over a second; how late they wake", due::sleeps).fixed(),
        TICKS.of("interval_storm", "a tick of one of 1,000 tasks that tick every 1 to 10 ms; how late", due::interval_storm),
    ]);
    let latency = Group::Latency.of(vec![
        WAKES.of("wake_latency_idle", "from a wake by a foreign thread to the task's poll; nothing else to do", outside::wake_latency_idle),
        WAKES.cold("wake_latency_busy", "the same; tasks take turns of 10 us on every worker", outside::wake_latency_busy::<S>),
    ]);
    [timer, latency].into_iter().flatten().collect()
}

/// Little among more and more, on either flavour.
fn grown<S: Subject>() -> Vec<Operation<S>> {
    /// Up to what a machine of a few gigabytes holds of every subject.
    const SIZES: [u64; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];
    let tasks = |size| {
        Group::Scheduler.of(vec![
            CALLS.among(
                "wake_among",
                "one of so many waiting tasks woken, waiting again",
                Growth { family: "tasks", size },
                growth::wake_among,
            ),
            SPAWNS.among(
                "spawn_among",
                "a task that is ready at once, spawned and joined among so many that wait",
                Growth { family: "tasks", size },
                growth::spawn_among,
            ),
        ])
    };
    let timers = |size| {
        Group::Timer.of(vec![
            SPAWNS.among(
                "arm_among",
                "a sleep polled once, dropped; so many outstanding",
                Growth { family: "timers", size },
                growth::arm_among,
            ),
            FIRES.among(
                "fire_among",
                "a task that sleeps for a few milliseconds; so many more outstanding",
                Growth { family: "timers", size },
                growth::fire_among,
            ),
        ])
    };
    SIZES.into_iter().map(tasks).chain(SIZES.into_iter().map(timers)).flatten().collect()
}

/// How often operations of one sort are run.
pub(crate) struct Scale {
    pub(crate) kind: Kind,
    pub(crate) counts: (u64, u64),
    pub(crate) timed: u64,
    /// Of a group, where they come in groups.
    pub(crate) least: u64,
}

#[rustfmt::skip] // A table: a line each.
mod scales {
    use super::{Kind, Scale, crowd, due};

    pub(super) const FEW: Scale = Scale { kind: Kind::Steps, counts: (1_000, 3_000), timed: 500_000, least: 2 };
    pub(super) const SOCKETS: Scale = Scale { kind: Kind::Steps, counts: (200, 600), timed: 50_000, least: 1 };
    pub(super) const GROUPS: Scale = Scale { kind: Kind::Steps, counts: (2_000, 6_000), timed: 500_000, least: 1_000 };
    pub(super) const CROWDS: Scale = Scale { kind: Kind::Steps, counts: (10_000, 30_000), timed: 500_000, least: 10_000 };
    pub(super) const TEN_THOUSANDS: Scale = Scale { kind: Kind::Steps, counts: (10_000, 30_000), timed: 500_000, least: 10_000 };
    pub(super) const YIELDS: Scale = Scale { kind: Kind::Steps, counts: (40_000, 80_000), timed: 1_000_000, least: 40_000 };
    pub(super) const STORMS: Scale = Scale { kind: Kind::Steps, counts: (2_560, 7_680), timed: 512_000, least: 128 };
    pub(super) const PRODUCERS: Scale = Scale { kind: Kind::Steps, counts: (1_600, 4_800), timed: 480_000, least: 16 };
    pub(super) const SKEWED: Scale = Scale { kind: Kind::Times, counts: (10_000, 20_000), timed: 20_000, least: crowd::SKEWED };
    pub(super) const UNEVEN: Scale = Scale { kind: Kind::Times, counts: (512, 1_536), timed: 51_200, least: 512 };
    pub(super) const PARKED: Scale = Scale { kind: Kind::Steps, counts: (100, 300), timed: 300, least: 1 };
    pub(super) const COLD: Scale = Scale { kind: Kind::Times, counts: (20, 60), timed: 200, least: 1 };
    pub(super) const CALLS: Scale = Scale { kind: Kind::Times, counts: (1_000, 3_000), timed: 200_000, least: 100 };
    pub(super) const SPAWNS: Scale = Scale { kind: Kind::Times, counts: (1_000, 3_000), timed: 200_000, least: 1 };
    pub(super) const FIRES: Scale = Scale { kind: Kind::Times, counts: (1_000, 3_000), timed: 20_000, least: 1_000 };
    pub(super) const SLEEPS: Scale = Scale { kind: Kind::Times, counts: (1_000, 3_000), timed: 100_000, least: 1 };
    pub(super) const TICKS: Scale = Scale { kind: Kind::Times, counts: (8_200, 24_600), timed: 246_000, least: due::STRETCH_TICKS };
    pub(super) const WAKES: Scale = Scale { kind: Kind::Times, counts: (20, 60), timed: 500, least: 1 };
    pub(super) const MILLION: Scale = Scale { kind: Kind::Memory, counts: (0, 1_000_000), timed: 0, least: 1 };
    pub(super) const SECOND: Scale = Scale { kind: Kind::Idle, counts: (0, 4), timed: 0, least: 1 };
}
use scales::*;

impl Scale {
    pub(crate) fn of<S>(
        &self,
        name: &str,
        about: &'static str,
        run: fn(S, u64) -> Cost,
    ) -> Operation<S> {
        self.operation(name.to_owned(), about, None, Run::On(run))
    }

    /// The same for what is not counted.
    fn timed<S>(&self, name: &str, about: &'static str, run: fn(S, u64) -> Cost) -> Operation<S> {
        Self { kind: Kind::Times, ..*self }.of(name, about, run)
    }

    /// What makes its own runtimes.
    fn cold<S>(
        &self,
        name: &str,
        about: &'static str,
        run: fn(usize, u64) -> Cost,
    ) -> Operation<S> {
        self.operation(name.to_owned(), about, None, Run::Cold(run))
    }

    /// One of a family; its name says its size.
    fn among<S>(
        &self,
        stem: &str,
        about: &'static str,
        growth: Growth,
        run: fn(S, u64, u64) -> Cost,
    ) -> Operation<S> {
        let name = format!("{stem}_{}", growth.size);
        self.operation(name, about, Some(growth), Run::Among(run))
    }

    fn operation<S>(
        &self,
        name: String,
        about: &'static str,
        growth: Option<Growth>,
        run: Run<S>,
    ) -> Operation<S> {
        let Self { kind, counts, timed, least } = *self;
        // Whoever puts it into a table says of which group it is.
        let (group, fixed) = (Group::Scheduler, false);
        Operation { name, about, kind, group, growth, counts, timed, least, fixed, run }
    }
}

impl<S> Operation<S> {
    fn fixed(self) -> Self {
        Self { fixed: true, ..self }
    }
}

impl Group {
    pub(crate) fn of<S>(self, mut operations: Vec<Operation<S>>) -> Vec<Operation<S>> {
        for operation in &mut operations {
            operation.group = self;
        }
        operations
    }
}
