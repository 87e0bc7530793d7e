//! A future on the current thread, and nothing else: for examples, tests and bridges.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll};

use crate::base::park::ThreadPark;

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
    let park = ThreadPark::new();
    let waker = park.unparker().into_waker();
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        park.park();
    }
}
