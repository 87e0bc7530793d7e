//! The two clocks of production: one that runs, and one that can be stopped.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::seam::{Clock, Nanos};
use super::shim;

#[cfg(any(target_os = "android", target_os = "linux"))]
#[path = "clock/linux.rs"]
mod since;
#[cfg(not(any(target_os = "android", target_os = "linux")))]
mod since;

use since::Since;

/// The system's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Monotonic {
    start: Instant,
    since: Since,
}

impl Monotonic {
    /// A clock that starts now.
    #[must_use]
    pub fn new() -> Self {
        let (start, since) = Since::now();
        let start = shim::virtual_now().map_or(start, |_| *PLAYED.get_or_init(|| start));
        Self { start, since }
    }
}

/// What all clocks count from whose time is not the system's, so that one play is like the next.
static PLAYED: OnceLock<Instant> = OnceLock::new();

impl Default for Monotonic {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for Monotonic {
    #[inline]
    fn now(&self) -> Nanos {
        if let Some(now) = shim::virtual_now() {
            return Nanos(now);
        }
        Nanos(self.since.nanos())
    }

    fn start(&self) -> Instant {
        self.start
    }
}

/// The monotonic clock, until it is paused: then it stands still and moves by command, or by
/// itself when nothing but time is waited for. Cloning shares it.
///
/// Costs one relaxed load more than [`Monotonic`] as long as it was never paused.
#[derive(Clone, Debug)]
pub struct Pausable {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    real: Monotonic,
    /// Whether `state` must be asked at all. Set at the first pause and never cleared.
    touched: AtomicBool,
    state: Mutex<State>,
    /// How many [`Hold`]s exist. While there is one, the clock does not move by itself.
    holds: AtomicUsize,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Ahead of the real clock by this much (as nanoseconds; negative after a pause).
    Running { offset: i128 },
    /// Stands still.
    Paused { at: Nanos },
}

/// Why a clock could not do as told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockError {
    /// It was paused already.
    AlreadyPaused,
    /// It was not paused.
    NotPaused,
}

impl std::fmt::Display for ClockError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::AlreadyPaused => "the clock is paused already",
            Self::NotPaused => "the clock is not paused",
        })
    }
}

impl std::error::Error for ClockError {}

impl Pausable {
    /// A running clock.
    #[must_use]
    pub fn new() -> Self {
        let state = Mutex::new(State::Running { offset: 0 });
        let shared = Shared {
            real: Monotonic::new(),
            touched: AtomicBool::new(false),
            state,
            holds: AtomicUsize::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Stops the clock where it is. A thread that reads the time during the first pause may read
    /// a moment that is a little later than where the clock stands then.
    ///
    /// # Errors
    /// If it is paused already.
    pub fn pause(&self) -> Result<(), ClockError> {
        let mut state = self.state();
        let State::Running { offset } = *state else {
            return Err(ClockError::AlreadyPaused);
        };
        *state = State::Paused { at: self.shared.real_plus(offset) };
        // Orders nothing: who reads it set takes the lock after us, and with it the state.
        self.shared.touched.store(true, Relaxed);
        Ok(())
    }

    /// Lets the clock run on from where it stands.
    ///
    /// # Errors
    /// If it is not paused.
    pub fn resume(&self) -> Result<(), ClockError> {
        let mut state = self.state();
        let State::Paused { at } = *state else {
            return Err(ClockError::NotPaused);
        };
        *state = State::Running { offset: i128::from(at.0) - i128::from(self.shared.real.now().0) };
        Ok(())
    }

    /// Moves a paused clock forward. Nothing fires by this alone: the driver's next turn does.
    ///
    /// # Errors
    /// If it is not paused.
    pub fn advance(&self, span: Duration) -> Result<(), ClockError> {
        match &mut *self.state() {
            State::Paused { at } => *at = at.saturating_add(span),
            State::Running { .. } => return Err(ClockError::NotPaused),
        }
        Ok(())
    }

    /// Keeps a paused clock from moving by itself as long as the result lives: work is going
    /// on that the driver cannot see.
    ///
    /// Dropping it calls nobody: unpark the driver afterwards, or it waits on for an event.
    #[must_use]
    pub fn hold(&self) -> Hold {
        self.shared.holds.fetch_add(1, Relaxed); // a count; `skip_to` orders nothing by it
        Hold { shared: self.shared.clone() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Pausable {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    fn real_plus(&self, offset: i128) -> Nanos {
        let now = i128::from(self.real.now().0) + offset;
        Nanos(u64::try_from(now.max(0)).unwrap_or(u64::MAX))
    }
}

impl Clock for Pausable {
    #[inline]
    fn now(&self) -> Nanos {
        if !self.shared.touched.load(Relaxed) {
            return self.shared.real.now();
        }
        match *self.state() {
            State::Running { offset } => self.shared.real_plus(offset),
            State::Paused { at } => at,
        }
    }

    fn is_paused(&self) -> bool {
        self.shared.touched.load(Relaxed) && matches!(*self.state(), State::Paused { .. })
    }

    fn skip_to(&self, next: Nanos) -> bool {
        if self.shared.holds.load(Relaxed) != 0 {
            return false;
        }
        match &mut *self.state() {
            State::Paused { at } => *at = next.max(*at),
            State::Running { .. } => return false,
        }
        true
    }

    fn start(&self) -> Instant {
        self.shared.real.start()
    }
}

/// Keeps a paused clock from moving by itself. See [`Pausable::hold`].
#[derive(Debug)]
pub struct Hold {
    shared: Arc<Shared>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.shared.holds.fetch_sub(1, Relaxed); // a count, as in `hold`
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paused_clock_stands_still_until_told() {
        let clock = Pausable::new();
        clock.pause().unwrap();
        let at = clock.now();
        assert_eq!(clock.now(), at);
        clock.advance(Duration::from_millis(5)).unwrap();
        assert_eq!(clock.now(), at.saturating_add(Duration::from_millis(5)));
        assert_eq!(clock.pause(), Err(ClockError::AlreadyPaused));
    }

    #[test]
    fn the_clock_is_never_ahead_of_the_instants_that_users_read_and_hardly_behind() {
        for _ in 0..100 {
            let clock = Monotonic::new();
            for _ in 0..100 {
                let before = clock.start().elapsed();
                let now = Duration::from_nanos(clock.now().0);
                let after = clock.start().elapsed();
                assert!(now <= after, "{now:?} is ahead of {after:?}");
                let behind = before.saturating_sub(now);
                assert!(behind < Duration::from_millis(1), "{behind:?} behind");
            }
        }
    }

    #[test]
    fn time_that_passes_while_it_is_paused_is_not_counted() {
        let clock = Pausable::new();
        let real = || clock.shared.real.now();
        while clock.now() < Nanos(1_000_000) {
            core::hint::spin_loop();
        }
        assert!(!clock.is_paused());
        let before = clock.now();
        clock.pause().unwrap();
        assert!(clock.is_paused() && clock.now() >= before && clock.now() <= real());
        clock.resume().unwrap();
        assert!(!clock.is_paused() && clock.now() >= before && clock.now() <= real());
    }

    #[test]
    fn a_resumed_clock_goes_on_from_where_it_stood() {
        let clock = Pausable::new();
        clock.pause().unwrap();
        clock.advance(Duration::from_secs(3600)).unwrap();
        let at = clock.now();
        clock.resume().unwrap();
        assert!(clock.now() >= at);
        assert_eq!(clock.advance(Duration::ZERO), Err(ClockError::NotPaused));
        assert_eq!(clock.resume(), Err(ClockError::NotPaused));
    }

    #[test]
    fn a_held_clock_does_not_skip() {
        let clock = Pausable::new();
        clock.pause().unwrap();
        let next = clock.now().saturating_add(Duration::from_secs(1));
        let hold = clock.hold();
        assert!(!clock.skip_to(next));
        drop(hold);
        assert!(clock.skip_to(next));
        assert_eq!(clock.now(), next);
        assert!(clock.skip_to(Nanos(0)), "a skip backwards stands still");
        assert_eq!(clock.now(), next);
    }

    #[test]
    fn advancing_past_the_end_stops_at_the_end() {
        let clock = Pausable::new();
        clock.pause().unwrap();
        clock.advance(Duration::MAX).unwrap();
        assert_eq!(clock.now(), Nanos::MAX);
    }
}
