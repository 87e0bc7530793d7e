//! What holds an [`RwLock`] in an [`Arc`], and what holds a part of it.

use alloc::sync::Arc;
use core::convert::identity;
use core::panic::Location;

use super::RwLock;
use super::guards::share;
use crate::base::acquire::Taken;
use crate::base::hold::{Hold, guard, guard_mut};

/// Reads while this exists. Made by [`RwLock::read_owned`].
#[must_use = "the lock is let go when this is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedRwLockReadGuard<T: ?Sized, U: ?Sized = T> {
    hold: Hold<Arc<RwLock<T>>, U, Arc<U>>,
}

/// Writes while this exists. Made by [`RwLock::write_owned`].
#[must_use = "the lock is let go when this is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedRwLockWriteGuard<T: ?Sized> {
    hold: Hold<Arc<RwLock<T>>, T, Arc<T>>,
}

/// Writes while this exists; what it shows is a part. Made by [`map`](OwnedRwLockWriteGuard::map).
#[must_use = "the lock is let go when this is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedRwLockMappedWriteGuard<T: ?Sized, U: ?Sized = T> {
    hold: Hold<Arc<RwLock<T>>, U, Arc<U>>,
}

guard!(OwnedRwLockReadGuard [T: ?Sized, U: ?Sized] [T, U] to U);
guard_mut!(
    OwnedRwLockWriteGuard [T: ?Sized] [T] to T,
    mapped U => OwnedRwLockMappedWriteGuard OwnedRwLockMappedWriteGuard<T, U>, by identity
);
guard_mut!(
    OwnedRwLockMappedWriteGuard [T: ?Sized, U: ?Sized] [T, U] to U,
    mapped S => OwnedRwLockMappedWriteGuard OwnedRwLockMappedWriteGuard<T, S>, by identity
);

impl<T: ?Sized> OwnedRwLockReadGuard<T> {
    pub(super) fn new(taken: Taken<Arc<RwLock<T>>>) -> Self {
        let value = taken.owner().pointer();
        // SAFETY: a permit opens the value for reads, and its owner keeps it alive.
        Self { hold: unsafe { Hold::new(taken, value) } }
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    /// A guard that shows a part.
    pub fn map<S: ?Sized>(this: Self, part: impl FnOnce(&U) -> &S) -> OwnedRwLockReadGuard<T, S> {
        match Self::try_map(this, |value| Some(part(value))) {
            Ok(part) => part,
            Err(_) => unreachable!("there is a part"),
        }
    }

    /// A guard that shows a part, if there is that part.
    ///
    /// # Errors
    /// With this guard, if not.
    pub fn try_map<S: ?Sized>(
        this: Self,
        part: impl FnOnce(&U) -> Option<&S>,
    ) -> Result<OwnedRwLockReadGuard<T, S>, Self> {
        // SAFETY: for reads.
        match unsafe { this.hold.narrow(part) } {
            Ok(hold) => Ok(OwnedRwLockReadGuard { hold }),
            Err(hold) => Err(Self { hold }),
        }
    }

    /// The lock that is held.
    #[must_use]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.hold.owner()
    }
}

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    pub(super) fn new(taken: Taken<Arc<RwLock<T>>>) -> Self {
        let value = taken.owner().pointer();
        // SAFETY: all permits open the value, and their owner keeps it alive.
        Self { hold: unsafe { Hold::new(taken, value) } }
    }

    /// Reads from now on, without anybody writing in between. Others that wait to read, do.
    #[track_caller]
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        let site = Location::caller();
        OwnedRwLockReadGuard { hold: self.hold.with(|taken| share(taken, site)) }
    }

    /// Reads a part from now on, without anybody writing in between.
    #[track_caller]
    pub fn downgrade_map<U: ?Sized>(
        this: Self,
        part: impl FnOnce(&T) -> &U,
    ) -> OwnedRwLockReadGuard<T, U> {
        match Self::try_downgrade_map(this, |value| Some(part(value))) {
            Ok(part) => part,
            Err(_) => unreachable!("there is a part"),
        }
    }

    /// Reads a part from now on, if there is that part, without anybody writing in between.
    ///
    /// # Errors
    /// With this guard, if not.
    #[track_caller]
    pub fn try_downgrade_map<U: ?Sized>(
        this: Self,
        part: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<OwnedRwLockReadGuard<T, U>, Self> {
        let site = Location::caller();
        // SAFETY: for reads.
        match unsafe { this.hold.narrow::<U, Arc<U>>(part) } {
            Ok(hold) => Ok(OwnedRwLockReadGuard { hold: hold.with(|taken| share(taken, site)) }),
            Err(hold) => Err(Self { hold }),
        }
    }

    /// The guard that [`map`](Self::map) makes, of the whole.
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        OwnedRwLockMappedWriteGuard { hold: this.hold }
    }

    /// The lock that is held.
    #[must_use]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.hold.owner()
    }
}

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    /// The lock that is held.
    #[must_use]
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.hold.owner()
    }
}
