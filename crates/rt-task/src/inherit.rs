//! Task-locals that follow a spawn: how a new task finds what its spawner's scopes offer.
//!
//! A scope of a key that is declared `#[inherit]` leaves a frame on its stack, linked to the frame
//! outside it, for as long as it is entered; one pointer per thread names the innermost. A spawn
//! looks at that pointer: null, as it always is where nobody opted in, and there is nothing to do.
//! Else each value is cloned once, and goes along with the task beside its name. Whoever polls
//! the task, or drops its future, enters them first.
//!
//! Nothing here depends on the type of a task's future: a poll function is not made twice.
//!
//! **Invariant.** A frame is linked while the call that holds it runs, on the thread that runs
//! it; frames are unlinked in the reverse order, also by a panic. So what the pointer names, and
//! what that links to, is alive.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr;

/// A value that goes along with a task.
pub(crate) trait Carry: Send {
    /// Runs `f` with the value in scope.
    fn enter(&self, f: &mut dyn FnMut());
}

/// What a task inherited. At least one value; of each key one.
pub(crate) struct Inherited(Box<[Box<dyn Carry>]>);

/// Makes a copy to be carried of the `value` of `key`; `None` if the scope has none (any more).
///
/// # Safety
/// Both pointers are those of the frame that this function is from.
pub(crate) type CarryFn = unsafe fn(key: *const (), value: *const ()) -> Option<Box<dyn Carry>>;

/// A scope that is entered.
struct Frame {
    outer: *const Frame,
    key: *const (),
    value: *const (),
    carry: CarryFn,
}

/// What a task that is spawned here and now inherits.
///
/// # Panics
/// If cloning a value does.
#[inline]
pub(crate) fn offered() -> Option<Inherited> {
    let innermost = tls::innermost();
    if innermost.is_null() {
        return None;
    }
    collect(innermost)
}

#[cold]
fn collect(innermost: *const Frame) -> Option<Inherited> {
    let mut keys = Vec::new();
    let mut values = Vec::new();
    let mut at = innermost;
    // SAFETY: null, or linked on this thread, hence alive (Invariant): nothing that runs here
    // unlinks a frame that it has not linked itself.
    while let Some(frame) = unsafe { at.as_ref() } {
        if !keys.contains(&frame.key) {
            keys.push(frame.key); // those outside it are hidden
            // SAFETY: the frame's own; value and key are alive as long as the frame (`offer`).
            values.extend(unsafe { (frame.carry)(frame.key, frame.value) });
        }
        at = frame.outer;
    }
    (!values.is_empty()).then(|| Inherited(values.into_boxed_slice()))
}

impl Inherited {
    /// Runs `f` with all of it in scope.
    pub(crate) fn within(&self, f: &mut dyn FnMut()) {
        enter_all(&self.0, f);
    }
}

fn enter_all(values: &[Box<dyn Carry>], f: &mut dyn FnMut()) {
    match values.split_last() {
        None => f(),
        Some((outermost, rest)) => outermost.enter(&mut || enter_all(rest, f)),
    }
}

/// Runs `f`; what is spawned meanwhile on this thread inherits nothing.
///
/// For a task that happens to be started while a request is served, say, and outlives it: a
/// connection's, of a pool. Scopes that `f` enters are inherited as ever.
///
/// ```
/// rt_task::task_local! {
///     #[inherit]
///     static REQUEST: u32;
/// }
/// let closure = || rt_task::Job::new(|| REQUEST.try_get().ok());
/// let (served, kept) = REQUEST.sync_scope(7, || (closure(), rt_task::inherit_nothing(closure)));
/// for ((job, handle), finds) in [(served, Some(7)), (kept, None)] {
///     job.run();
///     assert_eq!(rt_task::block_on(handle).unwrap(), finds);
/// }
/// ```
pub fn inherit_nothing<R>(f: impl FnOnce() -> R) -> R {
    let _unlink = Unlink(tls::innermost());
    tls::set_innermost(ptr::null());
    f()
}

/// Puts back what the pointer named.
struct Unlink(*const Frame);

impl Drop for Unlink {
    fn drop(&mut self) {
        tls::set_innermost(self.0);
    }
}

/// Runs `f`; what is spawned meanwhile on this thread inherits the `value` of `key`.
///
/// # Safety
/// `carry` may be called with `key` and `value`, on this thread, until `f` has returned.
#[cfg_attr(not(feature = "std"), expect(dead_code, reason = "task-locals need thread-locals"))]
pub(crate) unsafe fn offer<R>(
    key: *const (),
    value: *const (),
    carry: CarryFn,
    f: impl FnOnce() -> R,
) -> R {
    let frame = Frame { outer: tls::innermost(), key, value, carry };
    let _unlink = Unlink(frame.outer);
    tls::set_innermost(&raw const frame);
    f()
}

#[cfg(all(feature = "std", not(any(rt_loom, rt_sim))))]
mod tls {
    use super::Frame;
    use core::cell::Cell;
    use core::ptr;

    std::thread_local! {
        static INNERMOST: Cell<*const Frame> = const { Cell::new(ptr::null()) };
    }
    /// Null while the thread's locals are being destroyed.
    #[inline]
    pub(super) fn innermost() -> *const Frame {
        INNERMOST.try_with(Cell::get).unwrap_or(ptr::null())
    }
    pub(super) fn set_innermost(frame: *const Frame) {
        let _ = INNERMOST.try_with(|innermost| innermost.set(frame));
    }
}

#[cfg(not(all(feature = "std", not(any(rt_loom, rt_sim)))))]
mod tls {
    use super::Frame;

    /// Without threads known to us there are no task-locals.
    pub(super) fn innermost() -> *const Frame {
        core::ptr::null()
    }
    pub(super) fn set_innermost(_frame: *const Frame) {}
}
