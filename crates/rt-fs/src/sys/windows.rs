//! Windows: access modes, links to files and to folders, handles.

use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{
    AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle, RawHandle,
};
use std::panic::Location;
use std::path::Path;

use crate::{File, OpenOptions, Operation};

/// Folders have no mode here.
pub(crate) fn set_mode(_builder: &mut std::fs::DirBuilder, _mode: Option<u32>) {}

/// Options that are a number each, named as in the system's `CreateFile`.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        impl OpenOptions {$(
            $(#[$doc])*
            pub fn $name(&mut self, $name: u32) -> &mut Self {
                self.0.$name($name);
                self
            }
        )*}
    };
}

numbers! {
    /// Exactly what is asked for, whatever `read`, `write` and `append` say.
    access_mode,
    /// What others may do with the file while it is open. All, unless set.
    share_mode,
    /// More flags.
    custom_flags,
    /// Attributes of a file that is made.
    attributes,
    /// How much of the caller's identity a pipe's server may use.
    security_qos_flags,
}

/// Makes a link to a folder.
///
/// One hop; goes on if it is dropped.
///
/// # Errors
/// If something is at `link` already, or the process may make none.
#[track_caller]
pub fn symlink_dir(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Operation<'static, ()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    Operation::new("fs::symlink_dir", Location::caller(), move || {
        std::os::windows::fs::symlink_dir(original, link)
    })
}

/// Makes a link to a file.
///
/// One hop; goes on if it is dropped.
///
/// # Errors
/// If something is at `link` already, or the process may make none.
#[track_caller]
pub fn symlink_file(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Operation<'static, ()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    Operation::new("fs::symlink_file", Location::caller(), move || {
        std::os::windows::fs::symlink_file(original, link)
    })
}

impl From<OwnedHandle> for File {
    fn from(handle: OwnedHandle) -> Self {
        Self::from_std(handle.into())
    }
}

impl AsHandle for File {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.std().as_handle()
    }
}

impl AsRawHandle for File {
    fn as_raw_handle(&self) -> RawHandle {
        self.std().as_raw_handle()
    }
}

impl FromRawHandle for File {
    unsafe fn from_raw_handle(handle: RawHandle) -> Self {
        // SAFETY: the same contract.
        let std = unsafe { std::fs::File::from_raw_handle(handle) };
        Self::from_std(std)
    }
}
