//! What holds a [`Mutex`], and what holds a part of it.

use alloc::sync::Arc;
use core::convert::identity;

use super::Mutex;
use crate::base::acquire::Taken;
use crate::base::hold::{Hold, guard_mut};
use crate::base::permits::Permits;

/// The lock is held while this exists. Made by [`Mutex::lock`].
#[must_use = "the lock is let go when this is dropped"]
#[clippy::has_significant_drop]
pub struct MutexGuard<'a, T: ?Sized> {
    hold: Hold<&'a Mutex<T>, T, &'a mut T>,
}

/// The lock is held while this exists. Made by [`Mutex::lock_owned`].
#[must_use = "the lock is let go when this is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedMutexGuard<T: ?Sized> {
    hold: Hold<Arc<Mutex<T>>, T, T>,
}

/// The lock is held while this exists; what it shows is a part. Made by [`map`](MutexGuard::map).
#[must_use = "the lock is let go when this is dropped"]
#[clippy::has_significant_drop]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    hold: Hold<&'a Permits, T, &'a mut T>,
}

/// The lock is held while this exists; what it shows is a part. Made by [`map`](OwnedMutexGuard::map).
#[must_use = "the lock is let go when this is dropped"]
#[clippy::has_significant_drop]
pub struct OwnedMappedMutexGuard<T: ?Sized, U: ?Sized = T> {
    hold: Hold<Arc<Mutex<T>>, U, U>,
}

guard_mut!(
    MutexGuard ['a, T: ?Sized] ['a, T] to T,
    mapped U => MappedMutexGuard MappedMutexGuard<'a, U>, by unlocked
);
guard_mut!(
    OwnedMutexGuard [T: ?Sized] [T] to T,
    mapped U => OwnedMappedMutexGuard OwnedMappedMutexGuard<T, U>, by identity
);
guard_mut!(
    MappedMutexGuard ['a, T: ?Sized] ['a, T] to T,
    mapped U => MappedMutexGuard MappedMutexGuard<'a, U>, by identity
);
guard_mut!(
    OwnedMappedMutexGuard [T: ?Sized, U: ?Sized] [T, U] to U,
    mapped S => OwnedMappedMutexGuard OwnedMappedMutexGuard<T, S>, by identity
);

/// What a part needs no more of the lock than its permits, so that it need not name the lock's type.
fn unlocked<'a, T: ?Sized, U: ?Sized>(
    hold: Hold<&'a Mutex<T>, U, &'a mut U>,
) -> Hold<&'a Permits, U, &'a mut U> {
    hold.with(|taken| taken.map(|mutex| &mutex.permits))
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    #[inline]
    pub(super) fn new(taken: Taken<&'a Mutex<T>>) -> Self {
        let value = taken.owner().pointer();
        // SAFETY: the one permit opens the value.
        Self { hold: unsafe { Hold::new(taken, value) } }
    }

    /// The lock that is held.
    #[must_use]
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.hold.owner()
    }
}

impl<T: ?Sized> OwnedMutexGuard<T> {
    #[inline]
    pub(super) fn new(taken: Taken<Arc<Mutex<T>>>) -> Self {
        let value = taken.owner().pointer();
        // SAFETY: the one permit opens the value, which its owner keeps alive.
        Self { hold: unsafe { Hold::new(taken, value) } }
    }

    /// The lock that is held.
    #[must_use]
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        this.hold.owner()
    }
}
