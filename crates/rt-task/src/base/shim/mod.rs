//! The only switch between real and modelled concurrency.
//!
//! Every crate of the runtime takes its atomics, cells, locks and threads from here, so that
//! `--cfg rt_loom` puts the model checker under all of them at once, and `--cfg rt_sim` a simulator of
//! many processors. Not part of the public API: no stability is promised.

#[cfg(not(rt_loom))]
mod constants;
#[cfg(rt_loom)]
#[path = "loom.rs"]
mod switch;
#[cfg(all(rt_sim, not(rt_loom)))]
#[path = "sim.rs"]
mod switch;
#[cfg(not(any(rt_loom, rt_sim)))]
#[path = "real.rs"]
mod switch;

#[cfg(not(rt_loom))]
pub use constants::const_fn;
pub use core::sync::atomic::Ordering;

#[cfg(not(target_has_atomic = "64"))]
pub use core::sync::atomic::AtomicU32 as AtomicCount;
/// A count that orders nothing, as wide as the target counts in one step. Not modelled, so that
/// it may be a static.
#[cfg(target_has_atomic = "64")]
pub use core::sync::atomic::AtomicU64 as AtomicCount;
pub use switch::*;
