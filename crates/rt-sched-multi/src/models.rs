//! What the models share.

use rt_task::base::shim::{model, thread};

/// Explores `test` from both ends: as it is, and with the other threads let go first. The checker
/// goes back to the last access of an object only, and would miss orders in which one thread's loads
/// all come after another's changes.
pub(crate) fn both_ways(test: impl Fn(fn()) + Copy + Send + Sync + 'static) {
    model(move || test(|| ()));
    model(move || test(thread::yield_now));
}
