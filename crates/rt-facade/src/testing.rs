//! Tests of one's own futures: cancelled at every await, polled too often, with another waker each time.
//!
//! All of it is `rt-test`, which works on any executor; [`trial`] watches the runtime besides. Like the clock that
//! can be stopped ([`time::pause`](crate::time::pause)) it is always there, behind no feature: what is not called
//! is not in the program.
//!
//! ```
//! use rt_facade::sync::mpsc;
//! use rt_facade::task::yield_now;
//! use rt_facade::testing::trial;
//!
//! # let runtime = rt_facade::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let report = trial().cancel_at_every_await(async |round| {
//!     let (sends, mut receives) = mpsc::channel(1);
//!     let sender = async {
//!         yield_now().await;
//!         sends.send(7).await.unwrap();
//!     };
//!     let (received, ()) = rt_facade::join!(round.run(receives.recv()), sender);
//!     // Cancelled or not, and wherever that was: the message is there.
//!     let received = received.unwrap_or_else(|_cancelled| receives.try_recv().ok());
//!     assert_eq!(received, Some(7));
//! });
//! println!("{}", report.await); // how many rounds and awaits, and each await with its line
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```

#[doc(inline)]
pub use rt_test::*;

use crate::runtime::Handle;

/// A trial in every manner of polling, which also watches that each round leaves no more tasks alive, timers
/// armed and sources registered than it found, on the runtime that is entered, if one is.
///
/// Whatever else runs there counts, too: what starts meanwhile looks as if it were left behind.
#[must_use]
pub fn trial() -> Trial {
    let mut trial = Trial::new().in_every_manner();
    if let Ok(runtime) = Handle::try_current() {
        trial = trial.level("tasks alive", move || runtime.metrics().alive_tasks);
    }
    if let Ok(timers) = rt_timer::Handle::try_current() {
        trial = trial.level("timers armed", move || timers.armed() as u64);
    }
    if let Ok(sources) = rt_reactor::Handle::current() {
        trial = trial.level("sources registered", move || sources.metrics().sources as u64);
    }
    trial
}
