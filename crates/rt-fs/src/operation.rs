//! One closure on the blocking pool as a future: what every function here returns.

use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rt_task::base::context;
use rt_task::base::seam::{Blocking, Rejected};
use rt_task::wait::{Wait, WaitKind, poll_leaf};
use rt_task::{Builder, Job, JoinHandle};

pub(crate) type Site = &'static Location<'static>;

/// The future of a function or method of this crate: one closure on the blocking pool.
///
/// Nothing happens before the first poll. After it the closure is run, also if this is dropped: who
/// drops it does not learn what came of it.
///
/// Costs one allocation, made with it, and one hop to the pool and back.
///
/// # Errors
/// What the operating system fails with; if no blocking pool is entered where it is polled, or that
/// pool is shut down, which names the call site and the fix.
#[must_use = "futures do nothing unless polled"]
pub struct Operation<'a, T> {
    state: State<T>,
    what: &'static str,
    /// Who made it may not be changed meanwhile.
    _of: PhantomData<&'a ()>,
}

enum State<T> {
    /// Without asking anybody.
    Known(T),
    New(Job, Answer<io::Result<T>>),
    Asked(Answer<io::Result<T>>),
    Over,
}

// The value is moved out: it is never pinned.
impl<T> Unpin for Operation<'_, T> {}

impl<T: Send + 'static> Operation<'_, T> {
    pub(crate) fn new<F>(what: &'static str, site: Site, closure: F) -> Self
    where
        F: FnOnce() -> io::Result<T> + Send + 'static,
    {
        let (job, answer) = job(site, closure);
        Self { state: State::New(job, answer), what, _of: PhantomData }
    }

    pub(crate) fn known(what: &'static str, value: T) -> Self {
        Self { state: State::Known(value), what, _of: PhantomData }
    }
}

impl<T> Future for Operation<'_, T> {
    type Output = io::Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        loop {
            match mem::replace(&mut self.state, State::Over) {
                State::Known(value) => return Poll::Ready(Ok(value)),
                State::New(job, answer) => {
                    let pool = pool(self.what, answer.site)?;
                    ask(&*pool, job, self.what, answer.site)?;
                    self.state = State::Asked(answer);
                }
                State::Asked(mut answer) => {
                    let polled = answer.poll(cx);
                    if polled.is_pending() {
                        self.state = State::Asked(answer);
                    }
                    return polled.map(|answer| answer.unwrap_or_else(Err));
                }
                State::Over => panic!("`{}` polled after it was ready", self.what),
            }
        }
    }
}

impl<T> fmt::Debug for Operation<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_asked = matches!(self.state, State::Asked(_));
        f.debug_struct("Operation").field("of", &self.what).field("is_asked", &is_asked).finish()
    }
}

/// What a closure will have returned.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    handle: JoinHandle<T>,
    site: Site,
}

impl<T> Answer<T> {
    /// An error if the closure was dropped before it ran, or panicked.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let (object, site) = (self.handle.id().as_u64() as usize, self.site);
        let answer = ready!(poll_leaf(
            cx,
            || Wait { kind: WaitKind::Blocking, object, site },
            |cx| Pin::new(&mut self.handle).poll(cx),
        ));
        Poll::Ready(answer.map_err(io::Error::from))
    }
}

/// A closure for the pool, and what it will have returned. One allocation.
pub(crate) fn job<T, F>(site: Site, closure: F) -> (Job, Answer<T>)
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let (job, handle) = Job::with(Builder::new().location(site), closure);
    (job, Answer { handle, site })
}

/// The entered pool.
pub(crate) fn pool(what: &str, site: Site) -> io::Result<Arc<dyn Blocking>> {
    context::blocking().map_err(|missing| missing.io_error(what, site))
}

/// Brings `job` to `pool`.
pub(crate) fn ask(pool: &dyn Blocking, job: Job, what: &str, site: Site) -> io::Result<()> {
    pool.execute(job).map_err(|rejected| refusal(&rejected, what, site))
}

/// Why nobody will do it.
pub(crate) fn refusal(rejected: &Rejected, what: &str, site: Site) -> io::Error {
    io::Error::other(format!("`{what}` at {site} cannot be done: {}", rejected.why))
}
