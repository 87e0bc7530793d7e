//! The methods of writers.

use core::panic::Location;
use std::io::IoSlice;

use super::number::{Big, Little};
use super::{Flush, Shutdown, Write, WriteAll, WriteNumber, WriteVectored};
use crate::AsyncWrite;

/// The methods of the numbers: `name: type, order, what it writes`.
macro_rules! numbers {
    ($($name:ident: $type:ty, $order:ident, $what:literal;)*) => {$(
        #[doc = concat!("Writes ", $what, ".")]
        ///
        /// Not cancel safe: how much of it was written is lost with the future.
        ///
        /// # Errors
        /// `WriteZero` if the sink takes nothing; what the sink fails with, but `Interrupted`,
        /// which is tried again.
        #[track_caller]
        fn $name(&mut self, n: $type) -> WriteNumber<'_, Self, $order<$type>>
        where
            Self: Unpin,
        {
            WriteNumber::new(self, n, Location::caller())
        }
    )*};
}

/// Writing, for whatever implements [`AsyncWrite`].
///
/// ```
/// use rt_io::AsyncWriteExt;
///
/// # rt_task::block_on(async {
/// let mut sink = Vec::new();
/// sink.write_u16(0x0102).await?;
/// sink.write_all(b"and text").await?;
/// assert_eq!(sink, b"\x01\x02and text");
/// # Ok::<(), std::io::Error>(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait AsyncWriteExt: AsyncWrite {
    /// Writes the start of `buf`, and tells how much of it.
    ///
    /// Zero means that `buf` is empty, or that the sink takes nothing any more. Cancel safe:
    /// while it pends, nothing was written.
    ///
    /// # Errors
    /// What the sink fails with; nothing was written then.
    #[track_caller]
    fn write<'a>(&'a mut self, buf: &'a [u8]) -> Write<'a, Self>
    where
        Self: Unpin,
    {
        Write::new(self, buf, Location::caller())
    }

    /// As [`write`](Self::write), from several buffers in a row. Cancel safe as it is.
    ///
    /// # Errors
    /// As `write`.
    #[track_caller]
    fn write_vectored<'a, 'b>(&'a mut self, bufs: &'a [IoSlice<'b>]) -> WriteVectored<'a, 'b, Self>
    where
        Self: Unpin,
    {
        WriteVectored::new(self, bufs, Location::caller())
    }

    /// Writes the start of what `buf` has left, moves it past that, and tells how much it was.
    ///
    /// In one call even if `buf` is in several pieces (64 at most), where the sink takes such.
    /// Cancel safe: while it pends, nothing was written.
    ///
    /// # Errors
    /// What the sink fails with; nothing was written then.
    // cfg here: a method of a trait can stand nowhere else.
    #[cfg(feature = "bytes")]
    #[track_caller]
    fn write_buf<'a, B>(&'a mut self, buf: &'a mut B) -> super::WriteBuf<'a, Self, B>
    where
        Self: Unpin,
        B: bytes::Buf + ?Sized,
    {
        super::WriteBuf::new(self, buf, Location::caller())
    }

    /// Writes all that `buf` has left, moving it on as that is written.
    ///
    /// Cancel safe, unlike [`write_all`](Self::write_all): `buf` tells what is left to be written.
    ///
    /// # Errors
    /// `WriteZero` if the sink takes nothing; what the sink fails with, but `Interrupted`, which
    /// is tried again.
    // cfg here: a method of a trait can stand nowhere else.
    #[cfg(feature = "bytes")]
    #[track_caller]
    fn write_all_buf<'a, B>(&'a mut self, buf: &'a mut B) -> super::WriteAllBuf<'a, Self, B>
    where
        Self: Unpin,
        B: bytes::Buf + ?Sized,
    {
        super::WriteAllBuf::new(self, buf, Location::caller())
    }

    /// Writes all of `buf`.
    ///
    /// Not cancel safe: how much was written is lost with the future.
    ///
    /// # Errors
    /// `WriteZero` if the sink takes nothing; what the sink fails with, but `Interrupted`, which
    /// is tried again. A part may have been written then.
    #[track_caller]
    fn write_all<'a>(&'a mut self, buf: &'a [u8]) -> WriteAll<'a, Self>
    where
        Self: Unpin,
    {
        WriteAll::new(self, buf, Location::caller())
    }

    numbers! {
        write_u8: u8, Big, "a `u8`";
        write_i8: i8, Big, "an `i8`";
        write_u16: u16, Big, "a `u16`, high byte first";
        write_i16: i16, Big, "an `i16`, high byte first";
        write_u32: u32, Big, "a `u32`, high byte first";
        write_i32: i32, Big, "an `i32`, high byte first";
        write_u64: u64, Big, "a `u64`, high byte first";
        write_i64: i64, Big, "an `i64`, high byte first";
        write_u128: u128, Big, "a `u128`, high byte first";
        write_i128: i128, Big, "an `i128`, high byte first";
        write_f32: f32, Big, "an `f32`, high byte first";
        write_f64: f64, Big, "an `f64`, high byte first";
        write_u16_le: u16, Little, "a `u16`, low byte first";
        write_i16_le: i16, Little, "an `i16`, low byte first";
        write_u32_le: u32, Little, "a `u32`, low byte first";
        write_i32_le: i32, Little, "an `i32`, low byte first";
        write_u64_le: u64, Little, "a `u64`, low byte first";
        write_i64_le: i64, Little, "an `i64`, low byte first";
        write_u128_le: u128, Little, "a `u128`, low byte first";
        write_i128_le: i128, Little, "an `i128`, low byte first";
        write_f32_le: f32, Little, "an `f32`, low byte first";
        write_f64_le: f64, Little, "an `f64`, low byte first";
    }

    /// Brings on its way what was taken and is held back. Cancel safe: call it again.
    ///
    /// # Errors
    /// What the sink fails with.
    #[track_caller]
    fn flush(&mut self) -> Flush<'_, Self>
    where
        Self: Unpin,
    {
        Flush::new(self, Location::caller())
    }

    /// Flushes, then ends the sink: a reader on its other side sees the end. Cancel safe: call it
    /// again.
    ///
    /// # Errors
    /// What the sink fails with.
    #[track_caller]
    fn shutdown(&mut self) -> Shutdown<'_, Self>
    where
        Self: Unpin,
    {
        Shutdown::new(self, Location::caller())
    }
}

impl<W: AsyncWrite + ?Sized> AsyncWriteExt for W {}
