//! The seams: each a small question that a piece asks and another piece answers.
//!
//! A scheduler, a reactor and a timer never name each other. What one needs of another it
//! takes as a type bounded by a trait from here (or from [`driver`](super::driver), for those
//! that need `std`), so that a piece is swapped in one line and costs nothing where it chooses
//! nothing. [`Schedule`](crate::Schedule), the seam of tasks, sits with the tasks.

use alloc::boxed::Box;
use alloc::sync::Weak;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::Waker;
use core::time::Duration;

use crate::{Job, TaskInfo};

/// A point in time: nanoseconds since the start of a [`Clock`]. Spans 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub u64);

impl Nanos {
    /// The last point that can be told.
    pub const MAX: Nanos = Nanos(u64::MAX);

    /// `self` moved by `span`; the last point where that overflows.
    #[must_use]
    pub fn saturating_add(self, span: Duration) -> Nanos {
        let span = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Nanos(self.0.saturating_add(span))
    }

    /// The time from `earlier` to `self`; zero if it is later.
    #[must_use]
    pub fn saturating_since(self, earlier: Nanos) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// What time is it? The only source of time in the runtime.
pub trait Clock: Send + Sync + 'static {
    /// The time since the clock's start. Never goes backwards.
    fn now(&self) -> Nanos;

    /// Whether the clock stands still now, so that waiting for it would be in vain.
    fn is_paused(&self) -> bool {
        false
    }

    /// Called when a thread has nothing to do before `next`, with the clock paused.
    ///
    /// A virtual clock moves itself there and returns `true`; one that may not move now (it is
    /// held, or runs by itself) returns `false` and is waited for as usual.
    fn skip_to(&self, next: Nanos) -> bool {
        let _ = next;
        false
    }

    /// The moment of the system's monotonic clock at which this one started.
    // cfg here: a method of a trait can stand nowhere else.
    #[cfg(feature = "std")]
    fn start(&self) -> std::time::Instant;
}

/// Ends another thread's wait. A wake that comes before the wait is kept: the wait then
/// returns at once.
pub trait Unpark: Clone + Send + Sync + 'static {
    /// Ends the wait, or the next one if nobody waits now.
    fn unpark(&self);
}

/// Takes the wakers that a driver hands out, so that none is woken while a lock is held.
pub trait Wakes {
    /// Takes one more. Ask [`is_full`](Self::is_full) first: a full batch wakes at once.
    fn push(&mut self, waker: Waker);
    /// Whether the next push has no room. A driver then lets go of its locks and calls
    /// [`wake_all`](Self::wake_all).
    fn is_full(&self) -> bool;
    /// Wakes all taken so far. May run any code.
    fn wake_all(&mut self);
}

/// What became due? Asked once per turn of a driver.
pub trait Timers {
    /// The earliest moment at which something may become due, as far as this thread knows.
    fn next(&self) -> Option<Nanos>;

    /// Told that the thread is about to wait, up to `until` at most. Returns up to when it may:
    /// from here to [`after_wait`](Self::after_wait) it is called back if that becomes earlier.
    fn before_wait(&mut self, until: Option<Nanos>) -> Option<Nanos> {
        earlier(self.next(), until)
    }

    /// Told that the wait is over.
    fn after_wait(&mut self) {}

    /// Hands out what is due at `now`. A `now` before that of an earlier call counts as that.
    fn advance(&mut self, now: Nanos, out: &mut impl Wakes);
}

fn earlier(one: Option<Nanos>, other: Option<Nanos>) -> Option<Nanos> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// No timers.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTimers;

impl Timers for NoTimers {
    fn next(&self) -> Option<Nanos> {
        None
    }
    fn advance(&mut self, _now: Nanos, _out: &mut impl Wakes) {}
}

impl<T: Timers> Timers for Option<T> {
    fn next(&self) -> Option<Nanos> {
        self.as_ref()?.next()
    }
    fn before_wait(&mut self, until: Option<Nanos>) -> Option<Nanos> {
        match self {
            Some(timers) => timers.before_wait(until),
            None => until,
        }
    }
    fn after_wait(&mut self) {
        if let Some(timers) = self {
            timers.after_wait();
        }
    }
    fn advance(&mut self, now: Nanos, out: &mut impl Wakes) {
        if let Some(timers) = self {
            timers.advance(now, out);
        }
    }
}

/// Which of `n`? Every choice that could be made otherwise goes through here.
pub trait Choose {
    /// A number below `n`. `n` is at least one.
    fn below(&self, n: u32, choice: Choice) -> u32;
}

/// What a [`Choose`] is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Choice {
    /// Which worker to steal from.
    Victim,
    /// Which branch of a `select!` comes first.
    Branch,
    /// Which of several that would be equally right.
    Tie,
}

/// Who listens? `()` is nobody and costs nothing.
pub trait Probe: Send + Sync + 'static {
    /// Told that `event` happened. Called on hot paths.
    #[inline(always)]
    fn on(&self, event: Event) {
        let _ = event;
    }
}

impl Probe for () {}

/// What a [`Probe`] is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A task is about to be polled.
    Poll(crate::TaskId),
    /// A task has ended.
    End(crate::TaskId),
    /// The thread is about to wait.
    Park,
    /// The thread waits no more.
    Unpark,
}

/// Who keeps tasks beside the entered scheduler's own, such as a set on its thread?
pub trait Listed: Send + Sync + 'static {
    /// How many tasks there are.
    fn alive_tasks(&self) -> u64;
    /// Tells `f` what is known of each that was polled. From any thread; no lock is held meanwhile.
    fn for_each_task(&self, f: &mut dyn FnMut(TaskInfo));
}

/// Who is told of them, to list them beside the scheduler's?
pub trait Lists: Send + Sync + 'static {
    /// Told of `tasks` when they are run here for the first time, and possibly again.
    fn add(&self, tasks: Weak<dyn Listed>);
}

/// Where does a closure run that blocks its thread?
pub trait Blocking: Send + Sync + 'static {
    /// Takes `job` to run it soon on a thread that may block.
    ///
    /// # Errors
    /// Gives the job back when none will ever run it. Dropping it then tells its handle that
    /// it was cancelled.
    fn execute(&self, job: Job) -> Result<(), Rejected>;
}

/// A job that was not taken, and why.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rejected {
    /// The job, unharmed.
    pub job: Job,
    /// Why it was not taken.
    pub why: RejectedWhy,
}

/// Why a job was not taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum RejectedWhy {
    /// The pool takes no more work.
    ShutDown,
    /// No thread could be started, and none is running.
    // cfg here: a variant can stand nowhere else, and neither can its arm below.
    #[cfg(feature = "std")]
    NoThread(std::io::Error),
}

impl Rejected {
    /// `job`, refused for the reason `why`.
    #[must_use]
    pub fn new(job: Job, why: RejectedWhy) -> Self {
        Self { job, why }
    }
}

impl fmt::Display for RejectedWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShutDown => f.write_str("the blocking pool is shut down"),
            // cfg here: as the variant.
            #[cfg(feature = "std")]
            Self::NoThread(error) => {
                write!(f, "no thread of the blocking pool could be started: {error}")
            }
        }
    }
}

impl core::error::Error for RejectedWhy {}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

impl core::error::Error for Rejected {}

/// Waits for a while, off every hot path: how a crate that may not name the timer backs off.
pub trait Delay: Send + Sync + 'static {
    /// A future that is ready once `span` has passed.
    fn delay(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a clock and timers do that say no more than they must.
    struct Plain(Option<Nanos>);

    impl Timers for Plain {
        fn next(&self) -> Option<Nanos> {
            self.0
        }
        fn advance(&mut self, _now: Nanos, _out: &mut impl Wakes) {}
    }

    impl Clock for Plain {
        fn now(&self) -> Nanos {
            Nanos(0)
        }
        // cfg here: as the method.
        #[cfg(feature = "std")]
        fn start(&self) -> std::time::Instant {
            unreachable!("nobody asks")
        }
    }

    #[test]
    fn a_wait_lasts_until_the_earlier_of_timer_and_bound() {
        let (soon, late) = (Some(Nanos(1)), Some(Nanos(2)));
        assert_eq!(Plain(soon).before_wait(late), soon);
        assert_eq!(Plain(late).before_wait(soon), soon);
        assert_eq!(Plain(late).before_wait(None), late);
        assert_eq!(Plain(None).before_wait(late), late);
        assert_eq!(NoTimers.before_wait(None), None);
        assert_eq!(NoTimers.next(), None);
    }

    #[test]
    fn a_clock_that_runs_by_itself_is_not_moved() {
        let clock = Plain(None);
        assert!(!clock.is_paused() && !clock.skip_to(Nanos(1)));
    }
}
