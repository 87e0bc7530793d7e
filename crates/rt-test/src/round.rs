//! One run of a test, and the one await at which it cancels.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use rt_task::wait::Wait;

use crate::probe::{Manner, Probe, Turn};
use crate::report::{Await, Cancelled, Point};
use crate::wakers::{Alive, lock};

/// One run of a test: see [`cancel_at_every_await`](crate::cancel_at_every_await).
pub struct Round {
    pub(crate) shared: Arc<Shared>,
}

/// What the test knows of its round, and the trial around it, too.
pub(crate) struct Shared {
    pub(crate) number: usize,
    pub(crate) manner: Manner,
    pub(crate) point: Point,
    pub(crate) alive: Alive,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    awaits: Vec<Await>,
    was_run: bool,
    cancelled: Option<Cancelled>,
}

impl Round {
    /// Runs `future`, a part of the test, and drops it if the round's await is in there.
    ///
    /// What is run after that in the same round is cancelled no more: so a test can go on as a program would,
    /// and see that nothing is missing. Several may be run in one round, also at once; their awaits are
    /// counted together.
    ///
    /// The future is polled as the round's [`Manner`] says.
    ///
    /// # Errors
    /// If the future was cancelled.
    pub fn run<F: Future>(&self, future: F) -> Run<'_, F> {
        let probe = Probe::new(future, self.shared.manner, &self.shared.alive);
        Run { shared: &self.shared, probe: Some(probe), last: None }
    }

    /// Whether a future of this round was cancelled already.
    #[must_use]
    pub fn has_cancelled(&self) -> bool {
        self.shared.cancelled().is_some()
    }

    /// How many wakers that were given to futures of this round are kept somewhere. None, once what was run is
    /// dropped, and if it takes them along; at the round's end the trial insists on that.
    #[must_use]
    pub fn wakers(&self) -> usize {
        self.shared.alive.count()
    }

    /// How futures are polled in this round.
    #[must_use]
    pub fn manner(&self) -> Manner {
        self.shared.manner
    }

    /// Counted from one.
    #[must_use]
    pub fn number(&self) -> usize {
        self.shared.number
    }
}

impl Shared {
    pub(crate) fn new(number: usize, manner: Manner, point: Point) -> Arc<Self> {
        let (alive, state) = (Alive::default(), Mutex::default());
        Arc::new(Self { number, manner, point, alive, state })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(crate) fn cancelled(&self) -> Option<Cancelled> {
        self.state().cancelled
    }

    pub(crate) fn was_run(&self) -> bool {
        self.state().was_run
    }

    pub(crate) fn awaits(&self) -> Vec<Await> {
        self.state().awaits.clone()
    }

    pub(crate) fn awaits_count(&self) -> usize {
        self.state().awaits.len()
    }

    pub(crate) fn last_await(&self) -> Option<Await> {
        self.state().awaits.last().copied()
    }

    /// Whether the round is to cancel here, for once.
    fn cancels(&self, point: Point, last: Option<Await>) -> Option<Cancelled> {
        let mut state = self.state();
        state.was_run = true;
        if self.point != point || state.cancelled.is_some() {
            return None;
        }
        let cancelled = Cancelled { point, last };
        state.cancelled = Some(cancelled);
        Some(cancelled)
    }

    /// Something pended.
    fn awaits_now(&self, wait: Option<Wait>) -> Await {
        let mut state = self.state();
        let now = Await { number: state.awaits.len() + 1, wait };
        state.awaits.push(now);
        now
    }
}

impl fmt::Debug for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { number, manner, point, .. } = &*self.shared;
        f.debug_struct("Round")
            .field("number", number)
            .field("manner", manner)
            .field("point", point)
            .finish_non_exhaustive()
    }
}

/// The future of [`Round::run`].
#[must_use = "futures do nothing unless polled"]
pub struct Run<'a, F> {
    shared: &'a Shared,
    /// There until it has ended.
    probe: Option<Probe<F>>,
    last: Option<Await>,
}

impl<F: Future> Run<'_, F> {
    /// The point at which the future is now, before a poll.
    fn point(&self) -> Option<Point> {
        match (self.last, &self.probe) {
            (None, _) => Some(Point::Unpolled),
            (Some(last), Some(probe)) if probe.is_woken() => Some(Point::Woken(last.number)),
            _ => None,
        }
    }

    fn cancels(&mut self, point: Point) -> Option<Cancelled> {
        let cancelled = self.shared.cancels(point, self.last)?;
        self.probe = None;
        Some(cancelled)
    }
}

impl<F: Future> Future for Run<'_, F> {
    type Output = Result<F::Output, Cancelled>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some(cancelled) = this.point().and_then(|point| this.cancels(point)) {
            return Poll::Ready(Err(cancelled));
        }
        let probe = this.probe.as_mut().expect("`Run` was polled after it had ended");
        match probe.poll(cx) {
            Turn::Ready(output) => {
                this.probe = None;
                Poll::Ready(Ok(output))
            }
            Turn::Asleep => Poll::Pending,
            Turn::Pending(wait) => {
                let last = this.shared.awaits_now(wait);
                this.last = Some(last);
                match this.cancels(Point::Waiting(last.number)) {
                    Some(cancelled) => Poll::Ready(Err(cancelled)),
                    None => Poll::Pending,
                }
            }
        }
    }
}

impl<F> fmt::Debug for Run<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("last", &self.last).finish_non_exhaustive()
    }
}
