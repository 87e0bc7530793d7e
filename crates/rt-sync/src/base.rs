//! What the primitives are made of.

pub(crate) mod acquire;
#[cfg(feature = "std")]
pub(crate) mod blocking;
pub(crate) mod crowd;
pub(crate) mod event;
pub(crate) mod gate;
pub(crate) mod hold;
pub(crate) mod holder;
pub(crate) mod permits;
#[cfg(all(feature = "std", not(rt_loom)))]
pub(crate) mod registry;
#[cfg(not(all(feature = "std", not(rt_loom))))]
#[path = "base/registry/none.rs"]
pub(crate) mod registry;
#[cfg(all(feature = "std", not(any(rt_loom, rt_sim))))]
pub(crate) mod value_lock;
#[cfg(not(all(feature = "std", not(any(rt_loom, rt_sim)))))]
#[path = "base/value_lock/spin.rs"]
pub(crate) mod value_lock;
pub(crate) mod waiters;
pub(crate) mod waits;
