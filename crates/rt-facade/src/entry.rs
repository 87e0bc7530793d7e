//! The attributes, documented.

/// Runs an `async fn` on a runtime of its own, with all drivers on.
///
/// For `main`, or any other function that is to look synchronous from outside; those may take arguments.
/// The function's future is the root of the runtime's `block_on`; what it spawned and did not wait for is
/// dropped when it returns.
///
/// ```
/// #[rt_facade::main]
/// async fn main() -> Result<(), std::num::ParseIntError> {
///     let task = rt_facade::spawn(async { "42".parse::<u32>() });
///     assert_eq!(task.await.unwrap()?, 42);
///     Ok(())
/// }
/// ```
///
/// # Options
/// | | |
/// |---|---|
/// | `flavor = "multi_thread"` | a worker for each processor; so unless told |
/// | `flavor = "current_thread"` | all on the calling thread |
/// | `flavor = "local"` | the same, and `spawn_local` works anywhere: a `LocalRuntime` |
/// | `worker_threads = 2` | how many workers the first has |
/// | `start_paused = true` | starts with the clock paused; not with the first |
/// | `unhandled_panic = "shutdown_runtime"` | what a panic in a task does that nobody waits for |
/// | `name = "ingest"` | the runtime's name, for messages |
/// | `crate = "path::to::rt"` | where this crate is found |
///
/// # Under another name
/// `#[rt::main]` works for `rt = { package = "rt-facade", … }` without being told: what stands before `main` is where
/// the crate is looked for. An attribute that was imported by itself (`use rt::main;`) looks into the
/// manifest for the name. `crate = "rt"` says it where neither is so, such as in code that another macro makes
/// for crates that do not depend on this one.
///
/// # Panics
/// The function panics where a runtime runs already, and when the operating system refuses what one
/// needs.
pub use rt_macros::main;

/// Makes an `async fn` a test, on a runtime of its own, with all drivers on.
///
/// The test may return what any test may, and other attributes stay: `#[should_panic]`, `#[ignore]`. Options
/// are those of [`main`](macro@crate::main); `flavor` is `"current_thread"` unless told.
///
/// ```
/// use rt_facade::time::{Duration, Instant, sleep};
///
/// #[rt_facade::test(start_paused = true)]
/// async fn an_hour_passes_at_once() {
///     let start = Instant::now();
///     sleep(Duration::from_secs(3600)).await;
///     assert!(start.elapsed() >= Duration::from_secs(3600));
/// }
/// ```
pub use rt_macros::test;
