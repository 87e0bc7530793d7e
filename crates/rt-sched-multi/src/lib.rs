//! The work-stealing scheduler of the `rt` runtime.
//!
//! A fixed number of workers, each with a queue of its own of at most 256 tasks, and one queue for
//! all. What is woken on a worker's thread is run next there (the *slot*, at most three times in a
//! row); what is spawned there goes to the worker's queue, of which half moves to the shared one when
//! it is full; what comes from other threads goes to the shared one. A worker with nothing to do takes
//! half of another's queue. One of those that wait does so in the [`Driver`], which all turn now and
//! then.
//!
//! To call a sleeping thread costs more than most polls. So a worker calls another when what waits in
//! its queue is worth that, by the time that polls took of late; and while some sleep and others do
//! not, one of the sleepers looks after the others every few milliseconds, so that neither a wrong
//! guess nor a poll that does not return delays anybody for longer.
//!
//! ```
//! use rt_sched_multi::Builder;
//! use rt_task::base::{clock::Monotonic, context::Env, driver::Stack, park::RoamingPark, seam::NoTimers};
//!
//! let driver = Stack::new(RoamingPark::new(), NoTimers, Monotonic::new());
//! let mut pool = Builder::new(2).build(driver);
//! pool.start(Env::new())?;
//! let halves = [pool.spawn(async { 20 }), pool.spawn(async { 22 })];
//! let sum = rt_task::block_on(async {
//!     let mut sum = 0;
//!     for half in halves {
//!         sum += half.await.unwrap();
//!     }
//!     sum
//! });
//! assert_eq!(sum, 42);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Where to read on
//! `core.rs` is the step and the loop, `wait.rs` how it waits; `shared.rs` where a woken task goes; `idle.rs` who sleeps and
//! who is called; `watch.rs` what becomes of long polls; `crew.rs` the threads, `block_in_place` and
//! the shutdown; `queue.rs` the seams behind which the queues are swapped.
//!
//! [`Driver`]: rt_task::base::driver::Driver

mod builder;
mod core;
mod crew;
mod doom;
mod driver;
mod idle;
#[cfg(all(test, not(rt_loom)))]
mod kit;
mod metrics;
#[cfg(all(test, rt_loom))]
mod models;
mod pace;
mod pool;
pub mod queue;
pub mod rules;
mod shared;
mod slot;
mod wait;
mod watch;
mod worker;

pub use builder::Builder;
pub use doom::Fatal;
pub use metrics::{Metrics, WorkerMetrics};
pub use pool::{Pool, Report};
pub use shared::{Home, Spawner};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
