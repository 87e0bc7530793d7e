//! A number of permits, handed out in the order in which they were asked for.
//!
//! What is counted and how is in `base/permits.rs`; here is what users hold.

use alloc::sync::Arc;
use core::fmt;
use core::panic::Location;

use rt_task::base::shim::const_fn;
use rt_task::wait::WaitKind;

use crate::base::acquire::{Owner, Taken};
use crate::base::permits::{Closed, Permits, TryTake};
use crate::base::waits::waits;

/// A number of permits; who has none waits for one.
///
/// Fair: permits are handed out in the order in which they were asked for. A task that asks for many holds up
/// those behind it, also if there are enough for them.
///
/// A permit goes back when its guard is dropped.
///
/// # Cost
/// Where nobody waits, one read-modify-write to acquire and one to give back, no allocation. The first wait on a
/// semaphore allocates its list.
///
/// ```
/// use rt_sync::Semaphore;
///
/// let connections = Semaphore::new(2);
/// rt_task::block_on(async {
///     let first = connections.acquire().await?;
///     let _second = connections.acquire().await?;
///     assert!(connections.try_acquire().is_err());
///     drop(first);
///     assert_eq!(connections.available_permits(), 1);
///     Ok::<(), rt_sync::AcquireError>(())
/// })?;
/// # Ok::<(), rt_sync::AcquireError>(())
/// ```
#[derive(Debug)]
pub struct Semaphore {
    permits: Permits,
}

impl Owner for &Semaphore {
    const IS_KEPT: bool = true;
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

impl Owner for Arc<Semaphore> {
    const IS_KEPT: bool = true;
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

/// A permit, or several, of a [`Semaphore`]. They go back when it is dropped.
#[must_use = "the permits go back when this is dropped"]
pub struct SemaphorePermit<'a> {
    taken: Taken<&'a Semaphore>,
}

/// A permit, or several, of a [`Semaphore`] in an [`Arc`]. They go back when it is dropped.
#[must_use = "the permits go back when this is dropped"]
pub struct OwnedSemaphorePermit {
    taken: Taken<Arc<Semaphore>>,
}

/// There are no more permits: the semaphore was closed.
#[derive(Debug)]
pub struct AcquireError(pub(crate) ());

/// Why there is no permit now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryAcquireError {
    /// The semaphore was closed: there will be none.
    Closed,
    /// There are too few now, or others wait for some.
    NoPermits,
}

waits! {
    /// Waits for permits. Made by [`Semaphore::acquire`] and [`Semaphore::acquire_many`].
    Acquire ['a] ['a]
    from &'a Semaphore, to Result<SemaphorePermit<'a>, AcquireError>,
    by |got| got.map(|taken| SemaphorePermit { taken }).map_err(AcquireError::from);
}

waits! {
    /// Waits for permits. Made by [`Semaphore::acquire_owned`] and [`Semaphore::acquire_many_owned`].
    AcquireOwned [] []
    from Arc<Semaphore>, to Result<OwnedSemaphorePermit, AcquireError>,
    by |got| got.map(|taken| OwnedSemaphorePermit { taken }).map_err(AcquireError::from);
}

impl Semaphore {
    /// The most permits that a semaphore can have: an eighth of what a word counts.
    pub const MAX_PERMITS: usize = Permits::MAX;

    const_fn! {
        /// A semaphore of `permits`, usable in a constant.
        ///
        /// # Panics
        /// If there are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
        #[track_caller]
        #[must_use]
        pub const fn const_new(permits: usize) -> Self {
            assert!(
                permits <= Self::MAX_PERMITS,
                "a semaphore cannot have more permits than `Semaphore::MAX_PERMITS`"
            );
            Self { permits: Permits::new(permits) }
        }
    }

    /// A semaphore of `permits`.
    ///
    /// # Panics
    /// If there are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[track_caller]
    #[must_use]
    pub fn new(permits: usize) -> Self {
        Self::const_new(permits)
    }

    /// How many permits are free now. None is, while somebody waits.
    #[must_use]
    pub fn available_permits(&self) -> usize {
        self.permits.free()
    }

    /// Adds `n` permits: to those that wait, then to the free ones.
    ///
    /// # Panics
    /// If there would be more than [`MAX_PERMITS`](Self::MAX_PERMITS) free ones. None is added then.
    #[track_caller]
    pub fn add_permits(&self, n: usize) {
        self.permits.give(n);
    }

    /// Takes up to `n` of the free permits away for ever. Returns how many.
    pub fn forget_permits(&self, n: usize) -> usize {
        self.permits.forget(n)
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// If the semaphore is closed, or is closed meanwhile.
    ///
    /// # Cancel safety
    /// Dropping the future takes nothing, and gives up the place in the queue.
    #[track_caller]
    pub fn acquire(&self) -> Acquire<'_> {
        Acquire::new(self, 1, WaitKind::Permit, Location::caller())
    }

    /// Waits for `n` permits, all in one. Those that come back meanwhile are kept for it. None is taken for
    /// `n` of zero, which is ready at once.
    ///
    /// # Errors
    /// If the semaphore is closed, or is closed meanwhile.
    ///
    /// # Cancel safety
    /// Dropping the future takes nothing: what was kept for it goes to the next. Its place is given up.
    #[track_caller]
    pub fn acquire_many(&self, n: u32) -> Acquire<'_> {
        Acquire::new(self, n as usize, WaitKind::Permit, Location::caller())
    }

    /// A permit, if one is free and nobody waits.
    ///
    /// # Errors
    /// If the semaphore is closed, or there is none.
    #[track_caller]
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// `n` permits, if they are free and nobody waits.
    ///
    /// # Errors
    /// If the semaphore is closed, or there are fewer.
    #[track_caller]
    pub fn try_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        let taken = Taken::try_new(self, n as usize, WaitKind::Permit, Location::caller())?;
        Ok(SemaphorePermit { taken })
    }

    /// Waits for a permit that owns the semaphore.
    ///
    /// # Errors
    /// If the semaphore is closed, or is closed meanwhile.
    ///
    /// # Cancel safety
    /// As [`acquire`](Self::acquire).
    #[track_caller]
    pub fn acquire_owned(self: Arc<Self>) -> AcquireOwned {
        AcquireOwned::new(self, 1, WaitKind::Permit, Location::caller())
    }

    /// Waits for `n` permits that own the semaphore.
    ///
    /// # Errors
    /// If the semaphore is closed, or is closed meanwhile.
    ///
    /// # Cancel safety
    /// As [`acquire_many`](Self::acquire_many).
    #[track_caller]
    pub fn acquire_many_owned(self: Arc<Self>, n: u32) -> AcquireOwned {
        AcquireOwned::new(self, n as usize, WaitKind::Permit, Location::caller())
    }

    /// A permit that owns the semaphore, if one is free and nobody waits.
    ///
    /// # Errors
    /// If the semaphore is closed, or there is none.
    #[track_caller]
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// `n` permits that own the semaphore, if they are free and nobody waits.
    ///
    /// # Errors
    /// If the semaphore is closed, or there are fewer.
    #[track_caller]
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        let taken = Taken::try_new(self, n as usize, WaitKind::Permit, Location::caller())?;
        Ok(OwnedSemaphorePermit { taken })
    }

    /// No more permits are handed out. Those that wait get an error; those that were handed out stay valid.
    pub fn close(&self) {
        self.permits.close();
    }

    /// Whether it was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.permits.is_closed()
    }
}

impl SemaphorePermit<'_> {
    /// The permits never go back: the semaphore has fewer from now on.
    pub fn forget(self) {
        self.taken.forget();
    }

    /// Takes the permits of `other` over.
    ///
    /// # Panics
    /// If they are of another semaphore.
    #[track_caller]
    pub fn merge(&mut self, other: Self) {
        assert!(
            core::ptr::eq(self.semaphore(), other.semaphore()),
            "permits of different semaphores cannot be merged"
        );
        self.taken.merge(other.taken);
    }

    /// Splits `n` permits off, if there are as many.
    pub fn split(&mut self, n: usize) -> Option<Self> {
        let owner = *self.taken.owner();
        let taken = (n <= self.taken.len()).then(|| Taken::new(owner, self.taken.split(n)))?;
        Some(Self { taken })
    }

    /// Whose permits they are.
    #[must_use]
    pub fn semaphore(&self) -> &Semaphore {
        self.taken.owner()
    }

    /// How many they are.
    #[must_use]
    pub fn num_permits(&self) -> usize {
        self.taken.len()
    }
}

impl OwnedSemaphorePermit {
    /// The permits never go back: the semaphore has fewer from now on.
    pub fn forget(self) {
        self.taken.forget();
    }

    /// Takes the permits of `other` over.
    ///
    /// # Panics
    /// If they are of another semaphore.
    #[track_caller]
    pub fn merge(&mut self, other: Self) {
        assert!(
            Arc::ptr_eq(self.semaphore(), other.semaphore()),
            "permits of different semaphores cannot be merged"
        );
        self.taken.merge(other.taken);
    }

    /// Splits `n` permits off, if there are as many.
    pub fn split(&mut self, n: usize) -> Option<Self> {
        if n > self.taken.len() {
            return None;
        }
        let owner = self.taken.owner().clone();
        Some(Self { taken: Taken::new(owner, self.taken.split(n)) })
    }

    /// Whose permits they are.
    #[must_use]
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        self.taken.owner()
    }

    /// How many they are.
    #[must_use]
    pub fn num_permits(&self) -> usize {
        self.taken.len()
    }
}

impl fmt::Debug for SemaphorePermit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (semaphore, permits) = (self.semaphore(), self.num_permits());
        f.debug_struct("SemaphorePermit")
            .field("sem", semaphore)
            .field("permits", &permits)
            .finish()
    }
}

impl fmt::Debug for OwnedSemaphorePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (semaphore, permits) = (self.semaphore(), self.num_permits());
        f.debug_struct("OwnedSemaphorePermit")
            .field("sem", semaphore)
            .field("permits", &permits)
            .finish()
    }
}

impl From<Closed> for AcquireError {
    fn from(_: Closed) -> Self {
        Self(())
    }
}

impl From<TryTake> for TryAcquireError {
    fn from(why: TryTake) -> Self {
        match why {
            TryTake::Closed => Self::Closed,
            TryTake::NoPermits => Self::NoPermits,
        }
    }
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("semaphore closed")
    }
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "semaphore closed",
            Self::NoPermits => "no permits available",
        })
    }
}

impl core::error::Error for AcquireError {}
impl core::error::Error for TryAcquireError {}

#[cfg(feature = "std")]
mod blocking;
#[cfg(all(test, not(rt_loom)))]
mod tests;
