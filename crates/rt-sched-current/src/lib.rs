//! The single-thread scheduler of the `rt` runtime.
//!
//! Two queues, both first in, first out. A task woken on the scheduler's own thread goes to the
//! *local* one, from elsewhere to the *global* one. Local is preferred; global comes when local is
//! empty, and after [`global_interval`](Builder::global_interval) local picks. The driver is turned
//! when nothing can run, and after [`event_interval`](Builder::event_interval) picks.
//!
//! [`Executor`] runs `Send` tasks and may be driven from any thread, one at a time.
//! [`LocalExecutor`] runs tasks that never leave its thread. Both are a step machine
//! ([`Step`]) with a loop around it, over any [`Driver`](rt_task::base::driver::Driver).
//! [`LocalSet`] is the latter as a future, inside whatever runs on the thread.
//!
//! ```
//! use rt_sched_current::{Builder, Executor};
//! use rt_task::base::{driver::Stack, clock::Monotonic, park::ThreadPark, seam::NoTimers};
//!
//! let driver = Stack::new(ThreadPark::new(), NoTimers, Monotonic::new());
//! let executor = Builder::new().local(driver);
//! let sum = executor.block_on(async {
//!     let halves = [executor.spawn(async { 20 }), executor.spawn(async { 22 })];
//!     let mut sum = 0;
//!     for half in halves {
//!         sum += half.await.unwrap();
//!     }
//!     sum
//! });
//! assert_eq!(sum, 42);
//! # let _ = |driver: Stack<rt_task::base::park::ThreadPark, NoTimers, Monotonic>| { Executor::new(driver); };
//! ```
//!
//! # Where to read on
//! `core.rs` is the step and the loop; `shared.rs` where a woken task goes; `bell.rs` how other
//! threads call; `executor.rs` and `local.rs` the two owners.

mod bell;
mod builder;
mod core;
mod executor;
mod local;
mod local_set;
mod metrics;
mod outer;
mod parking;
mod shared;

pub use builder::Builder;
pub use core::Step;
pub use executor::{Executor, Stepper};
pub use local::{LocalExecutor, LocalSpawner};
pub use local_set::{LocalEnterGuard, LocalSet, LocalSetSpawner, RunUntil};
pub use metrics::Metrics;
pub use outer::Outer;
pub use parking::Parking;
pub use shared::{Home, Spawner};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
