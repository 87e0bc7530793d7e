//! What differs from one operating system to the next: permissions of folders that are made, links,
//! descriptors or handles, and reading what is in memory already.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::symlink;
#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
pub(crate) use windows::*;
#[cfg(windows)]
pub use windows::{symlink_dir, symlink_file};
