//! Tests of futures, on any executor: cancelled at every await, polled too often, with another waker
//! each time.
//!
//! A future may be dropped wherever it awaits: by `select!`, a timeout, an abort, a shutdown. Whether it
//! then loses a message, a permit or half a line is seen in no test that lets it run through.
//! [`cancel_at_every_await`] runs a test again and again, and drops the future in it each time at another
//! await:
//!
//! ```
//! use rt_task::coop::yield_now;
//! use rt_test::{Round, cancel_at_every_await};
//! use std::cell::RefCell;
//! use std::collections::VecDeque;
//!
//! /// Takes a job, then waits until it may do it: and if it is cancelled there, the job is lost.
//! async fn work(jobs: &RefCell<VecDeque<u32>>) {
//!     let job = jobs.borrow_mut().pop_front();
//!     yield_now().await;
//!     drop(job);
//! }
//!
//! let test = async |round: Round| {
//!     let jobs = RefCell::new(VecDeque::from([7]));
//!     let cancelled = round.run(work(&jobs)).await.is_err();
//!     assert!(!cancelled || *jobs.borrow() == [7], "a job was lost");
//! };
//! let failed = std::panic::catch_unwind(|| rt_task::block_on(cancel_at_every_await(test)));
//! let message = *failed.unwrap_err().downcast::<String>().unwrap();
//! assert!(message.contains("cancelled at await 1 (yield at"), "{message}");
//! assert!(message.ends_with("as it began to wait: a job was lost"), "{message}");
//! ```
//!
//! [`Trial`] does that in every [`Manner`] of polling, watches levels (tasks, timers, open files) that must
//! come down again, and chooses among awaits that are too many. [`wake_spuriously`] and
//! [`poll_with_new_waker_each_time`] do what a future must bear to one future alone. [`drive`] polls without an
//! executor.
//!
//! Any executor will do. Leaf futures of `rt` tell what they wait for and where, whatever polls them; of others
//! the number of the await is known.
//!
//! # Where to read on
//! `trial.rs` is the loop over all awaits; `round.rs` one run of the test, and where it cancels; `probe.rs` how a
//! future is polled; `wakers.rs` what it is polled with.

#![forbid(unsafe_code)]

mod drive;
mod probe;
mod report;
mod round;
mod settle;
mod trial;
mod wakers;

pub use drive::drive;
pub use probe::{Manner, Probed, poll_with_new_waker_each_time, wake_spuriously};
pub use report::{Await, Cancelled, Report};
pub use round::{Round, Run};
pub use trial::{Trial, cancel_at_every_await};

#[cfg(test)]
mod tests;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
