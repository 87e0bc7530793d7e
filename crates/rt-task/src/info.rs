//! What can be told of a task from outside, at any time.

use alloc::string::String;
use core::fmt;
use core::panic::Location;

use crate::TaskId;
use crate::header::Header;
use crate::wait::Wait;

/// A snapshot of a task. Its parts may be of slightly different moments: it is for people.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TaskInfo {
    /// The id.
    pub id: TaskId,
    /// The name, if it was given one.
    pub name: Option<String>,
    /// Where it was spawned.
    pub location: &'static Location<'static>,
    /// How often it was polled.
    pub polls: u32,
    /// What its last pending poll waits for, and among how many leaves that was the last.
    pub wait: Option<(Wait, u8)>,
}

impl TaskInfo {
    pub(crate) fn read(header: &Header) -> Self {
        Self {
            id: header.id,
            name: header.name().map(String::from),
            location: header.location(),
            polls: header.polls(),
            wait: header.wait(),
        }
    }
}

impl fmt::Display for TaskInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.id)?;
        if let Some(name) = &self.name {
            write!(f, " `{name}`")?;
        }
        write!(f, " spawned at {}", self.location)
    }
}
