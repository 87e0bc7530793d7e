//! The functions of `std::fs`, each in one hop to the blocking pool.
//!
//! Once its future was polled, an operation is done, also if that is dropped; nothing is undone.

use std::fs::{Metadata, Permissions};
use std::panic::Location;
use std::path::{Path, PathBuf};

use crate::Operation;

/// A function of `std::fs` that takes one path, by the same name.
macro_rules! one_path {
    ($($(#[$doc:meta])* $name:ident -> $output:ty = $do:expr;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $name(path: impl AsRef<Path>) -> Operation<'static, $output> {
            let path = path.as_ref().to_owned();
            Operation::new(concat!("fs::", stringify!($name)), Location::caller(), move || $do(path))
        }
    )*};
}

one_path! {
    /// The absolute path with no links in it.
    ///
    /// One hop; goes on if it is dropped.
    ///
    /// # Errors
    /// If there is nothing, or a part of the path that is not last is no folder.
    canonicalize -> PathBuf = std::fs::canonicalize;

    /// Makes a folder, whose parent exists.
    ///
    /// One hop; goes on if it is dropped.
    ///
    /// # Errors
    /// If the parent is missing, something is there already, or permission is.
    create_dir -> () = std::fs::create_dir;

    /// Makes a folder and every parent that is missing.
    ///
    /// One hop; goes on if it is dropped.
    ///
    /// # Errors
    /// If one cannot be made; those made before stay.
    create_dir_all -> () = std::fs::create_dir_all;

    /// What is known of a file; of that which a link points to.
    ///
    /// One hop; goes on if it is dropped.
    ///
    /// # Errors
    /// If there is nothing, or a folder on the way may not be searched.
    metadata -> Metadata = std::fs::metadata;

    /// All bytes of a file.
    ///
    /// Opened, read and closed in one hop, however large it is. [`File`](crate::File) streams what is too
    /// large for memory.
    ///
    /// # Errors
    /// If it cannot be opened or read; a folder cannot.
    ///
    /// ```
    /// # use rt_task::{Job, base::{context::{Env, enter}, seam::{Blocking, Rejected}}};
    /// # struct Here; // on this thread
    /// # impl Blocking for Here { fn execute(&self, job: Job) -> Result<(), Rejected> { job.run(); Ok(()) } }
    /// # let _guard = enter(Env::new().with_blocking(std::sync::Arc::new(Here)));
    /// # rt_task::block_on(async {
    /// let manifest = rt_fs::read("Cargo.toml").await?;
    /// assert!(manifest.starts_with(b"[package]"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    read -> Vec<u8> = std::fs::read;

    /// What a link points to.
    ///
    /// One hop; goes on if it is dropped.
    ///
    /// # Errors
    /// If it is no link, or there is nothing.
    read_link -> PathBuf = std::fs::read_link;

    /// The text in a file.
    ///
    /// As [`read`](crate::read()) otherwise.
    ///
    /// # Errors
    /// As `read`; and of kind `InvalidData` if it is no UTF-8.
    read_to_string -> String = std::fs::read_to_string;

    /// Removes a folder that is empty.
    ///
    /// One hop; goes on if it is dropped.
    ///
    /// # Errors
    /// If it is not empty, or no folder.
    remove_dir -> () = std::fs::remove_dir;

    /// Removes a folder with all that is in it. Links in it are removed, not followed.
    ///
    /// One hop; goes on if it is dropped.
    ///
    /// # Errors
    /// At the first that cannot be removed; what was removed before is gone.
    remove_dir_all -> () = std::fs::remove_dir_all;

    /// Removes a file. Who has it open still has it.
    ///
    /// One hop; goes on if it is dropped.
    ///
    /// # Errors
    /// If it is a folder, there is nothing, or permission is missing.
    remove_file -> () = std::fs::remove_file;

    /// What is known of a file; of a link itself, not of that which it points to.
    ///
    /// One hop; goes on if it is dropped.
    ///
    /// # Errors
    /// If there is nothing, or a folder on the way may not be searched.
    symlink_metadata -> Metadata = std::fs::symlink_metadata;

    /// Whether there is something; through a link, what it points to.
    ///
    /// One hop; goes on if it is dropped.
    ///
    /// # Errors
    /// If that cannot be told, as when a folder on the way may not be searched.
    try_exists -> bool = std::fs::exists;
}

/// Copies all bytes and the permissions of a file to another, and tells how many bytes. What was in
/// that is gone; if it is missing it is made.
///
/// One hop for the whole file; the kernel copies, where it can. Dropping the future after its first
/// poll does not undo what it does: it goes on. Copying a file to itself empties it.
///
/// # Errors
/// If `from` is no file or cannot be read, or `to` cannot be written.
#[track_caller]
pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Operation<'static, u64> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    Operation::new("fs::copy", Location::caller(), move || std::fs::copy(from, to))
}

/// Gives a file a second name, on the same file system.
///
/// One hop; goes on if it is dropped.
///
/// # Errors
/// If `original` is missing or a folder, `link` is there already, or they are on two file systems.
#[track_caller]
pub fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Operation<'static, ()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    Operation::new("fs::hard_link", Location::caller(), move || std::fs::hard_link(original, link))
}

/// Renames a file or a folder; what had the name `to` is replaced, at once for who looks.
///
/// One hop; goes on if it is dropped.
///
/// # Errors
/// If `from` is missing, the two are on two file systems, or `to` is a folder with something in it.
#[track_caller]
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Operation<'static, ()> {
    let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
    Operation::new("fs::rename", Location::caller(), move || std::fs::rename(from, to))
}

/// Changes who may do what with a file.
///
/// One hop; goes on if it is dropped.
///
/// # Errors
/// If there is nothing, or it is another's.
#[track_caller]
pub fn set_permissions(path: impl AsRef<Path>, permissions: Permissions) -> Operation<'static, ()> {
    let path = path.as_ref().to_owned();
    Operation::new("fs::set_permissions", Location::caller(), move || {
        std::fs::set_permissions(path, permissions)
    })
}

/// Makes `contents` all that is in a file; makes the file if it is missing.
///
/// Copies what is borrowed; then opened, written and closed in the one hop. Not cancel safe in that
/// it goes on: dropped after its first poll, it still replaces the file. It is not replaced at once:
/// who reads meanwhile may see a part.
///
/// # Errors
/// If it cannot be opened or written. Some of it may have been written then.
///
/// ```
/// # use rt_task::{Job, base::{context::{Env, enter}, seam::{Blocking, Rejected}}};
/// # struct Here; // on this thread
/// # impl Blocking for Here { fn execute(&self, job: Job) -> Result<(), Rejected> { job.run(); Ok(()) } }
/// # let _guard = enter(Env::new().with_blocking(std::sync::Arc::new(Here)));
/// # let path = std::env::temp_dir().join(format!("rt-fs-write-{}", std::process::id()));
/// # rt_task::block_on(async {
/// rt_fs::write(&path, "to whom it may concern").await?;
/// assert_eq!(rt_fs::read_to_string(&path).await?, "to whom it may concern");
/// # rt_fs::remove_file(&path).await }).unwrap();
/// ```
#[track_caller]
pub fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Operation<'static, ()> {
    let path = path.as_ref().to_owned();
    let contents = contents.as_ref().to_owned();
    Operation::new("fs::write", Location::caller(), move || std::fs::write(path, contents))
}
