//! `hyper`'s traits.

use std::io::{self, IoSlice};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::ReadBufCursor;

use super::{TcpStream, writes};
use crate::uninit;

impl hyper::rt::Read for TcpStream {
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

impl hyper::rt::Write for TcpStream {
    writes!();
}
