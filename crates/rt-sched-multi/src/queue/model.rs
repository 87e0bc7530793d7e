//! Queues for models: what a queue orders, and nothing more.
//!
//! The counts are modelled; what they count is kept beside them, under a lock that the checker does
//! not know, and is touched in the same step. So a push is one Release and a pop one Acquire, a look
//! orders nothing, and each may come between any two steps of others.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use rt_task::base::shim::{AtomicUsize, Ordering::*, UnsafeCell};

use super::{Inject, LocalQueue, Queues};

/// Queues that the checker sees through.
#[derive(Debug)]
pub(crate) struct Modelled;

impl Queues for Modelled {
    type Local<T: Send + 'static> = Local<T>;
    type Inject<T: Send + 'static> = Shared<T>;
}

/// First in, first out, for any threads.
pub(crate) struct Shared<T> {
    len: AtomicUsize,
    items: Mutex<VecDeque<T>>,
}

impl<T> Shared<T> {
    fn empty() -> Self {
        Self { len: AtomicUsize::new(0), items: Mutex::default() }
    }

    fn put(&self, item: T) {
        // The checker turns to another thread before this, not between the two.
        self.len.fetch_add(1, Release);
        self.items.lock().unwrap().push_back(item);
    }

    /// Takes up to `most` from the front.
    fn take(&self, most: impl Fn(usize) -> usize) -> Vec<T> {
        let mut len = self.len.load(Relaxed);
        loop {
            let count = most(len).min(len);
            if count == 0 {
                return Vec::new();
            }
            match self.len.compare_exchange(len, len - count, Acquire, Relaxed) {
                Ok(_) => return self.items.lock().unwrap().drain(..count).collect(),
                Err(changed) => len = changed,
            }
        }
    }
}

impl<T: Send + 'static> Inject<T> for Shared<T> {
    fn new() -> Self {
        Self::empty()
    }

    fn push(&self, item: T) {
        self.put(item);
    }

    fn pop(&self) -> Option<T> {
        self.take(|_| 1).pop()
    }

    fn is_empty(&self) -> bool {
        self.len.load(Relaxed) == 0
    }
}

/// The worker's half.
pub(crate) struct Local<T> {
    shared: Arc<Shared<T>>,
    /// Touched by each use: the checker finds two threads that are at home here.
    owner: UnsafeCell<()>,
}

impl<T> Local<T> {
    fn own(&self) -> &Shared<T> {
        self.owner.with_mut(drop);
        &self.shared
    }
}

impl<T: Send + 'static> LocalQueue<T> for Local<T> {
    type Stealer = Arc<Shared<T>>;

    fn new() -> Self {
        Self { shared: Arc::new(Shared::empty()), owner: UnsafeCell::new(()) }
    }

    fn stealer(&self) -> Self::Stealer {
        self.shared.clone()
    }

    fn push(&self, item: T) {
        self.own().put(item);
    }

    fn pop(&self) -> Option<T> {
        self.own().take(|_| 1).pop()
    }

    fn len(&self) -> usize {
        self.own().len.load(Relaxed)
    }

    fn steal_half(from: &Self::Stealer, into: &Self, most: usize) -> Option<T> {
        let mut taken = from.take(|len| len.div_ceil(2).min(most)).into_iter();
        let first = taken.next()?;
        taken.for_each(|item| into.push(item));
        Some(first)
    }

    fn depth(from: &Self::Stealer) -> usize {
        from.len.load(Relaxed)
    }
}

impl<T> fmt::Debug for Local<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Local").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").finish_non_exhaustive()
    }
}
