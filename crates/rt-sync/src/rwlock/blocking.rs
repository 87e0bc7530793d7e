//! The lock, for threads that may block.

use super::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use crate::base::blocking::wait;

impl<T: ?Sized> RwLock<T> {
    /// Waits to read with the whole thread.
    ///
    /// # Panics
    /// On a thread that drives a runtime.
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        wait("RwLock::blocking_read", "read().await", self.read())
    }

    /// Waits to write with the whole thread.
    ///
    /// # Panics
    /// On a thread that drives a runtime.
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        wait("RwLock::blocking_write", "write().await", self.write())
    }
}
