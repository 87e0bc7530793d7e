//! Runs a future with a reactor and nothing else.

use std::ffi::c_int;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use rt_reactor::Driver;
use rt_signal::unix::{Signal, SignalKind, signal_with_handle};
use rt_task::base::driver::{Reactor, WakeBatch};
use rt_task::base::seam::Unpark;

/// Longer than anything here takes, on the busiest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A reactor.
pub(crate) fn reactor() -> Driver {
    Driver::new().expect("a reactor")
}

/// A listener on it.
#[track_caller]
pub(crate) fn listen(kind: SignalKind, driver: &Driver) -> Signal {
    signal_with_handle(kind, &driver.handle()).expect("a listener")
}

/// Sends this process a signal. It has arrived when this returns, if no other thread of the process
/// takes it: then, soon.
pub(crate) fn raise(kind: SignalKind) {
    // SAFETY: a signal to this thread, which handles it.
    let raised = unsafe { libc::raise(kind.as_raw_value()) };
    assert_eq!(raised, 0, "{kind:?}");
}

/// A real-time signal that no other test uses.
pub(crate) fn real_time(n: c_int) -> SignalKind {
    let kind = SignalKind::from_raw(libc::SIGRTMIN() + n);
    assert!(kind.as_raw_value() <= libc::SIGRTMAX());
    kind
}

/// Runs `future`, turning `driver`.
#[track_caller]
pub(crate) fn drive_on<F: Future>(driver: &mut Driver, future: F) -> F::Output {
    let woken = Arc::new(Unparks { woken: AtomicBool::new(true), unpark: driver.unparker() });
    let waker = Waker::from(woken.clone());
    let mut future = pin!(future);
    loop {
        if woken.woken.swap(false, SeqCst) {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            continue;
        }
        let events = driver.handle().metrics().ready_count;
        let polled = driver.poll(Some(PATIENCE), &mut WakeBatch::new()).expect("a turn");
        let happened = polled.unparked || driver.handle().metrics().ready_count != events;
        assert!(happened, "nothing happened for {PATIENCE:?}");
    }
}

/// One turn, without waiting.
pub(crate) fn turn(driver: &mut Driver) {
    driver.poll(Some(Duration::ZERO), &mut WakeBatch::new()).expect("a turn");
}

/// Polls once.
pub(crate) fn is_told(signal: &mut Signal) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    match signal.poll_recv(&mut cx) {
        Poll::Ready(told) => told.is_some(),
        Poll::Pending => false,
    }
}

/// Ends the turn of a reactor: the reactor that tells may be another one.
struct Unparks<U> {
    woken: AtomicBool,
    unpark: U,
}

impl<U: Unpark> Wake for Unparks<U> {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, SeqCst);
        self.unpark.unpark();
    }
}

/// Whether it was woken.
pub(crate) struct Woken(pub(crate) AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}
