//! tokio's files.
#![allow(clippy::duplicate_mod, reason = "one text, compiled for either family")]

use crate::op::{Group, Operation};
use crate::subject::Subject;
use crate::sync::Family;

/// What the names of the workloads mean here.
mod family {
    pub(super) use tokio::fs;
    pub(super) use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
}

#[path = "work/file.rs"]
mod file;

/// tokio's.
#[derive(Debug)]
pub enum Theirs {}

impl Family for Theirs {
    const PACKAGE: &'static str = "tokio";

    fn operations<S: Subject>() -> Vec<Operation<S>> {
        Group::Io.of_all([file::all()])
    }
}
