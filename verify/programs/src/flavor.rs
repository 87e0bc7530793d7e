//! The runtimes on which a program is run.

use std::fmt;
use std::io;
use std::str::FromStr;

use rt_facade::runtime::{Builder, Handle, LocalOptions, LocalRuntime, Runtime};
use rt_facade::task::LocalSet;
use rt_facade::time::Duration;

use crate::program::Ending;

/// A runtime to run a program on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// One thread, its clock paused.
    Current,
    /// One thread, its clock running.
    Running,
    /// Tasks that stay on their thread, its clock paused.
    LocalRuntime,
    /// The same in a set, its clock paused.
    LocalSet,
    /// So many workers.
    Multi(u8),
}

impl Flavor {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Current,
        Self::Running,
        Self::LocalRuntime,
        Self::LocalSet,
        Self::Multi(1),
        Self::Multi(2),
        Self::Multi(4),
    ];

    /// Whether tasks may not leave their thread.
    #[must_use]
    pub fn is_local(self) -> bool {
        matches!(self, Self::LocalRuntime | Self::LocalSet)
    }

    /// Whether the clock runs.
    #[must_use]
    pub fn clock_runs(self) -> bool {
        matches!(self, Self::Running | Self::Multi(_))
    }

    /// Whether it has threads of its own.
    #[must_use]
    pub fn is_multi(self) -> bool {
        matches!(self, Self::Multi(_))
    }
}

impl fmt::Display for Flavor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current => f.write_str("current"),
            Self::Running => f.write_str("running"),
            Self::LocalRuntime => f.write_str("local-runtime"),
            Self::LocalSet => f.write_str("local-set"),
            Self::Multi(workers) => write!(f, "multi-{workers}"),
        }
    }
}

impl FromStr for Flavor {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|flavor| flavor.to_string() == name);
        found.ok_or_else(|| {
            format!("no flavour `{name}`; there are {:?}", Self::ALL.map(|it| it.to_string()))
        })
    }
}

/// A runtime of any flavour.
pub(crate) enum Engine {
    Runtime(Runtime),
    Local(LocalRuntime),
    Set(Runtime, LocalSet),
}

impl Engine {
    pub(crate) fn new(flavor: Flavor) -> io::Result<Self> {
        let mut builder = match flavor {
            Flavor::Multi(_) => Builder::new_multi_thread(),
            _ => Builder::new_current_thread(),
        };
        builder.enable_all().max_blocking_threads(4);
        if let Flavor::Multi(workers) = flavor {
            builder.worker_threads(workers.into());
        }
        builder.start_paused(!flavor.clock_runs());
        Ok(match flavor {
            Flavor::LocalRuntime => Self::Local(builder.build_local(LocalOptions::default())?),
            Flavor::LocalSet => Self::Set(builder.build()?, LocalSet::new()),
            _ => Self::Runtime(builder.build()?),
        })
    }

    pub(crate) fn handle(&self) -> &Handle {
        match self {
            Self::Runtime(runtime) | Self::Set(runtime, _) => runtime.handle(),
            Self::Local(runtime) => runtime.handle(),
        }
    }

    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self {
            Self::Runtime(runtime) => runtime.block_on(future),
            Self::Local(runtime) => runtime.block_on(future),
            Self::Set(runtime, set) => runtime.block_on(set.run_until(future)),
        }
    }

    pub(crate) fn end(self, ending: Ending) {
        // Far more than anybody needs.
        let limit = Duration::from_secs(100);
        match (self, ending) {
            (Self::Runtime(runtime), Ending::Timeout) => runtime.shutdown_timeout(limit),
            (Self::Runtime(runtime), Ending::Background) => runtime.shutdown_background(),
            (Self::Runtime(runtime), _) => drop(runtime),
            (Self::Local(runtime), Ending::Timeout) => runtime.shutdown_timeout(limit),
            (Self::Local(runtime), Ending::Background) => runtime.shutdown_background(),
            (Self::Local(runtime), _) => drop(runtime),
            // A set may outlive the runtime that polled it.
            (Self::Set(runtime, set), Ending::Dropped) => {
                drop(runtime);
                drop(set);
            }
            (Self::Set(runtime, set), ending) => {
                drop(set);
                Self::Runtime(runtime).end(ending);
            }
        }
    }
}
