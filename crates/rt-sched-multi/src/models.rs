//! What the models share.

use std::future::poll_fn;
use std::io;
use std::sync::Arc as StdArc;
use std::sync::atomic::AtomicBool as StdBool;
use std::task::{Poll, Waker};

use rt_task::base::context::Env;
use rt_task::base::driver::{Driver, Until};
use rt_task::base::seam::{Unpark, Wakes};
use rt_task::base::shim::{AtomicBool, Mutex, Ordering::*, Token, model, thread};

use crate::queue::model::Modelled;
use crate::{Builder, Pool};

/// Explores `test` from both ends: as it is, and with the other threads let go first. The checker
/// goes back to the last access of an object only, and would miss orders in which one thread's loads
/// all come after another's changes.
pub(crate) fn both_ways(test: impl Fn(fn()) + Copy + Send + Sync + 'static) {
    model(move || test(|| ()));
    model(move || test(thread::yield_now));
}

/// Explores `test` with three preemptions: for what two do not reach.
pub(crate) fn deeply(test: impl Fn() + Send + Sync + 'static) {
    let mut builder = model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.map(|bound| bound.max(3));
    builder.check(test);
}

/// Explores the beginning of `test`, which is too large for all of it: with one preemption at most, and
/// so many runs from either end.
pub(crate) fn in_part(test: impl Fn(fn()) + Copy + Send + Sync + 'static) {
    let mut builder = model::Builder::new();
    builder.preemption_bound = Some(1);
    builder.max_permutations = Some(RUNS_IN_PART);
    builder.check(move || test(|| ()));
    builder.check(move || test(thread::yield_now));
}

/// About two seconds of them.
const RUNS_IN_PART: usize = 5_000;

/// A driver that waits for an unpark, or for its one event, and hands that out. No bound is ever
/// over: who is not called hangs, and is found.
pub(crate) struct Waits {
    token: StdArc<Token>,
    event: StdArc<Event>,
}

/// Its other half.
#[derive(Clone)]
pub(crate) struct Unparks {
    token: StdArc<Token>,
}

impl Waits {
    pub(crate) fn new() -> Self {
        let token = StdArc::new(Token::here());
        let event = Event { flag: Flag::new(), token: token.clone(), is_gone: StdBool::new(false) };
        Self { token, event: StdArc::new(event) }
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.event.is_gone.store(true, Relaxed);
    }
}

impl Driver for Waits {
    type Unpark = Unparks;

    fn turn(&mut self, until: Until, out: &mut impl Wakes) -> io::Result<()> {
        match until {
            Until::Now => {}
            Until::Event | Until::Within(_) => self.token.park(),
            Until::At(_) => unreachable!("not asked for here"),
        }
        if let Some(waker) = self.event.flag.take() {
            out.push(waker);
        }
        Ok(())
    }

    fn unparker(&self) -> Unparks {
        Unparks { token: self.token.clone() }
    }
}

impl Unpark for Unparks {
    fn unpark(&self) {
        self.token.unpark();
    }
}

/// Something that only who turns the driver hears of.
pub(crate) struct Event {
    flag: StdArc<Flag>,
    token: StdArc<Token>,
    /// The driver is dropped. Not modelled: orders nothing.
    is_gone: StdBool,
}

impl Event {
    pub(crate) async fn wait(self: StdArc<Self>) {
        self.flag.clone().wait().await;
    }

    /// As the operating system: nobody is woken but who waits in the driver.
    pub(crate) fn happen(&self) {
        self.flag.set.store(true, Release);
        self.token.unpark();
    }

    /// Whether the scheduler is at its end.
    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone.load(Relaxed)
    }
}

/// A whole scheduler of `workers`, started.
pub(crate) fn pool(workers: usize) -> Pool<Waits, Modelled> {
    let mut pool = not_started(workers);
    pool.start(Env::new()).expect("a model starts threads");
    pool
}

/// One that was not started.
pub(crate) fn not_started(workers: usize) -> Pool<Waits, Modelled> {
    builder(workers).build_with(Waits::new())
}

/// A whole scheduler, and what its driver waits for.
pub(crate) fn eventful(workers: usize) -> (Pool<Waits, Modelled>, StdArc<Event>) {
    let driver = Waits::new();
    let event = driver.event.clone();
    let mut pool = builder(workers).build_with(driver);
    pool.start(Env::new()).expect("a model starts threads");
    (pool, event)
}

/// Of no intervals: they are over in no model.
fn builder(workers: usize) -> Builder {
    Builder::new(workers).event_interval(1000).global_interval(1000)
}

/// A flag that wakes one waiter.
#[derive(Default)]
pub(crate) struct Flag {
    set: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Flag {
    pub(crate) fn new() -> StdArc<Self> {
        StdArc::default()
    }

    pub(crate) async fn wait(self: StdArc<Self>) {
        poll_fn(|cx| {
            *self.waker.lock().unwrap() = Some(cx.waker().clone());
            match self.set.load(Acquire) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    pub(crate) fn raise(&self) {
        self.set.store(true, Release);
        if let Some(waker) = self.take() {
            waker.wake();
        }
    }

    /// The waker, once it is raised.
    fn take(&self) -> Option<Waker> {
        match self.set.load(Acquire) {
            true => self.waker.lock().unwrap().take(),
            false => None,
        }
    }
}
