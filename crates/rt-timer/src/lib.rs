//! Deadlines to wakers: a hierarchical timing wheel, sleeps, timeouts and intervals.

mod clock;
mod driver;
mod entry;
pub mod error;
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
