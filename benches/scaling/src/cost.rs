//! What things cost in the simulation, and where each figure is from.

/// A set of costs, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    /// As it is called on the command line.
    pub name: &'static str,
    /// A load of a line that the processor has.
    pub load: f64,
    /// A store, which never waits: the processor buffers it.
    pub store: f64,
    /// A read-modify-write of a line that nobody else has.
    pub modify: f64,
    /// A full fence.
    pub fence: f64,
    /// A line that another processor has, near by.
    pub near: f64,
    /// The same from another group of processors.
    pub far: f64,
    /// Processors that are near each other.
    pub group: usize,
    /// A spin hint.
    pub spin: f64,
    /// `sched_yield` with nobody else there.
    pub yields: f64,
    /// To wake a sleeping thread, for who does it.
    pub wake: f64,
    /// From there until the other one runs.
    pub latency: f64,
    /// A wait with a bound ends so much later.
    pub slack: f64,
}

/// Two virtual processors (AMD EPYC of family 26, Linux 6.18): each figure is what `scaling measure` says
/// there, so with a line at the same price from every processor.
pub const HERE: Costs = Costs {
    name: "here",
    load: 0.3,
    store: 0.3,
    modify: 7.0,
    fence: 7.0,
    near: 100.0,
    far: 100.0,
    group: usize::MAX,
    spin: 39.0,
    yields: 400.0,
    wake: 4_000.0,
    latency: 19_000.0,
    slack: 85_000.0,
};

/// A large server without a hypervisor. Not measured: groups of eight processors that share a cache; within
/// one a line takes half as long as between two processors here, from another one half as long again;
/// a call takes the 5 µs that `docs/decisions/0005-whom-to-call-and-when.md` reckons with, a quarter of
/// it the caller's.
pub const METAL: Costs = Costs {
    name: "metal",
    near: 50.0,
    far: 150.0,
    group: 8,
    yields: 200.0,
    wake: 1_250.0,
    latency: 5_000.0,
    slack: 55_000.0,
    ..HERE
};

/// Both, by name.
pub const ALL: [Costs; 2] = [HERE, METAL];

/// A task's poll, apart from shared memory: so that a yield costs one worker the processor time that it
/// does on the machine of [`HERE`], which is 26 ns.
pub const POLL: f64 = 5.0;
/// A spawn, apart from shared memory: the same by `chained_spawn`, 86 ns.
pub const SPAWN: f64 = 53.0;
/// What a spawn costs more when 10,000 tasks are made before the first ends, and so is no cache large
/// enough: the same by `spawn_inside`, 720 ns. Half of it is put down to who spawns, half to who polls.
pub const CROWDED: f64 = 600.0;
