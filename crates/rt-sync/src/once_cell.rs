//! `OnceCell`: a value that is made when it is first asked for, by one of those that ask.
//!
//! Here: the cell; the futures that fill it are in `once_cell/fill.rs`. Never here: waiting for a value that
//! somebody else sets; that is [`SetOnce`](crate::SetOnce).
//!
//! # Protocol: once cell
//! | who fills it                                    | who looks                                     |
//! |-------------------------------------------------|-----------------------------------------------|
//! | O1 take the only permit                         | O4 load `is_set`: then the value is there     |
//! | O2 write the value; store `is_set`              | O5 no permit, closed: load the closed word, then O4 |
//! | O3 close the permits, and keep this one         |                                               |
//!
//! **Claim (filled once).** The value is written by one, once; who sees `is_set` sees it; who is told that there
//! are no more permits sees `is_set`.
//! **Why.** O2 is done by who has the only permit, which after O3 nobody gets. O2 is a Release store that O4 reads
//! with Acquire; O3 is a Release that is seen by O5, or by the waiter that was told.
//! **Breaks if** O2 is weaker than Release or O4 than Acquire, or the permit goes back after O2.
//! **Checked by** `once_cell::loom_tests::one_makes_it_and_all_see_it`,
//! `once_cell::loom_tests::who_gives_up_lets_another_try` and
//! `once_cell::loom_tests::who_finds_it_closed_finds_it_filled`.
//!
//! # What it costs
//! `get`, and `get_or_init` of a filled cell: one load. To fill it: two atomic read-modify-writes, one for the
//! permit and one to close. A wait while another one makes the value: as for a lock.

use core::error::Error;
use core::fmt;
use core::future::Future;
use core::mem::MaybeUninit;
use core::panic::Location;

use rt_task::base::shim::{AtomicBool, Ordering::*, UnsafeCell, const_fn, site};
use rt_task::wait::WaitKind;

use crate::base::acquire::{Owner, Taken};
use crate::base::permits::{Permits, TryTake};
use fill::Fill;

mod fill;

pub use fill::{GetOrInit, GetOrTryInit};

/// A cell that is filled once, by a future of whoever asks first.
///
/// While one makes the value, the others wait; [`lock_waits`](crate::lock_waits) shows for whom. If that future is
/// dropped, fails or panics, the next one tries.
///
/// ```
/// use rt_sync::OnceCell;
///
/// static PAGE: OnceCell<String> = OnceCell::const_new();
/// # rt_task::block_on(async {
/// let page = PAGE.get_or_init(async || "fetched".to_string()).await;
/// assert_eq!(page, "fetched");
/// assert_eq!(PAGE.get_or_init(async || unreachable!()).await, page);
/// # });
/// ```
pub struct OnceCell<T> {
    /// Then `value` is there, and is not written any more.
    is_set: AtomicBool,
    value: UnsafeCell<MaybeUninit<T>>,
    /// One, for who fills it; closed once it is filled.
    permits: Permits,
}

// SAFETY: shared, it hands out `&T` to any thread, and takes a `T` from any that is dropped by any other.
unsafe impl<T: Send + Sync> Sync for OnceCell<T> {}

impl<T> Owner for &OnceCell<T> {
    const IS_KEPT: bool = true;
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

impl<T> OnceCell<T> {
    const_fn! {
        /// An empty one. In a constant, too.
        #[must_use]
        pub const fn new() -> Self {
            Self {
                is_set: AtomicBool::new(false),
                value: UnsafeCell::new(MaybeUninit::uninit()),
                permits: Permits::new(1),
            }
        }
    }

    const_fn! {
        /// The same as [`new`](Self::new), which is `const` here.
        #[must_use]
        pub const fn const_new() -> Self {
            Self::new()
        }
    }

    const_fn! {
        /// One that is filled.
        #[must_use]
        pub const fn const_new_with(value: T) -> Self {
            Self {
                is_set: AtomicBool::new(true),
                value: UnsafeCell::new(MaybeUninit::new(value)),
                permits: Permits::closed(),
            }
        }
    }

    /// One that is filled, or not.
    #[must_use]
    pub fn new_with(value: Option<T>) -> Self {
        value.map_or_else(Self::new, Self::const_new_with)
    }

    /// Whether it is filled. One load.
    #[inline]
    pub fn initialized(&self) -> bool {
        self.is_set.load(site("once_cell.O4", Acquire)) // O4, pairs with O2
    }

    /// The value, if it is filled. One load.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        if !self.initialized() {
            return None;
        }
        // SAFETY: set (O4), hence not written any more; and there until `self` is dropped or borrowed alone.
        let value = self.value.with(|value| unsafe { &*value });
        // SAFETY: set, hence initialised.
        Some(unsafe { value.assume_init_ref() })
    }

    /// The value, if it is filled, to be changed.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        if !self.initialized() {
            return None;
        }
        // SAFETY: borrowed alone.
        let value = self.value.with_mut(|value| unsafe { &mut *value });
        // SAFETY: set, hence initialised.
        Some(unsafe { value.assume_init_mut() })
    }

    /// Fills it.
    ///
    /// # Errors
    /// If it is filled, or somebody is making its value: gives `value` back.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), SetError<T>> {
        if self.initialized() {
            return Err(SetError::AlreadyInitializedError(value));
        }
        match Taken::try_new(self, 1, WaitKind::Fill, Location::caller()) {
            Ok(permit) => {
                self.fill(value, permit);
                Ok(())
            }
            Err(TryTake::NoPermits) => Err(SetError::InitializingError(value)),
            Err(TryTake::Closed) => Err(SetError::AlreadyInitializedError(value)),
        }
    }

    /// The value; if there is none, that which the future of `make` gives.
    ///
    /// Of those that ask one makes it; the others wait, in the order in which they came, and `make` is called when
    /// it is the caller's turn. A call of this for the same cell inside of that future waits for itself.
    ///
    /// Cancel safe: dropped while it waits, it loses its place; while it makes the value, that is given up and the
    /// next one tries.
    ///
    /// # Panics
    /// If `make` or its future does; the next one tries.
    #[inline]
    #[track_caller]
    pub fn get_or_init<F, Fut>(&self, make: F) -> GetOrInit<'_, T, F, Fut>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        GetOrInit::new(Fill::new(self, make, Location::caller()))
    }

    /// [`get_or_init`](Self::get_or_init), with a future that may fail.
    ///
    /// # Errors
    /// That of the future, if it was this one that made it. The cell stays as it was, and the next one tries.
    #[inline]
    #[track_caller]
    pub fn get_or_try_init<E, F, Fut>(&self, make: F) -> GetOrTryInit<'_, T, F, Fut>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        GetOrTryInit::new(Fill::new(self, make, Location::caller()))
    }

    /// The value, if it was filled.
    pub fn into_inner(mut self) -> Option<T> {
        self.remove()
    }

    /// The value, if it was filled; it is empty after that.
    pub fn take(&mut self) -> Option<T> {
        core::mem::take(self).into_inner()
    }

    fn remove(&mut self) -> Option<T> {
        let was_set = self.initialized();
        self.is_set.store(false, Relaxed); // borrowed alone
        // SAFETY: borrowed alone.
        let value = self.value.with(|value| unsafe { &*value });
        // SAFETY: it was set, hence initialised; and is not any more, so that nobody reads or drops it again.
        was_set.then(|| unsafe { value.assume_init_read() })
    }

    fn fill(&self, value: T, permit: Taken<&Self>) -> &T {
        // SAFETY: with the only permit, and not set yet: nobody reads or writes it.
        self.value.with_mut(|place| unsafe { (*place).write(value) });
        self.is_set.store(true, site("once_cell.O2", Release)); // O2, pairs with O4
        self.permits.let_go();
        self.permits.close(); // O3
        permit.forget();
        self.filled()
    }

    /// The value of a cell whose permits are known to be closed.
    fn filled(&self) -> &T {
        let is_closed = self.permits.is_closed(); // O5: orders what is read next after O3
        debug_assert!(is_closed);
        self.get().expect("closed, hence filled")
    }
}

impl<T> Drop for OnceCell<T> {
    fn drop(&mut self) {
        drop(self.remove());
    }
}

impl<T> Default for OnceCell<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for OnceCell<T> {
    fn from(value: T) -> Self {
        Self::const_new_with(value)
    }
}

impl<T: Clone> Clone for OnceCell<T> {
    /// A cell of its own, filled with the same or empty.
    fn clone(&self) -> Self {
        Self::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for OnceCell<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceCell<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceCell").field("value", &self.get()).finish()
    }
}

/// Why [`OnceCell::set`] gave the value back.
#[derive(Debug, PartialEq, Eq)]
pub enum SetError<T> {
    /// It is filled.
    AlreadyInitializedError(T),
    /// Somebody is making its value.
    InitializingError(T),
}

impl<T> SetError<T> {
    /// Whether it is filled.
    pub fn is_already_init_err(&self) -> bool {
        matches!(self, Self::AlreadyInitializedError(_))
    }

    /// Whether somebody is making its value.
    pub fn is_initializing_err(&self) -> bool {
        matches!(self, Self::InitializingError(_))
    }
}

impl<T> fmt::Display for SetError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyInitializedError(_) => "the cell is filled already",
            Self::InitializingError(_) => "the cell is being filled",
        })
    }
}

impl<T: fmt::Debug> Error for SetError<T> {}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod model_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
