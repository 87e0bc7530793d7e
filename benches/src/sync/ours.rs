//! `rt-sync`, on any runtime.

use super::Family;
use crate::op::{Group, Operation};
use crate::subject::Subject;

/// What the names of the workloads mean here.
mod family {
    pub(super) use rt_sync::oneshot;
}

#[path = "work/oneshot.rs"]
mod oneshot;

/// Our channels and locks.
#[derive(Debug)]
pub enum Ours {}

impl Family for Ours {
    const PACKAGE: &'static str = "rt-sync";

    fn operations<S: Subject>() -> Vec<Operation<S>> {
        Group::Sync.of_all([oneshot::all()])
    }
}
