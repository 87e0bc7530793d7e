//! Deadlines to wakers: a hierarchical timing wheel, sleeps, timeouts and intervals.
//!
//! 1. [`Driver::new`] makes timers by a clock, in two halves. The [`Driver`] goes to the thread that
//!    waits: it says when to be back, and hands out the wakers of what is due. [`Driver::shared`] does
//!    the same for the workers of a scheduler, with a wheel for each.
//! 2. The [`Handle`] arms timers, from any thread: [`Handle::sleep`], [`Timeout::new`],
//!    [`Interval::new`]. Once it is entered ([`Env::with_time`]), the free functions find it.
//! 3. Await them: [`sleep()`], [`timeout()`], [`interval()`] and their like have the names and the meaning
//!    that users of the model runtime know.
//!
//! ```
//! use rt_task::base::clock::Pausable;
//! use rt_task::base::context::{Env, enter};
//! use rt_task::base::seam::{Clock, Timers};
//! use rt_task::base::driver::WakeBatch;
//! use rt_timer::{Driver, Duration, Instant, sleep};
//! use std::{future::Future, pin::pin, sync::Arc, task::{Context, Waker}};
//!
//! let clock = Pausable::new();
//! clock.pause().unwrap(); // a test's clock: it moves by command
//! let (mut driver, handle) = Driver::new(clock.clone());
//! let env = Env::new().with_clock(Arc::new(clock.clone()));
//! let _entered = enter(env.with_time(Arc::new(handle)));
//!
//! let start = Instant::now();
//! let mut hour = pin!(sleep(Duration::from_secs(3600)));
//! let mut cx = Context::from_waker(Waker::noop());
//! assert!(hour.as_mut().poll(&mut cx).is_pending()); // armed
//! clock.skip_to(driver.next().unwrap()); // what a runtime does when nothing else is going on
//! driver.advance(clock.now(), &mut WakeBatch::new());
//! assert!(hour.poll(&mut cx).is_ready());
//! assert_eq!(start.elapsed(), Duration::from_secs(3600));
//! ```
//!
//! # What is promised
//! A timer is never early, and at most a millisecond and the driver's turn late. It is part of its
//! future: arming it allocates nothing, dropping it, on any thread, disarms it. Arming it on the
//! thread that turns the driver makes no system call; nor does arming it on a worker that shares the
//! driver, unless another waits in it just then, and for something later.
//!
//! # Where to read on
//! `wheel.rs` (over `level.rs` and `entry.rs`) is the wheel, pure; `shard.rs` puts it behind a lock
//! and says how a waiting thread learns of an earlier timer; `group.rs` says the same for threads that
//! share a driver; `node.rs` is one timer's life;
//! `driver.rs` and `handle.rs` are the two halves; `moment.rs` rounds to ticks; `sleep.rs`,
//! `timeout.rs` and `interval.rs` are for users; `clock.rs` stops the time.
//!
//! [`Env::with_time`]: rt_task::base::context::Env::with_time

mod clock;
mod driver;
mod entry;
pub mod error;
mod group;
mod handle;
mod instant;
mod interval;
mod level;
mod moment;
mod node;
#[cfg(not(rt_loom))]
mod pool;
#[cfg(rt_loom)]
#[path = "pool_model.rs"]
mod pool;
mod shard;
mod sleep;
#[cfg(all(test, not(rt_loom)))]
mod support;
mod timeout;
mod wheel;

pub use std::time::Duration;

pub use clock::{Advance, advance, pause, resume};
pub use driver::Driver;
pub use handle::Handle;
pub use instant::Instant;
pub use interval::{Interval, MissedTickBehavior, Tick, interval, interval_at};
pub use sleep::{Sleep, sleep, sleep_until};
pub use timeout::{Timeout, timeout, timeout_at};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
