//! The typed allocation of a task: head, scheduler, stage.
//!
//! Every touch of the stage is here and in `join.rs`, which takes the output out.

use alloc::boxed::Box;
use core::cell::UnsafeCell;
use core::future::Future;
use core::mem::{self, ManuallyDrop};
use core::pin::Pin;
use core::ptr::{self, NonNull};
use core::task::{Context, Poll};

use crate::Runnable;
use crate::header::{Header, Polled, TaskRef, Vtable};
use crate::origin::Origin;
use crate::panic::{BoxedPayload, Payload, attempt, contain};
use crate::runnable::as_current;
use crate::schedule::{Schedule, Why};
use crate::state::Outcome;

/// One task: a single allocation, aligned as its parts need.
#[repr(C)]
struct Cell<F: Future, S> {
    header: Header,
    scheduler: S,
    stage: UnsafeCell<Stage<F>>,
}

/// The future, then what it left. The state word tells which: not COMPLETE, the future.
///
/// Each begins where the stage does (`repr(C)`), so a pointer to the stage is one to what it
/// holds.
#[repr(C)]
union Stage<F: Future> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<F::Output>,
    /// Boxed once more, so that no stage is larger for it than a word.
    panic: ManuallyDrop<BoxedPayload>,
}

/// Bytes of a task beside its stage, for a scheduler of one word.
pub const FIXED_PART: usize = mem::offset_of!(Cell<core::future::Ready<()>, usize>, stage);
#[cfg(all(target_pointer_width = "64", not(rt_loom)))]
const _: () =
    assert!(FIXED_PART <= 96, "a small task fits 112 bytes, the allocator's share included");

/// Makes a task. The caller owns the `Runnable` and the handle's reference.
pub(crate) fn allocate<F: Future, S: Schedule>(future: F, scheduler: S, origin: Origin) -> TaskRef {
    let cell = Box::new(Cell {
        header: Header::new(Cell::<F, S>::VTABLE, origin),
        scheduler,
        stage: UnsafeCell::new(Stage { future: ManuallyDrop::new(future) }),
    });
    let cell = NonNull::from(Box::leak(cell));
    // SAFETY: the head is first (`repr(C)`), and the pointer covers the whole cell.
    unsafe { TaskRef::new(cell.cast()) }
}

/// The scheduler of a task.
///
/// # Safety
/// The task was made with a scheduler of type `S`, and stays alive for `'a`.
#[inline]
pub(crate) unsafe fn scheduler<'a, S: Schedule>(task: TaskRef) -> &'a S {
    // `F` does not matter for the offset: the scheduler follows the head.
    const { assert!(mem::align_of::<S>() <= 16, "a scheduler is a pointer or two") };
    let offset = mem::offset_of!(Cell<core::future::Ready<()>, S>, scheduler);
    // SAFETY: within the cell (`repr(C)`: the offset depends on the head and on `S` alone).
    let scheduler = unsafe { task.as_ptr().as_ptr().cast::<u8>().add(offset) };
    // SAFETY: initialised by `allocate` and never written again; alive for `'a` (contract).
    unsafe { &*scheduler.cast::<S>() }
}

impl<F: Future, S: Schedule> Cell<F, S> {
    const VTABLE: &'static Vtable = &Vtable {
        poll: Self::poll,
        drop_future: Self::drop_future,
        drop_output: Self::drop_output,
        schedule: Self::schedule,
        dealloc: Self::dealloc,
        stage: mem::offset_of!(Self, stage),
        len: size_of::<Self>(),
    };

    /// # Safety
    /// See [`Vtable::poll`].
    unsafe fn poll(task: TaskRef, cx: &mut Context<'_>) -> Polled {
        // SAFETY: alive: the caller owns the `Runnable` (contract).
        let stage: *mut Stage<F> = unsafe { task.stage() };
        let polled = attempt(|| {
            // SAFETY: the stage holds the future, and the owner of the `Runnable` alone
            // touches it (contract, I2).
            let future = unsafe { &mut *stage.cast::<F>() };
            // SAFETY: the cell never moves, and the future is dropped in place.
            unsafe { Pin::new_unchecked(future) }.poll(cx)
        });
        let output = match polled {
            Ok(Poll::Pending) => return Polled::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(payload) => Err(payload),
        };
        // SAFETY: the stage still holds the future, and it is not polled again.
        let dropped = unsafe { drop_in_stage::<F>(stage) };
        let (outcome, unwanted) = match (output, dropped) {
            (Ok(output), Ok(())) => {
                // Not a whole stage: the future's bytes are not to be copied.
                // SAFETY: the stage is empty, and the caller's until it completes.
                unsafe { stage.cast::<F::Output>().write(output) };
                return Polled::Over(Outcome::Output);
            }
            // A future that panics in its drop has no output to give.
            (Ok(output), Err(payload)) => (payload, Some(output)),
            (Err(payload), Ok(())) => (payload, None),
            (Err(payload), Err(second)) => {
                contain(|| drop(second));
                (payload, None)
            }
        };
        contain(|| drop(unwanted));
        // SAFETY: as for the output.
        unsafe { stage.cast::<BoxedPayload>().write(Box::new(outcome)) };
        Polled::Over(Outcome::Panicked)
    }

    /// # Safety
    /// See [`Vtable::drop_future`].
    unsafe fn drop_future(task: TaskRef) -> Outcome {
        // SAFETY: alive: the caller owns the `Runnable` (contract).
        let stage: *mut Stage<F> = unsafe { task.stage() };
        // SAFETY: the stage holds the future (contract).
        match unsafe { drop_in_stage::<F>(stage) } {
            Ok(()) => Outcome::Dropped,
            Err(payload) => {
                // SAFETY: the stage is empty, and the caller's until it completes.
                unsafe { stage.cast::<BoxedPayload>().write(Box::new(payload)) };
                Outcome::Panicked
            }
        }
    }

    /// # Safety
    /// See [`Vtable::drop_output`].
    unsafe fn drop_output(task: TaskRef, outcome: Outcome) {
        if outcome == Outcome::Output && !mem::needs_drop::<F::Output>() {
            return;
        }
        // SAFETY: alive: the caller holds the `Runnable` or a reference (contract).
        let stage: *mut Stage<F> = unsafe { task.stage() };
        as_current(task, || match outcome {
            // SAFETY: the stage holds an output, the caller's (contract).
            Outcome::Output => unsafe { ptr::drop_in_place(stage.cast::<F::Output>()) },
            // SAFETY: the stage holds a payload, the caller's (contract).
            Outcome::Panicked => unsafe { ptr::drop_in_place(stage.cast::<BoxedPayload>()) },
            Outcome::Dropped => {}
        });
    }

    /// # Safety
    /// See [`Vtable::schedule`].
    unsafe fn schedule(task: TaskRef, why: Why) {
        // SAFETY: alive: the right to make the `Runnable` is the caller's (contract, I3); of
        // type `S`, as this is its vtable. A copy, as the task may be freed while it is used.
        let scheduler = unsafe { scheduler::<S>(task) }.clone();
        // SAFETY: the caller owns the right to make it (contract).
        let runnable = unsafe { Runnable::from_task(task) };
        scheduler.schedule(runnable, why);
    }

    /// # Safety
    /// See [`Vtable::dealloc`].
    unsafe fn dealloc(task: TaskRef) {
        // SAFETY: not freed yet.
        unsafe { task.header() }.end();
        let cell = task.as_ptr().as_ptr().cast::<Self>();
        // The stage is a union: it drops nothing, and holds nothing any more (I6).
        // SAFETY: made by `Box` in `allocate`, and nobody has access any more (contract).
        let cell = unsafe { Box::from_raw(cell) };
        contain(|| drop(cell));
    }
}

/// Drops the future in its place.
///
/// # Safety
/// The stage holds it, and the caller alone touches the stage.
unsafe fn drop_in_stage<F: Future>(stage: *mut Stage<F>) -> Result<(), Payload> {
    attempt(|| {
        // SAFETY: as the contract says; nobody uses the future again.
        unsafe { ptr::drop_in_place(stage.cast::<F>()) };
    })
}
