//! `tokio`'s traits. Its runtime has no part in this.

use std::io::{self, IoSlice};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{ReadAt, WriteAt, writes};
use crate::{sys, uninit};

macro_rules! readers {
    ($($reader:ty),*) => {$(
        impl tokio::io::AsyncRead for $reader {
            #[inline]
            #[track_caller]
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut tokio::io::ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                let site = Location::caller();
                uninit::tokio_io::fill(buf, |buf| self.poll_read_at(cx, buf, site))
            }
        }
    )*};
}
sys::for_all_readers!(readers);

macro_rules! writers {
    ($($writer:ty),*) => {$(
        impl tokio::io::AsyncWrite for $writer {
            writes!();
        }
    )*};
}
sys::for_all_writers!(writers);
