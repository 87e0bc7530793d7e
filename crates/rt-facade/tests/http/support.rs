//! What the tests share.

use std::future::Future;

use rt_facade::runtime::Runtime;
use rt_facade::time::{Duration, Instant, sleep, timeout};

use crate::slower::SLOWER;

/// Nothing here takes so long: past it, it hangs.
const LIMIT: Duration = Duration::from_secs(30 * SLOWER);

/// How often a condition outside this process is looked at.
const POLL: Duration = Duration::from_millis(5);

/// Runs `test` on a runtime of its own.
pub(crate) fn run<F: Future>(test: F) -> F::Output {
    let runtime = Runtime::new().expect("a runtime can be built");
    let done = runtime.block_on(async { timeout(LIMIT, test).await });
    done.unwrap_or_else(|_| panic!("hangs: not done after {LIMIT:?}"))
}

/// Waits until `condition` holds, and tells how long that took. For what another process does, of which
/// there is no other news: its end, its descriptors.
///
/// # Panics
/// If it does not hold within `limit`, with what `condition` says then.
pub(crate) async fn until(
    limit: Duration,
    mut condition: impl AsyncFnMut() -> Result<(), String>,
) -> Duration {
    let start = Instant::now();
    loop {
        match condition().await {
            Ok(()) => return start.elapsed(),
            Err(not_yet) if start.elapsed() > limit => panic!("after {limit:?}: {not_yet}"),
            Err(_) => sleep(POLL).await,
        }
    }
}

/// `Ok` if the two are equal, else which and how they differ.
pub(crate) fn equal(what: &str, is: usize, shall: usize) -> Result<(), String> {
    match is == shall {
        true => Ok(()),
        false => Err(format!("{what}: {is}, not {shall}")),
    }
}

pub(crate) fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
