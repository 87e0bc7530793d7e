//! Who is told of a scheduler's tasks: when one is spawned, polled and ended, and how it panicked.
//!
//! A scheduler offers its [`Hooks`] by [`Schedule::hooks`](crate::Schedule::hooks). A spawn asks
//! for them, and notes in the task's head whether there are any: a poll of a task without
//! hooks costs one look at a word that it has loaded, and its end costs nothing.
//!
//! # When each runs, and where
//!
//! | hook | when | on which thread |
//! |------|------|-----------------|
//! | spawn | in `spawn`, before the task can run | that which spawns |
//! | before poll | before each poll of the future | that which polls |
//! | after poll | after each poll, also the last and one that panicked; if that was the last, the future is gone | that which polls |
//! | panic | when the task has ended by a panic, before the next | that which polled or dropped it |
//! | terminate | once a task, however it ends (output, panic, abort, shutdown), when its future is gone and before who joins it is woken | that which polled or dropped it |
//!
//! So who awaits a task finds that its hooks have run. An output that nobody takes is dropped after
//! that. In the hooks around a poll the task is the current one ([`current_id`](crate::current_id)),
//! and the task-locals that it inherited are in scope; in the others it is not.
//!
//! # A hook that panics
//! ends at the panic, and that is all: the panic is contained, the task goes on as if the hook had
//! returned, and no worker is lost. (Who set a panic hook by `std::panic::set_hook` is told, as of
//! every panic.)
//!
//! Closures on a blocking pool are no tasks of a scheduler: no hook is told of them.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::panic::Location;

use crate::TaskId;
use crate::header::Header;
use crate::panic::{Payload, contain, text};

/// Functions that are told of a scheduler's tasks. See the table in `hooks.rs`.
///
/// There is one of each sort: setting one again replaces it.
#[derive(Clone, Default)]
pub struct Hooks {
    spawn: Option<TaskHook>,
    before_poll: Option<TaskHook>,
    after_poll: Option<TaskHook>,
    terminate: Option<TaskHook>,
    panic: Option<PanicHook>,
    fatal: bool,
}

type TaskHook = Arc<dyn Fn(&TaskMeta<'_>) + Send + Sync>;
type PanicHook = Arc<dyn Fn(&TaskPanic) + Send + Sync>;

impl Hooks {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `hook` in each spawn, before the task can run. A spawn in it comes back to it.
    pub fn on_spawn(&mut self, hook: impl Fn(&TaskMeta<'_>) + Send + Sync + 'static) -> &mut Self {
        self.spawn = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` before each poll.
    pub fn on_before_poll(
        &mut self,
        hook: impl Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    ) -> &mut Self {
        self.before_poll = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` after each poll.
    pub fn on_after_poll(
        &mut self,
        hook: impl Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    ) -> &mut Self {
        self.after_poll = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` once a task, when its future is gone.
    pub fn on_terminate(
        &mut self,
        hook: impl Fn(&TaskMeta<'_>) + Send + Sync + 'static,
    ) -> &mut Self {
        self.terminate = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` for each task that ends by a panic.
    pub fn on_panic(&mut self, hook: impl Fn(&TaskPanic) + Send + Sync + 'static) -> &mut Self {
        self.panic = Some(Arc::new(hook));
        self
    }

    /// Makes a run that ends a task by a panic return [`Ran::Fatal`](crate::Ran::Fatal), so that
    /// the scheduler shuts down.
    pub fn panics_are_fatal(&mut self) -> &mut Self {
        self.fatal = true;
        self
    }

    /// Whether a panic is to shut the scheduler down.
    #[must_use]
    pub fn are_panics_fatal(&self) -> bool {
        self.fatal
    }

    /// To be shared with a scheduler; `None` if nothing is set, which costs tasks less than hooks
    /// that do nothing.
    #[must_use]
    pub fn share(&self) -> Option<Arc<Self>> {
        let Self { spawn, before_poll, after_poll, terminate, panic, fatal } = self;
        let hooks = [spawn, before_poll, after_poll, terminate];
        let is_set = hooks.iter().any(|hook| hook.is_some()) || panic.is_some() || *fatal;
        is_set.then(|| Arc::new(self.clone()))
    }

    pub(crate) fn spawned(&self, task: &TaskMeta<'_>) {
        tell(&self.spawn, task);
    }

    pub(crate) fn poll_begins(&self, task: &TaskMeta<'_>) {
        tell(&self.before_poll, task);
    }

    pub(crate) fn poll_ended(&self, task: &TaskMeta<'_>) {
        tell(&self.after_poll, task);
    }

    pub(crate) fn terminated(&self, task: &TaskMeta<'_>) {
        tell(&self.terminate, task);
    }

    /// A task has ended by a panic. It comes back if it is fatal.
    pub(crate) fn panicked(&self, header: &Header, payload: &Payload) -> Option<Box<TaskPanic>> {
        if self.panic.is_none() && !self.fatal {
            return None;
        }
        let told = Box::new(TaskPanic::new(header, payload));
        if let Some(hook) = &self.panic {
            contain(|| hook(&told));
        }
        self.fatal.then_some(told)
    }
}

/// Runs `hook`, if there is one. Its panic ends there.
fn tell(hook: &Option<TaskHook>, task: &TaskMeta<'_>) {
    if let Some(hook) = hook {
        contain(|| hook(task));
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("spawn", &self.spawn.is_some())
            .field("before_poll", &self.before_poll.is_some())
            .field("after_poll", &self.after_poll.is_some())
            .field("terminate", &self.terminate.is_some())
            .field("panic", &self.panic.is_some())
            .field("panics_are_fatal", &self.fatal)
            .finish()
    }
}

/// What a hook is told of a task.
pub struct TaskMeta<'a> {
    header: &'a Header,
}

impl<'a> TaskMeta<'a> {
    pub(crate) fn new(header: &'a Header) -> Self {
        Self { header }
    }

    /// The task's id.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.header.id
    }

    /// The task's name, if it was given one.
    #[must_use]
    pub fn name(&self) -> Option<&'a str> {
        self.header.name()
    }

    /// Where the task was spawned.
    #[must_use]
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.header.location()
    }

    /// How often the task has been polled, the poll included that a hook runs before or after.
    #[must_use]
    pub fn polls(&self) -> u32 {
        self.header.polls()
    }
}

impl fmt::Debug for TaskMeta<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskMeta")
            .field("id", &self.id())
            .field("name", &self.name())
            .field("spawned_at", &format_args!("{}", self.spawned_at()))
            .field("polls", &self.polls())
            .finish()
    }
}

/// A task that ended by a panic: one that its future's poll let out, or its future's drop.
#[derive(Clone, Debug)]
pub struct TaskPanic {
    id: TaskId,
    name: Option<String>,
    spawned_at: &'static Location<'static>,
    message: Option<String>,
}

impl TaskPanic {
    fn new(header: &Header, payload: &Payload) -> Self {
        Self {
            id: header.id,
            name: header.name().map(String::from),
            spawned_at: header.location(),
            message: text(payload).map(String::from),
        }
    }

    /// The task's id.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// The task's name, if it was given one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where the task was spawned.
    #[must_use]
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.spawned_at
    }

    /// What it panicked with, if that was text.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

impl fmt::Display for TaskPanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.id)?;
        if let Some(name) = &self.name {
            write!(f, " `{name}`")?;
        }
        write!(f, " spawned at {} panicked", self.spawned_at)?;
        match &self.message {
            Some(message) => write!(f, " with message {message:?}"),
            None => Ok(()),
        }
    }
}

#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
