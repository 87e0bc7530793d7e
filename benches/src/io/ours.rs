//! Our files, on any runtime of ours.
#![allow(clippy::duplicate_mod, reason = "one text, compiled for either family")]

use crate::op::{Group, Operation};
use crate::subject::Subject;
use crate::sync::Family;

/// What the names of the workloads mean here.
mod family {
    pub(super) use rt_facade::fs;
    pub(super) use rt_facade::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
}

#[path = "work/file.rs"]
mod file;

/// Ours.
#[derive(Debug)]
pub enum Ours {}

impl Family for Ours {
    const PACKAGE: &'static str = "rt-fs";

    fn operations<S: Subject>() -> Vec<Operation<S>> {
        Group::Io.of_all([file::all()])
    }
}
