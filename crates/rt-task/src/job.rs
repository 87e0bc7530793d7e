//! A closure that blocks, as a task that is never rescheduled.

use core::fmt;
use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use crate::base::context;
use crate::runnable::wake;
use crate::schedule::{Schedule, Why};
use crate::{Builder, JoinHandle, Runnable, TaskId};

/// A closure for a thread that may block, with a [`JoinHandle`] elsewhere.
///
/// Dropping it unrun tells the handle that it was cancelled.
#[must_use = "dropping it cancels it"]
pub struct Job(Runnable<Unscheduled>);

/// Nobody holds a waker of a closure, so nobody schedules one.
#[derive(Clone, Copy, Debug)]
struct Unscheduled;

impl Schedule for Unscheduled {
    fn schedule(&self, runnable: Runnable<Self>, _why: Why) {
        // SCHEDULED is set from the start to the end of a job, so no wake or abort gets here.
        debug_assert!(false, "a closure was scheduled");
        drop(runnable);
    }
}

impl Job {
    /// A job of `closure`. One allocation.
    #[track_caller]
    pub fn new<F, T>(closure: F) -> (Self, JoinHandle<T>)
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Self::with(Builder::new().location(Location::caller()), closure)
    }

    /// A job of `closure`, with a name or a location.
    #[track_caller]
    pub fn with<F, T>(builder: Builder, closure: F) -> (Self, JoinHandle<T>)
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (runnable, handle) = builder.spawn(Once(Some(closure)), Unscheduled);
        (Self(runnable), handle)
    }

    /// Runs the closure here, unless it was aborted. A panic is kept for its handle.
    pub fn run(self) {
        drop(self.run_before_wake());
    }

    /// [`run`](Self::run), but who awaits the closure is woken when the result is dropped.
    ///
    /// For a pool whose thread first says that it is free: who is woken may bring the next
    /// closure at once.
    pub fn run_before_wake(self) -> HeldWake {
        HeldWake(self.0.run_to_end())
    }

    /// The job's id.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.0.id()
    }

    /// The job's name, if it was given one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name()
    }

    /// Where the job was made.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.0.location()
    }
}

/// The wake of who awaits a closure that is over, if somebody does. Happens when this is dropped;
/// a panic of the waker is contained.
#[must_use = "dropping it wakes who awaits the closure"]
#[derive(Debug)]
pub struct HeldWake(Option<Waker>);

impl Drop for HeldWake {
    fn drop(&mut self) {
        wake(self.0.take());
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("id", &self.id()).finish_non_exhaustive()
    }
}

/// A closure as a future that is ready at once.
struct Once<F>(Option<F>);

// The closure is moved out to be called: it is never pinned.
impl<F> Unpin for Once<F> {}

impl<F: FnOnce() -> T, T> Future for Once<F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<T> {
        // A closure may block, hence drive futures of its own, as long as it likes.
        context::peek(|ctx| ctx.budget.lift());
        let closure = self.0.take().expect("a closure is called once");
        Poll::Ready(closure())
    }
}
