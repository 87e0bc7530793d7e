//! Driving a future without an executor.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};

use crate::wakers::{Alive, Bell};

/// Polls `future` to its end on this thread, and calls `turn` whenever it pends, which does what makes it go on:
/// turns a driver by hand, plays the peer, moves a clock. Polled only when woken; `turn` is called until it is.
///
/// ```
/// use rt_test::{cancel_at_every_await, drive};
/// use std::cell::RefCell;
/// use std::future::poll_fn;
/// use std::task::{Poll, Waker};
///
/// let waiting = RefCell::new(None::<Waker>);
/// let test = cancel_at_every_await(async |round| {
///     let mut polls = 0;
///     let waits_twice = poll_fn(|cx| {
///         polls += 1;
///         *waiting.borrow_mut() = Some(cx.waker().clone());
///         if polls > 2 { Poll::Ready(()) } else { Poll::Pending }
///     });
///     let _ = round.run(waits_twice).await;
///     waiting.take();
/// });
/// let report = drive(test, || {
///     waiting.take().unwrap().wake();
/// });
/// assert_eq!(report.awaits().len(), 2);
/// ```
pub fn drive<F: Future>(future: F, mut turn: impl FnMut()) -> F::Output {
    let mut future = pin!(future);
    let bell = Bell::new(&Alive::default());
    let waker = bell.new_waker();
    loop {
        bell.hear();
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        while !bell.rang() {
            turn();
        }
    }
}
