//! The ground floor: what every crate of the runtime stands on.
//!
//! Nothing here knows what a task is for. [`seam`] and [`driver`] hold the traits by which
//! the pieces meet; [`context`] the one thread-local; [`clock`], [`park`], [`byte_lock`],
//! [`budget`], [`rng`] and `fetch` the small machines behind them; [`shim`] the only switch between real
//! and modelled concurrency.

pub mod budget;
pub mod byte_lock;
#[cfg(feature = "std")]
pub mod clock;
pub mod context;
#[cfg(feature = "std")]
pub mod driver;
mod env;
pub(crate) mod fetch;
#[cfg(feature = "std")]
pub mod fork;
#[cfg(feature = "std")]
pub mod look;
#[cfg(feature = "std")]
pub mod park;
pub mod rng;
pub mod seam;
#[doc(hidden)]
pub mod shim;
pub mod wake_batch;

#[cfg(feature = "std")]
pub use crate::panic::contain;
