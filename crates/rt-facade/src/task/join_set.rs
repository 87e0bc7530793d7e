//! A set of tasks that are awaited in the order in which they end: spawning into `rt_task::JoinSet`.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::{Location, resume_unwind};
use std::task::{Context, Poll};

pub use rt_task::{JoinNext, JoinNextWithId};

use rt_task::{AbortHandle, JoinError, JoinHandle};

use super::{Builder as TaskBuilder, Id, LocalSet};
use crate::runtime::Handle;

/// A set of tasks with outputs of one type, awaited in the order in which they end.
///
/// Costs no allocation per member but what its tables double by. To await the next takes as long whether
/// there are ten members or a hundred thousand: only those that have ended are looked at. Dropping the set
/// aborts every member.
///
/// ```
/// use rt_facade::task::JoinSet;
///
/// # let runtime = rt_facade::runtime::Runtime::new()?;
/// # runtime.block_on(async {
/// let mut set = JoinSet::new();
/// for n in 1..=10 {
///     set.spawn(async move { n * n });
/// }
/// let mut sum = 0;
/// while let Some(square) = set.join_next().await {
///     sum += square.unwrap();
/// }
/// assert_eq!(sum, 385);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct JoinSet<T> {
    inner: rt_task::JoinSet<T>,
}

impl<T> JoinSet<T> {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self { inner: rt_task::JoinSet::new() }
    }

    /// How many members there are: those whose output was not taken yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// Asks every member to end at its next yield point. They stay members until they are taken, and then
    /// say cancelled, unless they have ended before.
    pub fn abort_all(&mut self) {
        self.inner.abort_all();
    }

    /// Lets every member go on alone. The set is empty then.
    pub fn detach_all(&mut self) {
        self.inner.detach_all();
    }

    /// Takes the output of a member that has ended, if there is one.
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.inner.try_join_next()
    }

    /// The same, and tells the member's id.
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        self.inner.try_join_next_with_id()
    }
}

impl<T: 'static> JoinSet<T> {
    /// Spawns `future` on the entered runtime. It starts by itself.
    ///
    /// # Panics
    /// If no runtime is entered on this thread: names the call site and the fix.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.insert(super::spawn(future))
    }

    /// Spawns `future` on the runtime of `handle`.
    #[track_caller]
    pub fn spawn_on<F>(&mut self, future: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.insert(handle.spawn(future))
    }

    /// Spawns `future` on the entered set or local runtime.
    ///
    /// # Panics
    /// Outside of both: names the call site and the fix.
    #[track_caller]
    pub fn spawn_local<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(super::spawn_local(future))
    }

    /// Spawns `future` on `set`.
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, future: F, set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(set.spawn_local(future))
    }

    /// Runs `closure` on a thread that may block. Once it has started, aborting does nothing.
    ///
    /// # Panics
    /// If no runtime is entered on this thread: names the call site and the fix.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, closure: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.insert(super::spawn_blocking(closure))
    }

    /// Runs `closure` on a thread of the pool of `handle`.
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, closure: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.insert(handle.spawn_blocking(closure))
    }

    /// Options for the next member.
    pub fn build_task(&mut self) -> Builder<'_, T> {
        Builder { set: self, inner: TaskBuilder::new() }
    }

    /// Makes a task a member that was spawned elsewhere, also if it has ended.
    ///
    /// # Panics
    /// If its output was taken from the handle before.
    #[track_caller]
    pub fn insert(&mut self, handle: JoinHandle<T>) -> AbortHandle {
        self.inner.insert(handle)
    }

    /// Waits until a member has ended, and takes its output. `None` once the set is empty. Members come
    /// in the order in which they end.
    ///
    /// Cancel safe: a member's output is taken by the poll that hands it out.
    #[track_caller]
    pub fn join_next(&mut self) -> JoinNext<'_, T> {
        self.inner.join_next()
    }

    /// The same, and tells the member's id.
    #[track_caller]
    pub fn join_next_with_id(&mut self) -> JoinNextWithId<'_, T> {
        self.inner.join_next_with_id()
    }

    /// Polls for the end of a member: [`join_next`](Self::join_next). The waker of the last poll is woken;
    /// `None` once the set is empty.
    #[track_caller]
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.inner.poll_join_next(cx)
    }

    /// The same, and tells the member's id.
    #[track_caller]
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        self.inner.poll_join_next_with_id(cx)
    }

    /// Waits for every member, and gives their outputs in the order in which they ended.
    ///
    /// Not cancel safe: dropping it drops the set, hence aborts what is left.
    ///
    /// # Panics
    /// With the panic of the first member that panicked, or if one was cancelled. The rest is aborted then.
    #[track_caller]
    pub fn join_all(self) -> impl Future<Output = Vec<T>> {
        join_all(self, Location::caller())
    }

    /// Aborts every member, and waits until the last is dropped. The set is empty then.
    ///
    /// Cancel safe: those that are left are members still, and aborted.
    #[track_caller]
    pub fn shutdown(&mut self) -> impl Future<Output = ()> {
        shutdown(self, Location::caller())
    }
}

async fn join_all<T: 'static>(mut set: JoinSet<T>, site: &'static Location<'static>) -> Vec<T> {
    let mut outputs = Vec::with_capacity(set.len());
    while let Some(joined) = set.inner.join_next_at(site).await {
        match joined.map_err(JoinError::try_into_panic) {
            Ok(output) => outputs.push(output),
            Err(Ok(payload)) => resume_unwind(payload),
            Err(Err(error)) => panic!("`JoinSet::join_all` at {site}: {error}"),
        }
    }
    outputs
}

async fn shutdown<T: 'static>(set: &mut JoinSet<T>, site: &'static Location<'static>) {
    set.abort_all();
    while set.inner.join_next_at(site).await.is_some() {}
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Spawns each future on the entered runtime.
impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    #[track_caller]
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        for future in futures {
            self.spawn(future);
        }
    }
}

/// Spawns each future on the entered runtime.
impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut set = Self::new();
        set.extend(futures);
        set
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// Options for a member to be spawned. See [`JoinSet::build_task`], and [`task::Builder`](TaskBuilder) for
/// errors and panics.
#[derive(Debug)]
#[must_use = "a builder spawns nothing by itself"]
pub struct Builder<'a, T> {
    set: &'a mut JoinSet<T>,
    inner: TaskBuilder,
}

impl<T: 'static> Builder<'_, T> {
    /// Names the task, for people: a dump shows it. Costs an allocation.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { inner: self.inner.name(name), ..self }
    }

    /// Spawns `future` on the entered runtime.
    ///
    /// # Errors
    /// Never yet.
    ///
    /// # Panics
    /// If no runtime is entered on this thread.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let handle = self.inner.spawn(future)?;
        Ok(self.set.insert(handle))
    }

    /// Spawns `future` on the runtime of `handle`.
    ///
    /// # Errors
    /// Never yet.
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, handle: &Handle) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let handle = self.inner.spawn_on(future, handle)?;
        Ok(self.set.insert(handle))
    }

    /// Spawns `future` on the entered set or local runtime.
    ///
    /// # Errors
    /// Never yet.
    ///
    /// # Panics
    /// Outside of both.
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        let handle = self.inner.spawn_local(future)?;
        Ok(self.set.insert(handle))
    }

    /// Spawns `future` on `set`.
    ///
    /// # Errors
    /// Never yet.
    #[track_caller]
    pub fn spawn_local_on<F>(self, future: F, set: &LocalSet) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        let handle = self.inner.spawn_local_on(future, set)?;
        Ok(self.set.insert(handle))
    }

    /// Runs `closure` on a thread that may block.
    ///
    /// # Errors
    /// Never yet.
    ///
    /// # Panics
    /// If no runtime is entered on this thread.
    #[track_caller]
    pub fn spawn_blocking<F>(self, closure: F) -> io::Result<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let handle = self.inner.spawn_blocking(closure)?;
        Ok(self.set.insert(handle))
    }

    /// Runs `closure` on a thread of the pool of `handle`.
    ///
    /// # Errors
    /// Never yet.
    #[track_caller]
    pub fn spawn_blocking_on<F>(self, closure: F, handle: &Handle) -> io::Result<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let handle = self.inner.spawn_blocking_on(closure, handle)?;
        Ok(self.set.insert(handle))
    }
}
