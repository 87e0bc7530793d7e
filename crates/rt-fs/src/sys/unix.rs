//! Unix: modes, flags, symbolic links, descriptors.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{DirBuilderExt, DirEntryExt, OpenOptionsExt};
use std::panic::Location;
use std::path::Path;

use crate::{DirBuilder, DirEntry, File, OpenOptions, Operation};

pub(crate) fn set_mode(builder: &mut std::fs::DirBuilder, mode: Option<u32>) {
    if let Some(mode) = mode {
        builder.mode(mode);
    }
}

impl DirBuilder {
    /// Who may do what with the folder, less what the process' mask takes away.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = Some(mode);
        self
    }
}

impl OpenOptions {
    /// Who may do what with the file if it is made, less what the process' mask takes away. 0o666
    /// unless set.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.0.mode(mode);
        self
    }

    /// More flags for the system's `open`, such as `O_NOFOLLOW`. Those that the other options set
    /// are masked out.
    pub fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.0.custom_flags(flags);
        self
    }
}

impl DirEntry {
    /// The number of the file in its file system.
    #[must_use]
    pub fn ino(&self) -> u64 {
        self.std.ino()
    }
}

/// Makes a symbolic link to `original`, which need not be there.
///
/// One hop; goes on if it is dropped.
///
/// # Errors
/// If something is at `link` already, or its folder is missing.
#[track_caller]
pub fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Operation<'static, ()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    Operation::new("fs::symlink", Location::caller(), move || {
        std::os::unix::fs::symlink(original, link)
    })
}

impl From<OwnedFd> for File {
    fn from(fd: OwnedFd) -> Self {
        Self::from_std(fd.into())
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.std().as_fd()
    }
}

impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.std().as_raw_fd()
    }
}

impl FromRawFd for File {
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the same contract.
        let std = unsafe { std::fs::File::from_raw_fd(fd) };
        Self::from_std(std)
    }
}
