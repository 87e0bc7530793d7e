//! The panic that shuts a scheduler down, for who waits beside it.
//!
//! Touched by a `block_on` of a scheduler whose hooks call panics fatal, and by that panic; by nobody
//! else. No waker is woken, cloned or dropped under the lock.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rt_task::TaskPanic;
use rt_task::base::driver::Driver;
use rt_task::base::shim::{Mutex, MutexGuard, PoisonError};

use crate::queue::{Queues, Standard};
use crate::shared::Shared;

pub(crate) struct Doom(Mutex<State>);

#[derive(Default)]
struct State {
    cause: Option<Arc<TaskPanic>>,
    waiting: Vec<Waiting>,
    next: u64,
}

struct Waiting {
    key: u64,
    waker: Waker,
}

impl Doom {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State::default()))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first panic counts: what comes after it is its consequence, or too late.
    pub(crate) fn comes(&self, panic: Box<TaskPanic>) {
        let waiting = {
            let mut state = self.lock();
            state.cause.get_or_insert_with(|| Arc::from(panic));
            mem::take(&mut state.waiting)
        };
        for Waiting { waker, .. } in waiting {
            rt_task::base::contain(|| waker.wake());
        }
    }

    fn poll(&self, key: &mut Option<u64>, cx: &Context<'_>) -> Poll<Arc<TaskPanic>> {
        let waker = cx.waker().clone();
        let mut state = self.lock();
        if let Some(cause) = &state.cause {
            return Poll::Ready(cause.clone());
        }
        let key = *key.get_or_insert_with(|| {
            state.next += 1;
            state.next
        });
        let before = match state.waiting.iter_mut().find(|waiting| waiting.key == key) {
            Some(waiting) => Some(mem::replace(&mut waiting.waker, waker)),
            None => {
                state.waiting.push(Waiting { key, waker });
                None
            }
        };
        drop(state);
        drop(before);
        Poll::Pending
    }

    fn forget(&self, key: u64) {
        let mut state = self.lock();
        let at = state.waiting.iter().position(|waiting| waiting.key == key);
        let waiting = at.map(|at| state.waiting.swap_remove(at));
        drop(state);
        drop(waiting);
    }
}

/// The panic of a task that shuts the scheduler down. Never ready while there is none.
///
/// See [`Spawner::fatal`](crate::Spawner::fatal). Cancel safe.
#[must_use = "futures do nothing unless polled"]
pub struct Fatal<D: Driver + Send + 'static, Q: Queues = Standard> {
    shared: Arc<Shared<D, Q>>,
    key: Option<u64>,
}

impl<D: Driver + Send + 'static, Q: Queues> Fatal<D, Q> {
    pub(crate) fn new(shared: Arc<Shared<D, Q>>) -> Self {
        Self { shared, key: None }
    }
}

impl<D: Driver + Send + 'static, Q: Queues> Future for Fatal<D, Q> {
    type Output = Arc<TaskPanic>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Arc<TaskPanic>> {
        let this = &mut *self;
        this.shared.doom.poll(&mut this.key, cx)
    }
}

impl<D: Driver + Send + 'static, Q: Queues> Drop for Fatal<D, Q> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.shared.doom.forget(key);
        }
    }
}

impl<D: Driver + Send + 'static, Q: Queues> fmt::Debug for Fatal<D, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fatal").finish_non_exhaustive()
    }
}
