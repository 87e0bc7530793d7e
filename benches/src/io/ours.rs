//! Our files, streams and children, on any runtime of ours.
#![allow(clippy::duplicate_mod, reason = "one text, compiled for either family")]

use crate::op::{Group, Operation};
use crate::subject::Subject;
use crate::sync::Family;

/// What the names of the workloads mean here.
mod family {
    pub(super) use rt_facade::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
    #[cfg(unix)]
    pub(super) use rt_facade::process::Command;
    pub(super) use rt_facade::{fs, io, net};
}

#[cfg(unix)]
#[path = "work/child.rs"]
mod child;
#[cfg(not(unix))]
#[path = "work/no_child.rs"]
mod child;
#[path = "work/file.rs"]
mod file;
#[path = "work/stream.rs"]
mod stream;

/// Ours.
#[derive(Debug)]
pub enum Ours {}

impl Family for Ours {
    const PACKAGE: &'static str = "rt-facade";

    fn operations<S: Subject>() -> Vec<Operation<S>> {
        Group::Io.of_all([file::all(), stream::all(), child::all()])
    }
}
