//! `CancellationToken`: tells any number of tasks to stop, and those that were started for them.
//!
//! Here: the token and what is made of it. The tree of tokens, and all that is unsafe about it, is in
//! `cancellation/tree.rs`; the futures are in `cancellation/futures.rs`, the guards in `cancellation/guard.rs`.
//!
//! # What it costs
//! `is_cancelled` is one load. Atomic read-modify-writes: a clone 1, its drop 1; a child 1 and its allocation,
//! whose drop is 1; a wait 1 to come, none to end. `cancel` takes 2, and 1 for each token below; one more for each
//! 64 of those, or each 32 tasks to wake.

use core::fmt;
use core::future::Future;
use core::hash::{Hash, Hasher};
use core::panic::{Location, RefUnwindSafe, UnwindSafe};

use tree::Handle;

mod futures;
mod guard;
mod tree;

pub use futures::{
    RunUntilCancelled, RunUntilCancelledOwned, WaitForCancellationFuture,
    WaitForCancellationFutureOwned,
};
pub use guard::{DropGuard, DropGuardRef};

/// Tells tasks to stop: those that look at it, or wait for it.
///
/// A clone is the same token. A [child](Self::child_token) is cancelled with its parent, and by itself alone.
/// Cancelled is for good.
///
/// ```
/// use rt_sync::CancellationToken;
///
/// let server = CancellationToken::new();
/// let request = server.child_token();
/// # rt_task::block_on(async {
/// let answer = request.run_until_cancelled(std::future::ready(42)).await;
/// assert_eq!(answer, Some(42));
/// server.cancel();
/// request.cancelled().await;
/// assert!(request.is_cancelled());
/// # });
/// ```
#[derive(Clone)]
pub struct CancellationToken {
    handle: Handle,
}

impl UnwindSafe for CancellationToken {}
impl RefUnwindSafe for CancellationToken {}

impl CancellationToken {
    /// One that is not cancelled, and nobody's child. One allocation.
    #[must_use]
    pub fn new() -> Self {
        Self { handle: Handle::new(false) }
    }

    /// One that is cancelled when this one is; cancelled already, if this one is. One allocation, and the same
    /// time however many there are.
    ///
    /// Its memory is freed with its last handle, as long as no two children of it are left; then with one of
    /// those. So there are never more nodes than twice the tokens that somebody holds.
    #[must_use]
    pub fn child_token(&self) -> Self {
        Self { handle: self.handle.child() }
    }

    /// Cancels this token and all below it, and wakes who waits for them.
    ///
    /// Not one step: another thread may see a token cancelled before its children. When this returns, all are;
    /// also if another thread's `cancel` came first. No lock is held while a task is woken; what needs a lock is
    /// done in pieces, without recursion.
    pub fn cancel(&self) {
        self.handle.cancel();
    }

    /// Whether it was cancelled. One load.
    #[inline]
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.handle.event().has_happened()
    }

    /// Waits until it is cancelled. Ready at once if it is.
    ///
    /// Cancel safe: nothing is lost but its place among those that are woken.
    #[track_caller]
    pub fn cancelled(&self) -> WaitForCancellationFuture<'_> {
        WaitForCancellationFuture::new(self, Location::caller())
    }

    /// [`cancelled`](Self::cancelled), for a future that owns the token.
    #[track_caller]
    pub fn cancelled_owned(self) -> WaitForCancellationFutureOwned {
        WaitForCancellationFutureOwned::new(self, Location::caller())
    }

    /// A guard that cancels the token when dropped.
    #[must_use = "dropped at once, it cancels at once"]
    pub fn drop_guard(self) -> DropGuard {
        DropGuard::new(self)
    }

    /// A guard that cancels the token when dropped, and borrows it.
    #[must_use = "dropped at once, it cancels at once"]
    pub fn drop_guard_ref(&self) -> DropGuardRef<'_> {
        DropGuardRef::new(self)
    }

    /// Runs `future` to its end, or until the token is cancelled: then drops it, and gives `None`.
    ///
    /// Does not poll it at all if the token is cancelled when this is polled first. Later the future comes first:
    /// what ends in the poll that sees the cancellation has ended. As cancel safe as `future`.
    #[track_caller]
    pub fn run_until_cancelled<F: Future>(&self, future: F) -> RunUntilCancelled<'_, F> {
        RunUntilCancelled::new(self.cancelled(), future)
    }

    /// [`run_until_cancelled`](Self::run_until_cancelled), for a future that owns the token.
    #[track_caller]
    pub fn run_until_cancelled_owned<F: Future>(self, future: F) -> RunUntilCancelledOwned<F> {
        RunUntilCancelledOwned::new(self.cancelled_owned(), future)
    }
}

impl Default for CancellationToken {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for CancellationToken {
    /// Whether they are the same token: cancelled always together, neither the other's child.
    fn eq(&self, other: &Self) -> bool {
        self.handle.address() == other.handle.address()
    }
}

impl Eq for CancellationToken {}

impl Hash for CancellationToken {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.handle.address().hash(state);
    }
}

impl fmt::Debug for CancellationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancellationToken").field("is_cancelled", &self.is_cancelled()).finish()
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod model_tests;
#[cfg(all(test, feature = "std", not(rt_loom)))]
mod tests;
