//! A lock around a user's value that spins: where there is no `std`, and in models.
//!
//! # Protocol: spinning lock
//! | reader                                     | writer                                         |
//! |--------------------------------------------|------------------------------------------------|
//! | R1 add a `READER`, if neither bit is set   | W1 set `WANTED`, so that no reader comes any more |
//! | R2 take it off                             | W2 `WANTED` or nothing → `WRITER`              |
//! |                                            | W3 clear `WRITER`                              |
//!
//! **Claim (exclusion).** A writer is alone, and sees what those before it did; a reader sees what the writers
//! before it did.
//! **Why.** R1 and W2 are compare-exchanges of one word. They are Acquires, and R2 and W3 Releases; changes
//! between are read-modify-writes, which pass a Release on.
//! **Breaks if** one of the four is weaker.
//! **Checked by** `base::value_lock::loom_tests::a_writer_is_alone` and
//! `base::value_lock::loom_tests::a_reader_is_done_before_a_writer_comes`.

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use rt_task::base::shim::{AtomicUsize, Ordering::*, UnsafeCell, relax, site};

const WRITER: usize = 1;
const WANTED: usize = 1 << 1;
const READER: usize = 1 << 2;

/// Many read, or one writes.
pub(crate) struct ValueLock<T> {
    word: AtomicUsize,
    value: UnsafeCell<T>,
}

// SAFETY: the value is handed to one thread after the other (Claim).
unsafe impl<T: Send> Send for ValueLock<T> {}
// SAFETY: as above, and readers share it.
unsafe impl<T: Send + Sync> Sync for ValueLock<T> {}

/// The right to read. Stays on its thread, as the system's does.
pub(crate) struct ReadGuard<'a, T> {
    lock: &'a ValueLock<T>,
    _not_send: PhantomData<*const ()>,
}

// SAFETY: shared, it gives `&T` alone.
unsafe impl<T: Sync> Sync for ReadGuard<'_, T> {}

/// The right to write. Stays on its thread, as the system's does.
pub(crate) struct WriteGuard<'a, T> {
    lock: &'a ValueLock<T>,
    _not_send: PhantomData<*const ()>,
}

impl<T> ValueLock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { word: AtomicUsize::new(0), value: UnsafeCell::new(value) }
    }

    pub(crate) fn read(&self) -> ReadGuard<'_, T> {
        let mut turns = 0;
        loop {
            let seen = self.word.load(Relaxed); // R1 orders
            // R1, pairs with W3
            if seen & (WRITER | WANTED) == 0
                && self.exchange(seen, seen + READER, site("value_lock.R1", Acquire))
            {
                return ReadGuard { lock: self, _not_send: PhantomData };
            }
            relax(&mut turns);
        }
    }

    pub(crate) fn write(&self) -> WriteGuard<'_, T> {
        let mut turns = 0;
        loop {
            if let Some(guard) = self.try_write() {
                return guard;
            }
            self.word.fetch_or(WANTED, Relaxed); // W1; publishes nothing
            relax(&mut turns);
        }
    }

    pub(crate) fn try_write(&self) -> Option<WriteGuard<'_, T>> {
        let seen = self.word.load(Relaxed); // W2 orders
        // W2, pairs with R2 and W3; another writer that waits sets WANTED again
        (seen & !WANTED == 0 && self.exchange(seen, WRITER, site("value_lock.W2", Acquire)))
            .then(|| WriteGuard { lock: self, _not_send: PhantomData })
    }

    fn exchange(&self, from: usize, to: usize, order: core::sync::atomic::Ordering) -> bool {
        self.word.compare_exchange(from, to, order, Relaxed).is_ok()
    }
}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: nobody writes between R1 and R2 (Claim).
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T> Drop for ReadGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.word.fetch_sub(READER, site("value_lock.R2", Release)); // R2, pairs with W2
    }
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: alone between W2 and W3 (Claim).
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: alone between W2 and W3 (Claim).
        self.lock.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T> Drop for WriteGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.word.fetch_and(!WRITER, site("value_lock.W3", Release)); // W3, pairs with R1 and W2
    }
}

impl<T: fmt::Debug> fmt::Debug for ReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(all(test, rt_loom))]
#[path = "loom_tests.rs"]
mod loom_tests;
