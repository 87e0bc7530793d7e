//! A pool of threads for closures that block.
//!
//! A future must not block the thread that polls it. What blocks all the same (a file, a name to
//! be resolved, a long computation, a library without futures) goes to a [`Pool`], and its
//! [`JoinHandle`](rt_task::JoinHandle) is a future. Works with any executor, or with none:
//!
//! ```
//! let pool = rt_blocking::Pool::new();
//! let manifest = pool.handle().spawn_blocking(|| std::fs::read_to_string("Cargo.toml"));
//! let text = rt_task::block_on(manifest).unwrap().unwrap();
//! assert!(text.contains("rt-blocking"));
//! ```
//!
//! # What is promised
//! - A closure runs on a thread of the pool, never on one of a scheduler. It goes straight to the
//!   thread that was idle last, if one is; else a new thread is started; at the cap it is queued.
//!   Closures start in the order in which they were spawned.
//! - A thread takes one closure at a time, so that no closure waits behind another while a thread
//!   is free: closures may wait for each other, as long as the cap allows for all of them.
//! - A closure that panics takes no thread away. Closures are dropped on the pool's threads, unless
//!   they are cancelled by a shutdown: then by who shuts down.
//! - Where no thread can be started, closures go to those that exist; with none, the spawner is
//!   told. Nothing is left behind that nobody will run.
//! - [`Pool::shutdown`] names the closures that it waited for in vain.
//!
//! # What it costs
//! One allocation per closure, and under the pool's lock two short visits, one of the spawner and
//! one of the thread. A thread says that it is free before it wakes who awaits its closure, so
//! closures that come one after the other share one thread; a waker that blocks therefore holds up
//! the next closure. When closures come back to back, the thread is still looking around for the
//! next one (20 µs at most, and only as long as that pays) and no system call is made at all;
//! else there is one to wake it.
//!
//! # Where to read on
//! `roster.rs` is every decision as a plain structure; `seat.rs` the hand-off of a job to a thread;
//! `worker.rs` the life of a thread; `pool.rs` the lock around it all; `shutdown.rs` the end.
//! [`Inline`] is the pool of a simulator. Nothing in here is unsafe, and no file knows of a
//! scheduler.

#![forbid(unsafe_code)]

mod builder;
mod crew;
mod handle;
mod inline;
mod metrics;
mod pool;
mod roster;
mod seat;
mod shutdown;
mod spawn;
mod start;
mod worker;

pub use builder::Builder;
pub use handle::Handle;
pub use inline::Inline;
pub use metrics::Metrics;
pub use pool::Pool;
pub use rt_task::base::seam::{Rejected, RejectedWhy};
pub use shutdown::{Report, Running};
pub use spawn::spawn_blocking;
