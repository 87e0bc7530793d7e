//! The owner half: says when to be back, and hands out what is due.

use std::fmt;

use rt_task::base::seam::{Clock, Nanos, Timers, Wakes};

use crate::group::Stamp;
use crate::handle::Handle;
use crate::moment::{Moment, Phase};
use crate::pool;

/// The timers of one thread at a time: put it in a driver's stack, or ask it in a loop of your own.
///
/// Dropping it ends its timers: a [`Sleep`](crate::Sleep) that is polled after that panics, since it
/// would wait for ever, and its waker is woken once for that.
///
/// ```
/// use rt_task::base::clock::Pausable;
/// use rt_task::base::driver::{Driver as _, Stack, Until, WakeBatch};
/// use rt_task::base::park::ThreadPark;
/// use rt_timer::{Driver, Duration};
///
/// let clock = Pausable::new();
/// let (driver, handle) = Driver::new(clock.clone());
/// let mut stack = Stack::new(ThreadPark::new(), driver, clock);
/// let mut sleep = std::pin::pin!(handle.sleep(Duration::from_millis(5)));
///
/// let woken = std::sync::Arc::new(Woken::default());
/// # #[derive(Default)] struct Woken(std::sync::atomic::AtomicBool);
/// # impl std::task::Wake for Woken {
/// #     fn wake(self: std::sync::Arc<Self>) { self.0.store(true, std::sync::atomic::Ordering::Relaxed) }
/// # }
/// let waker = woken.clone().into();
/// let mut cx = std::task::Context::from_waker(&waker);
/// assert!(sleep.as_mut().poll(&mut cx).is_pending());
/// let mut batch = WakeBatch::new();
/// while !sleep.is_elapsed() {
///     stack.turn(Until::Event, &mut batch)?; // waits in the thread's parker
/// }
/// assert!(sleep.as_mut().poll(&mut cx).is_ready());
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Driver {
    stamp: Stamp,
    /// By several threads, in turn.
    shared: bool,
    /// What the clock counts from.
    start: Moment,
    phase: Phase,
}

impl Driver {
    /// Timers by `clock`, and the half that arms them.
    ///
    /// With a [`Pausable`](rt_task::base::clock::Pausable) clock, [`pause`](crate::pause) and its
    /// like work. The first tick is now: a clock that is paused already, and moved by whole
    /// milliseconds, stands at a full tick whenever it stands.
    ///
    /// Allocates ten kilobytes, unless an earlier driver has left its own.
    pub fn new(clock: impl Clock) -> (Self, Handle) {
        Self::open(clock, 1, false)
    }

    /// Timers for a scheduler of several workers, with a wheel for each of `workers`. Whichever of them
    /// has nothing to run turns the driver, for all.
    ///
    /// A timer is armed in the wheel of the worker that polls it: by the thread's
    /// [shard](rt_task::base::context::Ctx::shard) while the scheduler that
    /// [`Handle::set_owner`] names is at home there, in the first wheel on other threads. It may be
    /// reset and dropped on any. So workers that arm and drop timers do not meet, and whoever turns the
    /// driver fires what is due in all wheels, also in that of a worker that is stuck in a long poll.
    ///
    /// While a thread waits in the driver, arming a timer that is earlier than what is waited for calls
    /// that thread, once; else it calls nobody. A wait takes one read-modify-write for each wheel; a
    /// turn that does not wait takes none, and one load for each.
    ///
    /// # Panics
    /// If `workers` is zero.
    pub fn shared(clock: impl Clock, workers: u16) -> (Self, Handle) {
        assert!(workers > 0, "`Driver::shared` needs a worker at least, for whose timers it is");
        Self::open(clock, workers, true)
    }

    fn open(clock: impl Clock, shards: u16, shared: bool) -> (Self, Handle) {
        let start = Moment::of(clock.start());
        let origin = start.plus(clock.now());
        let stamp = pool::take(usize::from(shards)).open(origin, shared);
        let driver = Self { stamp, shared, start, phase: Phase::at(origin) };
        (driver, Handle::new(stamp, start, Phase::at(origin), clock))
    }

    fn nanos(&self, tick: u64) -> Nanos {
        self.start.until(self.phase.moment(tick))
    }
}

impl Timers for Driver {
    /// Costs a load; a lock when another thread has armed an earlier timer since. If the driver is
    /// shared, a load for each wheel.
    #[inline]
    fn next(&self) -> Option<Nanos> {
        let group = self.stamp.group;
        let tick = if self.shared { group.earliest() } else { group.next_at_home() };
        tick.map(|tick| self.nanos(tick))
    }

    fn before_wait(&mut self, until: Option<Nanos>) -> Option<Nanos> {
        let next = if self.shared {
            // Rounds up: a timer at that tick is not earlier than `until`.
            let tick = |until| self.phase.split(self.start.plus(until)).tick;
            let next = self.stamp.group.before_wait(until.map(tick));
            next.map(|tick| self.nanos(tick))
        } else {
            self.next()
        };
        match (next, until) {
            (Some(next), Some(until)) => Some(next.min(until)),
            (next, until) => next.or(until),
        }
    }

    fn after_wait(&mut self) {
        if self.shared {
            self.stamp.group.after_wait();
        }
    }

    fn advance(&mut self, now: Nanos, out: &mut impl Wakes) {
        let tick = self.phase.tick_at(self.start.plus(now));
        match self.shared {
            true => self.stamp.advance_due(tick, out),
            false => self.stamp.advance(tick, true, out),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        match self.stamp.group.close() {
            true => pool::give(self.stamp.group),
            false => pool::retire(self.stamp.group),
        }
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("armed", &self.stamp.armed()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(rt_loom)))]
mod shared_tests;
#[cfg(all(test, not(rt_loom)))]
mod tests;
