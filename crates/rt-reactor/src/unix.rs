//! What only Unix has: [`AsyncFd`], for descriptors that no other type here wraps.

mod async_fd;
mod guard;

pub use async_fd::{AsyncFd, AsyncFdReady, AsyncFdReadyMut, AsyncFdRegisterError};
pub use guard::{AsyncFdReadyGuard, AsyncFdReadyMutGuard, TryIoError};
