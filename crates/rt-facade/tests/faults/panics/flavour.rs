//! The flavours, as one.

use std::future::Future;

use rt_facade::runtime::{Builder, Handle, LocalOptions, LocalRuntime, Runtime};
use rt_facade::task::{JoinHandle, LocalSet};

use crate::support::multi;

/// Where tasks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    Current,
    Multi(usize),
    SetOnCurrent,
    SetOnMulti,
    Local,
}

impl Flavour {
    pub(crate) fn builder(self) -> Builder {
        match self {
            Self::Multi(workers) => multi(workers),
            Self::SetOnMulti => multi(2),
            _ => Builder::new_current_thread(),
        }
    }

    pub(crate) fn build(self, builder: &mut Builder) -> Ground {
        builder.enable_all();
        if self == Self::Local {
            return Ground::Local(builder.build_local(LocalOptions::default()).unwrap());
        }
        let runtime = builder.build().expect("a runtime can be built");
        match self {
            Self::SetOnCurrent | Self::SetOnMulti => Ground::Set(LocalSet::new(), runtime),
            _ => Ground::Shared(runtime),
        }
    }

    /// Whether tasks run on threads of the runtime's own.
    pub(crate) fn has_workers(self) -> bool {
        matches!(self, Self::Multi(_))
    }
}

/// A runtime, and where on it tasks are spawned. A set is dropped before its runtime.
pub(crate) enum Ground {
    Shared(Runtime),
    Set(LocalSet, Runtime),
    Local(LocalRuntime),
}

impl Ground {
    pub(crate) fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match self {
            Self::Shared(runtime) => runtime.spawn(future),
            Self::Set(set, _) => set.spawn_local(future),
            Self::Local(runtime) => runtime.spawn_local(future),
        }
    }

    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self {
            Self::Shared(runtime) => runtime.block_on(future),
            Self::Set(set, runtime) => set.block_on(runtime, future),
            Self::Local(runtime) => runtime.block_on(future),
        }
    }

    pub(crate) fn handle(&self) -> &Handle {
        match self {
            Self::Shared(runtime) | Self::Set(_, runtime) => runtime.handle(),
            Self::Local(runtime) => runtime.handle(),
        }
    }
}
