//! Where a thread waits, and what it hands out when it waits no more.
//!
//! A [`Driver`] is turned by one thread at a time. [`Stack`] makes one of a [`Reactor`] (waits
//! for the operating system or for an unpark), [`Timers`] and a [`Clock`].

use core::task::Waker;
use core::time::Duration;
use std::io;

use super::seam::{Clock, Nanos, Timers, Unpark, Wakes};
pub use super::wake_batch::WakeBatch;

/// How long a turn may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Not at all: hand out what is there.
    Now,
    /// Up to this moment.
    At(Nanos),
    /// Up to so long, by the driver's clock.
    Within(Duration),
    /// Until something happens.
    Event,
}

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Polled {
    /// Whether an unpark did.
    pub unparked: bool,
}

/// Readiness: what became ready? Waits for it, too.
pub trait Reactor {
    /// Calls a waiting thread back.
    type Unpark: Unpark;

    /// How many sources are registered. With none, a poll that does not wait is skipped.
    fn sources(&self) -> usize;

    /// Waits up to `timeout` (for ever if `None`) for an event or an unpark, and hands out the
    /// wakers of what is ready. Returns early, without error, when a signal interrupts it.
    ///
    /// # Errors
    /// When the operating system refuses to wait.
    fn poll(&mut self, timeout: Option<Duration>, out: &mut impl Wakes) -> io::Result<Polled>;

    /// The other half.
    fn unparker(&self) -> Self::Unpark;
}

/// What a thread turns when it has nothing to run, and now and then when it has.
pub trait Driver {
    /// Calls the thread back that waits in [`turn`](Self::turn).
    type Unpark: Unpark;

    /// One turn: waits as `until` says, then hands out the wakers of what is ready or due.
    ///
    /// # Errors
    /// When the operating system refuses to wait; what was due has been handed out all the same.
    fn turn(&mut self, until: Until, out: &mut impl Wakes) -> io::Result<()>;

    /// The other half.
    fn unparker(&self) -> Self::Unpark;
}

/// A reactor, timers and a clock as one driver.
///
/// Many timers that are due one shortly after the other do not end a wait each: one that is for a timer
/// lasts until [`TIMERS_APART`] after timers were last handed out, at least.
#[derive(Debug)]
pub struct Stack<R, T, C> {
    reactor: R,
    timers: T,
    clock: C,
    /// When timers were handed out last.
    fired: Nanos,
}

/// How far apart two waits end that are for timers alone.
///
/// To end a wait costs more than to fire a timer: a thread that slept is put on a processor again. With
/// the grain of the timers it makes the most that one is late by, but for the turn itself.
pub const TIMERS_APART: Duration = Duration::from_micros(750);

impl<R: Reactor, T: Timers, C: Clock> Stack<R, T, C> {
    /// Puts the three together.
    pub fn new(reactor: R, timers: T, clock: C) -> Self {
        Self { reactor, timers, clock, fired: Nanos(0) }
    }

    /// Waits up to `until` or the next timer.
    fn wait(&mut self, until: Option<Nanos>, out: &mut impl Wakes) -> io::Result<()> {
        let next = self.timers.before_wait(until);
        let waited = self.wait_for(next, until, out);
        self.timers.after_wait();
        waited
    }

    fn wait_for(
        &mut self,
        next: Option<Nanos>,
        until: Option<Nanos>,
        out: &mut impl Wakes,
    ) -> io::Result<()> {
        let Some(next) = next else {
            return self.reactor.poll(None, out).map(drop);
        };
        if self.clock.is_paused() {
            return self.wait_paused(next, out);
        }
        let apart = next.max(self.fired.saturating_add(TIMERS_APART));
        let end = until.map_or(apart, |until| apart.min(until));
        let timeout = end.saturating_since(self.clock.now());
        self.reactor.poll(Some(timeout), out).map(drop)
    }

    /// A paused clock jumps to `next`, but only when nothing else is going on.
    fn wait_paused(&mut self, next: Nanos, out: &mut impl Wakes) -> io::Result<()> {
        let mut handed_out = Counted { inner: out, pushed: false };
        let polled = self.reactor.poll(Some(Duration::ZERO), &mut handed_out)?;
        if handed_out.pushed || polled.unparked || self.clock.skip_to(next) {
            return Ok(());
        }
        // Held, or running again since: somebody will call when that ends.
        let timeout = match self.clock.is_paused() {
            true => None,
            false => Some(next.saturating_since(self.clock.now())),
        };
        self.reactor.poll(timeout, out).map(drop)
    }

    fn fire(&mut self, out: &mut impl Wakes) {
        let Some(next) = self.timers.next() else {
            return;
        };
        let now = self.clock.now();
        if next <= now {
            self.timers.advance(now, out);
            self.fired = now;
        }
    }
}

impl<R: Reactor, T: Timers, C: Clock> Driver for Stack<R, T, C> {
    type Unpark = R::Unpark;

    fn turn(&mut self, until: Until, out: &mut impl Wakes) -> io::Result<()> {
        let waited = match until {
            Until::Now if self.reactor.sources() == 0 => Ok(()),
            Until::Now => self.reactor.poll(Some(Duration::ZERO), out).map(drop),
            Until::At(moment) => self.wait(Some(moment), out),
            Until::Within(span) => self.wait(Some(self.clock.now().saturating_add(span)), out),
            Until::Event => self.wait(None, out),
        };
        self.fire(out);
        waited
    }

    fn unparker(&self) -> Self::Unpark {
        self.reactor.unparker()
    }
}

/// Tells whether anything was handed out.
struct Counted<'a, W> {
    inner: &'a mut W,
    pushed: bool,
}

impl<W: Wakes> Wakes for Counted<'_, W> {
    fn push(&mut self, waker: Waker) {
        self.pushed = true;
        self.inner.push(waker);
    }
    fn is_full(&self) -> bool {
        self.inner.is_full()
    }
    fn wake_all(&mut self) {
        self.inner.wake_all();
    }
}

#[cfg(all(test, not(rt_loom)))]
mod tests {
    use super::super::clock::Pausable;
    use super::super::park::ThreadPark;
    use super::*;
    use alloc::sync::Arc;
    use alloc::vec::Vec;
    use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

    /// Notes what it is told.
    #[derive(Default)]
    struct Told {
        next: Option<Nanos>,
        until: Option<Option<Nanos>>,
        is_waiting: bool,
        waits: usize,
        advanced: usize,
    }

    impl Timers for Told {
        fn next(&self) -> Option<Nanos> {
            self.next
        }
        fn before_wait(&mut self, until: Option<Nanos>) -> Option<Nanos> {
            self.until = Some(until);
            self.is_waiting = true;
            self.waits += 1;
            self.next.or(until)
        }
        fn after_wait(&mut self) {
            self.is_waiting = false;
        }
        fn advance(&mut self, _now: Nanos, _out: &mut impl Wakes) {
            assert!(!self.is_waiting, "what is due is handed out after the wait");
            self.advanced += 1;
        }
    }

    /// Notes how long it is told to wait, and is called back at once.
    #[derive(Default)]
    struct Waits(Vec<Option<Duration>>);

    #[derive(Clone)]
    struct NoUnpark;

    impl Unpark for NoUnpark {
        fn unpark(&self) {}
    }

    impl Reactor for Waits {
        type Unpark = NoUnpark;

        fn sources(&self) -> usize {
            0
        }
        fn poll(&mut self, timeout: Option<Duration>, _: &mut impl Wakes) -> io::Result<Polled> {
            self.0.push(timeout);
            Ok(Polled { unparked: true })
        }
        fn unparker(&self) -> NoUnpark {
            NoUnpark
        }
    }

    /// Goes on by command, and counts as running.
    #[derive(Clone, Default)]
    struct ByHand(Arc<AtomicU64>);

    impl Clock for ByHand {
        fn now(&self) -> Nanos {
            Nanos(self.0.load(Relaxed))
        }
        fn start(&self) -> std::time::Instant {
            unreachable!("nobody asks")
        }
    }

    #[test]
    fn waits_for_timers_alone_end_apart_and_others_when_they_should() {
        let (clock, mut out) = (ByHand::default(), WakeBatch::new());
        let micros = |n: u64| Nanos(n * 1_000);
        let timers = Told { next: Some(micros(5_000)), ..Told::default() };
        let mut stack = Stack::new(Waits::default(), timers, clock.clone());
        let mut waits = |stack: &mut Stack<Waits, Told, ByHand>, until| {
            stack.turn(until, &mut out).unwrap();
            stack.reactor.0.pop().expect("it waited").expect("not for ever").as_micros()
        };
        assert_eq!(waits(&mut stack, Until::Event), 5_000);
        clock.0.store(5_000_000, Relaxed);
        assert_eq!(waits(&mut stack, Until::Event), 0, "due; handed out after it");
        assert_eq!(stack.timers.advanced, 1);

        stack.timers.next = Some(micros(5_100));
        assert_eq!(waits(&mut stack, Until::Event), 750, "so shortly after the last");
        assert_eq!(waits(&mut stack, Until::At(micros(5_300))), 300, "no longer than it was told");
        stack.timers.next = Some(micros(5_800));
        assert_eq!(waits(&mut stack, Until::Event), 800, "late enough by itself");
    }

    /// Hands out what it was given, and says what it was told to.
    #[derive(Default)]
    struct Scripted {
        sources: usize,
        waker: Option<Waker>,
        unparked: bool,
        waits: Vec<Option<Duration>>,
        /// How many were woken, once it had found the batch full and had it woken.
        emptied: Option<usize>,
        count: Arc<Count>,
    }

    #[derive(Default)]
    struct Count(AtomicU64);

    impl alloc::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    impl Reactor for Scripted {
        type Unpark = NoUnpark;

        fn sources(&self) -> usize {
            self.sources
        }
        fn poll(&mut self, timeout: Option<Duration>, out: &mut impl Wakes) -> io::Result<Polled> {
            self.waits.push(timeout);
            if out.is_full() {
                out.wake_all();
                self.emptied = Some(self.count.0.load(Relaxed) as usize);
            }
            self.waker.take().into_iter().for_each(|waker| out.push(waker));
            Ok(Polled { unparked: self.unparked })
        }
        fn unparker(&self) -> NoUnpark {
            NoUnpark
        }
    }

    #[test]
    fn a_turn_that_does_not_wait_polls_only_where_there_are_sources() {
        let mut out = WakeBatch::new();
        let mut stack =
            Stack::new(Scripted::default(), super::super::seam::NoTimers, ByHand::default());
        stack.turn(Until::Now, &mut out).unwrap();
        assert_eq!(stack.reactor.waits, []);
        stack.reactor.sources = 1;
        stack.turn(Until::Now, &mut out).unwrap();
        assert_eq!(stack.reactor.waits, [Some(Duration::ZERO)]);
    }

    #[test]
    fn a_paused_clock_goes_on_only_if_nothing_came() {
        let clock = Pausable::new();
        clock.pause().unwrap();
        let start = clock.now();
        let next = Some(start.saturating_add(Duration::from_secs(1)));
        let timers = Told { next, ..Told::default() };
        let mut stack = Stack::new(Scripted::default(), timers, clock.clone());
        let (mut out, count) = (WakeBatch::new(), stack.reactor.count.clone());
        stack.reactor.waker = Some(count.clone().into());
        stack.turn(Until::Event, &mut out).unwrap();
        assert_eq!((clock.now(), stack.reactor.emptied), (start, None), "a waker came");
        out.wake_all();
        assert_eq!(count.0.load(Relaxed), 1);

        stack.reactor.unparked = true;
        stack.turn(Until::Event, &mut out).unwrap();
        assert_eq!(clock.now(), start, "a call came");

        let mut woken = 1;
        while !out.is_full() {
            out.push(count.clone().into());
            woken += 1;
        }
        stack.turn(Until::Event, &mut out).unwrap();
        assert_eq!(
            stack.reactor.emptied,
            Some(woken),
            "those before are woken where they are held"
        );

        stack.reactor.unparked = false;
        stack.turn(Until::Event, &mut out).unwrap();
        assert_eq!(Some(clock.now()), next);
        assert_eq!(stack.reactor.waits, [Some(Duration::ZERO); 4]);
    }

    #[test]
    fn timers_are_told_of_waits_alone() {
        let clock = Pausable::new();
        clock.pause().unwrap();
        let next = Some(clock.now().saturating_add(Duration::from_secs(1)));
        let timers = Some(Told { next, ..Told::default() });
        let mut stack = Stack::new(ThreadPark::new(), timers, clock.clone());
        let mut out = WakeBatch::new();
        stack.turn(Until::Now, &mut out).unwrap();
        assert_eq!(stack.timers.as_ref().unwrap().waits, 0);
        let until = clock.now().saturating_add(Duration::from_secs(2));
        stack.turn(Until::At(until), &mut out).unwrap();
        let told = stack.timers.as_ref().unwrap();
        assert_eq!((told.until, told.waits, told.is_waiting), (Some(Some(until)), 1, false));
        assert_eq!(told.advanced, 1, "the paused clock has gone there");
        assert_eq!(Some(clock.now()), next);
    }
}
