//! Ways to wait that belong to no runtime, so that every subject pays the same for them.
//!
//! no site: nothing here is modelled, and no runtime depends on it.

use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::task::AtomicWaker;

use crate::meter::wall_ns;

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

/// Many tasks count down; one waits for nought.
#[derive(Debug, Default)]
pub struct Countdown {
    left: AtomicU64,
    waiting: AtomicWaker,
}

impl Countdown {
    /// Begins anew, once nobody counts any more.
    pub fn set(&self, left: u64) {
        self.left.store(left, Ordering::Release);
    }

    /// Counts.
    pub fn one_less(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.waiting.wake();
        }
    }

    /// How many have yet to count.
    pub fn left(&self) -> u64 {
        self.left.load(Ordering::Acquire)
    }

    /// Waits for nought. One task at a time.
    pub async fn reached(&self) {
        poll_fn(|cx| {
            if self.left.load(Ordering::Acquire) == 0 {
                return Poll::Ready(());
            }
            self.waiting.register(cx.waker());
            match self.left.load(Ordering::Acquire) {
                0 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        })
        .await;
    }
}

/// One task wakes all others at once, each by its own waker, when all of them wait; no lock.
#[derive(Debug)]
pub struct Storm {
    round: AtomicU64,
    waiting: Vec<AtomicWaker>,
    /// How many have yet to come back.
    away: Countdown,
}

impl Storm {
    /// For so many tasks.
    pub fn of(tasks: usize) -> Self {
        let away = Countdown::default();
        away.set(tasks as u64);
        let waiting = (0..tasks).map(|_| AtomicWaker::new()).collect();
        Self { round: AtomicU64::new(0), waiting, away }
    }

    /// Waits for this round, as the task of this place.
    pub async fn pass(&self, place: usize, round: u64) {
        let mut come = false;
        poll_fn(|cx| {
            if self.round.load(Ordering::Acquire) >= round {
                return Poll::Ready(());
            }
            self.waiting[place].register(cx.waker());
            // The round cannot open before all have come, this one among them.
            if !mem::replace(&mut come, true) {
                self.away.one_less();
            }
            Poll::Pending
        })
        .await;
    }

    /// Waits until every task waits.
    pub async fn all_wait(&self) {
        self.away.reached().await;
    }

    /// Opens the next round once; waits until every task waits again.
    pub async fn wake_all(&self) {
        self.away.set(self.waiting.len() as u64);
        self.round.fetch_add(1, Ordering::Release);
        self.waiting.iter().for_each(AtomicWaker::wake);
        self.all_wait().await;
    }
}

/// A task that other threads wake by one waker that is never cloned again.
#[derive(Debug, Default)]
pub struct Doorbell {
    waker: OnceLock<Waker>,
    answers: AtomicU64,
}

impl Doorbell {
    /// Wakes the task, once it has been there.
    pub fn ring(&self) {
        self.waker.wait().wake_by_ref();
    }

    /// How often it has been polled since.
    pub fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Answers so many times.
    pub async fn answer(&self, times: u64) {
        let mut polls = 0;
        poll_fn(|cx| {
            self.waker.get_or_init(|| cx.waker().clone());
            self.answers.store(polls, Ordering::Relaxed);
            polls += 1;
            if polls > times { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Many tasks wait, each to be called by its place.
#[derive(Debug)]
pub struct Muster {
    places: Box<[Place]>,
    /// How many have yet to wait.
    away: Countdown,
}

#[derive(Debug, Default)]
struct Place {
    calls: AtomicU64,
    waiting: AtomicWaker,
}

impl Muster {
    /// For so many tasks.
    pub fn of(tasks: u64) -> Self {
        let places = (0..tasks).map(|_| Place::default()).collect();
        Self { places, away: Countdown::default() }
    }

    /// So many tasks will come for the first time, or come back.
    pub fn expect(&self, tasks: u64) {
        self.away.set(tasks);
    }

    /// Waits until all that were expected wait.
    pub async fn all_wait(&self) {
        self.away.reached().await;
    }

    /// Calls the task of this place once.
    pub fn call(&self, place: u64) {
        let place = &self.places[place as usize];
        place.calls.fetch_add(1, Ordering::Release);
        place.waiting.wake();
    }

    /// Waits, as the task of this place, until it has been called so many times.
    pub async fn called(&self, place: u64, times: u64) {
        let place = &self.places[place as usize];
        let mut come = false;
        poll_fn(|cx| {
            if place.calls.load(Ordering::Acquire) >= times {
                return Poll::Ready(());
            }
            place.waiting.register(cx.waker());
            // Nobody is called before all that are expected have come, this one among them.
            if !mem::replace(&mut come, true) {
                self.away.one_less();
            }
            Poll::Pending
        })
        .await;
    }
}

/// A task that another thread calls, and which notes how long the call took to reach it.
#[derive(Debug, Default)]
pub struct Summons {
    waker: OnceLock<Waker>,
    /// When it was called; nought once it has come.
    called_ns: AtomicU64,
}

impl Summons {
    /// Calls the task, which has come to every call before; waits for its first if need be.
    pub fn call(&self) {
        let waker = self.waker.wait();
        self.called_ns.store(wall_ns(), Ordering::Release);
        waker.wake_by_ref();
    }

    /// Whether it has come to the last call.
    pub fn has_come(&self) -> bool {
        self.called_ns.load(Ordering::Acquire) == 0
    }

    /// Comes to so many calls.
    pub async fn come(&self, times: u64, mut took_ns: impl FnMut(u64, u64)) {
        let mut come = 0;
        poll_fn(|cx| {
            self.waker.get_or_init(|| cx.waker().clone());
            let called = self.called_ns.load(Ordering::Acquire);
            if called != 0 {
                took_ns(come, wall_ns() - called);
                come += 1;
                self.called_ns.store(0, Ordering::Release);
            }
            if come == times { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
