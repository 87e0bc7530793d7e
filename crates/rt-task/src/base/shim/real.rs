//! Real concurrency: `core`, `alloc` and `std`. cfg here: this is the selector.

use core::sync::atomic::Ordering;

pub use alloc::sync::Arc;
pub use core::hint::spin_loop;
pub use core::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicUsize, fence,
};

#[cfg(target_has_atomic = "64")]
pub use core::sync::atomic::{AtomicU64, AtomicU64 as AtomicWord};

/// The widest word that the target can change in one step.
#[cfg(target_has_atomic = "64")]
pub type RawWord = u64;
/// The widest word that the target can change in one step.
#[cfg(not(target_has_atomic = "64"))]
pub type RawWord = usize;
#[cfg(not(target_has_atomic = "64"))]
pub use core::sync::atomic::AtomicUsize as AtomicWord;

#[cfg(feature = "std")]
pub use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
#[cfg(feature = "std")]
pub use std::thread;
#[cfg(feature = "std")]
pub use std::thread_local;

/// `order`, at the place in the source that `id` names.
///
/// Costs nothing here. Under the model checker the order can be weakened from outside, one
/// place at a time, to see whether a test notices.
#[inline(always)]
#[must_use]
pub const fn site(_id: &'static str, order: Ordering) -> Ordering {
    order
}

/// The token of the thread that made it: an unpark leaves it, a park waits for it and takes it.
///
/// `std`'s own, with the handle at hand. In a model it is kept apart from what else a thread waits
/// for, which the checker's own token is not.
#[cfg(feature = "std")]
#[derive(Debug)]
pub struct Token(thread::Thread);

#[cfg(feature = "std")]
impl Token {
    /// Of the calling thread.
    #[must_use]
    pub fn here() -> Self {
        Self(thread::current())
    }

    /// Ends the thread's park, or the next one.
    #[inline]
    pub fn unpark(&self) {
        self.0.unpark();
    }

    /// Waits for an unpark; may return without. On the thread that made the token.
    #[inline]
    pub fn park(&self) {
        debug_assert_eq!(self.0.id(), thread::current().id(), "a token is its thread's");
        thread::park();
    }
}

/// `core`'s cell behind the closures that the model checker needs.
#[derive(Debug)]
#[repr(transparent)]
pub struct UnsafeCell<T: ?Sized>(core::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    /// A cell that holds `value`.
    #[inline(always)]
    pub const fn new(value: T) -> Self {
        Self(core::cell::UnsafeCell::new(value))
    }

    /// The value, by value.
    #[inline(always)]
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T: ?Sized> UnsafeCell<T> {
    /// Shared access by pointer.
    #[inline(always)]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    /// Exclusive access by pointer.
    #[inline(always)]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

/// The time, where it is not the system's: never here.
#[inline(always)]
#[must_use]
pub const fn virtual_now() -> Option<u64> {
    None
}

/// One step of waiting for another thread that is about to let go.
///
/// Spins first; gives the processor away once that has been in vain, since the other thread
/// may have been preempted.
#[inline]
pub fn relax(turns: &mut u32) {
    *turns += 1;
    if *turns < SPINS_MAX {
        spin_loop();
    } else {
        give_way();
    }
}

/// What the holder of a byte lock needs at most, in turns of `spin_loop`, when it runs.
const SPINS_MAX: u32 = 64;

#[cfg(feature = "std")]
fn give_way() {
    std::thread::yield_now();
}

#[cfg(not(feature = "std"))]
fn give_way() {
    spin_loop();
}
