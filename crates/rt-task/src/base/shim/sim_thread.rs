//! Threads of a play: what `std::thread` and `std::sync` have of them, as far as the runtime asks for it.

use core::cell::Cell;
use core::ops::{Deref, DerefMut};
use core::time::Duration;
use core::{fmt, ptr};
use std::boxed::Box;
use std::string::String;
use std::sync::{self, LockResult, PoisonError, TryLockError};
use std::{io, thread};

use super::{Pause, machine};

/// The number of a thread, or `std`'s outside of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadId {
    /// Of a play.
    Played(usize),
    /// Of the system.
    Real(thread::ThreadId),
}

/// A handle to a thread.
#[derive(Clone, Debug)]
pub struct Thread(Who);

#[derive(Clone, Debug)]
enum Who {
    Played(usize),
    Real(thread::Thread),
}

/// The calling thread.
#[must_use]
pub fn current() -> Thread {
    Thread(match machine() {
        Some(machine) => Who::Played(machine.here()),
        None => Who::Real(thread::current()),
    })
}

/// Waits for an unpark; may return without.
pub fn park() {
    match machine() {
        Some(machine) => machine.park(None),
        None => thread::park(),
    }
}

/// Waits for an unpark, up to `timeout`.
pub fn park_timeout(timeout: Duration) {
    match machine() {
        Some(machine) => machine.park(Some(timeout)),
        None => thread::park_timeout(timeout),
    }
}

/// Gives the processor away.
pub fn yield_now() {
    match machine() {
        Some(machine) => machine.pause(Pause::Yield),
        None => thread::yield_now(),
    }
}

impl Thread {
    /// Which one it is.
    #[must_use]
    pub fn id(&self) -> ThreadId {
        match &self.0 {
            Who::Played(number) => ThreadId::Played(*number),
            Who::Real(thread) => ThreadId::Real(thread.id()),
        }
    }

    /// Ends its park, or the next one.
    pub fn unpark(&self) {
        match (&self.0, machine()) {
            (Who::Played(number), Some(machine)) => machine.unpark(*number),
            (Who::Played(_), None) => {} // the play is over
            (Who::Real(thread), _) => thread.unpark(),
        }
    }
}

std::thread_local! {
    /// Outside of a machine.
    static WORD: Cell<*const ()> = const { Cell::new(ptr::null()) };
}

/// The one thread-local word.
#[inline]
pub(in crate::base) fn word() -> *const () {
    match machine() {
        Some(machine) => machine.word().get(),
        None => WORD.try_with(Cell::get).unwrap_or(ptr::null()),
    }
}

pub(in crate::base) fn set_word(word: *const ()) {
    match machine() {
        Some(machine) => machine.word().set(word),
        None => {
            let _ = WORD.try_with(|own| own.set(word));
        }
    }
}

/// Starts threads.
#[derive(Debug, Default)]
pub struct Builder;

impl Builder {
    /// With no wishes.
    #[must_use]
    pub fn new() -> Self {
        Self
    }

    /// A name is for people; nobody looks here.
    #[must_use]
    pub fn name(self, _name: String) -> Self {
        self
    }

    /// Every stack is the machine's.
    #[must_use]
    pub fn stack_size(self, _bytes: usize) -> Self {
        self
    }

    /// Starts one.
    ///
    /// # Errors
    /// Never: a machine has room.
    ///
    /// # Panics
    /// Outside of a machine.
    pub fn spawn<F: FnOnce() + Send + 'static>(self, main: F) -> io::Result<JoinHandle<()>> {
        let machine = machine().expect("simulated threads are started inside a machine");
        let number = machine.start(Box::new(main));
        Ok(JoinHandle { thread: Thread(Who::Played(number)), output: Some(()) })
    }
}

/// The right to wait for a thread's end.
#[derive(Debug)]
pub struct JoinHandle<T> {
    thread: Thread,
    output: Option<T>,
}

impl<T> JoinHandle<T> {
    /// The thread.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Waits for its end. A panic there has ended the play.
    ///
    /// # Errors
    /// Never.
    pub fn join(mut self) -> thread::Result<T> {
        if let (Who::Played(number), Some(machine)) = (&self.thread.0, machine()) {
            while !machine.has_ended(*number) {
                machine.park(Some(LOOKS_APART));
            }
        }
        Ok(self.output.take().expect("joined once"))
    }
}

/// The token of the thread that made it: an unpark leaves it, a park waits for it and takes it.
#[derive(Debug)]
pub struct Token(Thread);

impl Token {
    /// Of the calling thread.
    #[must_use]
    pub fn here() -> Self {
        Self(current())
    }

    /// Ends the thread's park, or the next one.
    #[inline]
    pub fn unpark(&self) {
        self.0.unpark();
    }

    /// Waits for an unpark; may return without. On the thread that made the token.
    #[inline]
    pub fn park(&self) {
        debug_assert_eq!(self.0.id(), current().id(), "a token is its thread's");
        park();
    }
}

/// As `std`'s.
#[derive(Debug, Default)]
pub struct Mutex<T: ?Sized>(sync::Mutex<T>);

/// As `std`'s.
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    inner: Option<sync::MutexGuard<'a, T>>,
}

impl<T> Mutex<T> {
    /// A free one.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until it is free, and takes it.
    ///
    /// # Errors
    /// As `std`'s.
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let guard = |inner| MutexGuard { mutex: self, inner: Some(inner) };
        let Some(machine) = machine() else {
            return self.0.lock().map(guard).map_err(|e| PoisonError::new(guard(e.into_inner())));
        };
        loop {
            machine.touch(ptr::from_ref(self).addr(), super::Touch::Modify);
            match self.0.try_lock() {
                Ok(inner) => return Ok(guard(inner)),
                Err(TryLockError::Poisoned(e)) => {
                    return Err(PoisonError::new(guard(e.into_inner())));
                }
                Err(TryLockError::WouldBlock) => machine.pause(Pause::Yield),
            }
        }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.inner.as_ref().expect("held until dropped")
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.inner.as_mut().expect("held until dropped")
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        if let Some(machine) = machine() {
            machine.touch(ptr::from_ref(self.mutex).addr(), super::Touch::Modify);
        }
        self.inner = None;
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// As `std`'s. Waits by looking again and again, which costs nobody anything in a play.
#[derive(Debug, Default)]
pub struct Condvar(sync::Condvar);

/// What ended a wait.
#[derive(Clone, Copy, Debug)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether the time was over.
    #[must_use]
    pub fn timed_out(self) -> bool {
        self.0
    }
}

impl Condvar {
    /// One that nobody waits for.
    #[must_use]
    pub const fn new() -> Self {
        Self(sync::Condvar::new())
    }

    /// Lets go of the lock, and takes it again; the caller looks whether that was enough.
    ///
    /// # Errors
    /// As `std`'s.
    pub fn wait<'a, T>(&self, mut guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let mutex = guard.mutex;
        let Some(machine) = machine() else {
            let inner = guard.inner.take().expect("held");
            let waited = self.0.wait(inner).unwrap_or_else(PoisonError::into_inner);
            return Ok(MutexGuard { mutex, inner: Some(waited) });
        };
        drop(guard);
        machine.park(Some(LOOKS_APART));
        mutex.lock()
    }

    /// The same, up to `timeout`.
    ///
    /// # Errors
    /// As `std`'s.
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let _ = timeout; // a look comes earlier
        let guard = self.wait(guard).unwrap_or_else(PoisonError::into_inner);
        Ok((guard, WaitTimeoutResult(false)))
    }

    /// Ends all waits.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }

    /// Ends one wait.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }
}

/// Between two looks of who waits for a condition or an end.
const LOOKS_APART: Duration = Duration::from_micros(50);
