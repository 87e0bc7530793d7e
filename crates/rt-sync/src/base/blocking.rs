//! Waiting with the whole thread.

use core::panic::Location;

use rt_task::base::context;

/// Waits for `future`, the async form of which is `instead`, on a thread that may block. `what` is what
/// was called.
///
/// # Panics
/// On a thread that drives a runtime: what else runs there could not go on.
#[track_caller]
pub(crate) fn wait<F: Future>(what: &str, instead: &str, future: F) -> F::Output {
    if let Some(driven) = context::driven() {
        panic!(
            "`{what}` at {} would block a thread that drives a runtime (since {}): what else runs there could \
             not go on. Use `{instead}`, or block where that is allowed: in `task::spawn_blocking` or, on the \
             multi-thread flavour, `task::block_in_place`",
            Location::caller(),
            driven.since,
        );
    }
    rt_task::block_on(future)
}
