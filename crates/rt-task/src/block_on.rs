//! A future on the current thread, and nothing else: for examples, tests and bridges.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll};

use crate::base::context::Stay;
use crate::base::park::LentPark;
use crate::coop::with_budget;

/// Runs `future` to its end, parking the thread while it pends.
///
/// Drives nothing: reactor and timer, if the future needs any, must be turned elsewhere. A
/// runtime's own `block_on` does that.
///
/// ```
/// assert_eq!(rt_task::block_on(async { 6 * 7 }), 42);
/// ```
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let park = LentPark::new();
    let mut cx = Context::from_waker(park.waker());
    loop {
        // A turn of its own: called from a task, the task's spent budget would never come back.
        let polled = match Stay::try_new() {
            Some(stay) => with_budget(stay.ctx(), || future.as_mut().poll(&mut cx)),
            None => future.as_mut().poll(&mut cx),
        };
        if let Poll::Ready(output) = polled {
            return output;
        }
        park.park();
    }
}
