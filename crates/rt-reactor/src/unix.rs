//! What only Unix has: [`AsyncFd`], for descriptors that no other type here wraps.

mod async_fd;
mod future;
mod guard;

pub use async_fd::{AsyncFd, AsyncFdRegisterError};
pub use future::{AsyncFdReady, AsyncFdReadyMut};
pub use guard::{AsyncFdReadyGuard, AsyncFdReadyMutGuard, TryIoError};

#[cfg(all(test, target_os = "linux", not(rt_loom)))]
mod priority_tests;
#[cfg(all(test, not(rt_loom)))]
mod tests;
