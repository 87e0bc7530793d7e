//! The wakers that a future under test is given: they know whether they are of its last poll, and how many
//! there still are.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// How many wakers there are of the futures of one round. A future's clones of one waker count as one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Alive(Arc<Mutex<usize>>);

impl Alive {
    pub(crate) fn count(&self) -> usize {
        *lock(&self.0)
    }
}

/// What the wakers of one future tell.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    alive: Alive,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whom to wake in turn.
    outer: Option<Arc<Waker>>,
    /// The poll that the last waker was made for.
    poll: u64,
    /// A waker of the last poll was woken.
    rang: bool,
    /// One of a poll before that was.
    rang_late: bool,
}

impl Bell {
    pub(crate) fn new(alive: &Alive) -> Arc<Self> {
        Arc::new(Self { alive: alive.clone(), ..Self::default() })
    }

    /// Whom to wake from now on. Wakers are cloned and dropped with no lock held.
    pub(crate) fn set_outer(&self, waker: Option<&Waker>) {
        let fresh = waker.cloned().map(Arc::new);
        let before = mem::replace(&mut lock(&self.state).outer, fresh);
        drop(before);
    }

    pub(crate) fn rang(&self) -> bool {
        lock(&self.state).rang
    }

    pub(crate) fn rang_late(&self) -> bool {
        lock(&self.state).rang_late
    }

    /// A poll begins: whatever woke up to now has been heard.
    pub(crate) fn hear(&self) {
        let mut state = lock(&self.state);
        (state.rang, state.rang_late) = (false, false);
    }

    /// A waker for the poll that begins, unlike all before, which are late from now on.
    pub(crate) fn new_waker(self: &Arc<Self>) -> Waker {
        *lock(&self.alive.0) += 1;
        let poll = {
            let mut state = lock(&self.state);
            state.poll += 1;
            state.poll
        };
        Arc::new(Link { bell: self.clone(), poll }).into()
    }

    fn ring(&self, poll: u64) {
        let outer = {
            let mut state = lock(&self.state);
            match state.poll == poll {
                true => state.rang = true,
                false => state.rang_late = true,
            }
            state.outer.clone()
        };
        if let Some(outer) = outer {
            outer.wake_by_ref();
        }
    }
}

/// What is behind one waker.
struct Link {
    bell: Arc<Bell>,
    poll: u64,
}

impl Wake for Link {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.bell.ring(self.poll);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        *lock(&self.bell.alive.0) -= 1;
    }
}

/// Nothing is half-changed under these locks, whoever panics.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
