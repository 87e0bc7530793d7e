//! Simulated concurrency: one thread plays many, and a machine is told of every access to shared memory.
//!
//! The code that runs is the real one, with its real layout in memory. Before each access to an atomic,
//! and wherever a thread would wait, the [`Machine`] entered on this thread is asked: it says what that
//! costs in its own time, and may let another thread of the play go on first. With no machine entered
//! atomics, parks and the clock are the real ones; threads are started inside a machine alone.
//!
//! What is read is what was written last: orderings are the business of the other switch, loom.

use core::cell::Cell;
use core::sync::atomic::{self, Ordering};
use core::time::Duration;
use std::boxed::Box;

pub use std::sync::{Arc, PoisonError};
pub use std::thread_local;

#[allow(dead_code, unused_imports, unreachable_pub, reason = "the cell and the sites are as there")]
#[path = "real.rs"]
mod real;
pub use real::{UnsafeCell, site};

#[path = "sim_thread.rs"]
pub mod thread;
pub use thread::{Condvar, Mutex, MutexGuard, Token};

/// The widest word that the target can change in one step.
pub type RawWord = u64;
/// As the task's state has it.
pub type AtomicWord = AtomicU64;

/// What plays the threads.
pub trait Machine {
    /// The thread is about to touch the memory there.
    fn touch(&self, address: usize, touch: Touch);
    /// It executes a full fence.
    fn fence(&self);
    /// It spins once, or gives its processor away.
    fn pause(&self, pause: Pause);
    /// The time, in ns.
    fn now_ns(&self) -> u64;
    /// The one thread-local word of the thread.
    fn word(&self) -> &Cell<*const ()>;
    /// Starts another thread. Returns its number.
    fn start(&self, main: Box<dyn FnOnce()>) -> usize;
    /// The number of the thread.
    fn here(&self) -> usize;
    /// The thread waits for an unpark, unless there was one; it may return without.
    fn park(&self, timeout: Option<Duration>);
    /// Ends that thread's wait, or the next one.
    fn unpark(&self, thread: usize);
    /// Whether that thread has ended.
    fn has_ended(&self, thread: usize) -> bool;
}

/// How memory is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// A load.
    Read,
    /// A store.
    Write,
    /// A read-modify-write.
    Modify,
}

/// How a thread passes time while it waits awake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// A hint to the processor.
    Spin,
    /// To the system: another thread may have the processor.
    Yield,
}

std::thread_local! {
    static MACHINE: Cell<Option<&'static dyn Machine>> = const { Cell::new(None) };
}

/// The machine entered on this thread.
#[inline]
pub fn machine() -> Option<&'static dyn Machine> {
    MACHINE.get()
}

/// Runs `f` with `machine` entered on this thread.
pub fn simulate<R>(machine: &'static dyn Machine, f: impl FnOnce() -> R) -> R {
    struct Leave(Option<&'static dyn Machine>);
    impl Drop for Leave {
        fn drop(&mut self) {
            MACHINE.set(self.0);
        }
    }
    let _leave = Leave(MACHINE.replace(Some(machine)));
    f()
}

/// Tells the machine of memory that is no atomic of this switch.
#[inline]
pub fn touch<T: ?Sized>(at: *const T, touch: Touch) {
    if let Some(machine) = machine() {
        machine.touch(at.addr(), touch);
    }
}

/// The time of the machine, if one is entered.
pub fn virtual_now() -> Option<u64> {
    machine().map(Machine::now_ns)
}

/// A full fence, or what the order asks for.
#[inline]
pub fn fence(order: Ordering) {
    if let Some(machine) = machine() {
        machine.fence();
    }
    atomic::fence(order);
}

/// As `core`'s.
pub fn spin_loop() {
    match machine() {
        Some(machine) => machine.pause(Pause::Spin),
        None => core::hint::spin_loop(),
    }
}

/// One step of waiting for another thread that is about to let go.
pub fn relax(_turns: &mut u32) {
    thread::yield_now();
}

macro_rules! atomics {
    ($($name:ident of $value:ty $(, counts $counts:tt)?;)*) => {$(
        /// As `core`'s.
        #[derive(Debug, Default)]
        #[repr(transparent)]
        pub struct $name(atomic::$name);

        impl $name {
            /// One that holds `value`.
            #[must_use]
            pub const fn new(value: $value) -> Self {
                Self(atomic::$name::new(value))
            }
            atomics!(common $value);
            $(
                atomics!(counting $value, $counts);
            )?
        }
    )*};
    (common $value:ty) => {
        #[inline]
        fn touch(&self, kind: Touch) {
            touch(self, kind);
        }
        /// As `core`'s.
        #[inline]
        pub fn load(&self, order: Ordering) -> $value {
            self.touch(Touch::Read);
            self.0.load(order)
        }
        /// As `core`'s.
        #[inline]
        pub fn store(&self, value: $value, order: Ordering) {
            self.touch(Touch::Write);
            self.0.store(value, order);
        }
        /// As `core`'s.
        #[inline]
        pub fn swap(&self, value: $value, order: Ordering) -> $value {
            self.touch(Touch::Modify);
            self.0.swap(value, order)
        }
        /// As `core`'s.
        ///
        /// # Errors
        /// As `core`'s.
        #[inline]
        pub fn compare_exchange(
            &self,
            current: $value,
            new: $value,
            success: Ordering,
            failure: Ordering,
        ) -> Result<$value, $value> {
            self.touch(Touch::Modify);
            self.0.compare_exchange(current, new, success, failure)
        }
        /// As `core`'s, and never fails for no reason.
        ///
        /// # Errors
        /// As `core`'s.
        #[inline]
        pub fn compare_exchange_weak(
            &self,
            current: $value,
            new: $value,
            success: Ordering,
            failure: Ordering,
        ) -> Result<$value, $value> {
            self.compare_exchange(current, new, success, failure)
        }
        /// As `core`'s.
        ///
        /// # Errors
        /// As `core`'s.
        pub fn fetch_update(
            &self,
            set: Ordering,
            fetch: Ordering,
            mut next: impl FnMut($value) -> Option<$value>,
        ) -> Result<$value, $value> {
            let mut before = self.load(fetch);
            while let Some(after) = next(before) {
                match self.compare_exchange(before, after, set, fetch) {
                    Ok(before) => return Ok(before),
                    Err(changed) => before = changed,
                }
            }
            Err(before)
        }
    };
    (counting $value:ty, bits) => {
        /// As `core`'s.
        #[inline]
        pub fn fetch_and(&self, value: $value, order: Ordering) -> $value {
            self.touch(Touch::Modify);
            self.0.fetch_and(value, order)
        }
        /// As `core`'s.
        #[inline]
        pub fn fetch_or(&self, value: $value, order: Ordering) -> $value {
            self.touch(Touch::Modify);
            self.0.fetch_or(value, order)
        }
    };
    (counting $value:ty, numbers) => {
        atomics!(counting $value, bits);
        /// As `core`'s.
        #[inline]
        pub fn fetch_add(&self, value: $value, order: Ordering) -> $value {
            self.touch(Touch::Modify);
            self.0.fetch_add(value, order)
        }
        /// As `core`'s.
        #[inline]
        pub fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
            self.touch(Touch::Modify);
            self.0.fetch_sub(value, order)
        }
    };
}

atomics! {
    AtomicBool of bool, counts bits;
    AtomicU8 of u8, counts numbers;
    AtomicU16 of u16, counts numbers;
    AtomicU32 of u32, counts numbers;
    AtomicU64 of u64, counts numbers;
    AtomicUsize of usize, counts numbers;
}

/// As `core`'s.
#[derive(Debug)]
#[repr(transparent)]
pub struct AtomicPtr<T>(atomic::AtomicPtr<T>);

impl<T> AtomicPtr<T> {
    /// One that holds `value`.
    #[must_use]
    pub const fn new(value: *mut T) -> Self {
        Self(atomic::AtomicPtr::new(value))
    }
    atomics!(common *mut T);
}
