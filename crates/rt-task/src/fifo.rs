//! A queue of runnable tasks, linked through their heads: no node, no allocation.

use core::fmt;
use core::marker::PhantomData;
use core::mem;
use core::ptr::NonNull;

use crate::Runnable;
use crate::header::{Header, TaskRef};
use crate::schedule::Schedule;

/// First in, first out. Dropping it cancels what it holds.
pub struct Fifo<S: Schedule> {
    ends: Option<Ends>,
    len: usize,
    _owns: PhantomData<Runnable<S>>,
}

#[derive(Clone, Copy)]
struct Ends {
    first: TaskRef,
    last: TaskRef,
}

// SAFETY: owns `Runnable`s, which are `Send`.
unsafe impl<S: Schedule> Send for Fifo<S> {}
// SAFETY: a shared reference reads the length.
unsafe impl<S: Schedule> Sync for Fifo<S> {}

/// A `Runnable` given up to a pointer, to be linked into a structure of the caller's.
///
/// Dropping it leaks the task.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Link(NonNull<Header>);

impl Link {
    /// The address, for an atomic pointer.
    #[must_use]
    #[inline]
    pub fn as_ptr(self) -> *mut () {
        self.0.as_ptr().cast()
    }

    /// # Safety
    /// `ptr` comes from [`as_ptr`](Self::as_ptr).
    #[must_use]
    #[inline]
    pub unsafe fn from_ptr(ptr: *mut ()) -> Self {
        // SAFETY: links are never null (contract).
        Self(unsafe { NonNull::new_unchecked(ptr.cast()) })
    }

    fn task(self) -> TaskRef {
        // SAFETY: made of a `Runnable`, which keeps its task alive, by `into_link`.
        unsafe { TaskRef::new(self.0) }
    }

    /// Reads and writes the link to the next. What is read is one only if the last that was written was: while a
    /// task waits, the word is used otherwise.
    ///
    /// # Safety
    /// The caller owns the `Runnable` that `self` stands for.
    #[inline]
    pub unsafe fn replace_next(self, next: Option<Link>) -> Option<Link> {
        // SAFETY: alive, since the caller owns the `Runnable` (contract).
        let header = unsafe { self.task().header() };
        // SAFETY: as the contract says.
        unsafe { header.replace_next(next.map(Link::task)) }.map(|task| Link(task.as_ptr()))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Link").field(&self.0).finish()
    }
}

impl<S: Schedule> Runnable<S> {
    /// Gives the right up to a link, of which [`from_link`](Self::from_link) makes it again.
    #[inline]
    pub fn into_link(self) -> Link {
        Link(self.into_task().as_ptr())
    }

    /// # Safety
    /// `link` comes from `into_link` of a `Runnable` of the same `S`, and nothing was made of
    /// it since.
    #[inline]
    pub unsafe fn from_link(link: Link) -> Self {
        // SAFETY: `link` stands for the `Runnable`, and is used up (contract).
        unsafe { Self::from_task(link.task()) }
    }
}

impl<S: Schedule> Fifo<S> {
    /// An empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self { ends: None, len: 0, _owns: PhantomData }
    }

    /// How many it holds.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts one at the end.
    #[inline]
    pub fn push_back(&mut self, runnable: Runnable<S>) {
        let task = runnable.into_task();
        // SAFETY: alive: its `Runnable` is the queue's now.
        let header = unsafe { task.header() };
        // SAFETY: the queue owns the `Runnable`.
        unsafe { header.replace_next(None) };
        self.ends = Some(match self.ends {
            None => Ends { first: task, last: task },
            Some(Ends { first, last }) => {
                // SAFETY: alive: its `Runnable` is the queue's.
                let header = unsafe { last.header() };
                // SAFETY: the queue owns the `Runnable`.
                unsafe { header.replace_next(Some(task)) };
                Ends { first, last: task }
            }
        });
        self.len += 1;
    }

    /// Puts one at the front.
    #[inline]
    pub fn push_front(&mut self, runnable: Runnable<S>) {
        let task = runnable.into_task();
        // SAFETY: alive: its `Runnable` is the queue's now.
        let header = unsafe { task.header() };
        // SAFETY: the queue owns the `Runnable`.
        unsafe { header.replace_next(self.ends.map(|ends| ends.first)) };
        let last = self.ends.map_or(task, |ends| ends.last);
        self.ends = Some(Ends { first: task, last });
        self.len += 1;
    }

    /// Takes the first, and has the processor bring the next one closer while that one is polled.
    #[inline]
    pub fn pop_front(&mut self) -> Option<Runnable<S>> {
        let Ends { first, last } = self.ends?;
        // SAFETY: alive: its `Runnable` is the queue's.
        let header = unsafe { first.header() };
        // SAFETY: the queue owns the `Runnable`.
        let next = unsafe { header.replace_next(None) };
        self.ends = next.map(|first| Ends { first, last });
        self.len -= 1;
        if let Some(next) = next {
            // SAFETY: alive: its `Runnable` is the queue's.
            unsafe { next.fetch_ahead() };
        }
        // SAFETY: the queue owned the `Runnable`, of this `S`, and gives it up here.
        Some(unsafe { Runnable::from_task(first) })
    }

    /// Moves all of `other` to the end.
    pub fn append(&mut self, other: &mut Self) {
        let Some(theirs) = other.ends.take() else {
            return;
        };
        self.len += mem::take(&mut other.len);
        self.ends = Some(match self.ends {
            None => theirs,
            Some(Ends { first, last }) => {
                // SAFETY: alive: its `Runnable` is the queue's.
                let header = unsafe { last.header() };
                // SAFETY: the queue owns the `Runnable`.
                unsafe { header.replace_next(Some(theirs.first)) };
                Ends { first, last: theirs.last }
            }
        });
    }
}

impl<S: Schedule> Default for Fifo<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Schedule> Drop for Fifo<S> {
    fn drop(&mut self) {
        while let Some(runnable) = self.pop_front() {
            drop(runnable);
        }
    }
}

impl<S: Schedule> fmt::Debug for Fifo<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fifo").field("len", &self.len).finish()
    }
}

#[cfg(all(test, feature = "std", not(rt_loom)))]
mod model_tests;
