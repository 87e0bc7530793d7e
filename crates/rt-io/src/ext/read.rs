//! The methods of readers.

use core::panic::Location;
use std::string::String;
use std::vec::Vec;

use super::number::{Big, Little};
use super::{Read, ReadExact, ReadNumber, ReadToEnd, ReadToString};
use crate::{AsyncRead, Chain, Take};

/// The methods of the numbers: `name: type, order, bytes, who goes first`.
macro_rules! numbers {
    ($($name:ident: $type:ty, $order:ident, $what:literal;)*) => {$(
        #[doc = concat!("Reads ", $what, ".")]
        ///
        /// Not cancel safe: what was read of it is lost with the future.
        ///
        /// # Errors
        /// `UnexpectedEof` if the source ends in it; what the source fails with, but
        /// `Interrupted`, which is tried again.
        #[track_caller]
        fn $name(&mut self) -> ReadNumber<'_, Self, $order<$type>>
        where
            Self: Unpin,
        {
            ReadNumber::new(self, Location::caller())
        }
    )*};
}

/// Reading, for whatever implements [`AsyncRead`].
///
/// ```
/// use rt_io::AsyncReadExt;
///
/// # rt_task::block_on(async {
/// let mut source: &[u8] = b"\x01\x02and text";
/// assert_eq!(source.read_u16().await?, 0x0102);
/// let mut text = String::new();
/// source.read_to_string(&mut text).await?;
/// assert_eq!(text, "and text");
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait AsyncReadExt: AsyncRead {
    /// Reads what is there, at most as much as `buf` takes, and tells how much that was.
    ///
    /// Zero means the end of the source, or an empty `buf`. Cancel safe: while it pends, nothing
    /// was read.
    ///
    /// # Errors
    /// What the source fails with; nothing was read then.
    #[track_caller]
    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> Read<'a, Self>
    where
        Self: Unpin,
    {
        Read::new(self, buf, Location::caller())
    }

    /// Reads what is there into the room that `buf` has, initialised or not, and tells how much
    /// that was. Counts it in `buf` as filled.
    ///
    /// Reads into the chunk that `buf` shows at once; a `BytesMut` or `Vec` makes room first, if
    /// it has none. Zero means the end of the source, or a `buf` that takes no more. Cancel safe:
    /// while it pends, nothing was read.
    ///
    /// # Errors
    /// What the source fails with; nothing was read then.
    // cfg here: a method of a trait can stand nowhere else.
    #[cfg(feature = "bytes")]
    #[track_caller]
    fn read_buf<'a, B>(&'a mut self, buf: &'a mut B) -> super::ReadInto<'a, Self, B>
    where
        Self: Unpin,
        B: bytes::BufMut + ?Sized,
    {
        super::ReadInto::new(self, buf, Location::caller())
    }

    /// Fills `buf` and tells its length.
    ///
    /// Not cancel safe: how much of `buf` was filled is lost with the future.
    ///
    /// # Errors
    /// `UnexpectedEof` if the source ends before `buf` is full; what the source fails with, but
    /// `Interrupted`, which is tried again. The start of `buf` then holds what was read.
    #[track_caller]
    fn read_exact<'a>(&'a mut self, buf: &'a mut [u8]) -> ReadExact<'a, Self>
    where
        Self: Unpin,
    {
        ReadExact::new(self, buf, Location::caller())
    }

    numbers! {
        read_u8: u8, Big, "a `u8`";
        read_i8: i8, Big, "an `i8`";
        read_u16: u16, Big, "a `u16`, high byte first";
        read_i16: i16, Big, "an `i16`, high byte first";
        read_u32: u32, Big, "a `u32`, high byte first";
        read_i32: i32, Big, "an `i32`, high byte first";
        read_u64: u64, Big, "a `u64`, high byte first";
        read_i64: i64, Big, "an `i64`, high byte first";
        read_u128: u128, Big, "a `u128`, high byte first";
        read_i128: i128, Big, "an `i128`, high byte first";
        read_f32: f32, Big, "an `f32`, high byte first";
        read_f64: f64, Big, "an `f64`, high byte first";
        read_u16_le: u16, Little, "a `u16`, low byte first";
        read_i16_le: i16, Little, "an `i16`, low byte first";
        read_u32_le: u32, Little, "a `u32`, low byte first";
        read_i32_le: i32, Little, "an `i32`, low byte first";
        read_u64_le: u64, Little, "a `u64`, low byte first";
        read_i64_le: i64, Little, "an `i64`, low byte first";
        read_u128_le: u128, Little, "a `u128`, low byte first";
        read_i128_le: i128, Little, "an `i128`, low byte first";
        read_f32_le: f32, Little, "an `f32`, low byte first";
        read_f64_le: f64, Little, "an `f64`, low byte first";
    }

    /// Appends all that comes until the source ends to `buf`, and tells how much that was.
    ///
    /// Makes room only for what comes: a source that has ended costs no allocation. Cancel safe
    /// in that nothing is lost: `buf` holds what was read so far, and can be read on to.
    ///
    /// # Errors
    /// What the source fails with, but `Interrupted`, which is tried again. `buf` then holds what
    /// was read before.
    #[track_caller]
    fn read_to_end<'a>(&'a mut self, buf: &'a mut Vec<u8>) -> ReadToEnd<'a, Self>
    where
        Self: Unpin,
    {
        ReadToEnd::new(self, buf, Location::caller())
    }

    /// Appends all that comes until the source ends to `text`, and tells how many bytes that was.
    ///
    /// Not cancel safe: what was read is lost with the future, and `text` is empty then, since its
    /// memory was lent to it.
    ///
    /// # Errors
    /// `InvalidData` if what was read is no UTF-8; what the source fails with, but `Interrupted`,
    /// which is tried again. `text` is then as it was.
    #[track_caller]
    fn read_to_string<'a>(&'a mut self, text: &'a mut String) -> ReadToString<'a, Self>
    where
        Self: Unpin,
    {
        ReadToString::new(self, text, Location::caller())
    }

    /// A reader of what is left here, and then of `next`.
    fn chain<R>(self, next: R) -> Chain<Self, R>
    where
        Self: Sized,
        R: AsyncRead,
    {
        Chain::new(self, next)
    }

    /// A reader of the next `limit` bytes; ended after them.
    fn take(self, limit: u64) -> Take<Self>
    where
        Self: Sized,
    {
        Take::new(self, limit)
    }
}

impl<R: AsyncRead + ?Sized> AsyncReadExt for R {}
