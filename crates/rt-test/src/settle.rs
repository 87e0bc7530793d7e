//! Waiting for what another thread, or task, is about to do.

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use rt_task::base::clock::Monotonic;
use rt_task::base::seam::Clock;

/// Whether `done` holds, now or within [`SOON`]. Blocks the thread.
pub(crate) fn soon(mut done: impl FnMut() -> bool) -> bool {
    let clock = Monotonic::new();
    let end = clock.now().saturating_add(SOON);
    loop {
        if done() {
            return true;
        }
        if clock.now() > end {
            return false;
        }
        thread::yield_now();
    }
}

/// Whether `done` holds, now or within [`LATE`], with other tasks running meanwhile.
pub(crate) async fn in_time(mut done: impl FnMut() -> bool) -> bool {
    let clock = Monotonic::new();
    let end = clock.now().saturating_add(LATE);
    loop {
        if done() {
            return true;
        }
        if clock.now() > end {
            return false;
        }
        thread::yield_now();
        others_run().await;
    }
}

/// Takes no part in any budget, and tells of no wait: it is not the test's own.
fn others_run() -> impl Future<Output = ()> {
    let mut yielded = false;
    poll_fn(move |cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// A wake that is under way on another thread is there by then.
const SOON: Duration = Duration::from_millis(100);
/// What a task or a thread has to drop is gone by then, on a busy machine, too.
const LATE: Duration = Duration::from_secs(2);
/// [`LATE`] is told in messages.
pub(crate) const LATE_SECONDS: u64 = LATE.as_secs();
