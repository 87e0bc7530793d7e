//! The waker of a task: a pointer and one reference.

use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::{RawWaker, RawWakerVTable, Waker};

use crate::header::{Header, TaskRef};
use crate::schedule::Why;
use crate::state::Woken;

/// One for all tasks, so that `will_wake` tells the same task whatever its type.
static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop);

/// A waker for the time of a poll: no reference is taken, none given up.
#[inline]
pub(crate) fn borrowed(task: TaskRef) -> ManuallyDrop<Waker> {
    let raw = RawWaker::new(task.as_ptr().as_ptr().cast_const().cast(), &VTABLE);
    // SAFETY: the functions of the table keep the contract of `RawWaker`: thread-safe, each
    // clone owns a reference. Who polls keeps the task alive meanwhile, and the waker is never
    // dropped.
    ManuallyDrop::new(unsafe { Waker::from_raw(raw) })
}

/// # Safety
/// `data` comes from a waker of this table that is alive.
unsafe fn task(data: *const ()) -> TaskRef {
    // SAFETY: only pointers to heads get into a waker (contract); they are never null.
    let header = unsafe { NonNull::new_unchecked(data.cast_mut().cast::<Header>()) };
    // SAFETY: alive: the waker owns a reference, or borrows its poller's.
    unsafe { TaskRef::new(header) }
}

/// # Safety
/// As for [`task`].
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: as the contract says.
    let task = unsafe { task(data) };
    // SAFETY: alive as long as the waker that is cloned.
    unsafe { task.header() }.state.add_ref();
    RawWaker::new(data, &VTABLE)
}

/// # Safety
/// As for [`task`]; the waker's reference is the callee's.
unsafe fn wake(data: *const ()) {
    // SAFETY: as the contract says.
    let task = unsafe { task(data) };
    // SAFETY: alive: the reference is ours until T2.
    let header = unsafe { task.header() };
    let schedule = header.vtable.schedule;
    match header.state.wake_consuming() {
        Woken::Nothing => {}
        // SAFETY: T2 gave us the right.
        Woken::Submit => unsafe { schedule(task, Why::Wake) },
        // SAFETY: T2 gave up the last reference.
        Woken::Free => unsafe { task.free() },
    }
}

/// # Safety
/// As for [`task`].
unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: as the contract says.
    let task = unsafe { task(data) };
    // SAFETY: alive as long as the waker.
    let header = unsafe { task.header() };
    if header.state.wake() == Woken::Submit {
        // SAFETY: T1 gave us the right.
        unsafe { (header.vtable.schedule)(task, Why::Wake) };
    }
}

/// # Safety
/// As for [`task`]; the waker's reference is the callee's.
unsafe fn drop(data: *const ()) {
    // SAFETY: as the contract says.
    let task = unsafe { task(data) };
    // SAFETY: the reference is ours.
    unsafe { task.drop_ref() };
}
