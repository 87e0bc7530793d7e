//! Ways to wait that belong to no runtime, so that every subject pays the same for them.

use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// Many tasks wait for the next round; one opens it.
#[derive(Debug, Default)]
pub struct Gate {
    /// The round that is open. Written under the lock of `waiting`.
    round: AtomicU64,
    waiting: Mutex<Vec<Waker>>,
}

impl Gate {
    /// Waits until `round` has been opened.
    pub async fn pass(&self, round: u64) {
        poll_fn(|cx| {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            // Ordered by the lock.
            if self.round.load(Ordering::Relaxed) >= round {
                return Poll::Ready(());
            }
            waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Opens the next round and wakes all who wait for it, with no lock held.
    ///
    /// Returns how many that were. The buffer is handed back, so that a steady state allocates
    /// nothing.
    pub fn open(&self) -> usize {
        let mut wakers = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            self.round.fetch_add(1, Ordering::Relaxed);
            mem::take(&mut *waiting)
        };
        let count = wakers.len();
        wakers.drain(..).for_each(Waker::wake);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_empty() {
            *waiting = wakers;
        }
        count
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Two tasks take turns.
#[derive(Debug, Default)]
pub struct Relay {
    turns: AtomicU64,
    waiting: Mutex<Option<Waker>>,
}

impl Relay {
    /// Waits until so many turns have been taken, then takes the next one and wakes the other.
    pub async fn take_turn(&self, at: u64) {
        poll_fn(|cx| {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            // Ordered by the lock.
            if self.turns.load(Ordering::Relaxed) < at {
                *waiting = Some(cx.waker().clone());
                return Poll::Pending;
            }
            self.turns.store(at + 1, Ordering::Relaxed);
            let other = waiting.take();
            drop(waiting);
            if let Some(other) = other {
                other.wake();
            }
            Poll::Ready(())
        })
        .await;
    }
}

/// Wakes its own task and pends, so many times.
#[derive(Debug)]
pub struct SelfWake {
    left: u64,
    by_clone: bool,
}

impl SelfWake {
    /// By `wake_by_ref` on the waker that it is polled with.
    pub fn by_ref(times: u64) -> Self {
        Self { left: times, by_clone: false }
    }

    /// By `wake` on a clone of it.
    pub fn by_clone(times: u64) -> Self {
        Self { left: times, by_clone: true }
    }
}

impl Future for SelfWake {
    type Output = ();

    #[allow(clippy::waker_clone_wake, reason = "the clone is what is measured")]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.left == 0 {
            return Poll::Ready(());
        }
        self.left -= 1;
        match self.by_clone {
            true => cx.waker().clone().wake(),
            false => cx.waker().wake_by_ref(),
        }
        Poll::Pending
    }
}
