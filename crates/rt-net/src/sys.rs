//! What differs from one operating system to the next: error codes, limits, which streams there
//! are, how a socket is borrowed from ours or taken over, and the calls that move bytes.
//!
//! `unix` and `windows` offer `EXHAUSTION`, `GONE`, `is_under_way`, `SLICES_MAX` and the macros
//! `for_all_readers!`, `for_all_writers!`, `borrowed!` and `owned!`; `linux` and `portable` the
//! calls: `recv`, `send`, `send_vectored` and `send_datagram`.

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
