//! What is of one worker: its queue, its slot, its counters.
//!
//! **Invariant.** [`Own`] is touched only by the thread that is at home there: whose context names
//! this scheduler and this worker. One thread at a time is: the crew hands a worker over by one
//! exchange (see [`crew`](crate::crew)).

use std::cell::Cell;
use std::ptr;

use rt_task::base::driver::Driver;
use rt_task::base::shim::{AtomicBool, AtomicPtr, AtomicU64, Ordering::*};
use rt_task::{Fifo, Runnable};

use crate::crew::Seat;
use crate::metrics::{Counters, WorkerMetrics};
use crate::queue::{LocalQueue, Queues};
use crate::rules::Calls;
use crate::shared::{Home, Shared};
use crate::slot::Slot;

/// A task of this scheduler that can run.
pub(crate) type Task<D, Q> = Runnable<Home<D, Q>>;
pub(crate) type Local<D, Q> = <Q as Queues>::Local<Task<D, Q>>;
type Stealer<D, Q> = <Local<D, Q> as LocalQueue<Task<D, Q>>>::Stealer;

pub(crate) struct Worker<D: Driver + Send + 'static, Q: Queues> {
    index: usize,
    pub(crate) slot: Slot<Home<D, Q>>,
    stealer: Stealer<D, Q>,
    /// Whose thread is at home here. Written by that, before it waits.
    seat: AtomicPtr<Seat>,
    /// When it was last called, in ns; zero once it knows. For the estimate of [`Latency`](crate::pace::Latency).
    pub(crate) called_at: AtomicU64,
    /// The worker is to be had: see the crew's protocol.
    pub(crate) offered: AtomicBool,
    /// A standby is on its way to look whether it is.
    pub(crate) expects_standby: AtomicBool,
    pub(crate) counters: Counters,
    own: Own<Local<D, Q>>,
}

/// What is the worker's thread's alone.
pub(crate) struct Own<L> {
    pub(crate) local: L,
    pub(crate) polling: Cell<Polling>,
}

/// Whether a task is being polled at a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polling {
    /// No: if the user's code runs, it is a hook's or a waker's that the driver hands out. What that
    /// wakes has an order of its own, and does not go to the slot; the worker cannot be given away.
    No,
    /// Yes. What it wakes goes to the queue.
    Yes,
    /// Yes. What it wakes goes to the slot.
    FillsSlot,
}

// SAFETY: `own` is reached by the thread at home alone (Invariant), and moves between threads as a
// worker is handed over; all else is `Send` and `Sync`.
unsafe impl<D: Driver + Send + 'static, Q: Queues> Sync for Worker<D, Q> {}

/// How many tasks a worker's queue holds at most.
pub(crate) const LOCAL_MAX: usize = if cfg!(rt_loom) { 2 } else { 256 };

impl<D: Driver + Send + 'static, Q: Queues> Worker<D, Q> {
    pub(crate) fn new(index: usize) -> Self {
        let local = Local::<D, Q>::new();
        Self {
            index,
            slot: Slot::new(),
            stealer: local.stealer(),
            seat: AtomicPtr::new(ptr::null_mut()),
            called_at: AtomicU64::new(0),
            offered: AtomicBool::new(false),
            expects_standby: AtomicBool::new(false),
            counters: Counters::new(),
            own: Own { local, polling: Cell::new(Polling::No) },
        }
    }

    /// # Safety
    /// The calling thread is at home at this worker, as long as the result is used.
    #[inline]
    pub(crate) unsafe fn own(&self) -> &Own<Local<D, Q>> {
        &self.own
    }

    /// Puts a task at the end of the queue, after half of a full one has moved to the shared one.
    ///
    /// # Safety
    /// As [`own`](Self::own).
    #[inline]
    pub(crate) unsafe fn push(&self, shared: &Shared<D, Q>, task: Task<D, Q>) {
        if self.own.local.len() >= LOCAL_MAX {
            // SAFETY: as the contract says.
            unsafe { self.overflow(shared) };
        }
        self.own.local.push(task);
        if Q::RULES.calls == Calls::EachPush {
            shared.call_after_push(self.index);
        }
        self.see_to_watch(shared);
    }

    /// What was queued in a poll is stranded if that never ends: unless one of those asleep looks
    /// after it now and then.
    #[inline]
    fn see_to_watch(&self, shared: &Shared<D, Q>) {
        if self.own.polling.get() != Polling::No && shared.idle.is_unwatched(self.index) {
            shared.call_to_watch(self.index);
        }
    }

    /// # Safety
    /// As [`own`](Self::own).
    #[cold]
    unsafe fn overflow(&self, shared: &Shared<D, Q>) {
        let mut half = Fifo::new();
        while half.len() < LOCAL_MAX / 2 {
            let Some(task) = self.own.local.pop() else { break };
            half.push_back(task);
        }
        self.counters.overflows.add(1);
        shared.push_batch(half);
    }

    /// What was woken on the worker's own thread: it is run next, and what was to run next goes to
    /// the queue.
    ///
    /// # Safety
    /// As [`own`](Self::own).
    #[inline]
    pub(crate) unsafe fn push_woken(&self, shared: &Shared<D, Q>, task: Task<D, Q>) {
        let displaced = match self.own.polling.get() {
            Polling::FillsSlot => self.slot.put(task),
            Polling::Yes | Polling::No => Some(task),
        };
        match displaced {
            // SAFETY: as the contract says.
            Some(task) => unsafe { self.push(shared, task) },
            None => self.see_to_watch(shared),
        }
    }

    /// The thread of `seat` is at home here, and about to wait.
    #[inline]
    pub(crate) fn sits(&self, seat: *const Seat) {
        self.seat.store(seat.cast_mut(), Relaxed); // published by the idle word
    }

    /// Whose thread waits here, for who cleared the worker's bit.
    pub(crate) fn seat(&self) -> *const Seat {
        self.seat.load(Relaxed) // ordered by the idle word
    }

    /// An empty queue for what is stolen from a worker, by a thread that is none.
    pub(crate) fn loot() -> Local<D, Q> {
        Local::<D, Q>::new()
    }

    /// Takes half of the queue, for a thief: `into` gets all but the first.
    pub(crate) fn steal(&self, into: &Local<D, Q>) -> Option<Task<D, Q>> {
        Local::<D, Q>::steal_half(&self.stealer, into, LOCAL_MAX / 2)
    }

    /// Whether a thief sees anything.
    pub(crate) fn has_queued(&self) -> bool {
        self.queued() != 0
    }

    /// How many a thief sees.
    pub(crate) fn queued(&self) -> usize {
        Local::<D, Q>::depth(&self.stealer)
    }

    pub(crate) fn metrics(&self) -> WorkerMetrics {
        self.counters.read(Local::<D, Q>::depth(&self.stealer))
    }
}

#[cfg(all(test, not(rt_loom)))]
mod model_tests;
