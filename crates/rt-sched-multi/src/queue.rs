//! How runnable tasks are held: the seams behind which a queue is swapped, and the production one.

use std::fmt;

use crate::rules::Rules;

/// The two kinds of queue that a scheduler uses, and by what rules its workers share what is there.
pub trait Queues: 'static {
    /// What each worker has.
    type Local<T: Send + 'static>: LocalQueue<T>;
    /// What all share.
    type Inject<T: Send + 'static>: Inject<T>;
    /// Chosen when the program is built: a rule that is not followed leaves no code.
    const RULES: Rules = Rules::STANDARD;
}

/// A queue of one worker, first in, first out: the worker pushes and pops, any thread steals.
pub trait LocalQueue<T>: Send + Sized + 'static {
    /// What thieves hold.
    type Stealer: Send + Sync;

    /// An empty queue.
    fn new() -> Self;
    /// The thieves' half.
    fn stealer(&self) -> Self::Stealer;
    /// Puts one at the end.
    fn push(&self, item: T);
    /// Takes the first.
    fn pop(&self) -> Option<T>;
    /// How many it holds, or held a moment ago.
    fn len(&self) -> usize;
    /// Whether [`len`](Self::len) is zero.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Takes half of what `from` holds, and `most` at most: returns the first, and pushes the rest to
    /// `into`.
    fn steal_half(from: &Self::Stealer, into: &Self, most: usize) -> Option<T>;
    /// How many a thief sees.
    fn depth(from: &Self::Stealer) -> usize;
}

/// The queue for what does not fit a worker's: batches of tasks.
pub trait Inject<T>: Send + Sync + Sized + 'static {
    /// An empty queue.
    fn new() -> Self;
    /// Puts one at the end.
    fn push(&self, item: T);
    /// Takes the first.
    fn pop(&self) -> Option<T>;
    /// Whether it held nothing a moment ago. A load or two.
    fn is_empty(&self) -> bool;
}

/// `crossbeam-deque` for workers, `concurrent-queue` for all.
#[derive(Debug)]
pub struct Standard;

impl Queues for Standard {
    type Local<T: Send + 'static> = Deque<T>;
    type Inject<T: Send + 'static> = Injector<T>;
}

/// A `crossbeam-deque` queue.
pub struct Deque<T>(crossbeam_deque::Worker<T>);

impl<T: Send + 'static> LocalQueue<T> for Deque<T> {
    type Stealer = crossbeam_deque::Stealer<T>;

    fn new() -> Self {
        Self(crossbeam_deque::Worker::new_fifo())
    }

    fn stealer(&self) -> Self::Stealer {
        self.0.stealer()
    }

    #[inline]
    fn push(&self, item: T) {
        self.0.push(item);
    }

    #[inline]
    fn pop(&self) -> Option<T> {
        // Its pop of an empty queue costs a fence's worth.
        if self.0.is_empty() { None } else { self.0.pop() }
    }

    #[inline]
    fn len(&self) -> usize {
        self.0.len()
    }

    fn steal_half(from: &Self::Stealer, into: &Self, most: usize) -> Option<T> {
        loop {
            match from.steal_batch_with_limit_and_pop(&into.0, most) {
                crossbeam_deque::Steal::Success(item) => return Some(item),
                crossbeam_deque::Steal::Empty => return None,
                crossbeam_deque::Steal::Retry => {}
            }
        }
    }

    fn depth(from: &Self::Stealer) -> usize {
        from.len()
    }
}

impl<T> fmt::Debug for Deque<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deque").field("len", &self.0.len()).finish()
    }
}

/// An unbounded `concurrent-queue`.
pub struct Injector<T>(concurrent_queue::ConcurrentQueue<T>);

impl<T: Send + 'static> Inject<T> for Injector<T> {
    fn new() -> Self {
        Self(concurrent_queue::ConcurrentQueue::unbounded())
    }

    fn push(&self, item: T) {
        if self.0.push(item).is_err() {
            unreachable!("unbounded, and never closed");
        }
    }

    fn pop(&self) -> Option<T> {
        self.0.pop().ok()
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> fmt::Debug for Injector<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Injector").field("len", &self.0.len()).finish()
    }
}

#[cfg(all(test, rt_loom))]
pub(crate) mod model;
