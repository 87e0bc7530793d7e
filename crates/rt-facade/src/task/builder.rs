//! Spawning with options.

use std::future::Future;
use std::io;

use rt_task::JoinHandle;

use super::LocalSet;
use super::local::spawn_local_entered;
use crate::handle;
use crate::runtime::Handle;

/// Options for a task to be spawned.
///
/// Each way to spawn returns `io::Result`, as the model runtime's does; none of them fails yet.
///
/// ```
/// # let runtime = rt_facade::runtime::Runtime::new()?;
/// # runtime.block_on(async {
/// let task = rt_facade::task::Builder::new().name("adder").spawn(async { 40 + 2 })?;
/// assert_eq!(task.info().name.as_deref(), Some("adder"));
/// assert_eq!(task.await?, 42);
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "a builder spawns nothing by itself"]
pub struct Builder {
    inner: rt_task::Builder,
}

impl Builder {
    /// No options yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the task, for people: a dump shows it. Costs an allocation.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { inner: self.inner.name(name) }
    }

    /// Spawns `future` on the entered runtime. See [`spawn`](super::spawn).
    ///
    /// # Errors
    /// Never yet.
    ///
    /// # Panics
    /// If no runtime is entered on this thread: names the call site and the fix.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Ok(handle::spawn_entered("task::Builder::spawn", self.inner, future))
    }

    /// Spawns `future` on the runtime of `handle`.
    ///
    /// # Errors
    /// Never yet.
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, handle: &Handle) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Ok(handle.spawn_with(self.inner, future))
    }

    /// Spawns `future` on the entered set or local runtime. See [`spawn_local`](super::spawn_local).
    ///
    /// # Errors
    /// Never yet.
    ///
    /// # Panics
    /// Outside of both: names the call site and the fix.
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        Ok(spawn_local_entered("task::Builder::spawn_local", self.inner, future))
    }

    /// Spawns `future` on `set`.
    ///
    /// # Errors
    /// Never yet.
    #[track_caller]
    pub fn spawn_local_on<F>(self, future: F, set: &LocalSet) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        Ok(set.spawn_local_with(self.inner, future))
    }

    /// Runs `closure` on a thread that may block. See [`spawn_blocking`](super::spawn_blocking).
    ///
    /// # Errors
    /// Never yet.
    ///
    /// # Panics
    /// If no runtime is entered on this thread: names the call site and the fix.
    #[track_caller]
    pub fn spawn_blocking<F, R>(self, closure: F) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        Ok(handle::spawn_blocking_entered(self.inner, closure))
    }

    /// Runs `closure` on a thread of the pool of `handle`.
    ///
    /// # Errors
    /// Never yet.
    #[track_caller]
    pub fn spawn_blocking_on<F, R>(self, closure: F, handle: &Handle) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        Ok(handle.spawn_blocking_with(self.inner, closure))
    }
}
