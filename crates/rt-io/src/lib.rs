//! Asynchronous reading and writing, with no runtime inside.
//!
//! What lives here: the traits [`AsyncRead`], [`AsyncWrite`], [`AsyncBufRead`] and [`AsyncSeek`],
//! shaped as tokio's are, so that code written for those compiles against these; [`ReadBuf`], the
//! buffer that a read may find uninitialised; the methods that every reader and writer has
//! ([`AsyncReadExt`] and its like); and what is built of nothing but the traits: buffers
//! ([`BufReader`]), copies ([`copy()`]), pieces ([`Lines`], [`Take`], [`Chain`]), streams in memory
//! ([`duplex()`]) and streams in two halves ([`split()`]).
//!
//! What never does: a socket, a file, a scheduler. Who implements the traits brings the waiting.
//!
//! ```
//! use rt_io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
//!
//! # rt_task::block_on(async {
//! let mut sink = Vec::new();
//! let mut lines = BufReader::new(&b"one\ntwo\n"[..]).chain(&b"three"[..]).lines();
//! while let Some(line) = lines.next_line().await? {
//!     sink.write_all(line.as_bytes()).await?;
//! }
//! assert_eq!(sink, b"onetwothree");
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What it costs
//! The futures of the methods are a few words on the stack; none allocates, locks or counts. Each
//! poll looks at the thread's context once, so that a task that pends is known to wait at the line
//! that called the method; memory that is read into is not zeroed before.
//!
//! # Where to read on
//! `read_buf.rs` for the three regions of a buffer and what keeps them sound; `traits/` for one
//! file per trait; `ext.rs` for the methods; `buf.rs` for buffers; `copy.rs` for copies;
//! `duplex/pipe.rs` and `split/lock.rs` for the two protocols between threads.
//!
//! # Features
//! * `std` (default): everything but [`ReadBuf`]. [`std::io::Error`] is in every signature of the
//!   traits; without `std` only [`ReadBuf`] is left, and needs nothing but `core`.
//! * `stdio` (default): [`stdin()`], [`stdout()`] and [`stderr()`].
//! * `futures-io`, `hyper`, `tokio-io`: adapters to and from the traits of these, in the module `compat`.
//! * `bytes`: `bytes::BufMut` for [`ReadBuf`], and the methods that take the buffers of `bytes`.

#![no_std]

#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "std")]
mod bridge;
#[cfg(feature = "std")]
mod buf;
#[cfg(feature = "std")]
mod chain;
#[cfg(any(feature = "futures-io", feature = "hyper", feature = "tokio-io"))]
pub mod compat;
#[cfg(feature = "std")]
mod copy;
#[cfg(feature = "std")]
mod duplex;
#[cfg(feature = "std")]
mod ext;
#[cfg(all(feature = "std", not(unix)))]
mod find;
#[cfg(all(feature = "std", unix))]
#[path = "find/unix.rs"]
mod find;
#[cfg(feature = "std")]
pub mod future;
#[cfg(feature = "std")]
mod join;
#[cfg(feature = "std")]
mod lend;
#[cfg(feature = "std")]
mod plain;
mod read_buf;
#[cfg(feature = "std")]
mod split;
#[cfg(feature = "stdio")]
mod stdio;
#[cfg(feature = "std")]
mod take;
#[cfg(feature = "std")]
pub mod traits;

pub use read_buf::ReadBuf;
#[cfg(feature = "stdio")]
pub use stdio::{Stderr, Stdin, Stdout, stderr, stdin, stdout};
#[cfg(feature = "std")]
pub use {
    bridge::SyncIoBridge,
    buf::{BufReader, BufStream, BufWriter, Lines, Split},
    chain::Chain,
    copy::{copy, copy_bidirectional, copy_bidirectional_with_sizes, copy_buf},
    duplex::{DuplexStream, SimplexStream, duplex, simplex},
    ext::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
    join::{Join, join},
    plain::{Empty, Repeat, Sink, empty, repeat, sink},
    split::{ReadHalf, WriteHalf, split},
    std::io::{Error, ErrorKind, Result, SeekFrom},
    take::Take,
    traits::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite},
};

#[cfg(all(test, feature = "std"))]
mod kit;

#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;
