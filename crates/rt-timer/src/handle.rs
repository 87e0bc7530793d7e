//! The shared half: arms timers of a driver, from any thread.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rt_task::base::clock::{ClockError, Pausable};
use rt_task::base::context::{self, Missing};
use rt_task::base::driver::WakeBatch;
use rt_task::base::seam::{Clock, Delay, Wakes};

use crate::group::Stamp;
use crate::instant::Instant;
use crate::moment::{Moment, Phase};
use crate::sleep::Sleep;

/// Arms the timers of a [`Driver`](crate::Driver). Cloning shares it.
///
/// A timer that is armed on the thread that turns the driver costs no system call. One that is
/// armed elsewhere calls that thread back if it would else wait too long; say how by
/// [`set_owner`](Self::set_owner).
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    stamp: Stamp,
    start: Moment,
    phase: Phase,
    clock: Arc<dyn Clock>,
    pausable: Option<Pausable>,
}

impl Handle {
    pub(crate) fn new(stamp: Stamp, start: Moment, phase: Phase, clock: impl Clock) -> Self {
        let pausable = (&clock as &dyn Any).downcast_ref::<Pausable>().cloned();
        let shared = Shared { stamp, start, phase, clock: Arc::new(clock), pausable };
        Self { shared: Arc::new(shared) }
    }

    /// The handle that is entered on this thread.
    ///
    /// # Panics
    /// If there is none; the message names the call site and the fix.
    #[must_use]
    #[track_caller]
    pub fn current() -> Self {
        let site = Location::caller();
        Self::try_current()
            .unwrap_or_else(|missing| panic!("{}", missing.message("Handle::current", site)))
    }

    /// The handle that is entered on this thread.
    ///
    /// # Errors
    /// If there is none.
    pub fn try_current() -> Result<Self, Missing> {
        context::time(Self::clone)
    }

    /// Runs `f` on the entered handle, without counting a reference to it.
    #[inline]
    pub(crate) fn with<R>(what: &str, site: &Location<'_>, f: impl FnOnce(&Self) -> R) -> R {
        context::time(f).unwrap_or_else(|missing| missed(missing, what, site))
    }

    /// Says who turns the driver: a scheduler by its home address (as in
    /// [`context::drive_home`]; null if there is none), and how to call its thread back from a wait.
    ///
    /// `call` is called with no lock held, when a timer is armed that is earlier than what the driver
    /// waits for; by threads that are not at home and, if the driver is
    /// [shared](crate::Driver::shared), by those that are, but only while one of them waits. It must be
    /// kept for the next wait if nobody waits now, as [`Unpark`](rt_task::base::seam::Unpark) says.
    pub fn set_owner(&self, home: *const (), call: Arc<dyn Fn() + Send + Sync>) {
        self.shared.stamp.set_owner(home, &call);
    }

    /// The time by the driver's clock.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant::from_std(self.moment().to_instant())
    }

    #[inline]
    pub(crate) fn moment(&self) -> Moment {
        self.shared.start.plus(self.shared.clock.now())
    }

    #[inline]
    pub(crate) fn stamp(&self) -> Stamp {
        self.shared.stamp
    }

    /// Waits for `span`. See [`sleep`](fn@crate::sleep).
    #[track_caller]
    pub fn sleep(&self, span: Duration) -> Sleep {
        Sleep::after(self, span, Location::caller())
    }

    /// The clock, if it is one that can be paused.
    #[must_use]
    pub fn pausable(&self) -> Option<&Pausable> {
        self.shared.pausable.as_ref()
    }

    /// Moves a paused clock forward, and wakes what is due by then, here and now.
    ///
    /// # Errors
    /// If the clock is not paused, or is of a kind that cannot be.
    pub fn advance(&self, span: Duration) -> Result<(), ClockError> {
        self.shared.pausable.as_ref().ok_or(ClockError::NotPaused)?.advance(span)?;
        let Shared { stamp, phase, .. } = *self.shared;
        let mut batch = WakeBatch::new();
        stamp.advance(phase.tick_at(self.moment()), false, &mut batch);
        batch.wake_all();
        Ok(())
    }

    /// How many timers are armed now. None once the driver is gone.
    #[must_use]
    pub fn armed(&self) -> usize {
        self.shared.stamp.armed()
    }
}

#[cold]
#[inline(never)]
pub(crate) fn missed(missing: Missing, what: &str, site: &Location<'_>) -> ! {
    panic!("{}", missing.message(what, site))
}

impl Delay for Handle {
    fn delay(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(self.sleep(span))
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("armed", &self.armed()).finish_non_exhaustive()
    }
}
