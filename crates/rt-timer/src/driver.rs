//! The owner half: says when to be back, and hands out what is due.

use std::fmt;

use rt_task::base::seam::{Clock, Nanos, Timers, Wakes};

use crate::handle::Handle;
use crate::moment::{Moment, Phase};
use crate::pool;
use crate::shard::Stamp;

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
        let start = Moment::of(clock.start());
        let origin = start.plus(clock.now());
        let stamp = pool::take().open(origin);
        let driver = Self { stamp, start, phase: Phase::at(origin) };
        (driver, Handle::new(stamp, start, Phase::at(origin), clock))
    }
}

impl Timers for Driver {
    /// Costs a load; a lock when another thread has armed an earlier timer since.
    #[inline]
    fn next(&self) -> Option<Nanos> {
        let tick = self.stamp.shard.next()?;
        Some(self.start.until(self.phase.moment(tick)))
    }

    fn advance(&mut self, now: Nanos, out: &mut impl Wakes) {
        let tick = self.phase.tick_at(self.start.plus(now));
        self.stamp.advance(tick, true, out);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if self.stamp.shard.close() {
            pool::give(self.stamp.shard);
        }
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("armed", &self.stamp.armed()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests;
