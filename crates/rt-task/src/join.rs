//! The right to await or abort a task.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll, Waker};

use crate::base::context;
use crate::error::JoinError;
use crate::header::{Header, TaskRef};
use crate::panic::{BoxedPayload, contain};
use crate::schedule::Why;
use crate::state::{Detached, Join, Outcome, Woken};
use crate::wait::{Wait, WaitKind, poll_leaf};
use crate::{TaskId, TaskInfo};

/// The right to a task's output. A future of it; dropping it lets the task go on alone.
///
/// Cancel safe: an output that was not handed out yet stays until the next poll.
///
/// After [`abort`](Self::abort), awaiting it waits for the end of the future's drop.
///
/// # Panics
/// When it is polled inside its own task, which would wait for itself: names the task. (Not if that was
/// aborted: it ends there.)
pub struct JoinHandle<T> {
    task: TaskRef,
    /// Whether the output was handed out.
    taken: bool,
    _output: PhantomData<fn() -> T>,
}

// SAFETY: gives the output to the thread that it is on, hence `T: Send`; all else in the task
// is reached through the state word.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: a shared handle asks and aborts; it never reaches the output.
unsafe impl<T: Send> Sync for JoinHandle<T> {}

impl<T> Unpin for JoinHandle<T> {}
impl<T> core::panic::UnwindSafe for JoinHandle<T> {}
impl<T> core::panic::RefUnwindSafe for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    /// The handle's reference and JOIN are the caller's, and `T` is the task's output.
    pub(crate) unsafe fn new(task: TaskRef) -> Self {
        Self { task, taken: false, _output: PhantomData }
    }

    fn header(&self) -> &Header {
        // SAFETY: alive: the handle owns a reference.
        unsafe { self.task.header() }
    }

    /// Asks the task to end at its next yield point. Its destructors run there, and the handle
    /// then says cancelled. Does nothing to a task that has ended.
    ///
    /// A closure on the blocking pool can be aborted until it starts.
    pub fn abort(&self) {
        // SAFETY: alive: the handle owns a reference.
        unsafe { abort(self.task) };
    }

    /// A handle that can abort and nothing else.
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        self.header().state.add_ref();
        AbortHandle { task: self.task }
    }

    /// Whether the task has ended, also if its output was handed out.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.header().state.is_complete()
    }

    /// The task's id.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.header().id
    }

    /// What is known of the task now.
    #[must_use]
    pub fn info(&self) -> TaskInfo {
        TaskInfo::read(self.header())
    }

    fn poll_output(&mut self, cx: &Context<'_>) -> Poll<Result<T, JoinError>> {
        let mut join = self.header().state.join();
        if let Join::Pending { waited } = join {
            if waited {
                if self.will_wake(cx.waker()) {
                    return Poll::Pending;
                }
                join = self.take_slot_back();
            }
            if matches!(join, Join::Pending { .. }) {
                self.is_awaited_by_another();
                // Before the slot is touched: a waker's clone may panic.
                let waker = cx.waker().clone();
                join = self.fill_slot(waker);
                if matches!(join, Join::Complete(_)) {
                    // SAFETY: the slot holds a waker, and is ours: T7 failed.
                    unsafe { self.drop_waker() };
                }
            }
        }
        match join {
            Join::Pending { .. } => Poll::Pending,
            // SAFETY: complete while JOIN is set, so the stage is ours (I6); not taken yet.
            Join::Complete(outcome) => Poll::Ready(unsafe { self.take(outcome) }),
        }
    }

    /// A task that awaits itself would never end; unless it was aborted, and ends where it awaits.
    ///
    /// # Panics
    /// If it does.
    fn is_awaited_by_another(&self) {
        let header = self.header();
        let runs_here = context::peek(|ctx| ctx.task.get()).flatten() == Some(self.task);
        assert!(
            !runs_here || header.state.glimpse().is_cancelled,
            "task {} spawned at {} awaits its own `JoinHandle`: it would wait for ever. Return from it \
             instead, or await the handle elsewhere",
            header.id,
            header.location()
        );
    }

    /// T6: the slot is the handle's again, and empty, unless the task has ended.
    fn take_slot_back(&self) -> Join {
        let join = self.header().state.unwait();
        if matches!(join, Join::Pending { .. }) {
            // SAFETY: the slot holds a waker, and is ours since T6 (I5).
            unsafe { self.drop_waker() };
        }
        join
    }

    /// T7, with WAITED clear. If the task has ended the slot is the handle's, and holds the waker.
    fn fill_slot(&self, waker: Waker) -> Join {
        // SAFETY: WAITED is clear, so the slot is ours, and empty (I5).
        self.header().join_slot.with_mut(|slot| unsafe { (*slot).write(waker) });
        self.header().state.wait()
    }

    /// Leaves `waker` to be woken at the task's end: it is moved there, never cloned. If the task has
    /// ended it comes back.
    pub(crate) fn wait_with(&self, waker: Waker) -> Result<(), Waker> {
        let mut join = self.header().state.join();
        if let Join::Pending { waited: true } = join {
            join = self.take_slot_back();
        }
        if let Join::Complete(_) = join {
            return Err(waker);
        }
        match self.fill_slot(waker) {
            Join::Pending { .. } => Ok(()),
            // SAFETY: the slot holds a waker, and is ours: T7 failed.
            Join::Complete(_) => Err(unsafe { self.header().take_join_waker() }),
        }
    }

    /// The output, if the task has ended.
    pub(crate) fn try_output(&mut self) -> Option<Result<T, JoinError>> {
        match self.header().state.join() {
            Join::Pending { .. } => None,
            Join::Complete(_) if self.taken => None,
            // SAFETY: complete while JOIN is set, so the stage is ours (I6); not taken yet.
            Join::Complete(outcome) => Some(unsafe { self.take(outcome) }),
        }
    }

    pub(crate) fn is_taken(&self) -> bool {
        self.taken
    }

    /// Whether the waker in the slot would do. Called with WAITED set.
    fn will_wake(&self, waker: &Waker) -> bool {
        self.header().join_slot.with(|slot| {
            // SAFETY: WAITED was set by this handle, so the slot holds a waker's bits, and
            // nobody writes to it before the handle does: who completes reads them, too (I5).
            // They may name a waker that is consumed by then; `will_wake` only compares them.
            let waiting = unsafe { &*slot.cast::<ManuallyDrop<Waker>>() };
            waiting.will_wake(waker)
        })
    }

    /// Drops the waker in the slot.
    ///
    /// # Safety
    /// The slot holds one, and is the caller's.
    unsafe fn drop_waker(&self) {
        // SAFETY: as the contract says.
        let waker = unsafe { self.header().take_join_waker() };
        contain(|| drop(waker));
    }

    /// Takes the output out of the stage.
    ///
    /// # Safety
    /// The stage holds what `outcome` says, and is the caller's; nothing was taken yet.
    unsafe fn take(&mut self, outcome: Outcome) -> Result<T, JoinError> {
        self.taken = true;
        let id = self.id();
        match outcome {
            Outcome::Output => {
                // SAFETY: alive: the handle owns a reference.
                let output: *const T = unsafe { self.task.stage() };
                // SAFETY: holds the output (contract), which is of type `T`.
                Ok(unsafe { ptr::read(output) })
            }
            Outcome::Panicked => {
                // SAFETY: alive: the handle owns a reference.
                let payload: *const BoxedPayload = unsafe { self.task.stage() };
                // SAFETY: holds a payload (contract).
                Err(JoinError::panicked(id, *unsafe { ptr::read(payload) }))
            }
            Outcome::Dropped => Err(JoinError::cancelled(id)),
        }
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(!self.taken, "JoinHandle polled after completion");
        let header = self.header();
        let (object, site) = (header.id.as_u64() as usize, header.location());
        poll_leaf(cx, || Wait { kind: WaitKind::Join, object, site }, |cx| self.poll_output(cx))
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        match self.header().state.detach() {
            Detached::Released => return,
            // SAFETY: the slot holds a waker, and is ours since T8 (I5).
            Detached::DropWaker => unsafe { self.drop_waker() },
            Detached::DropOutput(_) if self.taken => {}
            Detached::DropOutput(outcome) => {
                // SAFETY: complete while JOIN is set, so the stage is ours (I6); not taken.
                unsafe { (self.header().vtable.drop_output)(self.task, outcome) };
            }
        }
        // SAFETY: the reference is the handle's; T8 did not give it up here.
        unsafe { self.task.drop_ref() };
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("id", &self.id()).finish()
    }
}

/// The right to abort a task, without that to its output.
pub struct AbortHandle {
    task: TaskRef,
}

// SAFETY: reaches the state word and the head's constant parts.
unsafe impl Send for AbortHandle {}
// SAFETY: as above.
unsafe impl Sync for AbortHandle {}

impl core::panic::UnwindSafe for AbortHandle {}
impl core::panic::RefUnwindSafe for AbortHandle {}

impl AbortHandle {
    /// # Safety
    /// A reference to the task is the caller's.
    pub(crate) unsafe fn new(task: TaskRef) -> Self {
        Self { task }
    }

    fn header(&self) -> &Header {
        // SAFETY: alive: the handle owns a reference.
        unsafe { self.task.header() }
    }

    /// Asks the task to end at its next yield point. See [`JoinHandle::abort`].
    pub fn abort(&self) {
        // SAFETY: alive: the handle owns a reference.
        unsafe { abort(self.task) };
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.header().state.is_complete()
    }

    /// The task's id.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.header().id
    }

    /// What is known of the task now.
    #[must_use]
    pub fn info(&self) -> TaskInfo {
        TaskInfo::read(self.header())
    }
}

impl Clone for AbortHandle {
    fn clone(&self) -> Self {
        self.header().state.add_ref();
        Self { task: self.task }
    }
}

impl Drop for AbortHandle {
    fn drop(&mut self) {
        // SAFETY: the reference is the handle's.
        unsafe { self.task.drop_ref() };
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle").field("id", &self.id()).finish()
    }
}

/// # Safety
/// The caller keeps the task alive.
unsafe fn abort(task: TaskRef) {
    // SAFETY: alive (contract).
    let header = unsafe { task.header() };
    if header.state.cancel() == Woken::Submit {
        // SAFETY: T9 gave us the right.
        unsafe { (header.vtable.schedule)(task, Why::Abort) };
    }
}

#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
