//! What can be told of a task from outside, at any time.

use alloc::string::String;
use core::fmt;
use core::panic::Location;

use crate::TaskId;
use crate::header::Header;
use crate::wait::{Wait, Waiting};

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
    /// What it does.
    pub state: TaskState,
    /// Whether it was told to end, by `abort` or a shutdown, and has not yet.
    pub aborted: bool,
    /// How often it was polled.
    pub polls: u32,
    /// What it waits for: the last leaf that pended in its last poll, and how many leaves did.
    /// None while it runs, and if no leaf told.
    pub wait: Option<(Wait, u8)>,
    /// What it waited for the last time that it waited for anything that told. For a task that runs, what
    /// its poll began with.
    pub last_wait: Option<Wait>,
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TaskState {
    /// It is being polled, or its future dropped.
    Running,
    /// It was woken, and waits for its turn.
    Scheduled,
    /// It waits to be woken.
    Idle,
    /// It has ended.
    Ended,
}

impl TaskState {
    /// A word for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Scheduled => "scheduled",
            Self::Idle => "idle",
            Self::Ended => "ended",
        }
    }
}

impl TaskInfo {
    pub(crate) fn read(header: &Header) -> Self {
        let mut info = Self::read_unnamed(header);
        info.name = header.name().map(String::from);
        info
    }

    /// Without the name, which costs an allocation.
    pub(crate) fn read_unnamed(header: &Header) -> Self {
        let seen = header.state.glimpse();
        let Waiting { is_running, pended, last } = header.waiting();
        // Of a task that was woken the object is not known any more: its word may link a queue.
        let is_known = !is_running && !header.state.glimpse().is_scheduled;
        let last = last.map(|wait| Wait { object: if is_known { wait.object } else { 0 }, ..wait });
        let state = match seen.is_scheduled {
            _ if seen.is_over => TaskState::Ended,
            true if is_running => TaskState::Running,
            true => TaskState::Scheduled,
            false => TaskState::Idle,
        };
        Self {
            id: header.id,
            name: None,
            location: header.location(),
            state,
            aborted: seen.is_cancelled,
            polls: header.polls(),
            wait: last.filter(|_| pended > 0).map(|wait| (wait, pended)),
            last_wait: last,
        }
    }

    /// A task in its very first poll, of which no more is known.
    pub(crate) fn first_poll(id: TaskId, location: &'static Location<'static>) -> Self {
        Self {
            id,
            name: None,
            location,
            state: TaskState::Running,
            aborted: false,
            polls: 1,
            wait: None,
            last_wait: None,
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

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
