//! What the tests share.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use rt_facade::runtime::{Builder, Runtime};

/// Runs `test` on a runtime of each flavour, with all drivers on.
pub(crate) fn for_each_flavor(test: impl Fn(&Runtime)) {
    for build in flavors() {
        test(&build().enable_all().build().expect("a runtime can be built"));
    }
}

/// The same, with the clock paused.
pub(crate) fn for_each_flavor_paused(test: impl Fn(&Runtime)) {
    // The single-thread flavour alone can pause.
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build();
    test(&runtime.expect("a runtime can be built"));
}

/// A builder of each flavour.
pub(crate) fn flavors() -> [fn() -> Builder; 4] {
    [Builder::new_current_thread, || multi(1), || multi(2), || multi(4)]
}

fn multi(workers: usize) -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(workers);
    builder
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

/// Counts its drops.
pub(crate) struct CountsDrops(pub(crate) Arc<std::sync::atomic::AtomicUsize>);

impl Drop for CountsDrops {
    fn drop(&mut self) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}
