//! The traits, one file each, with their implementations for pointers; `memory.rs` has those
//! for memory.
//!
//! Names, arguments and results are tokio's, so that an implementation or a use moves over by
//! changing a path. What surprises in all of them: `Poll::Pending` means that the waker of the
//! *last* poll in that direction will be called; `WouldBlock` and `Interrupted` are never
//! returned.

mod buf_read;
mod by_field;
mod memory;
mod read;
mod seek;
mod write;

pub use buf_read::AsyncBufRead;
pub use read::AsyncRead;
pub use seek::AsyncSeek;
pub use write::AsyncWrite;

pub(crate) use by_field::{buf_reads_by, reads_by, seeks_by, writes_by};
