//! What tests need: a clock, a driver and a loop around them, on one thread.

use std::future::Future;
use std::pin::{Pin, pin};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use rt_task::base::clock::Pausable;
use rt_task::base::context::{self, Env};
use rt_task::base::driver::{Driver as _, Stack, Until, WakeBatch};
use rt_task::base::park::ThreadPark;
use rt_task::base::seam::{Unpark, Wakes};

use crate::{Driver, Handle, Instant};

/// A clock and a driver, turned by [`block_on`](Self::block_on).
pub(crate) struct Rig {
    pub(crate) clock: Pausable,
    pub(crate) handle: Handle,
    /// How often a thread that is not at home called back.
    pub(crate) called: Arc<AtomicUsize>,
    stack: Stack<ThreadPark, Driver, Pausable>,
    waker: Waker,
}

impl Rig {
    /// With a clock that runs.
    pub(crate) fn running() -> Self {
        Self::new(Pausable::new())
    }

    /// With a clock that stands still.
    pub(crate) fn paused() -> Self {
        let clock = Pausable::new();
        clock.pause().unwrap();
        Self::new(clock)
    }

    fn new(clock: Pausable) -> Self {
        let (driver, handle) = Driver::new(clock.clone());
        let park = ThreadPark::new();
        let (unparker, waker) = (park.unparker(), park.unparker().into_waker());
        let called = Arc::<AtomicUsize>::default();
        let calls = called.clone();
        let call = move || {
            calls.fetch_add(1, Relaxed);
            unparker.unpark();
        };
        handle.set_owner(Arc::as_ptr(&called).cast(), Arc::new(call));
        let stack = Stack::new(park, driver, clock.clone());
        Self { clock, handle, called, stack, waker }
    }

    fn home(&self) -> *const () {
        Arc::as_ptr(&self.called).cast()
    }

    pub(crate) fn env(&self) -> Env {
        Env::new().with_time(Arc::new(self.handle.clone())).with_clock(Arc::new(self.clock.clone()))
    }

    /// Polls `future`, and turns the driver when it pends.
    pub(crate) fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        let (env, home) = (self.env(), self.home());
        let run = |_: &context::Ctx| {
            let mut future = pin!(future);
            let waker = self.waker.clone();
            let mut cx = Context::from_waker(&waker);
            loop {
                if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                    return output;
                }
                self.turn(Until::Event);
            }
        };
        at_home(env, home, 0, run).expect("not nested")
    }

    pub(crate) fn turn(&mut self, until: Until) {
        let mut batch = WakeBatch::new();
        self.stack.turn(until, &mut batch).unwrap();
        batch.wake_all();
    }

    /// Moves the clock, and lets the driver fire what is due.
    pub(crate) fn skip(&mut self, span: Duration) {
        self.clock.advance(span).unwrap();
        self.turn(Until::Now);
    }

    pub(crate) fn now(&self) -> Instant {
        self.handle.now()
    }

    /// Ends the driver; the handle is left.
    pub(crate) fn end(self) -> Handle {
        self.handle
    }
}

pub(crate) fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A waker that counts its wakes.
#[derive(Default)]
pub(crate) struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

impl Count {
    pub(crate) fn new() -> (Arc<Self>, Waker) {
        let count = Arc::<Self>::default();
        (count.clone(), count.into())
    }

    pub(crate) fn woken(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// Polls once with `waker`.
pub(crate) fn poll_with<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

/// Polls once, and has nobody woken.
pub(crate) fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    poll_with(future, Waker::noop())
}

/// What `f` panics with.
pub(crate) fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let hook = std::panic::AssertUnwindSafe(f);
    match std::panic::catch_unwind(move || drop({ hook }.0())) {
        Ok(()) => panic!("it did not panic"),
        Err(payload) => match payload.downcast::<String>() {
            Ok(message) => *message,
            Err(payload) => payload.downcast::<&str>().map(|text| (*text).into()).unwrap(),
        },
    }
}

/// A null address that no scheduler has.
pub(crate) const NOBODY: *const () = ptr::null();

/// Runs `f` at home at `home`, where nothing is kept for the thread that is there.
#[track_caller]
pub(crate) fn at_home<R>(
    env: Env,
    home: *const (),
    shard: u16,
    f: impl FnOnce(&context::Ctx) -> R,
) -> Result<R, context::Nested> {
    // SAFETY: the homes of these tests are addresses and nothing else.
    unsafe { context::drive_home(env, home, shard, f) }
}
