//! Files and folders, read and written off the thread that polls.
//!
//! Calls that work on files block their thread, and no selector tells when they would not. So each is
//! made on the blocking pool that is entered where the future is polled: there and back is a *hop*, some
//! microseconds. What lives here: [`File`], buffered so that few reads and writes cost one;
//! [`OpenOptions`], [`DirBuilder`], [`ReadDir`]; and the functions of `std::fs`, each in one hop. What
//! never does: a pool, a scheduler, a socket.
//!
//! Names and behaviour follow tokio's `fs`.
//!
//! ```
//! # use rt_task::{Job, base::{context::{Env, enter}, seam::{Blocking, Rejected}}};
//! # struct Here; // on this thread
//! # impl Blocking for Here { fn execute(&self, job: Job) -> Result<(), Rejected> { job.run(); Ok(()) } }
//! # let _guard = enter(Env::new().with_blocking(std::sync::Arc::new(Here)));
//! # let path = std::env::temp_dir().join(format!("rt-fs-lib-{}", std::process::id()));
//! use rt_fs::File;
//! use rt_io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
//!
//! # rt_task::block_on(async {
//! let mut file = File::create(&path).await?;
//! file.write_all(b"one\ntwo\n").await?;
//! file.flush().await?; // or an error of the write is never told
//!
//! let mut lines = BufReader::new(File::open(&path).await?).lines();
//! while let Some(line) = lines.next_line().await? {
//!     assert_eq!(line.len(), 3);
//! }
//! # rt_fs::remove_file(path).await }).unwrap();
//! ```
//!
//! # What it costs
//! | | hops |
//! |---|---|
//! | a function, opening a file, most methods | 1 |
//! | [`read_dir`] | 1 for every 32 entries |
//! | a read | 0 from what was read ahead or, on Linux, is in the kernel's memory; else 1, for 8 KiB to 2 MiB |
//! | a write | 1 if nothing is being written, else 0 |
//! | a flush | 0: it waits for that one |
//! | a move from the start or from here | 0 if nothing is under way, else 1 |
//! | a move from the end | 1 |
//! | [`DirEntry::file_type`] | 0 where the folder tells it |
//!
//! A hop costs one allocation and what the pool takes. A read from what was read ahead copies, and
//! neither locks nor
//! counts; one from the kernel's memory is a system call and one read-modify-write. A write locks the file's
//! desk for the copy.
//!
//! # Where to read on
//! `operation.rs` is one hop as a future; `file.rs` a file, and `file/core.rs` the order of what is done to
//! it; `paths.rs` the functions.

mod dir_builder;
mod file;
mod file_times;
#[cfg(test)]
mod kit;
mod open_options;
mod operation;
mod paths;
mod read_dir;
mod sys;
#[cfg(test)]
mod tests;

pub use dir_builder::DirBuilder;
pub use file::{File, IntoStd};
pub use file_times::FileTimes;
pub use open_options::OpenOptions;
pub use operation::Operation;
pub use paths::*;
pub use read_dir::{DirEntry, NextEntry, ReadDir, read_dir};
#[cfg(unix)]
pub use sys::symlink;
#[cfg(windows)]
pub use sys::{symlink_dir, symlink_file};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
