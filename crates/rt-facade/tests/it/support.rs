//! What the tests share.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use rt_facade::runtime::{Builder, Runtime};
use rt_facade::task::yield_now;
use rt_task::base::clock::Monotonic;
use rt_task::base::seam::Clock;

use crate::slower::SLOWER;

/// Nothing here takes so long, on a busy machine and under a sanitizer, too: past it, it hangs.
pub(crate) const LIMIT: Duration = Duration::from_secs(60 * SLOWER);

/// Runs `test` on a runtime of each flavour, with all drivers on.
pub(crate) fn for_each_flavor(test: impl Fn(&Runtime)) {
    for build in flavors() {
        run_on(&mut build(), &test);
    }
}

/// Runs `test` on a multi-thread runtime of so many workers each, with all drivers on.
pub(crate) fn for_workers<const N: usize>(workers: [usize; N], test: impl Fn(&Runtime)) {
    for workers in workers {
        run_on(&mut multi(workers), &test);
    }
}

fn run_on(builder: &mut Builder, test: impl Fn(&Runtime)) {
    let runtime = builder.enable_all().build().expect("a runtime can be built");
    let _tells = TellsFlavor::of(&runtime);
    test(&runtime);
}

/// The same, with the clock paused: on the single-thread flavour, which alone can.
pub(crate) fn for_each_flavor_paused(test: impl Fn(&Runtime)) {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build();
    test(&runtime.expect("a runtime can be built"));
}

/// A builder of each flavour.
pub(crate) fn flavors() -> [fn() -> Builder; 4] {
    [Builder::new_current_thread, || multi(1), || multi(2), || multi(4)]
}

/// A builder of the multi-thread flavour, with so many workers.
pub(crate) fn multi(workers: usize) -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(workers);
    builder
}

/// Whether the runtime has worker threads of its own.
pub(crate) fn is_multi(runtime: &Runtime) -> bool {
    runtime.handle().runtime_flavor() == rt_facade::runtime::RuntimeFlavor::MultiThread
}

/// Says on which flavour a test failed.
struct TellsFlavor(String);

impl TellsFlavor {
    fn of(runtime: &Runtime) -> Self {
        let workers = runtime.metrics().workers;
        Self(format!("{:?}, {workers} workers", runtime.handle().runtime_flavor()))
    }
}

impl Drop for TellsFlavor {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("failed on {}", self.0);
        }
    }
}

/// Waits until `condition` holds, and lets others run meanwhile. For what no future tells of.
///
/// # Panics
/// If it does not within [`LIMIT`].
#[track_caller]
pub(crate) fn until(condition: impl FnMut() -> bool) -> impl Future<Output = ()> {
    holds(condition, std::panic::Location::caller())
}

async fn holds(mut condition: impl FnMut() -> bool, site: &'static std::panic::Location<'static>) {
    let watchdog = Watchdog::new(site);
    while !condition() {
        watchdog.look();
        thread::yield_now();
        yield_now().await;
    }
}

/// The same on a thread that may block.
#[track_caller]
pub(crate) fn block_until(mut condition: impl FnMut() -> bool) {
    let watchdog = Watchdog::new(std::panic::Location::caller());
    while !condition() {
        watchdog.look();
        thread::yield_now();
    }
}

struct Watchdog {
    clock: Monotonic,
    site: &'static std::panic::Location<'static>,
}

impl Watchdog {
    fn new(site: &'static std::panic::Location<'static>) -> Self {
        Self { clock: Monotonic::new(), site }
    }

    fn look(&self) {
        assert!(Duration::from_nanos(self.clock.now().0) < LIMIT, "hangs at {}", self.site);
    }
}

/// What the channel brings, on a thread that may block.
///
/// # Panics
/// If it brings nothing within [`LIMIT`].
#[track_caller]
pub(crate) fn receive<T>(receiver: &Receiver<T>) -> T {
    match receiver.recv_timeout(LIMIT) {
        Ok(value) => value,
        Err(error) => panic!("nothing came: {error}"),
    }
}

/// Keeps a thread in [`Held::stay`] until it is let go or dropped.
pub(crate) struct LetGo(mpsc::Sender<()>);

/// The other half of [`LetGo`].
pub(crate) struct Held(Receiver<()>);

/// A thread that blocks for as long as a test likes.
pub(crate) fn hold() -> (LetGo, Held) {
    let (sender, receiver) = mpsc::channel();
    (LetGo(sender), Held(receiver))
}

impl LetGo {
    pub(crate) fn go(self) {
        drop(self.0);
    }
}

impl Held {
    /// Blocks the thread.
    #[track_caller]
    pub(crate) fn stay(self) {
        let Err(error) = self.0.recv_timeout(LIMIT) else { unreachable!("nothing is sent") };
        assert_eq!(error, mpsc::RecvTimeoutError::Disconnected, "nobody let it go");
    }
}

/// Keeps every worker of the runtime in a poll until dropped: what is spawned meanwhile waits. Nothing to
/// do on the single-thread flavour, where nothing runs before the root of `block_on` pends.
pub(crate) fn keep_workers(runtime: &Runtime) -> Vec<LetGo> {
    let workers = if is_multi(runtime) { runtime.metrics().workers } else { 0 };
    let (starts, started) = mpsc::channel();
    let held = (0..workers).map(|_| {
        let (let_go, held) = hold();
        let starts = starts.clone();
        drop(runtime.spawn(async move {
            starts.send(()).unwrap();
            held.stay();
        }));
        let_go
    });
    let held: Vec<_> = held.collect();
    held.iter().for_each(|_| receive(&started));
    held
}

/// What `f` panics with.
pub(crate) fn panic_message<R>(f: impl FnOnce() -> R) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else {
        panic!("it was to panic");
    };
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => payload.downcast::<&str>().expect("a message").to_string(),
    }
}

/// A future that is ready once somebody opens the gate; keeps its waiters' wakers.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    inner: Arc<Mutex<GateState>>,
}

#[derive(Default)]
struct GateState {
    open: bool,
    waiting: Vec<Waker>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn open(&self) {
        let mut state = self.inner.lock().unwrap();
        state.open = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.inner.lock().unwrap().open
    }

    pub(crate) fn is_waited_for(&self) -> bool {
        !self.inner.lock().unwrap().waiting.is_empty()
    }

    pub(crate) fn passed(&self) -> impl Future<Output = ()> + Send + 'static {
        Passed(self.clone())
    }
}

struct Passed(Gate);

impl Future for Passed {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.inner.lock().unwrap();
        if state.open {
            return Poll::Ready(());
        }
        state.waiting.push(cx.waker().clone());
        Poll::Pending
    }
}

/// Polls `future` once, as part of the task that calls.
pub(crate) async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// Counts its drops.
pub(crate) struct CountsDrops(pub(crate) Arc<AtomicUsize>);

impl Drop for CountsDrops {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}
