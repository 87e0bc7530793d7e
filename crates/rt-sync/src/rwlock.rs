//! A lock that many may read at once, or one write, in the order in which they asked.
//!
//! A semaphore of as many permits as there may be readers: a reader takes one, a writer all.

use alloc::sync::Arc;
use core::cell::UnsafeCell;
use core::fmt;
use core::panic::Location;
use core::ptr::NonNull;

use rt_task::base::shim::const_fn;
use rt_task::wait::WaitKind;

use crate::base::acquire::{Owner, Taken};
use crate::base::permits::Permits;
use crate::base::waits::waits;
use crate::mutex::TryLockError;

mod guards;
mod owned;

pub use guards::{RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard};
pub use owned::{OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard};

/// A lock that many may read at once, or one write, held across awaits if need be.
///
/// Fair: it is had in the order in which it was asked for. A writer that waits holds up the readers that come
/// after it; so a task that reads and asks to read again may wait for ever. It is not poisoned.
///
/// While a task waits for it, a dump shows who holds it; of several readers, the one that came last.
///
/// # Cost
/// As that of a [`Mutex`](crate::Mutex).
///
/// ```
/// use rt_sync::RwLock;
///
/// let table = RwLock::new(vec![1, 2]);
/// rt_task::block_on(async {
///     {
///         let (one, other) = (table.read().await, table.read().await);
///         assert_eq!(one.len(), other.len());
///         assert!(table.try_write().is_err());
///     }
///     table.write().await.push(3);
/// });
/// assert_eq!(table.into_inner(), [1, 2, 3]);
/// ```
pub struct RwLock<T: ?Sized> {
    readers_max: u32,
    permits: Permits,
    value: UnsafeCell<T>,
}

// SAFETY: the value is read by who has a permit, and written by who has all of them (`each permit is one's`).
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

impl<T: ?Sized> Owner for Arc<RwLock<T>> {
    const IS_KEPT: bool = true;
    #[inline]
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

impl<T: ?Sized> Owner for &RwLock<T> {
    const IS_KEPT: bool = true;
    #[inline]
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

/// Readers, unless told otherwise, and the most there can be.
const READERS_MAX: u32 = if usize::BITS > 32 { u32::MAX >> 3 } else { (Permits::MAX >> 1) as u32 };

const NEVER_CLOSED: &str = "a lock is never closed";

waits! {
    /// Waits to read. Made by [`RwLock::read`].
    Read ['a, T: ?Sized] ['a, T]
    from &'a RwLock<T>, to RwLockReadGuard<'a, T>,
    by |got| RwLockReadGuard::new(got.expect(NEVER_CLOSED));
}

waits! {
    /// Waits to read. Made by [`RwLock::read_owned`].
    ReadOwned [T: ?Sized] [T]
    from Arc<RwLock<T>>, to OwnedRwLockReadGuard<T>,
    by |got| OwnedRwLockReadGuard::new(got.expect(NEVER_CLOSED));
}

waits! {
    /// Waits to write. Made by [`RwLock::write`].
    Write ['a, T: ?Sized] ['a, T]
    from &'a RwLock<T>, to RwLockWriteGuard<'a, T>,
    by |got| RwLockWriteGuard::new(got.expect(NEVER_CLOSED));
}

waits! {
    /// Waits to write. Made by [`RwLock::write_owned`].
    WriteOwned [T: ?Sized] [T]
    from Arc<RwLock<T>>, to OwnedRwLockWriteGuard<T>,
    by |got| OwnedRwLockWriteGuard::new(got.expect(NEVER_CLOSED));
}

impl<T> RwLock<T> {
    const_fn! {
        /// A free lock around `value`, usable in a constant.
        #[must_use]
        pub const fn const_new(value: T) -> Self {
            Self::const_with_max_readers(value, READERS_MAX)
        }
    }

    const_fn! {
        /// A free lock around `value` that at most `max_readers` read at once, usable in a constant.
        ///
        /// # Panics
        /// If that is zero, or more than 2^29 - 1.
        #[track_caller]
        #[must_use]
        pub const fn const_with_max_readers(value: T, max_readers: u32) -> Self {
            assert!(
                max_readers > 0 && max_readers <= READERS_MAX,
                "an `RwLock` has between one reader and `u32::MAX >> 3` of them"
            );
            let permits = Permits::new(max_readers as usize);
            Self { readers_max: max_readers, permits, value: UnsafeCell::new(value) }
        }
    }

    /// A free lock around `value`.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self::const_new(value)
    }

    /// A free lock around `value` that at most `max_readers` read at once.
    ///
    /// # Panics
    /// If that is zero, or more than 2^29 - 1.
    #[track_caller]
    #[must_use]
    pub fn with_max_readers(value: T, max_readers: u32) -> Self {
        Self::const_with_max_readers(value, max_readers)
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits to read, with others that read.
    ///
    /// # Cancel safety
    /// Dropping the future takes nothing, and gives up the place in the queue.
    #[track_caller]
    pub fn read(&self) -> Read<'_, T> {
        Read::new(self, 1, WaitKind::Read, Location::caller())
    }

    /// Waits to read; the guard owns the `Arc`.
    ///
    /// # Cancel safety
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn read_owned(self: Arc<Self>) -> ReadOwned<T> {
        ReadOwned::new(self, 1, WaitKind::Read, Location::caller())
    }

    /// Reads, if nobody writes or waits to.
    ///
    /// # Errors
    /// If somebody does.
    #[track_caller]
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        let taken = Taken::try_new(self, 1, WaitKind::Read, Location::caller())?;
        Ok(RwLockReadGuard::new(taken))
    }

    /// Reads, if nobody writes or waits to; the guard owns the `Arc`.
    ///
    /// # Errors
    /// If somebody does.
    #[track_caller]
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        let taken = Taken::try_new(self, 1, WaitKind::Read, Location::caller())?;
        Ok(OwnedRwLockReadGuard::new(taken))
    }

    /// Waits to write, alone.
    ///
    /// # Cancel safety
    /// Dropping the future takes nothing, and gives up the place in the queue.
    #[track_caller]
    pub fn write(&self) -> Write<'_, T> {
        Write::new(self, self.all(), WaitKind::Write, Location::caller())
    }

    /// Waits to write; the guard owns the `Arc`.
    ///
    /// # Cancel safety
    /// As [`write`](Self::write).
    #[track_caller]
    pub fn write_owned(self: Arc<Self>) -> WriteOwned<T> {
        let all = self.all();
        WriteOwned::new(self, all, WaitKind::Write, Location::caller())
    }

    /// Writes, if nobody holds the lock or waits for it.
    ///
    /// # Errors
    /// If somebody does.
    #[track_caller]
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        let taken = Taken::try_new(self, self.all(), WaitKind::Write, Location::caller())?;
        Ok(RwLockWriteGuard::new(taken))
    }

    /// Writes, if nobody holds the lock or waits for it; the guard owns the `Arc`.
    ///
    /// # Errors
    /// If somebody does.
    #[track_caller]
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        let all = self.all();
        let taken = Taken::try_new(self, all, WaitKind::Write, Location::caller())?;
        Ok(OwnedRwLockWriteGuard::new(taken))
    }

    /// The value, which nobody else can reach.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// The permits of a writer.
    fn all(&self) -> usize {
        self.readers_max as usize
    }

    /// Where the value is.
    fn pointer(&self) -> NonNull<T> {
        NonNull::new(self.value.get()).expect("a cell is somewhere")
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("RwLock");
        match self.try_read() {
            Ok(value) => all.field("data", &&*value).finish(),
            Err(_) => all.field("data", &format_args!("<locked>")).finish(),
        }
    }
}

#[cfg(feature = "std")]
mod blocking;
#[cfg(all(test, not(rt_loom)))]
mod model_tests;
#[cfg(all(test, not(rt_loom)))]
mod tests;
