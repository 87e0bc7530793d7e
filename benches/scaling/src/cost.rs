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

/// A virtual machine of two processors (AMD EPYC of family 26, Linux 6.18), as `scaling measure` on it says.
pub const HERE: Costs = Costs {
    name: "here",
    load: 0.3,
    store: 0.3,
    modify: 7.0,
    fence: 7.0,
    near: 100.0,
    far: 100.0,
    group: 192,
    spin: 39.0,
    yields: 400.0,
    wake: 4_000.0,
    latency: 19_000.0,
    slack: 85_000.0,
};

/// A wake-up of an operation's own code: what one worker takes by measurement, less what the model
/// charges for memory.
pub const POLL: f64 = 40.0;
/// The same of a spawn.
pub const SPAWN: f64 = 60.0;
