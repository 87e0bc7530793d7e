//! What differs from one operating system to the next: permissions of folders that are made, links,
//! descriptors or handles, and reading what is in memory already.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod portable;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use linux::read_now;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use portable::read_now;
#[cfg(unix)]
pub use unix::symlink;
#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
pub(crate) use windows::*;
#[cfg(windows)]
pub use windows::{symlink_dir, symlink_file};

/// What came of reading without waiting.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    expect(dead_code, reason = "other systems cannot tell")
)]
pub(crate) enum Now {
    /// So many bytes; none at the end of the file.
    Read(usize),
    /// It would have to wait, or failed: a read that may wait will tell.
    Waits,
    /// This file is never read so.
    Never,
}
