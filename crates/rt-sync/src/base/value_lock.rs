//! A lock around a user's value, which blocks the thread: for code of the user that may take its time.
//!
//! The system's, by way of `std`. Code of the user may panic under it: nothing is poisoned by that.

use core::fmt;
use core::ops::{Deref, DerefMut};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

/// Many read, or one writes.
pub(crate) struct ValueLock<T>(RwLock<T>);

/// The right to read.
pub(crate) struct ReadGuard<'a, T>(RwLockReadGuard<'a, T>);

/// The right to write.
pub(crate) struct WriteGuard<'a, T>(RwLockWriteGuard<'a, T>);

impl<T> ValueLock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(RwLock::new(value))
    }

    #[inline]
    pub(crate) fn read(&self) -> ReadGuard<'_, T> {
        ReadGuard(self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    #[inline]
    pub(crate) fn write(&self) -> WriteGuard<'_, T> {
        WriteGuard(self.0.write().unwrap_or_else(PoisonError::into_inner))
    }

    #[inline]
    pub(crate) fn try_write(&self) -> Option<WriteGuard<'_, T>> {
        match self.0.try_write() {
            Ok(guard) => Some(WriteGuard(guard)),
            Err(TryLockError::Poisoned(poisoned)) => Some(WriteGuard(poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for ReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
