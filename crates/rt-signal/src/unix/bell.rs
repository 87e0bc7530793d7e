//! [`Bell`]: a descriptor that a handler rings, and that every reactor hears.
//!
//! Every reactor with listeners watches a copy of its own, and is told of each ring by an edge.

#[cfg(any(target_os = "android", target_os = "linux"))]
mod eventfd;
#[cfg(any(test, not(any(target_os = "android", target_os = "linux"))))]
mod pipe;

#[cfg(any(target_os = "android", target_os = "linux"))]
pub(super) use eventfd::Bell;
#[cfg(not(any(target_os = "android", target_os = "linux")))]
pub(super) use pipe::Bell;

#[cfg(all(test, not(rt_loom)))]
mod tests;
