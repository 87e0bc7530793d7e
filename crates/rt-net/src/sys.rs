//! What differs from one operating system to the next: error codes, limits, how a socket is
//! borrowed from ours, and the calls that move bytes.
//!
//! `unix` and `windows` offer `EXHAUSTION`, `GONE`, `is_under_way`, `SLICES_MAX` and the `borrowed!` macro;
//! `linux` and `portable` the calls: `recv`, `send`, `send_vectored` and `send_datagram`.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod portable;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use linux::*;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use portable::*;
#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
pub(crate) use windows::*;
