//! tokio's primitives.

use super::Family;
use crate::op::{Group, Operation};
use crate::subject::Subject;

/// What the names of the workloads mean here.
mod family {
    pub(super) use tokio::sync::{
        Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, broadcast, mpsc, oneshot, watch,
    };
    pub(super) use tokio_util::sync::CancellationToken;
}

#[path = "work/channels.rs"]
mod channels;
#[path = "work/fans.rs"]
mod fans;
#[path = "work/locks.rs"]
mod locks;
#[path = "work/signals.rs"]
mod signals;

/// tokio's channels and locks.
#[derive(Debug)]
pub enum Theirs {}

impl Family for Theirs {
    const PACKAGE: &'static str = "tokio";

    fn operations<S: Subject>() -> Vec<Operation<S>> {
        Group::Sync.of_all([locks::all(), channels::all(), fans::all(), signals::all()])
    }
}
