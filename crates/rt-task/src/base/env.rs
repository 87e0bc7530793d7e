//! What a runtime offers to code that runs inside it, and how code is told what it does not.

use alloc::string::String;
use alloc::sync::{Arc, Weak};
use core::any::Any;
use core::fmt;
use core::panic::Location;
use core::ptr;

use super::seam::{Blocking, Clock, Delay, Listed, Lists};

/// The pieces that code may use once they are entered. Cheap to clone.
#[derive(Clone, Default)]
pub struct Env {
    pub(super) slots: Arc<Slots>,
}

#[derive(Clone, Default)]
pub(super) struct Slots {
    pub(super) name: Option<Arc<str>>,
    pub(super) io: Option<Arc<dyn Any + Send + Sync>>,
    pub(super) time: Option<Arc<dyn Any + Send + Sync>>,
    pub(super) delay: Option<Arc<dyn Delay>>,
    pub(super) blocking: Option<Arc<dyn Blocking>>,
    pub(super) clock: Option<Arc<dyn Clock>>,
    pub(super) spawner: Option<Arc<dyn Any + Send + Sync>>,
    pub(super) seed: Option<u64>,
    pub(super) lists: Option<Arc<dyn Lists>>,
}

impl Env {
    /// An environment that offers nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The environment, without keeping what it offers alive: for threads that its own pieces start.
    #[must_use]
    pub fn downgrade(&self) -> WeakEnv {
        WeakEnv { slots: Arc::downgrade(&self.slots) }
    }

    fn edit(mut self, f: impl FnOnce(&mut Slots)) -> Self {
        f(Arc::make_mut(&mut self.slots));
        self
    }

    /// Names the runtime, for messages.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        self.edit(|slots| slots.name = Some(name.into()))
    }

    /// Offers a reactor's handle.
    #[must_use]
    pub fn with_io<T: Any + Send + Sync>(self, handle: T) -> Self {
        self.edit(|slots| slots.io = Some(Arc::new(handle)))
    }

    /// Offers a timer, by its type and to those that may not name that.
    #[must_use]
    pub fn with_time<T: Delay + Any>(self, timer: Arc<T>) -> Self {
        self.edit(|slots| {
            slots.time = Some(timer.clone());
            slots.delay = Some(timer);
        })
    }

    /// Offers a place for closures that block.
    #[must_use]
    pub fn with_blocking(self, pool: Arc<dyn Blocking>) -> Self {
        self.edit(|slots| slots.blocking = Some(pool))
    }

    /// Offers a clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        self.edit(|slots| slots.clock = Some(clock))
    }

    /// Offers a place to spawn on.
    #[must_use]
    pub fn with_spawner<T: Any + Send + Sync>(self, spawner: T) -> Self {
        self.edit(|slots| slots.spawner = Some(Arc::new(spawner)))
    }

    /// Offers a place that is told of tasks which others keep.
    #[must_use]
    pub fn with_lists(self, lists: Arc<dyn Lists>) -> Self {
        self.edit(|slots| slots.lists = Some(lists))
    }

    /// Tells of `tasks`, if somebody wants to know.
    pub fn tell_of(&self, tasks: Weak<dyn Listed>) {
        if let Some(lists) = &self.slots.lists {
            lists.add(tasks);
        }
    }

    /// Makes the choices of a thread begin with `seed` whenever it begins to run this, so that they repeat.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        self.edit(|slots| slots.seed = Some(seed))
    }

    /// The place to spawn on that it offers, if it is of type `T`.
    #[must_use]
    pub fn spawner<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.slots.spawner.as_deref()?.downcast_ref()
    }
}

/// An [`Env`] that keeps nothing alive.
#[derive(Clone)]
pub struct WeakEnv {
    slots: Weak<Slots>,
}

impl WeakEnv {
    /// The environment, if somebody still keeps it.
    #[must_use]
    pub fn upgrade(&self) -> Option<Env> {
        Some(Env { slots: self.slots.upgrade()? })
    }

    /// Whether the slots are these.
    pub(super) fn is_of(&self, slots: *const Slots) -> bool {
        ptr::eq(self.slots.as_ptr(), slots)
    }
}

impl fmt::Debug for WeakEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakEnv").finish_non_exhaustive()
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env")
            .field("name", &self.slots.name)
            .field("io", &self.slots.io.is_some())
            .field("time", &self.slots.time.is_some())
            .field("blocking", &self.slots.blocking.is_some())
            .field("clock", &self.slots.clock.is_some())
            .field("spawner", &self.slots.spawner.is_some())
            .finish()
    }
}

/// A piece that code asked for and that is not entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// No environment is entered on this thread.
    Runtime,
    /// One is, and it has no reactor.
    Io,
    /// One is, and it has no timer.
    Time,
    /// One is, and it has no blocking pool.
    Blocking,
    /// One is, and nothing can be spawned on it.
    Spawner,
    /// No scheduler of tasks that stay on this thread is entered.
    Local,
}

impl Missing {
    /// The message for `what` (such as `TcpStream::connect`) called at `site`: what is missing,
    /// and how to mend it.
    #[must_use]
    pub fn message(self, what: &str, site: &Location<'_>) -> String {
        let (needs, fix) = match self {
            Self::Runtime => (
                "a runtime, and this thread has none",
                "call it inside `Runtime::block_on`, from a spawned task, or after `let _guard = handle.enter();`",
            ),
            Self::Io => (
                "an I/O driver, and the entered runtime has none",
                "build the runtime with `Builder::enable_io` or `Builder::enable_all`",
            ),
            Self::Time => (
                "a timer, and the entered runtime has none",
                "build the runtime with `Builder::enable_time` or `Builder::enable_all`",
            ),
            Self::Blocking => (
                "a pool for blocking work, and the entered runtime has none",
                "enter a runtime of `rt-facade`, or an `Env::with_blocking`",
            ),
            Self::Spawner => (
                "something to spawn on, and the entered environment has none",
                "enter a runtime of `rt-facade`, or an `Env::with_spawner`",
            ),
            Self::Local => (
                "a `LocalSet` or a `LocalRuntime`, and this thread runs inside neither",
                "call it inside `LocalSet::run_until`, in a task of the set, after `let _guard = set.enter();`, \
                 or inside a `LocalRuntime`; a future that is `Send` needs only `spawn`",
            ),
        };
        alloc::format!("`{what}` at {site} needs {needs}: {fix}")
    }
}

#[cfg(feature = "std")]
mod with_std {
    use super::{Location, Missing};

    impl Missing {
        /// The same as an I/O error, of kind `Other`.
        #[must_use]
        pub fn io_error(self, what: &str, site: &Location<'_>) -> std::io::Error {
            std::io::Error::other(self.message(what, site))
        }
    }
}
