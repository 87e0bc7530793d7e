//! What every task of a runtime does, at one moment: the answer to "why is it stuck?".
//!
//! A dump is taken from any thread, also while all workers are stuck. It waits for no task and no
//! worker: it reads what they wrote down, each shard of the registry under its own lock, which nobody
//! holds over foreign code. Its parts may be of slightly different moments.
//!
//! # What is in it
//! Every task that was polled at least once and has not ended, whatever it does now. Tasks that were never
//! polled are counted: they lie in a queue, and nothing is known of them yet. Tasks of a `LocalSet` are
//! in the dump of each runtime that has polled the set.
//!
//! # How to read it
//! | column      | tells                                                                            |
//! |-------------|----------------------------------------------------------------------------------|
//! | `TASK`      | the id, and the name if it was given one                                         |
//! | `STATE`     | `running`: it is being polled; `scheduled`: woken, and waits for its turn; `idle`: waits to be woken |
//! | `POLLS`     | how often it was polled                                                          |
//! | `WAITS FOR` | kind and object of what it waits for                                             |
//! | `AT`        | where that was asked for: the line that made the future it waits in              |
//!
//! With `last of n` a task waits for any of n things, or all, in one poll (`select!`, `join!`), and the last
//! one that was looked at is shown. A running task waits for nothing; `since` tells what it waited for
//! before this poll. An `idle` task without anything in the last two columns waits for a future that tells
//! nothing, such as a channel of another crate. `aborted` stands beside a task that was told to end and has
//! not: it does not return from its poll, or was not polled since.
//!
//! After the place of a wait for a lock it says who holds that, and where that was asked for.
//! [`deadlocks`](crate::sync::deadlocks) tells who waits for each other.
//!
//! Of a task that was woken, and was not polled since, the object is not known any more.
//!
//! The object of `join` is the id of the task that is waited for (and the line is where that was spawned),
//! of a socket the descriptor, of `time` how long is left, of `signal` its number, of `child` the process; of others a number that tells one from another.

mod by_env;
mod gather;
mod json;
mod table;

use std::fmt;
use std::panic::Location;
use std::time::Duration;

#[doc(inline)]
pub use rt_task::TaskState;
#[doc(inline)]
pub use rt_task::wait::WaitKind;

use rt_sync::LockHolder;
use rt_task::TaskInfo;
use rt_task::wait::Wait;

pub(crate) use self::by_env::ByEnv;
use crate::label::{Id, Label};
use crate::task;
use crate::time::Instant;

/// What every task of a runtime does, at one moment. Made by [`Handle::dump`](crate::runtime::Handle::dump).
///
/// Its `Display` is for people: at most some hundred lines, those tasks together that were spawned at one
/// place, and no more than a few of those that are alike. Its methods, and [`to_json`](Self::to_json), tell
/// everything.
#[derive(Clone, Debug)]
pub struct Dump {
    pub(crate) label: Label,
    pub(crate) workers: Vec<WorkerDump>,
    /// In the order of their ids.
    pub(crate) tasks: Vec<TaskDump>,
    pub(crate) alive: u64,
    pub(crate) never_polled: u64,
    pub(crate) shared_queue: u64,
    pub(crate) blocking: Vec<BlockingDump>,
    pub(crate) blocking_queue: usize,
}

impl Dump {
    /// The runtime's id.
    #[must_use]
    pub fn runtime_id(&self) -> Id {
        self.label.id
    }

    /// The runtime's name, if it was given one.
    #[must_use]
    pub fn runtime_name(&self) -> Option<&str> {
        self.label.name.as_deref()
    }

    /// Where the runtime was built.
    #[must_use]
    pub fn runtime_built_at(&self) -> &'static Location<'static> {
        self.label.built
    }

    /// Every task that was polled at least once and has not ended, in the order of their ids.
    #[must_use]
    pub fn tasks(&self) -> &[TaskDump] {
        &self.tasks
    }

    /// What is known of each worker.
    #[must_use]
    pub fn workers(&self) -> &[WorkerDump] {
        &self.workers
    }

    /// How many tasks are alive, those that were never polled included.
    #[must_use]
    pub fn alive_tasks(&self) -> u64 {
        self.alive
    }

    /// How many tasks were never polled: they wait in a queue. See [`WorkerDump::queued`].
    #[must_use]
    pub fn never_polled(&self) -> u64 {
        self.never_polled
    }

    /// How many tasks wait in the queue that all workers share: those that came from outside.
    #[must_use]
    pub fn global_queue_depth(&self) -> u64 {
        self.shared_queue
    }

    /// Closures that run on the blocking pool.
    #[must_use]
    pub fn blocking(&self) -> &[BlockingDump] {
        &self.blocking
    }

    /// How many closures wait for a thread of the blocking pool.
    #[must_use]
    pub fn blocking_queue_depth(&self) -> usize {
        self.blocking_queue
    }

    /// All of it as one JSON object, for machines.
    ///
    /// Keys are named as the methods here; `state` and `kind` are words, places are `file:line:column`, spans
    /// are in nanoseconds, and what is not known is left out.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::write(self)
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table::write(self, f)
    }
}

/// What is known of one worker.
#[derive(Clone, Debug)]
pub struct WorkerDump {
    pub(crate) queued: usize,
    pub(crate) never_polled: u64,
    pub(crate) polls: u64,
    pub(crate) first_poll: Option<task::Id>,
}

impl WorkerDump {
    /// How many tasks wait in its queue, polled before or not. On the single-thread flavour, when the driver
    /// was last turned.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queued
    }

    /// How many tasks in its queue were never polled, at most. Exact on the single-thread flavour. With
    /// more workers it is not counted which of the queued tasks those are: no more than are queued
    /// here, and no more than there are at all.
    #[must_use]
    pub fn never_polled(&self) -> u64 {
        self.never_polled
    }

    /// How many polls it has made.
    #[must_use]
    pub fn polls(&self) -> u64 {
        self.polls
    }

    /// The task whose very first poll it is in, if it is.
    #[must_use]
    pub fn first_poll(&self) -> Option<task::Id> {
        self.first_poll
    }
}

/// What is known of one task.
#[derive(Clone, Debug)]
pub struct TaskDump {
    pub(crate) info: TaskInfo,
    pub(crate) waits_for: Option<WaitDump>,
    pub(crate) last_wait: Option<WaitDump>,
}

impl TaskDump {
    /// `now` is the time by the runtime's clock, if it has a timer.
    pub(crate) fn new(info: TaskInfo, now: Option<Instant>) -> Self {
        let dump = |wait| WaitDump::new(wait, now);
        Self {
            waits_for: info.wait.map(|(wait, _)| dump(wait)),
            last_wait: info.last_wait.map(dump),
            info,
        }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> task::Id {
        self.info.id
    }

    /// The name, if it was given one. (That of a task in its first poll is not known yet.)
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.info.name.as_deref()
    }

    /// Where it was spawned.
    #[must_use]
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.info.location
    }

    /// What it does.
    #[must_use]
    pub fn state(&self) -> TaskState {
        self.info.state
    }

    /// Whether it was told to end, and has not.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        self.info.aborted
    }

    /// How often it was polled.
    #[must_use]
    pub fn polls(&self) -> u32 {
        self.info.polls
    }

    /// What it waits for: of several things, the last that its last poll looked at. `None` while it runs, and
    /// if it waits for what tells nothing.
    #[must_use]
    pub fn waits_for(&self) -> Option<&WaitDump> {
        self.waits_for.as_ref()
    }

    /// How many things it waits for, as far as they tell; 254 stands for more.
    #[must_use]
    pub fn leaves(&self) -> u8 {
        self.info.wait.map_or(0, |(_, leaves)| leaves)
    }

    /// What it waits for, or waited for the last time that it waited for anything that tells.
    #[must_use]
    pub fn last_wait(&self) -> Option<&WaitDump> {
        self.last_wait.as_ref()
    }
}

/// What a task waits for.
#[derive(Clone, Copy, Debug)]
pub struct WaitDump {
    wait: Wait,
    left: Option<Duration>,
    pub(crate) holder: Option<LockHolder>,
}

impl WaitDump {
    fn new(wait: Wait, now: Option<Instant>) -> Self {
        let left = || Some(Instant::of_wait(&wait)?.saturating_duration_since(now?));
        Self { left: left(), wait, holder: None }
    }

    /// What sort of thing.
    #[must_use]
    pub fn kind(&self) -> WaitKind {
        self.wait.kind
    }

    /// Which one of its kind. See the [module](self) for what the number is.
    #[must_use]
    pub fn object(&self) -> usize {
        self.wait.object
    }

    /// Where the future that waits was made; for [`Join`](WaitKind::Join), where the task that is waited for
    /// was spawned.
    #[must_use]
    pub fn at(&self) -> &'static Location<'static> {
        self.wait.site
    }

    /// Who holds what it waits for, if that is a lock, a permit or a cell of [`sync`](crate::sync).
    #[must_use]
    pub fn holder(&self) -> Option<LockHolder> {
        self.holder
    }

    /// How long is left, by the runtime's clock, of a wait for a point in time.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        self.left
    }
}

/// Kind and object, for people.
impl fmt::Display for WaitDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, object) = (self.wait.kind, self.wait.object);
        f.write_str(kind.as_str())?;
        match (kind, self.left) {
            (_, Some(left)) => write!(f, ", {left:.1?} left"),
            (WaitKind::Time | WaitKind::Yield, None) => Ok(()),
            (kind, _) if is_source(kind) => write!(f, ", {SOURCE} {object}"),
            (_, None) if object == 0 => Ok(()),
            (WaitKind::Join | WaitKind::Blocking | WaitKind::Lookup, _) => {
                write!(f, ", task {object}")
            }
            (WaitKind::Signal, _) => write!(f, " {object}"),
            (WaitKind::Child, _) => write!(f, ", process {object}"),
            (_, None) => write!(f, ", {object:#x}"),
        }
    }
}

/// Whether the object is a descriptor, of which zero is one.
fn is_source(kind: WaitKind) -> bool {
    matches!(kind, WaitKind::Readable | WaitKind::Writable | WaitKind::Accept | WaitKind::Connect)
}

/// What the object of a socket is.
const SOURCE: &str = if cfg!(unix) { "fd" } else { "socket" };

/// A closure that runs on the blocking pool.
#[derive(Clone, Debug)]
pub struct BlockingDump {
    pub(crate) running: rt_blocking::Running,
}

impl BlockingDump {
    /// The id.
    #[must_use]
    pub fn id(&self) -> task::Id {
        self.running.id
    }

    /// The name, if it was given one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.running.name.as_deref()
    }

    /// Where it was spawned.
    #[must_use]
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.running.location
    }
}

#[cfg(test)]
mod tests;
