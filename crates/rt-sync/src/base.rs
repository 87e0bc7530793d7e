//! What the primitives are made of.

#[cfg(feature = "std")]
pub(crate) mod blocking;
pub(crate) mod hold;
pub(crate) mod holder;
pub(crate) mod permits;
#[cfg(all(feature = "std", not(rt_loom)))]
pub(crate) mod registry;
#[cfg(not(all(feature = "std", not(rt_loom))))]
#[path = "base/registry/none.rs"]
pub(crate) mod registry;
pub(crate) mod waiters;
pub(crate) mod waits;
