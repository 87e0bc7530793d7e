//! The lock, for threads that may block.

use alloc::sync::Arc;

use super::{Mutex, MutexGuard, OwnedMutexGuard};
use crate::base::blocking::wait;

impl<T: ?Sized> Mutex<T> {
    /// Waits for the lock with the whole thread.
    ///
    /// # Panics
    /// On a thread that drives a runtime.
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        wait("Mutex::blocking_lock", "lock().await", self.lock())
    }

    /// Waits for the lock with the whole thread; the guard owns the `Arc`.
    ///
    /// # Panics
    /// On a thread that drives a runtime.
    #[track_caller]
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        wait("Mutex::blocking_lock_owned", "lock_owned().await", self.lock_owned())
    }
}
