//! tokio's files, streams and children.
#![allow(clippy::duplicate_mod, reason = "one text, compiled for either family")]

use crate::op::{Group, Operation};
use crate::subject::Subject;
use crate::sync::Family;

/// What the names of the workloads mean here.
mod family {
    pub(super) use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
    #[cfg(unix)]
    pub(super) use tokio::process::Command;
    pub(super) use tokio::{fs, io, net};
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

/// tokio's.
#[derive(Debug)]
pub enum Theirs {}

impl Family for Theirs {
    const PACKAGE: &'static str = "tokio";

    fn operations<S: Subject>() -> Vec<Operation<S>> {
        Group::Io.of_all([file::all(), stream::all(), child::all()])
    }
}
