//! The only file where all the pieces meet: swap a piece by changing a line here.

use std::io;
use std::time::Duration;

use rt_task::base::clock::{Monotonic, Pausable};
use rt_task::base::driver::{Driver, Polled, Reactor, Stack};
use rt_task::base::park::{RoamingPark, RoamingUnpark};
use rt_task::base::seam::{Unpark, Wakes};

/// Readiness, from the operating system.
pub(crate) type Io = rt_reactor::Driver;
/// The clock of the single-thread flavour: monotonic until a test pauses it.
pub(crate) type Clock = Pausable;
/// The clock of the multi-thread flavour.
pub(crate) type SteadyClock = Monotonic;
/// What the scheduler's thread turns. Without timers, `None` in their place.
pub(crate) type Stacked<C = Clock> = Stack<Waiter, Option<rt_timer::Driver>, C>;
/// The single-thread scheduler.
pub(crate) type Current = rt_sched_current::Executor<Stacked>;
/// The same, bound to a thread.
pub(crate) type Local = rt_sched_current::LocalExecutor<Stacked>;
/// Its remote half.
pub(crate) type CurrentSpawner = rt_sched_current::Spawner<<Stacked as Driver>::Unpark>;
/// The scheduler of many threads.
pub(crate) type Multi = rt_sched_multi::Pool<Stacked<SteadyClock>>;
/// Its remote half.
pub(crate) type MultiSpawner = rt_sched_multi::Spawner<Stacked<SteadyClock>>;
/// Threads for closures that block.
pub(crate) type BlockingPool = rt_blocking::Pool;

/// Where the thread waits: in the reactor if there is one.
#[derive(Debug)]
pub(crate) enum Waiter {
    Io(Io),
    Park(RoamingPark),
}

/// How it is called back.
#[derive(Clone, Debug)]
pub(crate) enum WaiterUnpark {
    Io(<Io as Reactor>::Unpark),
    Park(RoamingUnpark),
}

impl Reactor for Waiter {
    type Unpark = WaiterUnpark;

    fn sources(&self) -> usize {
        match self {
            Self::Io(io) => io.sources(),
            Self::Park(park) => park.sources(),
        }
    }

    fn poll(&mut self, timeout: Option<Duration>, out: &mut impl Wakes) -> io::Result<Polled> {
        match self {
            Self::Io(io) => io.poll(timeout, out),
            Self::Park(park) => park.poll(timeout, out),
        }
    }

    fn unparker(&self) -> WaiterUnpark {
        match self {
            Self::Io(io) => WaiterUnpark::Io(io.unparker()),
            Self::Park(park) => WaiterUnpark::Park(Reactor::unparker(park)),
        }
    }
}

impl Unpark for WaiterUnpark {
    fn unpark(&self) {
        match self {
            Self::Io(io) => io.unpark(),
            Self::Park(park) => park.unpark(),
        }
    }
}
