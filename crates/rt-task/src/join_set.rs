//! A set of tasks that are awaited in the order in which they end.
//!
//! Here is the table of members; `ready.rs` is how an end is told. Nothing here spawns: a member comes as a
//! [`JoinHandle`].

mod ready;

use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::error::JoinError;
use crate::wait::{Wait, WaitKind, poll_leaf};
use crate::{AbortHandle, JoinHandle, TaskId};
use ready::Ready;

/// A set of tasks with outputs of one type, awaited in the order in which they end.
///
/// Costs no allocation per member but what its tables double by, and five read-modify-writes more than a
/// handle alone, two of which are the [`AbortHandle`]'s. To await one takes as long whether there are ten or
/// a hundred thousand: only those that have ended are looked at. Dropping the set aborts every member.
///
/// ```
/// use rt_task::{Job, JoinSet};
///
/// let mut set = JoinSet::new();
/// for n in [1, 2, 3] {
///     let (job, handle) = Job::new(move || n * n);
///     set.insert(handle);
///     job.run();
/// }
/// let mut squares = Vec::new();
/// while let Some(square) = rt_task::block_on(set.join_next()) {
///     squares.push(square.unwrap());
/// }
/// assert_eq!(squares, [1, 4, 9]);
/// ```
pub struct JoinSet<T> {
    ready: Ready,
    /// By the member's index; there until the member is popped.
    members: Vec<Option<JoinHandle<T>>>,
    len: usize,
}

impl<T> core::panic::UnwindSafe for JoinSet<T> {}
impl<T> core::panic::RefUnwindSafe for JoinSet<T> {}

impl<T> JoinSet<T> {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self { ready: Ready::new(), members: Vec::new(), len: 0 }
    }

    /// How many members there are: those whose output was not taken yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Makes the task a member, also if it has ended.
    ///
    /// # Panics
    /// If its output was taken from the handle before.
    #[track_caller]
    pub fn insert(&mut self, handle: JoinHandle<T>) -> AbortHandle {
        assert!(!handle.is_taken(), "the output of this task was taken before");
        let abort = handle.abort_handle();
        let member = self.ready.reserve();
        let index = member.index();
        if self.members.len() <= index {
            self.members.resize_with(index + 1, || None);
        }
        self.len += 1;
        let handle = self.members[index].insert(handle);
        let waker = self.ready.waker(member);
        if let Err(waker) = handle.wait_with(waker) {
            waker.wake(); // it has ended
        }
        abort
    }

    /// Waits until a member has ended, and takes its output. `None` once the set is empty. Members come
    /// in the order in which they end.
    ///
    /// Cancel safe: a member's output is taken by the poll that hands it out.
    #[track_caller]
    pub fn join_next(&mut self) -> JoinNext<'_, T> {
        self.join_next_at(Location::caller())
    }

    /// The same, for who is told the call site.
    pub fn join_next_at(&mut self, site: &'static Location<'static>) -> JoinNext<'_, T> {
        JoinNext { set: self, site }
    }

    /// The same, and tells the member's id.
    #[track_caller]
    pub fn join_next_with_id(&mut self) -> JoinNextWithId<'_, T> {
        JoinNextWithId { set: self, site: Location::caller() }
    }

    /// Takes the output of a member that has ended, if there is one.
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.take_ended().map(|(_, result)| result)
    }

    /// The same, and tells the member's id.
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(TaskId, T), JoinError>> {
        self.take_ended().map(with_id)
    }

    /// Polls for the end of a member: [`join_next`](Self::join_next). The waker of the last poll is woken.
    #[track_caller]
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        let polled = self.poll_ended(cx, Location::caller());
        polled.map(|ended| ended.map(|(_, result)| result))
    }

    /// The same, and tells the member's id.
    #[track_caller]
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(TaskId, T), JoinError>>> {
        self.poll_ended(cx, Location::caller()).map(|ended| ended.map(with_id))
    }

    /// Asks every member to end at its next yield point. They stay members until they are taken.
    pub fn abort_all(&self) {
        self.members.iter().flatten().for_each(JoinHandle::abort);
    }

    /// Lets every member go on alone. The set is empty then.
    pub fn detach_all(&mut self) {
        self.leave(drop);
    }

    /// Drops all handles, each by `f`; wakers on their way find the tables that they were made for.
    fn leave(&mut self, f: impl Fn(JoinHandle<T>)) {
        let members = core::mem::take(&mut self.members);
        let ready = core::mem::replace(&mut self.ready, Ready::new());
        self.len = 0;
        members.into_iter().flatten().for_each(f);
        drop(ready);
    }

    fn poll_ended(
        &mut self,
        cx: &mut Context<'_>,
        site: &'static Location<'static>,
    ) -> Poll<Option<(TaskId, Result<T, JoinError>)>> {
        if self.is_empty() {
            return Poll::Ready(None);
        }
        let object = self.ready.address();
        let wait = || Wait { kind: WaitKind::JoinSet, object, site };
        poll_leaf(cx, wait, |cx| {
            let ended = match self.take_ended() {
                None if self.ready.wait(cx.waker()) => self.take_ended(),
                ended => ended,
            };
            ended.map_or(Poll::Pending, |ended| Poll::Ready(Some(ended)))
        })
    }

    fn take_ended(&mut self) -> Option<(TaskId, Result<T, JoinError>)> {
        let member = self.ready.pop()?;
        let handle = self.members[member.index()].take();
        self.ready.release(member);
        self.len -= 1;
        let mut handle = handle.expect("there until the member is popped");
        let result = handle.try_output().expect("its waker is woken at the end alone");
        Some((handle.id(), result))
    }
}

fn with_id<T>((id, result): (TaskId, Result<T, JoinError>)) -> Result<(TaskId, T), JoinError> {
    result.map(|output| (id, output))
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for JoinSet<T> {
    /// All are aborted before the first is let go.
    fn drop(&mut self) {
        self.abort_all();
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len).finish()
    }
}

/// The future of [`JoinSet::join_next`].
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
pub struct JoinNext<'a, T> {
    set: &'a mut JoinSet<T>,
    site: &'static Location<'static>,
}

impl<T> Future for JoinNext<'_, T> {
    type Output = Option<Result<T, JoinError>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.set.poll_ended(cx, this.site).map(|ended| ended.map(|(_, result)| result))
    }
}

/// The future of [`JoinSet::join_next_with_id`].
#[must_use = "futures do nothing unless polled"]
#[derive(Debug)]
pub struct JoinNextWithId<'a, T> {
    set: &'a mut JoinSet<T>,
    site: &'static Location<'static>,
}

impl<T> Future for JoinNextWithId<'_, T> {
    type Output = Option<Result<(TaskId, T), JoinError>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.set.poll_ended(cx, this.site).map(|ended| ended.map(with_id))
    }
}

#[cfg(all(test, feature = "std", not(rt_loom)))]
mod model_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
