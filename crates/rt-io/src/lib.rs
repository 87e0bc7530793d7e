//! Asynchronous reading and writing: the traits, with no runtime inside.
//!
//! What lives here: [`AsyncRead`], [`AsyncWrite`], [`AsyncBufRead`] and [`AsyncSeek`], shaped as
//! tokio's are, so that code written for those compiles against these; [`ReadBuf`], the buffer
//! that a read may find uninitialised; and the traits' implementations for memory (`&[u8]`,
//! `Vec<u8>`, `Cursor`) and for pointers (`&mut`, `Box`, `Pin`).
//!
//! What never does: a socket, a file, a thread or an executor. Who implements the traits brings
//! the waiting.
//!
//! ```
//! use rt_io::{AsyncRead, ReadBuf};
//! use std::mem::MaybeUninit;
//! use std::pin::Pin;
//! use std::task::{Context, Poll, Waker};
//!
//! let mut source: &[u8] = b"thirteen bytes";
//! let mut memory = [MaybeUninit::uninit(); 8];
//! let mut buf = ReadBuf::uninit(&mut memory);
//! let mut cx = Context::from_waker(Waker::noop());
//!
//! let read = Pin::new(&mut source).poll_read(&mut cx, &mut buf);
//! assert!(matches!(read, Poll::Ready(Ok(()))));
//! assert_eq!(buf.filled(), b"thirteen");
//! assert_eq!(source, b" bytes");
//! ```
//!
//! # Where to read on
//! `read_buf.rs` for the three regions of a buffer and what keeps them sound; `traits/` for one
//! file per trait.
//!
//! # Features
//! * `std` (default): the traits. [`std::io::Error`] is in every signature of theirs; without
//!   `std` only [`ReadBuf`] is left, and needs nothing but `core`.
//! * `bytes`: `bytes::BufMut` for [`ReadBuf`].

#![no_std]

#[cfg(feature = "std")]
extern crate std;

mod read_buf;
#[cfg(feature = "std")]
pub mod traits;

pub use read_buf::ReadBuf;
#[cfg(feature = "std")]
pub use traits::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};

#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;
