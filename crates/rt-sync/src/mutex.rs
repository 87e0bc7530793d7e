//! A lock that a task holds across awaits, one at a time, in the order in which they asked.

use alloc::sync::Arc;
use core::cell::UnsafeCell;
use core::fmt;
use core::panic::Location;
use core::ptr::NonNull;

use rt_task::base::shim::const_fn;
use rt_task::wait::WaitKind;

use crate::base::acquire::{Owner, Taken};
use crate::base::permits::{Permits, TryTake};
use crate::base::waits::waits;

mod guards;

pub use guards::{MappedMutexGuard, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard};

/// A lock that may be held across awaits.
///
/// Fair: it is had in the order in which it was asked for. It is not poisoned: when a task panics while it holds
/// the lock, the guard is dropped, and the next gets what there is.
///
/// For data that are looked at between awaits, a lock of `std` is cheaper. This one is for what must be held
/// *while* something is awaited, such as a connection.
///
/// While a task waits for it, a dump shows who holds it, and since which line;
/// `deadlocks` (with `std`) reports those who wait for each other.
///
/// # Cost
/// Where nobody waits, one read-modify-write to lock and one to unlock, no allocation. The first wait on a lock
/// allocates its list.
///
/// ```
/// use rt_sync::Mutex;
/// use std::sync::Arc;
///
/// let count = Arc::new(Mutex::new(0));
/// rt_task::block_on(async {
///     *count.lock().await += 1;
///     let owned = count.clone().lock_owned().await;
///     assert_eq!(*owned, 1);
///     assert!(count.try_lock().is_err());
/// });
/// ```
pub struct Mutex<T: ?Sized> {
    permits: Permits,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by who has the one permit (`each permit is one's`), so to share the lock is to
// send the value.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

impl<T: ?Sized> Owner for &Mutex<T> {
    const IS_KEPT: bool = true;
    #[inline]
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

impl<T: ?Sized> Owner for Arc<Mutex<T>> {
    const IS_KEPT: bool = true;
    #[inline]
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

/// The lock is held, or others wait for it.
#[derive(Debug)]
pub struct TryLockError(pub(crate) ());

waits! {
    /// Waits for a lock. Made by [`Mutex::lock`].
    Lock ['a, T: ?Sized] ['a, T]
    from &'a Mutex<T>, to MutexGuard<'a, T>,
    by |got| MutexGuard::new(got.unwrap_or_else(|_| unreachable!("a lock is never closed")));
}

waits! {
    /// Waits for a lock. Made by [`Mutex::lock_owned`].
    LockOwned [T: ?Sized] [T]
    from Arc<Mutex<T>>, to OwnedMutexGuard<T>,
    by |got| OwnedMutexGuard::new(got.unwrap_or_else(|_| unreachable!("a lock is never closed")));
}

impl<T> Mutex<T> {
    const_fn! {
        /// A free lock around `value`, usable in a constant.
        #[must_use]
        pub const fn const_new(value: T) -> Self {
            Self { permits: Permits::new(1), value: UnsafeCell::new(value) }
        }
    }

    /// A free lock around `value`.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self::const_new(value)
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits for the lock.
    ///
    /// # Cancel safety
    /// Dropping the future takes nothing, and gives up the place in the queue.
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> Lock<'_, T> {
        Lock::new(self, 1, WaitKind::Lock, Location::caller())
    }

    /// Waits for the lock; the guard owns the `Arc`.
    ///
    /// # Cancel safety
    /// As [`lock`](Self::lock).
    #[inline]
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> LockOwned<T> {
        LockOwned::new(self, 1, WaitKind::Lock, Location::caller())
    }

    /// The lock, if it is free and nobody waits for it.
    ///
    /// # Errors
    /// If it is not.
    #[inline]
    #[track_caller]
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        Ok(MutexGuard::new(Taken::try_new(self, 1, WaitKind::Lock, Location::caller())?))
    }

    /// The lock, if it is free and nobody waits for it; the guard owns the `Arc`.
    ///
    /// # Errors
    /// If it is not.
    #[inline]
    #[track_caller]
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        Ok(OwnedMutexGuard::new(Taken::try_new(self, 1, WaitKind::Lock, Location::caller())?))
    }

    /// The value, which nobody else can reach.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// Where the value is.
    #[inline]
    fn pointer(&self) -> NonNull<T> {
        NonNull::new(self.value.get()).expect("a cell is somewhere")
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("Mutex");
        match self.try_lock() {
            Ok(value) => all.field("data", &&*value).finish(),
            Err(_) => all.field("data", &format_args!("<locked>")).finish(),
        }
    }
}

impl From<TryTake> for TryLockError {
    fn from(_: TryTake) -> Self {
        Self(())
    }
}

impl fmt::Display for TryLockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("operation would block")
    }
}

impl core::error::Error for TryLockError {}

#[cfg(feature = "std")]
mod blocking;
#[cfg(all(test, not(rt_loom)))]
mod tests;
