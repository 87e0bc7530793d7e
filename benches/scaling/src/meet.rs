//! Where tasks of a workload meet: on the atomics of the runtime's shim, so that the simulation sees
//! them, and the same on real threads.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::mem;
use std::task::{Context, Poll, Waker};

use rt_task::base::shim::{AtomicU64, Mutex, Ordering::*, PoisonError};

use crate::play;

/// Wakes, and says so.
fn wake(waker: Waker) {
    play::ready(&waker);
    waker.wake();
}

/// Gives way to other tasks once.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| match mem::replace(&mut yielded, true) {
        true => Poll::Ready(()),
        false => {
            play::ready(cx.waker());
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}

/// Where one task's waker waits.
#[derive(Debug, Default)]
struct Place(Mutex<Option<Waker>>);

impl Place {
    fn register(&self, cx: &Context<'_>) {
        let waker = cx.waker().clone();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker);
    }

    fn wake(&self) {
        let waker = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            wake(waker);
        }
    }
}

/// Many tasks count down; one waits for nought.
#[derive(Debug, Default)]
pub struct Countdown {
    left: AtomicU64,
    waiting: Place,
}

impl Countdown {
    /// Begins anew, once nobody counts any more.
    pub fn set(&self, left: u64) {
        self.left.store(left, Release); // pairs with `reached`
    }

    /// Counts.
    pub fn one_less(&self) {
        // Pairs with `reached`.
        if self.left.fetch_sub(1, AcqRel) == 1 {
            self.waiting.wake();
        }
    }

    /// Waits for nought. One task at a time.
    pub async fn reached(&self) {
        poll_fn(|cx| {
            if self.left.load(Acquire) == 0 {
                return Poll::Ready(());
            }
            self.waiting.register(cx);
            match self.left.load(Acquire) {
                0 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        })
        .await;
    }
}

/// One task wakes all others at once, each by its own waker, when all of them wait.
#[derive(Debug)]
pub struct Storm {
    round: AtomicU64,
    waiting: Vec<Place>,
    away: Countdown,
}

impl Storm {
    /// For so many tasks.
    pub fn of(tasks: usize) -> Self {
        let away = Countdown::default();
        away.set(tasks as u64);
        let waiting = (0..tasks).map(|_| Place::default()).collect();
        Self { round: AtomicU64::new(0), waiting, away }
    }

    /// Waits for this round, as the task of this place.
    pub async fn pass(&self, place: usize, round: u64) {
        let mut come = false;
        poll_fn(|cx| {
            if self.round.load(Acquire) >= round {
                return Poll::Ready(());
            }
            self.waiting[place].register(cx);
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

    /// Opens the next round, and waits for nobody.
    pub fn wake_last(&self) {
        self.round.fetch_add(1, Release); // pairs with `pass`
        self.waiting.iter().for_each(Place::wake);
    }

    /// Opens the next round once; waits until every task waits again.
    pub async fn wake_all(&self) {
        self.away.set(self.waiting.len() as u64);
        self.round.fetch_add(1, Release); // pairs with `pass`
        self.waiting.iter().for_each(Place::wake);
        self.all_wait().await;
    }
}

/// Messages from many to one, of which so many may be under way.
#[derive(Debug)]
pub struct Channel {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    messages: VecDeque<u64>,
    room: usize,
    receiver: Option<Waker>,
    senders: VecDeque<Waker>,
    is_closed: bool,
}

impl Channel {
    /// With so much room.
    pub fn of(room: usize) -> Self {
        let state = State {
            messages: VecDeque::with_capacity(room),
            room,
            receiver: None,
            senders: VecDeque::new(),
            is_closed: false,
        };
        Self { state: Mutex::new(state) }
    }

    /// Nobody receives any more: what is sent from here on is lost.
    pub fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_closed = true;
        let senders = mem::take(&mut state.senders);
        drop(state);
        senders.into_iter().for_each(wake);
    }

    /// Waits until there is room, then sends.
    pub async fn send(&self, message: u64) {
        poll_fn(|cx| {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.messages.len() == state.room && !state.is_closed {
                state.senders.push_back(cx.waker().clone());
                return Poll::Pending;
            }
            state.messages.push_back(message);
            let receiver = state.receiver.take();
            drop(state);
            if let Some(receiver) = receiver {
                wake(receiver);
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Waits for a message.
    pub async fn receive(&self) -> u64 {
        poll_fn(|cx| {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(message) = state.messages.pop_front() else {
                state.receiver = Some(cx.waker().clone());
                return Poll::Pending;
            };
            let sender = state.senders.pop_front();
            drop(state);
            if let Some(sender) = sender {
                wake(sender);
            }
            Poll::Ready(message)
        })
        .await
    }
}
