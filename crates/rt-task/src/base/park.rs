//! A thread that waits for nothing but a call.
//!
//! # Protocol: thread parker
//! | waiter                               | caller                       |
//! |--------------------------------------|------------------------------|
//! | P1 EMPTY → PARKED, else swap → EMPTY | U1 swap → NOTIFIED           |
//! | P2 `thread::park`                    | U2 if PARKED: `thread::unpark` |
//! | P3 NOTIFIED → EMPTY, else P2 again   |                              |
//!
//! **Claim (no lost unpark).** A wait that begins after an unpark, with none between, returns,
//! and sees all that came before that unpark.
//! **Why.** U1 and P1/P3 are read-modify-writes of one word: either P1 finds NOTIFIED, or U1
//! finds PARKED and makes `thread::park` return. U1 writes NOTIFIED even over NOTIFIED, so that
//! the Acquire of P1 or P3 sees the latest caller. A bare `std` token is shared with all the
//! code that runs on the thread; the own word is not.
//! **Breaks if** U1 is weaker than Release, or P1 or P3 weaker than Acquire.
//! **Checked by** `park::loom_tests::no_lost_unpark` and
//! `park::loom_tests::two_unparks_that_are_one_show_what_came_before_both`.
//!
//! [`RoamingPark`] is the same for a driver that moves between threads: a plain lock.

#[cfg(not(any(rt_loom, rt_sim)))]
mod kept;
/// Threads that are played share one of the system's: nothing is kept for them.
#[cfg(any(rt_loom, rt_sim))]
mod kept {
    pub(super) fn take() -> Option<super::Pair> {
        None
    }
    pub(super) fn keep(_pair: super::Pair) {}
}
#[cfg(not(rt_loom))]
mod timed {
    use super::super::clock::Monotonic;
    use super::super::seam::Clock;
    use super::{Duration, thread};

    /// Parks the thread until `called`, up to `timeout`.
    pub(super) fn park_thread(timeout: Duration, called: impl Fn() -> bool) {
        let clock = Monotonic::new();
        let end = clock.now().saturating_add(timeout);
        while !called() {
            let left = end.saturating_since(clock.now());
            if left.is_zero() {
                return;
            }
            thread::park_timeout(left);
        }
    }
}
#[cfg(rt_loom)]
mod timed {
    use super::{Duration, thread};

    /// In a model a timeout is over whenever it likes.
    pub(super) fn park_thread(_timeout: Duration, _called: impl Fn() -> bool) {
        thread::yield_now();
    }
}

use core::task::Waker;
use core::time::Duration;
use std::io;
use std::sync::{Condvar, Mutex, PoisonError};

use super::driver::{Polled, Reactor};
use super::seam::{Unpark, Wakes};
use super::shim::thread::{self, Thread};
use super::shim::{Arc, AtomicU32, Ordering::*, Token, site};
use timed::park_thread;

const EMPTY: u32 = 0;
const PARKED: u32 = 1;
const NOTIFIED: u32 = 2;

/// The waiting half, bound to the thread that made it.
#[derive(Debug)]
pub struct ThreadPark {
    inner: Arc<Inner>,
    /// Parking another thread's token would wait for ever.
    _not_send: core::marker::PhantomData<*const ()>,
}

/// The calling half.
#[derive(Clone, Debug)]
pub struct ThreadUnpark {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    word: AtomicU32,
    thread: Thread,
}

impl ThreadPark {
    /// A parker for the current thread.
    #[must_use]
    pub fn new() -> Self {
        let inner = Inner { word: AtomicU32::new(EMPTY), thread: thread::current() };
        Self { inner: Arc::new(inner), _not_send: core::marker::PhantomData }
    }

    /// The calling half.
    #[must_use]
    pub fn unparker(&self) -> ThreadUnpark {
        ThreadUnpark { inner: self.inner.clone() }
    }

    /// Whether a wait would return at once: there was an unpark since the last one. A glance that
    /// orders nothing: what came before the unpark is seen after the wait only.
    #[inline]
    #[must_use]
    pub fn is_called(&self) -> bool {
        self.inner.word.load(Relaxed) == NOTIFIED
    }

    /// Waits for an unpark; returns at once if there was one since the last wait.
    pub fn park(&self) {
        let word = &self.inner.word;
        // P1: publishes nothing, and what it finds is taken by the swap.
        if word.compare_exchange(EMPTY, PARKED, Relaxed, Relaxed).is_err() {
            word.swap(EMPTY, site("park.P1", Acquire)); // pairs with U1
            return;
        }
        loop {
            thread::park(); // P2; may return for no reason, or for somebody else's
            // P3, pairs with U1
            if word.compare_exchange(NOTIFIED, EMPTY, site("park.P3", Acquire), Relaxed).is_ok() {
                return;
            }
        }
    }

    /// Waits for an unpark, up to `timeout`. Tells whether there was one.
    pub fn park_timeout(&self, timeout: Duration) -> bool {
        let word = &self.inner.word;
        if timeout.is_zero() {
            return word.swap(EMPTY, site("park.P0", Acquire)) == NOTIFIED; // pairs with U1
        }
        // P1: publishes nothing, and what it finds is taken by the swap.
        if word.compare_exchange(EMPTY, PARKED, Relaxed, Relaxed).is_ok() {
            // P2; the swap below orders
            park_thread(timeout, || word.load(Relaxed) == NOTIFIED);
        }
        word.swap(EMPTY, site("park.timed-P3", Acquire)) == NOTIFIED // P3, pairs with U1
    }
}

/// Parks the thread, whose `token` this is, until `called`, up to `timeout`, for who keeps a word of
/// its own: `called` is asked again whenever the thread wakes, also for no reason or for somebody
/// else's.
pub fn park_until(token: &Token, timeout: Option<Duration>, called: impl Fn() -> bool) {
    // In a model nobody is helped by a timeout: who is not called hangs, and is found.
    if let Some(timeout) = timeout
        && !cfg!(rt_loom)
    {
        return park_thread(timeout, called);
    }
    while !called() {
        token.park();
    }
}

impl Default for ThreadPark {
    fn default() -> Self {
        Self::new()
    }
}

impl Unpark for ThreadUnpark {
    fn unpark(&self) {
        // U1, pairs with P1 and P3
        if self.inner.word.swap(NOTIFIED, site("park.U1", Release)) == PARKED {
            self.inner.thread.unpark(); // U2
        }
    }
}

impl std::task::Wake for ThreadUnparkWaker {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.unpark();
    }
    fn wake_by_ref(self: &std::sync::Arc<Self>) {
        self.0.unpark();
    }
}

/// An unparker in the shape that `std` makes wakers of.
struct ThreadUnparkWaker(ThreadUnpark);

impl ThreadUnpark {
    /// A waker that unparks.
    #[must_use]
    pub fn into_waker(self) -> Waker {
        std::sync::Arc::new(ThreadUnparkWaker(self)).into()
    }
}

/// A parker of the current thread and its waker, for a loop that polls one future: lent from the thread,
/// which keeps one, so that having it costs no allocation but the first time.
///
/// A waker that an earlier loop left somewhere still unparks: the loop must take a wait that ends for
/// no reason. Loops may nest.
#[derive(Debug)]
pub struct LentPark(Option<Pair>);

/// A parker and its waker.
type Pair = (ThreadPark, Waker);

impl LentPark {
    /// The thread's, or a new one if it is lent already.
    #[must_use]
    pub fn new() -> Self {
        Self(Some(kept::take().unwrap_or_else(|| {
            let park = ThreadPark::new();
            let waker = park.unparker().into_waker();
            (park, waker)
        })))
    }

    fn lent(&self) -> &Pair {
        self.0.as_ref().expect("there until the drop")
    }

    /// Waits for the waker to be woken.
    pub fn park(&self) {
        self.lent().0.park();
    }

    /// The waker that unparks.
    #[must_use]
    pub fn waker(&self) -> &Waker {
        &self.lent().1
    }

    /// The calling half.
    #[must_use]
    pub fn unparker(&self) -> ThreadUnpark {
        self.lent().0.unparker()
    }
}

impl Default for LentPark {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for LentPark {
    fn drop(&mut self) {
        if let Some(pair) = self.0.take() {
            kept::keep(pair);
        }
    }
}

/// A reactor without sources: it only waits.
impl Reactor for ThreadPark {
    type Unpark = ThreadUnpark;

    fn sources(&self) -> usize {
        0
    }

    fn poll(&mut self, timeout: Option<Duration>, _out: &mut impl Wakes) -> io::Result<Polled> {
        let unparked = match timeout {
            Some(timeout) => self.park_timeout(timeout),
            None => {
                self.park();
                true
            }
        };
        Ok(Polled { unparked })
    }

    fn unparker(&self) -> ThreadUnpark {
        ThreadPark::unparker(self)
    }
}

/// A parker that is bound to no thread: for a driver that wanders, without a reactor.
///
/// Dearer than [`ThreadPark`] (a lock per call), and right wherever that one is not `Send`.
#[derive(Debug, Default)]
pub struct RoamingPark {
    shared: std::sync::Arc<Roaming>,
}

/// The calling half of a [`RoamingPark`].
#[derive(Clone, Debug)]
pub struct RoamingUnpark {
    shared: std::sync::Arc<Roaming>,
}

#[derive(Debug, Default)]
struct Roaming {
    notified: Mutex<bool>,
    changed: Condvar,
}

impl RoamingPark {
    /// A parker that nobody has called yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Reactor for RoamingPark {
    type Unpark = RoamingUnpark;

    fn sources(&self) -> usize {
        0
    }

    fn poll(&mut self, timeout: Option<Duration>, _out: &mut impl Wakes) -> io::Result<Polled> {
        let Roaming { notified, changed } = &*self.shared;
        let mut notified = notified.lock().unwrap_or_else(PoisonError::into_inner);
        if !*notified {
            notified = match timeout {
                Some(timeout) => {
                    changed
                        .wait_timeout(notified, timeout)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => changed.wait(notified).unwrap_or_else(PoisonError::into_inner),
            };
        }
        Ok(Polled { unparked: std::mem::take(&mut *notified) })
    }

    fn unparker(&self) -> RoamingUnpark {
        RoamingUnpark { shared: self.shared.clone() }
    }
}

impl Unpark for RoamingUnpark {
    fn unpark(&self) {
        *self.shared.notified.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.changed.notify_one();
    }
}

#[cfg(all(test, rt_loom))]
mod loom_tests;
#[cfg(all(test, not(rt_loom)))]
mod tests;
