//! The head of a task: what can be said of it without knowing its future.

use core::mem::MaybeUninit;
use core::panic::Location;
use core::ptr::{self, NonNull};
use core::task::{Context, Waker};

use crate::TaskId;
use crate::base::fetch::{fetch, fetch_until};
use crate::base::shim::{AtomicU16, AtomicU32, Ordering::*, UnsafeCell};
use crate::origin::Origin;
use crate::schedule::Why;
use crate::state::{Outcome, State};
use crate::wait::{Noted, WaitSlot, WaitTag, Waiting};

/// The untyped head; first in every task's allocation.
#[repr(C)]
pub(crate) struct Header {
    pub(crate) state: State,
    pub(crate) vtable: &'static Vtable,
    /// Registry links. Belong to the holder of the shard's lock.
    pub(crate) links: UnsafeCell<Links>,
    pub(crate) id: TaskId,
    pub(crate) origin: Origin,
    wait: WaitSlot,
    wait_tag: WaitTag,
    /// The shard that the task is linked in, plus one; zero while in none. Changed by the owner
    /// of the `Runnable`.
    shard: AtomicU16,
    polls: AtomicU32,
    /// Stands for the stage before the model checker, which cannot see through a union at an
    /// offset. No byte otherwise.
    stage_access: UnsafeCell<()>,
    /// Stands for the allocation before the model checker: every look at the head reads it, and
    /// freeing writes it. No byte otherwise.
    life: UnsafeCell<()>,
    /// The waker of who joins. Belongs as I5 of the state word says.
    pub(crate) join_slot: UnsafeCell<MaybeUninit<Waker>>,
}

/// Neighbours in a shard's list.
#[derive(Clone, Copy, Default)]
pub(crate) struct Links {
    pub(crate) prev: Option<TaskRef>,
    pub(crate) next: Option<TaskRef>,
}

/// What depends on the future and the scheduler.
pub(crate) struct Vtable {
    /// Polls the future. See [`Polled`] for what the stage holds then.
    ///
    /// # Safety
    /// The caller owns the `Runnable`, and the stage holds the future.
    pub(crate) poll: unsafe fn(TaskRef, &mut Context<'_>) -> Polled,
    /// Drops the future; the stage is empty then, or holds the payload of a panic.
    ///
    /// # Safety
    /// As for `poll`.
    pub(crate) drop_future: unsafe fn(TaskRef) -> Outcome,
    /// Drops what the stage holds after the future; a panic is contained.
    ///
    /// # Safety
    /// The stage holds what the outcome says, and it is the caller's (I6).
    pub(crate) drop_output: unsafe fn(TaskRef, Outcome),
    /// Makes the `Runnable` and hands it to the scheduler.
    ///
    /// # Safety
    /// The caller owns the right to: it set SCHEDULED, and no `Runnable` was made since.
    pub(crate) schedule: unsafe fn(TaskRef, Why),
    /// Frees the allocation.
    ///
    /// # Safety
    /// The caller brought the reference count to zero.
    pub(crate) dealloc: unsafe fn(TaskRef),
    /// Bytes from the header to the stage.
    pub(crate) stage: usize,
    /// Bytes of the allocation.
    pub(crate) len: usize,
}

/// What a poll left in the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    /// The future.
    Pending,
    /// What the outcome says.
    Over(Outcome),
}

/// A pointer to a task that is known to be alive by whoever holds it. Keeps the provenance of
/// the whole allocation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TaskRef(NonNull<Header>);

impl TaskRef {
    /// # Safety
    /// `header` points to the head of a live task, with provenance over its whole allocation.
    pub(crate) unsafe fn new(header: NonNull<Header>) -> Self {
        Self(header)
    }

    pub(crate) fn as_ptr(self) -> NonNull<Header> {
        self.0
    }

    /// The head.
    ///
    /// # Safety
    /// The task stays alive for `'a`: the caller holds a reference, or the `Runnable`, that long.
    #[inline(always)]
    pub(crate) unsafe fn header<'a>(self) -> &'a Header {
        // SAFETY: alive for `'a` (contract); the head is never mutably borrowed.
        let header = unsafe { self.0.as_ref() };
        header.life.with(|_| ());
        header
    }

    /// The stage, of whatever type, for exclusive access.
    ///
    /// # Safety
    /// The task is alive.
    #[inline(always)]
    pub(crate) unsafe fn stage<T>(self) -> *mut T {
        // SAFETY: alive (contract).
        let header = unsafe { self.header() };
        header.stage_access.with_mut(|_| ());
        let offset = header.vtable.stage;
        // SAFETY: `offset` was computed for this allocation, which the pointer covers.
        unsafe { self.0.as_ptr().cast::<u8>().add(offset) }.cast()
    }

    /// Has the processor bring what a poll touches first, while it has something else to do: the head,
    /// and the end of the future, where the compiler puts the states of async functions, since they
    /// are small: `docs/decisions/0014-what-is-fetched-ahead.md`.
    ///
    /// # Safety
    /// The task is alive.
    #[inline(always)]
    pub(crate) unsafe fn fetch_ahead(self) {
        // SAFETY: alive (contract).
        let len = unsafe { self.header() }.vtable.len;
        let start: *const u8 = self.0.as_ptr().cast();
        fetch(start.wrapping_add(size_of::<Header>() - 1));
        fetch_until(start.wrapping_add(len - 1));
    }

    /// Gives one reference up; frees the task if it was the last.
    ///
    /// # Safety
    /// The reference is the caller's.
    #[inline]
    pub(crate) unsafe fn drop_ref(self) {
        // SAFETY: alive: the reference is the caller's until the call below.
        if unsafe { self.header() }.state.drop_ref() {
            // SAFETY: it was the last.
            unsafe { self.free() };
        }
    }

    /// Frees the task.
    ///
    /// # Safety
    /// The caller brought the reference count to zero.
    pub(crate) unsafe fn free(self) {
        // SAFETY: nobody else has access (I4).
        let dealloc = unsafe { self.header() }.vtable.dealloc;
        // SAFETY: as the contract says.
        unsafe { dealloc(self) };
    }
}

impl Header {
    pub(crate) fn new(vtable: &'static Vtable, origin: Origin) -> Self {
        Self {
            state: State::new(),
            vtable,
            links: UnsafeCell::new(Links::default()),
            id: TaskId::fresh(),
            origin,
            wait: WaitSlot::new(),
            wait_tag: WaitTag::new(),
            shard: AtomicU16::new(0),
            polls: AtomicU32::new(0),
            stage_access: UnsafeCell::new(()),
            life: UnsafeCell::new(()),
            join_slot: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Reads and writes the queue link. What is read is a link only if the task was in a queue.
    ///
    /// # Safety
    /// The caller owns the `Runnable`.
    #[inline]
    pub(crate) unsafe fn replace_next(&self, next: Option<TaskRef>) -> Option<TaskRef> {
        // SAFETY: the contract is the caller's.
        unsafe { self.wait.place().replace_next(next) }
    }

    /// Takes the waker out of the join slot.
    ///
    /// # Safety
    /// The slot holds one, and is the caller's (I5).
    pub(crate) unsafe fn take_join_waker(&self) -> Waker {
        self.join_slot.with(|slot| {
            // SAFETY: as the contract says; the slot counts as empty from here on.
            unsafe { ptr::read(slot.cast::<Waker>()) }
        })
    }

    /// The task is about to be freed: every other access came before.
    pub(crate) fn end(&self) {
        self.life.with_mut(|_| ());
        self.stage_access.with_mut(|_| ());
        self.wait.place().end();
        self.links.with_mut(|_| ());
        self.join_slot.with_mut(|_| ());
    }

    /// One poll more, which begins. A single writer: the owner of the `Runnable`.
    #[inline]
    pub(crate) fn count_poll(&self) {
        self.wait_tag.run();
        self.polls.store(self.polls.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// What a pending poll waits for. For the owner of the `Runnable`.
    #[inline]
    pub(crate) fn note(&self, noted: &Noted) {
        self.wait.copy(&self.wait_tag, noted);
    }

    /// A pending poll is over of which nobody could take note.
    pub(crate) fn note_nothing(&self) {
        self.wait_tag.run_no_more();
    }

    pub(crate) fn waiting(&self) -> Waiting {
        self.wait.read(&self.wait_tag)
    }

    pub(crate) fn polls(&self) -> u32 {
        self.polls.load(Relaxed)
    }

    /// The shard that the task is linked in. For the owner of the `Runnable`.
    #[inline]
    pub(crate) fn shard(&self) -> Option<u16> {
        // The `Runnable` travels by a queue that orders; so does this with it.
        self.shard.load(Relaxed).checked_sub(1)
    }

    pub(crate) fn set_shard(&self, shard: Option<u16>) {
        self.shard.store(shard.map_or(0, |shard| shard + 1), Relaxed);
    }

    #[inline]
    pub(crate) fn location(&self) -> &'static Location<'static> {
        self.origin.location()
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.origin.name()
    }
}
