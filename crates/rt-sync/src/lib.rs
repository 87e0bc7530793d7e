//! Channels, locks and notification for tasks, that know who waits for whom.
//!
//! Everything here needs wakers and nothing else: it works on any executor. Under the `rt` runtime it takes
//! part in the cooperative budget, and a waiting task tells what it waits for, and where.
//!
//! ```
//! use rt_sync::{Mutex, Semaphore, oneshot};
//! use std::sync::Arc;
//!
//! let log = Arc::new(Mutex::new(Vec::new()));
//! let seats = Semaphore::new(2);
//! let (tell, told) = oneshot::channel();
//! rt_task::block_on(async {
//!     let _seat = seats.acquire().await.unwrap();
//!     log.lock().await.push("seated");
//!     tell.send(log.lock().await.len()).unwrap();
//!     assert_eq!(told.await, Ok(1));
//! });
//! ```
//!
//! # Which one
//! | to | there is |
//! |---|---|
//! | send each message to one of them that receive, in order | [`mpsc`]; for one message [`oneshot`] |
//! | send each message to all that receive | [`broadcast`] |
//! | show all the latest value | [`watch`]; if it is set once, [`SetOnce`] |
//! | say that something happened | [`Notify`]; that all is to end, [`CancellationToken`] |
//! | hold something while others wait | [`Mutex`], [`RwLock`] |
//! | let so many in at once | [`Semaphore`] |
//! | wait for each other | [`Barrier`] |
//! | make a value when it is first needed | [`OnceCell`] |
//!
//! # What all have in common
//! Who waits is woken in the order in which it came. A future that is dropped while it waits takes nothing
//! along: what was handed to it goes to the next. Waiting allocates nothing: the place in the list is part of the
//! future. No lock is held while a waker or a user's value is run, cloned or dropped; where users' code runs under
//! a lock all the same (a clone of a message in [`broadcast`], a change in [`watch`]), that is one that blocks, and
//! the item says so. Each module says what its operations cost in atomic read-modify-writes.
//!
//! # Who waits for whom
//! Locks, semaphores and cells that are being filled know the task that holds them and the line where it asked.
//! [`lock_waits`] tells of every wait for one, and [`deadlocks`] of those that wait for each other in a circle.
//!
//! # Where to read on
//! `base/` is what all are made of: `waiters.rs` the list of those that wait in order, `permits.rs` the fair
//! counter behind locks, semaphores and bounded channels, `crowd.rs` those that are all told at once, `holder.rs`
//! and `registry.rs` who holds what and where that is found.
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
mod cancellation;
#[cfg(all(feature = "std", not(rt_loom)))]
mod deadlocks;
#[cfg(all(test, any(feature = "std", rt_loom)))]
mod kit;
pub mod mpsc;
mod mutex;
mod notify;
mod once_cell;
pub mod oneshot;
mod rwlock;
mod semaphore;
mod set_once;
pub mod watch;

/// The futures that the methods of this crate return, by name.
pub mod futures {
    pub use crate::barrier::BarrierWait;
    pub use crate::cancellation::{
        RunUntilCancelled, RunUntilCancelledOwned, WaitForCancellationFuture,
        WaitForCancellationFutureOwned,
    };
    pub use crate::mutex::{Lock, LockOwned};
    pub use crate::notify::{Notified, OwnedNotified};
    pub use crate::once_cell::{GetOrInit, GetOrTryInit};
    pub use crate::rwlock::{Read, ReadOwned, Write, WriteOwned};
    pub use crate::semaphore::{Acquire, AcquireOwned};
    pub use crate::set_once::WaitSet;
}

pub use barrier::{Barrier, BarrierWaitResult};
pub use cancellation::{
    CancellationToken, DropGuard, DropGuardRef, WaitForCancellationFuture,
    WaitForCancellationFutureOwned,
};
#[cfg(all(feature = "std", not(rt_loom)))]
pub use deadlocks::{
    Deadlock, Deadlocked, LockHolder, LockWait, deadlocks, deadlocks_among, lock_waits,
};
pub use mutex::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard, TryLockError,
};
pub use notify::Notify;
pub use once_cell::{OnceCell, SetError};
pub use rwlock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
pub use semaphore::{
    AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError,
};
pub use set_once::{SetOnce, SetOnceError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
