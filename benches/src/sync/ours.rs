//! `rt-sync`, on any runtime.
#![allow(clippy::duplicate_mod, reason = "one text, compiled for either family")]

use super::Family;
use crate::op::{Group, Operation};
use crate::subject::Subject;

/// What the names of the workloads mean here.
mod family {
    pub(super) use rt_sync::{
        Barrier, CancellationToken, Mutex, Notify, OnceCell, RwLock, Semaphore, broadcast, mpsc,
        oneshot, watch,
    };
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

/// Our channels and locks.
#[derive(Debug)]
pub enum Ours {}

impl Family for Ours {
    const PACKAGE: &'static str = "rt-sync";

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
