//! `rt-sync`, on any runtime.

use super::Family;
use crate::op::{Group, Operation};
use crate::subject::Subject;

/// Our channels and locks.
#[derive(Debug)]
pub enum Ours {}

impl Family for Ours {
    const PACKAGE: &'static str = "rt-sync";

    fn operations<S: Subject>() -> Vec<Operation<S>> {
        Group::Sync.of_all([])
    }
}
