//! Several wheels beside one sorted map: nothing is early, nothing is missed, nobody is called in vain.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use proptest::prelude::*;
use rt_task::base::clock::Pausable;
use rt_task::base::context::Env;
use rt_task::base::driver::WakeBatch;
use rt_task::base::seam::{Clock, Nanos, Timers};

use crate::moment::TICK;
use crate::support::{Count, at_home, poll_with};
use crate::{Driver, Duration, Handle, Instant, Sleep};

/// Spans are nanoseconds. A worker beyond the last is a thread from elsewhere.
#[derive(Clone, Debug)]
enum Op {
    Arm(u16, u64),
    Drop(u16, usize),
    /// To so far ahead, or so far back; polled again after that.
    Reset(u16, usize, i64),
    /// Time passes, and nobody turns the driver.
    Pass(u64),
    /// Time passes, and somebody does.
    Turn(u64),
    /// A thread waits, for an event or so long at most.
    Wait(Option<u64>),
    /// What it waited for comes, or its time is over.
    Wake,
}

const WORKERS: u16 = 3;

fn op() -> impl Strategy<Value = Op> {
    let worker = || 0..WORKERS + 2;
    let span = || prop_oneof![3 => 0_u64..20_000_000, 1 => 0_u64..20_000_000_000];
    prop_oneof![
        6 => (worker(), span()).prop_map(|(worker, span)| Op::Arm(worker, span)),
        2 => (worker(), any::<usize>()).prop_map(|(worker, which)| Op::Drop(worker, which)),
        2 => (worker(), any::<usize>(), span(), any::<bool>()).prop_map(|(worker, which, span, ahead)| {
            Op::Reset(worker, which, if ahead { span as i64 } else { -(span as i64) })
        }),
        1 => span().prop_map(Op::Pass),
        2 => span().prop_map(Op::Turn),
        3 => proptest::option::of(span()).prop_map(Op::Wait),
        3 => Just(Op::Wake),
    ]
}

struct Armed {
    sleep: Pin<Box<Sleep>>,
    wakes: Arc<Count>,
}

struct Pair {
    clock: Pausable,
    driver: Driver,
    handle: Handle,
    calls: Arc<AtomicUsize>,
    start: Instant,
    /// By the moment at which the timer is due, counted in ticks from the start, and a number.
    model: BTreeMap<(u64, u64), Armed>,
    numbers: u64,
    /// The moment, in ticks and rounded up, up to which a thread waits that nobody has called.
    waits: Option<u64>,
    is_waiting: bool,
}

impl Pair {
    fn new() -> Self {
        let clock = Pausable::new();
        clock.pause().unwrap();
        let (driver, handle) = Driver::shared(clock.clone(), WORKERS);
        let calls = Arc::<AtomicUsize>::default();
        let count = calls.clone();
        let call = Arc::new(move || _ = count.fetch_add(1, Relaxed));
        handle.set_owner(Arc::as_ptr(&calls).cast(), call);
        let start = handle.now();
        let (model, numbers, waits, is_waiting) = (BTreeMap::new(), 0, None, false);
        Self { clock, driver, handle, calls, start, model, numbers, waits, is_waiting }
    }

    fn on<R>(&self, worker: u16, f: impl FnOnce() -> R) -> R {
        if worker >= WORKERS {
            return f();
        }
        let home = Arc::as_ptr(&self.calls).cast();
        at_home(Env::new(), home, worker, |_| f()).unwrap()
    }

    fn since_start(&self, instant: Instant) -> u64 {
        u64::try_from(instant.duration_since(self.start).as_nanos()).unwrap()
    }

    fn ticks(&self, instant: Instant) -> u64 {
        self.since_start(instant).div_ceil(TICK.as_nanos() as u64)
    }

    fn now(&self) -> u64 {
        self.since_start(self.handle.now())
    }

    /// The tick of a driver's answer.
    fn told(&self, told: Option<Nanos>) -> Option<u64> {
        let start = self.start.into_std().duration_since(self.clock.start());
        told.map(|Nanos(at)| (at - start.as_nanos() as u64).div_ceil(TICK.as_nanos() as u64))
    }

    fn earliest(&self) -> Option<u64> {
        self.model.first_key_value().map(|((tick, _), _)| *tick)
    }

    /// A timer became due at `tick`: must a thread be called?
    fn expect_call(&mut self, tick: u64) {
        let calls = self.calls.swap(0, Relaxed);
        let owed = self.waits.is_some_and(|until| tick < until);
        assert_eq!(calls, usize::from(owed), "at {tick}, waiting until {:?}", self.waits);
        if owed {
            self.waits = None;
        }
    }

    fn arm(&mut self, worker: u16, mut armed: Armed) {
        let deadline = armed.sleep.deadline();
        let waker = armed.wakes.clone().into();
        if self.on(worker, || poll_with(armed.sleep.as_mut(), &waker)).is_ready() {
            assert!(deadline <= self.handle.now(), "early");
            return self.expect_call(u64::MAX);
        }
        self.numbers += 1;
        let tick = self.ticks(deadline.max(self.start));
        self.model.insert((tick, self.numbers), armed);
        self.expect_call(tick);
    }

    fn take(&mut self, which: usize) -> Option<Armed> {
        let nth = which.checked_rem(self.model.len())?;
        let key = *self.model.keys().nth(nth).unwrap();
        self.model.remove(&key)
    }

    fn reset(&mut self, worker: u16, which: usize, span: i64) {
        let Some(mut armed) = self.take(which) else { return };
        let (now, by) = (self.handle.now(), Duration::from_nanos(span.unsigned_abs()));
        let to = if span < 0 { now - by } else { now + by };
        self.on(worker, || armed.sleep.as_mut().reset(to));
        if armed.sleep.is_elapsed() {
            assert!(to <= now && armed.wakes.woken() == 1, "early, or not told");
            return self.expect_call(u64::MAX);
        }
        self.numbers += 1;
        let tick = self.ticks(to.max(self.start));
        self.model.insert((tick, self.numbers), armed);
        self.expect_call(tick);
    }

    fn pass(&mut self, span: u64) {
        self.clock.advance(Duration::from_nanos(span)).unwrap();
    }

    /// What a turn does once it does not wait any more.
    fn fire(&mut self) {
        let next = self.driver.next();
        if next.is_some_and(|next| next <= self.clock.now()) {
            self.driver.advance(self.clock.now(), &mut WakeBatch::new());
        }
        let now = self.now();
        while let Some(entry) =
            self.model.first_entry().filter(|entry| entry.key().0 * TICK.as_nanos() as u64 <= now)
        {
            let Armed { sleep, wakes } = entry.remove();
            assert!(sleep.is_elapsed() && wakes.woken() == 1, "missed");
        }
        let early =
            self.model.values().find(|armed| armed.sleep.is_elapsed() || armed.wakes.woken() > 0);
        assert!(early.is_none(), "early");
    }

    fn wait(&mut self, span: Option<u64>) {
        let until = span.map(|span| self.clock.now().saturating_add(Duration::from_nanos(span)));
        let told = self.driver.before_wait(until);
        let (told_tick, until_tick) = (self.told(told), self.told(until));
        assert!(until.is_none_or(|until| told.unwrap() <= until), "longer than it was told");
        if let Some(earliest) = self.earliest() {
            let waits = told_tick.expect("forgotten");
            assert!(
                waits <= earliest.max(self.now().div_ceil(TICK.as_nanos() as u64)),
                "past a timer"
            );
        }
        self.waits = Some(told_tick.or(until_tick).unwrap_or(u64::MAX));
        self.is_waiting = true;
    }

    fn wake(&mut self) {
        if self.is_waiting {
            self.driver.after_wait();
            (self.waits, self.is_waiting) = (None, false);
        }
        self.fire();
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Arm(worker, span) => {
                let deadline = self.handle.now() + Duration::from_nanos(span);
                // On any worker: only the poll counts.
                let sleep = Box::pin(Sleep::new(&self.handle, deadline));
                self.arm(worker, Armed { sleep, wakes: Arc::default() });
            }
            Op::Drop(worker, which) => {
                let dropped = self.take(which);
                self.on(worker, || drop(dropped));
                self.expect_call(u64::MAX);
            }
            Op::Reset(worker, which, span) => self.reset(worker, which, span),
            Op::Pass(span) => self.pass(span),
            Op::Turn(span) => {
                self.wake();
                self.pass(span);
                self.fire();
            }
            Op::Wait(span) => {
                self.wake();
                self.wait(span);
            }
            Op::Wake => self.wake(),
        }
        assert_eq!(self.handle.armed(), self.model.len());
        let next = self.told(self.driver.next());
        assert_eq!(next.is_some(), !self.model.is_empty());
        assert!(next <= self.earliest(), "told {next:?}, and earliest is {:?}", self.earliest());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..Default::default() })]

    #[test]
    fn several_wheels_are_one_sorted_map(ops in proptest::collection::vec(op(), 0..80)) {
        let mut pair = Pair::new();
        for op in ops {
            pair.apply(op);
        }
        pair.wake();
        pair.pass(30_000_000_000);
        pair.fire();
        prop_assert_eq!(pair.model.len() + pair.handle.armed(), 0);
    }
}
