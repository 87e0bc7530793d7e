//! What holds an [`RwLock`] by reference, and what holds a part of it.

use core::convert::identity;
use core::panic::Location;

use rt_task::wait::WaitKind;

use super::RwLock;
use crate::base::acquire::{Owner, Taken};
use crate::base::hold::{Hold, guard, guard_mut};
use crate::base::holder::Who;
use crate::base::permits::Permits;

/// Reads while this exists. Made by [`RwLock::read`].
#[must_use = "the lock is let go when this is dropped"]
#[clippy::has_significant_drop]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    hold: Hold<&'a Permits, T, &'a T>,
}

/// Writes while this exists. Made by [`RwLock::write`].
#[must_use = "the lock is let go when this is dropped"]
#[clippy::has_significant_drop]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    hold: Hold<&'a RwLock<T>, T, Writes<'a, T>>,
}

/// Writes while this exists; what it shows is a part. Made by [`map`](RwLockWriteGuard::map).
#[must_use = "the lock is let go when this is dropped"]
#[clippy::has_significant_drop]
pub struct RwLockMappedWriteGuard<'a, T: ?Sized> {
    hold: Hold<&'a Permits, T, Writes<'a, T>>,
}

/// Like one that writes and may come to share.
type Writes<'a, T> = (&'a T, &'a mut T);

guard!(RwLockReadGuard ['a, T: ?Sized] ['a, T] to T);
guard_mut!(
    RwLockWriteGuard ['a, T: ?Sized] ['a, T] to T,
    mapped U => RwLockMappedWriteGuard RwLockMappedWriteGuard<'a, U>, by unlocked
);
guard_mut!(
    RwLockMappedWriteGuard ['a, T: ?Sized] ['a, T] to T,
    mapped U => RwLockMappedWriteGuard RwLockMappedWriteGuard<'a, U>, by identity
);

/// What a part needs no more of the lock than its permits, so that it need not name the lock's type.
fn unlocked<T: ?Sized, U: ?Sized, As: ?Sized>(
    hold: Hold<&RwLock<T>, U, As>,
) -> Hold<&Permits, U, As> {
    hold.with(|taken| taken.map(|lock| &lock.permits))
}

/// One permit of all: others may read, too. At `site`.
pub(super) fn share<O: Owner>(mut taken: Taken<O>, site: &'static Location<'static>) -> Taken<O> {
    let rest = taken.split(taken.len() - 1);
    taken.owner().permits().keep(Who::here(WaitKind::Read, site));
    taken.owner().permits().give(rest);
    taken
}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    pub(super) fn new(taken: Taken<&'a RwLock<T>>) -> Self {
        let value = taken.owner().pointer();
        // SAFETY: a permit opens the value for reads.
        Self { hold: unsafe { Hold::new(taken.map(|lock| &lock.permits), value) } }
    }

    /// A guard that shows a part.
    pub fn map<U: ?Sized>(this: Self, part: impl FnOnce(&T) -> &U) -> RwLockReadGuard<'a, U> {
        match Self::try_map(this, |value| Some(part(value))) {
            Ok(part) => part,
            Err(_) => unreachable!("there is a part"),
        }
    }

    /// A guard that shows a part, if there is that part.
    ///
    /// # Errors
    /// With this guard, if not.
    pub fn try_map<U: ?Sized>(
        this: Self,
        part: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<RwLockReadGuard<'a, U>, Self> {
        // SAFETY: for reads.
        match unsafe { this.hold.narrow(part) } {
            Ok(hold) => Ok(RwLockReadGuard { hold }),
            Err(hold) => Err(Self { hold }),
        }
    }
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    pub(super) fn new(taken: Taken<&'a RwLock<T>>) -> Self {
        let value = taken.owner().pointer();
        // SAFETY: all permits open the value.
        Self { hold: unsafe { Hold::new(taken, value) } }
    }

    /// Reads from now on, without anybody writing in between. Others that wait to read, do.
    #[track_caller]
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        let site = Location::caller();
        RwLockReadGuard { hold: unlocked::<_, _, &T>(self.hold.with(|taken| share(taken, site))) }
    }

    /// Reads a part from now on, without anybody writing in between.
    #[track_caller]
    pub fn downgrade_map<U: ?Sized>(
        this: Self,
        part: impl FnOnce(&T) -> &U,
    ) -> RwLockReadGuard<'a, U> {
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
    ) -> Result<RwLockReadGuard<'a, U>, Self> {
        let site = Location::caller();
        // SAFETY: for reads.
        match unsafe { this.hold.narrow::<U, &'a U>(part) } {
            Ok(hold) => {
                Ok(RwLockReadGuard { hold: unlocked(hold.with(|taken| share(taken, site))) })
            }
            Err(hold) => Err(Self { hold }),
        }
    }

    /// The guard that [`map`](Self::map) makes, of the whole.
    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        RwLockMappedWriteGuard { hold: unlocked(this.hold) }
    }
}
