//! What differs from one operating system to the next: error codes, limits, and how a socket is
//! borrowed from ours.
//!
//! Each file below offers `EXHAUSTION`, `GONE`, `SLICES_MAX` and the `borrowed!` macro.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
pub(crate) use windows::*;
