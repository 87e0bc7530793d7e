//! Who waits for whom: the waits for locks, and the circles that they form.
//!
//! Every lock knows who got it, and where that was asked for; every wait knows its task and its line. A task
//! that waits for a lock waits for who holds it. Where following that leads back to its start, nobody in the
//! circle will ever go on.
//!
//! Only what is held by tasks is seen: mutexes, `RwLock`s, semaphores and cells being filled. Of several that
//! hold something at once the last is known, so a circle through such is possible, not certain.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt;
use core::panic::Location;

use rt_task::wait::WaitKind;
use rt_task::{TaskId, TaskInfo, TaskState};

use crate::base::holder::{Held, Who};
use crate::base::registry;

/// A wait for a lock, a permit or a cell.
#[derive(Clone, Copy, Debug)]
pub struct LockWait {
    task: Option<TaskId>,
    kind: WaitKind,
    object: usize,
    at: &'static Location<'static>,
    holder: Option<LockHolder>,
}

/// Who holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockHolder {
    task: Option<TaskId>,
    since: &'static Location<'static>,
    is_alone: bool,
}

/// Tasks that wait for each other in a circle, and will for ever.
///
/// Its `Display` is for people: a line for each.
#[derive(Clone, Debug)]
pub struct Deadlock {
    members: Vec<Deadlocked>,
    is_certain: bool,
}

/// A task in a [`Deadlock`].
#[derive(Clone, Debug)]
pub struct Deadlocked {
    task: TaskId,
    info: Option<TaskInfo>,
    wait: LockWait,
    holder: LockHolder,
}

/// Every wait for a lock in this process, at one moment.
///
/// # Cost
/// A lock of the registry, and one of each primitive that somebody has ever waited for.
#[must_use]
pub fn lock_waits() -> Vec<LockWait> {
    registry::waits()
}

/// Every circle of tasks that wait for each other in this process.
///
/// As nothing is known of the tasks but their ids, none is called certain; the `deadlocks` of `rt-facade` looks
/// them up. A task that waits on an executor without task ids is not seen.
///
/// # Cost
/// That of [`lock_waits`], and a search that grows with the waits.
#[must_use]
pub fn deadlocks() -> Vec<Deadlock> {
    deadlocks_among(|_| None)
}

/// [`deadlocks`], with what `look_up` tells of a task.
///
/// A circle is certain if each of its tasks waits for nothing else, if what each waits for is held by one task
/// alone, and if none was polled between two looks at all of it.
#[must_use]
pub fn deadlocks_among(mut look_up: impl FnMut(TaskId) -> Option<TaskInfo>) -> Vec<Deadlock> {
    let mut found = Vec::new();
    for circle in circles(&lock_waits()) {
        let infos: Vec<_> = circle.iter().map(|wait| wait.task.and_then(&mut look_up)).collect();
        // A second look at the locks: what has changed since was no deadlock.
        let again = lock_waits();
        let still = |wait: &LockWait| again.iter().any(|other| other.is_same(wait));
        if !circle.iter().all(still) {
            continue;
        }
        let is_stuck = |(wait, before): (&LockWait, &Option<TaskInfo>)| {
            let (Some(before), Some(after)) = (before, wait.task.and_then(&mut look_up)) else {
                return false;
            };
            let waits_for_one = after.wait.is_some_and(|(_, leaves)| leaves == 1);
            let is_alone = wait.holder.is_some_and(|holder| holder.is_alone);
            let is_idle = after.state == TaskState::Idle && before.polls == after.polls;
            waits_for_one && is_alone && is_idle
        };
        let is_certain = circle.iter().zip(&infos).all(is_stuck);
        let members = circle.iter().zip(infos).filter_map(|(wait, info)| {
            Some(Deadlocked { task: wait.task?, info, wait: *wait, holder: wait.holder? })
        });
        found.push(Deadlock { members: members.collect(), is_certain });
    }
    found
}

/// The circles among `waits`: each leads from a task to the one that holds what it waits for, and back.
fn circles(waits: &[LockWait]) -> Vec<Vec<LockWait>> {
    let mut waits: Vec<_> = waits.iter().filter(|wait| wait.task.is_some()).copied().collect();
    waits.sort_by_key(|wait| wait.task);
    let first_of = |task| waits.partition_point(|wait| wait.task < Some(task));
    let mut found: Vec<Vec<LockWait>> = Vec::new();
    let mut done = BTreeSet::new(); // they led to everything that they lead to
    for start in waits.iter().filter_map(|wait| wait.task) {
        if done.contains(&start) {
            continue;
        }
        // Depth first: on the path, each task with the place of the wait of its that is to be followed next.
        let mut path: Vec<(TaskId, usize)> = alloc::vec![(start, first_of(start))];
        while let Some((task, next)) = path.last_mut() {
            let task = *task;
            let Some(wait) = waits.get(*next).filter(|wait| wait.task == Some(task)) else {
                done.insert(task);
                path.pop();
                continue;
            };
            *next += 1;
            let Some(holder) = wait.holder.and_then(|holder| holder.task) else { continue };
            if done.contains(&holder) {
                continue;
            }
            match path.iter().position(|(on_path, _)| *on_path == holder) {
                // Each on the path has just looked at the wait that leads on.
                Some(at) => {
                    found.push(path[at..].iter().map(|(_, next)| waits[next - 1]).collect())
                }
                None => path.push((holder, first_of(holder))),
            }
        }
    }
    found
}

impl LockWait {
    pub(crate) fn new(object: usize, who: Who, holder: Option<LockHolder>) -> Self {
        Self { task: who.task, kind: who.kind, object, at: who.site, holder }
    }

    /// Who waits. `None` outside of tasks, and on an executor that is not of this runtime.
    #[must_use]
    pub fn task(&self) -> Option<TaskId> {
        self.task
    }

    /// What sort of thing it waits for.
    #[must_use]
    pub fn kind(&self) -> WaitKind {
        self.kind
    }

    /// A number that tells one lock from another.
    #[must_use]
    pub fn object(&self) -> usize {
        self.object
    }

    /// Where it was asked for.
    #[must_use]
    pub fn at(&self) -> &'static Location<'static> {
        self.at
    }

    /// Who holds it, as far as that is known: of several, who came last.
    #[must_use]
    pub fn holder(&self) -> Option<LockHolder> {
        self.holder
    }

    /// Whether nothing has changed since `other`.
    fn is_same(&self, other: &Self) -> bool {
        let all = |wait: &Self| (wait.task, wait.object, wait.at, wait.holder);
        all(self) == all(other)
    }
}

impl LockHolder {
    /// The task. `None` outside of tasks, and on an executor that is not of this runtime.
    #[must_use]
    pub fn task(&self) -> Option<TaskId> {
        self.task
    }

    /// Where it asked for what it holds.
    #[must_use]
    pub fn since(&self) -> &'static Location<'static> {
        self.since
    }

    /// Whether nobody holds it together with this one.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.is_alone
    }
}

impl From<Held> for LockHolder {
    fn from(held: Held) -> Self {
        Self { task: held.task, since: held.site, is_alone: held.is_alone }
    }
}

impl Deadlock {
    /// The tasks, each of which waits for the next, and the last for the first.
    #[must_use]
    pub fn members(&self) -> &[Deadlocked] {
        &self.members
    }

    /// Whether none of them can ever go on by itself. If not, it may be that a task waits for something else,
    /// too, or that others hold what it waits for.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.is_certain
    }
}

impl Deadlocked {
    /// The task.
    #[must_use]
    pub fn task(&self) -> TaskId {
        self.task
    }

    /// What else is known of the task.
    #[must_use]
    pub fn info(&self) -> Option<&TaskInfo> {
        self.info.as_ref()
    }

    /// What it waits for.
    #[must_use]
    pub fn wait(&self) -> &LockWait {
        &self.wait
    }

    /// Who holds that: the next task of the circle.
    #[must_use]
    pub fn holder(&self) -> &LockHolder {
        &self.holder
    }
}

/// Who holds a lock, for people.
impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_alone { "held by " } else { "held by several, the last " })?;
        match self.task {
            Some(task) => write!(f, "task {task}")?,
            None => f.write_str("who is no task")?,
        }
        write!(f, " since {}", self.since)
    }
}

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.is_certain { "deadlock" } else { "possible deadlock" };
        match self.members.len() {
            1 => writeln!(f, "{how}: a task waits for itself")?,
            n => writeln!(f, "{how}: {n} tasks wait for each other")?,
        }
        for member in &self.members {
            writeln!(f, "  {member}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Deadlocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { task, info, wait, holder } = self;
        match info {
            Some(info) => write!(f, "{info}")?,
            None => write!(f, "task {task}")?,
        }
        write!(f, " waits at {} for a {} that is {holder}", wait.at, wait.kind.as_str())
    }
}

#[cfg(test)]
mod tests;
