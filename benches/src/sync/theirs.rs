//! tokio's primitives.
#![allow(clippy::duplicate_mod, reason = "one text, compiled for either family")]

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

#[path = "work/barrier.rs"]
mod barrier;
#[path = "work/broadcast.rs"]
mod broadcast;
#[path = "work/cancel.rs"]
mod cancel;
#[path = "work/mpsc.rs"]
mod mpsc;
#[path = "work/mutex.rs"]
mod mutex;
#[path = "work/notify.rs"]
mod notify;
#[path = "work/once_cell.rs"]
mod once_cell;
#[path = "work/oneshot.rs"]
mod oneshot;
#[path = "work/rwlock.rs"]
mod rwlock;
#[path = "work/semaphore.rs"]
mod semaphore;
#[path = "work/watch.rs"]
mod watch;

/// tokio's channels and locks.
#[derive(Debug)]
pub enum Theirs {}

impl Family for Theirs {
    const PACKAGE: &'static str = "tokio";

    fn operations<S: Subject>() -> Vec<Operation<S>> {
        Group::Sync.of_all([
            mutex::all(),
            rwlock::all(),
            semaphore::all(),
            once_cell::all(),
            oneshot::all(),
            mpsc::all(),
            watch::all(),
            broadcast::all(),
            notify::all(),
            barrier::all(),
            cancel::all(),
        ])
    }
}
