//! Channels, locks and notification for tasks, that know who waits for whom.
//!
//! Everything here needs wakers and nothing else: it works on any executor. Under the `rt` runtime it takes
//! part in the cooperative budget, and a waiting task tells what it waits for.
//!
//! # Where to read on
//! `base/` is what all are made of: `waiters.rs` the list of those that wait, `permits.rs` the fair
//! counter behind locks, semaphores and bounded channels.
//!
//! # Features
//! `std` (default): calls that block a thread, deadlines, and the search for deadlocks. Without it the crate
//! needs `core` and `alloc`.

#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", rt_loom))]
extern crate std;

mod barrier;
mod base;
pub mod broadcast;
#[cfg(all(feature = "std", not(rt_loom)))]
mod deadlocks;
#[cfg(all(test, any(feature = "std", rt_loom)))]
mod kit;
mod mutex;
mod notify;
pub mod oneshot;
mod rwlock;
mod semaphore;
mod set_once;
pub mod watch;

/// The futures of those whose model has them by name.
pub mod futures {
    pub use crate::barrier::BarrierWait;
    pub use crate::notify::{Notified, OwnedNotified};
    pub use crate::set_once::WaitSet;
}

pub use barrier::{Barrier, BarrierWaitResult};
#[cfg(all(feature = "std", not(rt_loom)))]
pub use deadlocks::{
    Deadlock, Deadlocked, LockHolder, LockWait, deadlocks, deadlocks_among, lock_waits,
};
pub use mutex::{
    Lock, LockOwned, MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard,
    TryLockError,
};
pub use notify::Notify;
pub use rwlock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, Read, ReadOwned,
    RwLock, RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard, Write, WriteOwned,
};
pub use semaphore::{
    Acquire, AcquireError, AcquireOwned, OwnedSemaphorePermit, Semaphore, SemaphorePermit,
    TryAcquireError,
};
pub use set_once::{SetOnce, SetOnceError};
