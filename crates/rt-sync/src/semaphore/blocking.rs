//! Permits for threads that may block.

use alloc::sync::Arc;

use super::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use crate::base::blocking::wait;

impl Semaphore {
    /// Waits for a permit with the whole thread.
    ///
    /// # Errors
    /// If the semaphore is closed, or is closed meanwhile.
    ///
    /// # Panics
    /// On a thread that drives a runtime.
    #[track_caller]
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        wait("Semaphore::blocking_acquire", "acquire().await", self.acquire())
    }

    /// Waits for `n` permits with the whole thread.
    ///
    /// # Errors
    /// If the semaphore is closed, or is closed meanwhile.
    ///
    /// # Panics
    /// On a thread that drives a runtime.
    #[track_caller]
    pub fn blocking_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        wait("Semaphore::blocking_acquire_many", "acquire_many(n).await", self.acquire_many(n))
    }

    /// Waits for a permit that owns the semaphore with the whole thread.
    ///
    /// # Errors
    /// If the semaphore is closed, or is closed meanwhile.
    ///
    /// # Panics
    /// On a thread that drives a runtime.
    #[track_caller]
    pub fn blocking_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        wait("Semaphore::blocking_acquire_owned", "acquire_owned().await", self.acquire_owned())
    }

    /// Waits for `n` permits that own the semaphore with the whole thread.
    ///
    /// # Errors
    /// If the semaphore is closed, or is closed meanwhile.
    ///
    /// # Panics
    /// On a thread that drives a runtime.
    #[track_caller]
    pub fn blocking_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        let future = self.acquire_many_owned(n);
        wait("Semaphore::blocking_acquire_many_owned", "acquire_many_owned(n).await", future)
    }
}
