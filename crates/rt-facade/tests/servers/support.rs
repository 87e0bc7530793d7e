//! What the tests share.

use rt_facade::runtime::Runtime;
use rt_facade::time::{Duration, Instant, sleep, timeout};

use crate::slower::SLOWER;

/// Nothing here takes so long: past it, it hangs.
const LIMIT: Duration = Duration::from_secs(120 * SLOWER);
/// How often a condition outside this process is looked at.
const POLL: Duration = Duration::from_millis(5);

/// Runs `test` on a runtime of its own.
pub(crate) fn run<F: Future>(test: F) -> F::Output {
    let runtime = Runtime::new().expect("a runtime can be built");
    let done = runtime.block_on(async { timeout(LIMIT, test).await });
    done.unwrap_or_else(|_| panic!("hangs: not done after {LIMIT:?}"))
}

/// Waits until `condition` holds: for what another process does, of which there is no other news.
///
/// # Panics
/// If it does not hold within `limit`, with what `condition` says then.
pub(crate) async fn until(limit: Duration, mut condition: impl AsyncFnMut() -> Result<(), String>) {
    let start = Instant::now();
    while let Err(not_yet) = condition().await {
        assert!(start.elapsed() < limit, "after {limit:?}: {not_yet}");
        sleep(POLL).await;
    }
}

/// `Ok` if the two are equal, else which and how they differ.
pub(crate) fn equal<T: PartialEq + std::fmt::Debug>(
    what: &str,
    is: T,
    shall: T,
) -> Result<(), String> {
    match is == shall {
        true => Ok(()),
        false => Err(format!("{what}: {is:?}, not {shall:?}")),
    }
}
