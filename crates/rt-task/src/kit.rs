//! What the tests of this crate share: a queue as scheduler, and things that count their drops,
//! know their thread, or panic when told to.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::{JoinError, JoinHandle, Owned, Ran, Runnable, Schedule, Why};

/// A queue, first in first out, for any thread. Panics in `schedule` when told to.
#[derive(Clone)]
pub(crate) struct Queue(Arc<Shared>);

struct Shared {
    runnables: Mutex<VecDeque<Runnable<Queue>>>,
    whys: Mutex<Vec<Why>>,
    panics: Mutex<Option<Panics>>,
    owned: Option<Owned<Queue>>,
}

/// When a queue panics.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Panics {
    /// With the `Runnable` in hand.
    BeforeStoring,
    /// With the `Runnable` stored.
    AfterStoring,
}

impl Schedule for Queue {
    fn schedule(&self, runnable: Runnable<Self>, why: Why) {
        lock(&self.0.whys).push(why);
        let panics = lock(&self.0.panics).take();
        if panics == Some(Panics::BeforeStoring) {
            panic_any("the scheduler");
        }
        lock(&self.0.runnables).push_back(runnable);
        if panics == Some(Panics::AfterStoring) {
            panic_any("the scheduler");
        }
    }

    fn owned(&self) -> Option<&Owned<Self>> {
        self.0.owned.as_ref()
    }
}

impl Queue {
    /// Without a registry.
    pub(crate) fn new() -> Self {
        Self::with(None)
    }

    /// With one.
    pub(crate) fn registered() -> Self {
        // SAFETY: `owned` returns what the shared part holds, which does not change.
        Self::with(Some(unsafe { Owned::new(1) }))
    }

    fn with(owned: Option<Owned<Self>>) -> Self {
        Self(Arc::new(Shared {
            runnables: Mutex::default(),
            whys: Mutex::default(),
            panics: Mutex::default(),
            owned,
        }))
    }

    pub(crate) fn registry(&self) -> &Owned<Self> {
        self.0.owned.as_ref().expect("made by `registered`")
    }

    #[track_caller]
    pub(crate) fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let (runnable, handle) = crate::spawn(future, self.clone());
        lock(&self.0.runnables).push_back(runnable);
        handle
    }

    pub(crate) fn push(&self, runnable: Runnable<Self>) {
        lock(&self.0.runnables).push_back(runnable);
    }

    pub(crate) fn pop(&self) -> Option<Runnable<Self>> {
        lock(&self.0.runnables).pop_front()
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.0.runnables).len()
    }

    /// Why tasks were scheduled since the last time this was asked.
    pub(crate) fn whys(&self) -> Vec<Why> {
        core::mem::take(&mut lock(&self.0.whys))
    }

    /// The next call of `schedule` panics.
    pub(crate) fn panic_next(&self, when: Panics) {
        *lock(&self.0.panics) = Some(when);
    }

    /// Runs one poll of the first.
    pub(crate) fn step(&self) -> bool {
        let Some(runnable) = self.pop() else { return false };
        if let Ran::Yielded(again) = runnable.run() {
            self.push(again);
        }
        true
    }

    /// Runs until nobody is queued. Returns how many polls that took.
    pub(crate) fn run(&self) -> usize {
        core::iter::repeat_with(|| self.step()).take_while(|ran| *ran).count()
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Polls a handle once.
pub(crate) fn poll<T>(handle: &mut JoinHandle<T>, waker: &Waker) -> Poll<Result<T, JoinError>> {
    Pin::new(handle).poll(&mut Context::from_waker(waker))
}

/// What a handle has now; it must be something.
#[track_caller]
pub(crate) fn result<T>(mut handle: JoinHandle<T>) -> Result<T, JoinError> {
    match poll(&mut handle, Waker::noop()) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("{handle:?} is not finished"),
    }
}

/// The word that a task panicked with, as [`Drops::panicking`] and [`panics`] do.
#[track_caller]
pub(crate) fn panic_word(error: JoinError) -> &'static str {
    *error.into_panic().downcast().expect("a word")
}

/// What `f` panics with.
#[track_caller]
pub(crate) fn caught<R>(f: impl FnOnce() -> R) -> &'static str {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("it did not panic"),
        Err(payload) => *payload.downcast().expect("a word"),
    }
}

/// Panics with `word`, and without a message on the screen.
pub(crate) fn panics(word: &'static str) -> ! {
    resume_unwind(alloc::boxed::Box::new(word))
}

/// Counts how often its values are dropped.
#[derive(Clone, Default)]
pub(crate) struct Drops(Arc<AtomicUsize>);

/// A value that counts its drop. It must be dropped on the thread that it was made for.
pub(crate) struct Dropped {
    count: Drops,
    panics: Option<&'static str>,
    bound: Option<ThreadId>,
}

impl Drops {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Relaxed)
    }

    pub(crate) fn value(&self) -> Dropped {
        Dropped { count: self.clone(), panics: None, bound: None }
    }

    /// A value whose drop panics with `word`.
    pub(crate) fn panicking(&self, word: &'static str) -> Dropped {
        Dropped { count: self.clone(), panics: Some(word), bound: None }
    }

    /// A value that belongs to this thread.
    pub(crate) fn bound(&self) -> Dropped {
        Dropped { count: self.clone(), panics: None, bound: Some(thread::current().id()) }
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        self.count.0.fetch_add(1, Relaxed);
        if self.bound.is_some_and(|thread| thread != thread::current().id()) {
            std::eprintln!("dropped on the wrong thread");
            std::process::abort();
        }
        if let Some(word) = self.panics {
            panics(word);
        }
    }
}

/// A waker of which each part may panic, and that counts what is done with it.
#[derive(Default)]
pub(crate) struct Faulty {
    pub(crate) clone_panics: bool,
    pub(crate) wake_panics: bool,
    pub(crate) drop_panics: bool,
    pub(crate) clones: AtomicUsize,
    pub(crate) wakes: AtomicUsize,
    /// Those of clones alone.
    pub(crate) drops: AtomicUsize,
}

impl Faulty {
    /// A waker over `self`. Dropping *it* does not count; it must not outlive `self`, nor may
    /// its clones.
    pub(crate) fn lend(self: &Arc<Self>) -> core::mem::ManuallyDrop<Waker> {
        let raw = RawWaker::new(Arc::as_ptr(self).cast(), &FAULTY);
        // SAFETY: the functions of the table are thread-safe; what they point to outlives them
        // (contract of the tests).
        core::mem::ManuallyDrop::new(unsafe { Waker::from_raw(raw) })
    }

    /// Clones that are neither woken nor dropped yet.
    pub(crate) fn alive(&self) -> usize {
        self.clones.load(Relaxed) - self.drops.load(Relaxed)
    }
}

static FAULTY: RawWakerVTable = RawWakerVTable::new(
    |data| {
        let faulty = faulty(data);
        if faulty.clone_panics {
            panics("the waker's clone");
        }
        faulty.clones.fetch_add(1, Relaxed);
        RawWaker::new(data, &FAULTY)
    },
    |data| {
        let faulty = faulty(data);
        faulty.wakes.fetch_add(1, Relaxed);
        faulty.drops.fetch_add(1, Relaxed);
        if faulty.wake_panics {
            panics("the waker's wake");
        }
    },
    |data| {
        let faulty = faulty(data);
        faulty.wakes.fetch_add(1, Relaxed);
        if faulty.wake_panics {
            panics("the waker's wake");
        }
    },
    |data| {
        let faulty = faulty(data);
        faulty.drops.fetch_add(1, Relaxed);
        if faulty.drop_panics {
            panics("the waker's drop");
        }
    },
);

fn faulty<'a>(data: *const ()) -> &'a Faulty {
    // SAFETY: made by `lend`, of a pointer to what outlives the waker.
    unsafe { &*data.cast::<Faulty>() }
}
