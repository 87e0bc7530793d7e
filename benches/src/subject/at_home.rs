//! What stays on the thread that made it, in a type that says it may be sent.
//!
//! Some runtimes have sleeps and sockets that are not `Send`, and tasks that never leave their
//! thread. Wrapped, they fit a trait that asks for `Send` on behalf of those that promise more;
//! whoever does send one is told by a panic. The check is one read of a thread-local word: a
//! `ThreadId` would cost two read-modify-writes, which are what is counted.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::thread;

/// A value that only the thread that made it may touch.
#[derive(Debug)]
pub(super) struct AtHome<T> {
    home: u64,
    /// Touched and dropped at home only.
    value: ManuallyDrop<T>,
}

// SAFETY: the value is reached by `get`, `get_mut`, `poll` and `drop` alone, and each of them
// first asserts that it is at home. Numbers of threads are never used twice.
unsafe impl<T> Send for AtHome<T> {}

// SAFETY: as above: a shared reference on another thread reaches nothing.
unsafe impl<T> Sync for AtHome<T> {}

impl<T> AtHome<T> {
    pub(super) fn new(value: T) -> Self {
        Self { home: here(), value: ManuallyDrop::new(value) }
    }

    pub(super) fn get(&self) -> &T {
        self.assert_at_home();
        &self.value
    }

    pub(super) fn get_mut(&mut self) -> &mut T {
        self.assert_at_home();
        &mut self.value
    }

    fn assert_at_home(&self) {
        assert!(self.home == here(), "used on another thread than the one that made it");
    }
}

impl<F: Future> Future for AtHome<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.assert_at_home();
        // SAFETY: pinned with the wrapper, which never moves the value out, and whose `drop` does
        // not move it either; `get_mut` needs a wrapper that is not pinned.
        let future = unsafe { self.map_unchecked_mut(|this| &mut *this.value) };
        future.poll(cx)
    }
}

impl<T> Drop for AtHome<T> {
    fn drop(&mut self) {
        if self.home == here() {
            // SAFETY: nobody reaches the value after this; it is dropped once, since `drop` is.
            unsafe { ManuallyDrop::drop(&mut self.value) };
        } else if !thread::panicking() {
            panic!("dropped on another thread than the one that made it");
        }
        // Else it leaks, and the panic under way tells of the mistake.
    }
}

/// The number of this thread.
fn here() -> u64 {
    /// Nought is no number.
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local!(static NUMBER: Cell<u64> = const { Cell::new(0) });
    match NUMBER.get() {
        0 => {
            // Relaxed: only that no two threads get the same matters.
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            NUMBER.set(number);
            number
        }
        number => number,
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "another thread is what is tested")]
mod tests {
    use std::rc::Rc;
    use std::thread;

    use super::AtHome;

    #[test]
    fn at_home_it_is_the_value() {
        let mut value = AtHome::new(Rc::new(7));
        assert_eq!(**value.get(), 7);
        assert!(Rc::get_mut(value.get_mut()).is_some());
    }

    #[test]
    fn elsewhere_it_is_out_of_reach_and_stays_alive() {
        let kept = Rc::new(7);
        let value = AtHome::new(kept.clone());
        let elsewhere = thread::spawn(move || {
            let value = value;
            value.get();
        });
        assert!(elsewhere.join().is_err(), "a panic");
        assert_eq!(Rc::strong_count(&kept), 2, "another thread must not count it");
    }
}
