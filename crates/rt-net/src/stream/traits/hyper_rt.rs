//! `hyper`'s traits.

use std::io::{self, IoSlice};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::ReadBufCursor;

use super::{ReadAt, WriteAt, writes};
use crate::{sys, uninit};

macro_rules! readers {
    ($($reader:ty),*) => {$(
        impl hyper::rt::Read for $reader {
            #[inline]
            #[track_caller]
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: ReadBufCursor<'_>,
            ) -> Poll<io::Result<()>> {
                let site = Location::caller();
                uninit::hyper_rt::fill(buf, |buf| self.poll_read_at(cx, buf, site))
            }
        }
    )*};
}
sys::for_all_readers!(readers);

macro_rules! writers {
    ($($writer:ty),*) => {$(
        impl hyper::rt::Write for $writer {
            writes!();
        }
    )*};
}
sys::for_all_writers!(writers);
