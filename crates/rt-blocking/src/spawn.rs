//! Closures for the pool of the runtime that is entered.

use std::panic::Location;

use rt_task::base::context;
use rt_task::{Job, JoinHandle};

/// Runs `f` on the blocking pool of the runtime that this thread has entered, whichever
/// implements the seam.
///
/// As [`Handle::spawn_blocking`](crate::Handle::spawn_blocking) otherwise.
///
/// # Panics
/// If no runtime is entered, or one without a pool; names the call site and the fix.
///
/// ```
/// use std::sync::Arc;
/// use rt_task::base::context::{Env, enter};
///
/// let pool = rt_blocking::Pool::new();
/// let _guard = enter(Env::new().with_blocking(Arc::new(pool.handle().clone())));
/// let answer = rt_blocking::spawn_blocking(|| 6 * 7);
/// assert_eq!(rt_task::block_on(answer).unwrap(), 42);
/// ```
#[track_caller]
pub fn spawn_blocking<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let site = Location::caller();
    let pool = context::blocking()
        .unwrap_or_else(|missing| panic!("{}", missing.message("spawn_blocking", site)));
    let (job, handle) = Job::new(f);
    drop(pool.execute(job)); // a job that comes back is dropped: its handle says cancelled
    handle
}
