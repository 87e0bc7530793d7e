//! Runs futures with a reactor and nothing else.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use rt_process::Command;
use rt_reactor::Driver;
use rt_task::base::clock::Monotonic;
use rt_task::base::context::{self, Env};
use rt_task::base::driver::{Reactor, WakeBatch};
use rt_task::base::seam::{Clock, Unpark};

/// Longer than anything here takes, on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `future` with a reactor.
#[track_caller]
pub(crate) fn drive<F: Future>(future: F) -> F::Output {
    drive_on(&mut Driver::new().expect("a reactor"), future)
}

/// Runs `future` with this one, entered.
#[track_caller]
pub(crate) fn drive_on<F: Future>(driver: &mut Driver, future: F) -> F::Output {
    let _guard = context::enter(Env::new().with_io(driver.handle()));
    let bell = Arc::new(Bell { rung: AtomicBool::new(true), unpark: driver.unparker() });
    let waker = Waker::from(bell.clone());
    let mut future = pin!(future);
    let clock = Monotonic::new();
    let mut since = clock.now();
    loop {
        if bell.rung.swap(false, SeqCst) {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            since = clock.now();
            continue;
        }
        // May return for nothing: the end of a child can interrupt it.
        driver.poll(Some(PATIENCE), &mut WakeBatch::new()).expect("a turn");
        let waited = clock.now().saturating_since(since);
        assert!(waited < PATIENCE || bell.rung.load(SeqCst), "nothing happened for {PATIENCE:?}");
    }
}

struct Bell<U> {
    rung: AtomicBool,
    unpark: U,
}

impl<U: Unpark> Wake for Bell<U> {
    fn wake(self: Arc<Self>) {
        self.rung.store(true, SeqCst);
        self.unpark.unpark();
    }
}

/// All of them, at once.
pub(crate) async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut left: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut outputs = Vec::new();
    std::future::poll_fn(|cx| {
        left.retain_mut(|future| match future.as_mut().poll(cx) {
            Poll::Ready(output) => {
                outputs.push(output);
                false
            }
            Poll::Pending => true,
        });
        if left.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs
}

/// Polls once.
pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Waits until it is so, for what nothing tells of.
#[track_caller]
pub(crate) fn until(mut what: impl FnMut() -> bool) {
    let clock = Monotonic::new();
    while !what() {
        assert!(clock.now().0 < PATIENCE.as_nanos() as u64, "it never is so");
        std::thread::yield_now();
    }
}

/// A shell that runs `script`.
pub(crate) fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script);
    command
}
