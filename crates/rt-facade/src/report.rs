//! What a shutdown waited for in vain.

use std::fmt;

use rt_task::TaskInfo;

use crate::scheduler::Left;

/// What a runtime's shutdown waited for in vain.
#[derive(Debug)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Tasks that were being polled and did not pend in time: id, name, where each was spawned, and what it
    /// waited for before it was polled (`last_wait`).
    pub tasks: Vec<TaskInfo>,
    /// How many tasks had not ended.
    pub alive_tasks: u64,
    /// Worker threads in the middle of a poll.
    pub busy_workers: usize,
    /// What the blocking pool still runs.
    pub blocking: rt_blocking::Report,
}

impl ShutdownReport {
    pub(crate) fn new(left: Left, blocking: Option<rt_blocking::Report>) -> Self {
        let Left { tasks, alive_tasks, busy_workers } = left;
        Self { tasks, alive_tasks, busy_workers, blocking: blocking.unwrap_or_default() }
    }

    /// Whether nothing of the runtime is left.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.alive_tasks == 0 && self.busy_workers == 0 && self.blocking.is_complete()
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.alive_tasks {
            0 => f.write_str("every task has ended")?,
            1 => f.write_str("1 task is still being polled")?,
            n => write!(f, "{n} tasks are still being polled")?,
        }
        for task in &self.tasks {
            write!(f, "; {task}, {} in poll {}", task.state, task.polls)?;
            if let Some(wait) = task.last_wait {
                write!(f, " after waiting for {} at {}", wait.kind.as_str(), wait.site)?;
            }
        }
        write!(f, "; {}", self.blocking)
    }
}
