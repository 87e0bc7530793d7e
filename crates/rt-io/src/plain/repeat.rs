//! One byte for ever.

use core::mem::MaybeUninit;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use super::ready_now;
use crate::{AsyncRead, ReadBuf};

/// A reader of one byte for ever, by [`repeat`].
#[derive(Debug)]
pub struct Repeat {
    byte: u8,
}

/// A reader of `byte` for ever: fills whatever it is given.
#[must_use]
pub fn repeat(byte: u8) -> Repeat {
    Repeat { byte }
}

impl AsyncRead for Repeat {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(ready_now(cx));
        let n = buf.remaining();
        // SAFETY: bytes are written to it, none taken away.
        let room = unsafe { buf.unfilled_mut() };
        room.fill(MaybeUninit::new(self.byte));
        // SAFETY: all `n` unfilled bytes hold values now.
        unsafe { buf.assume_init(n) };
        buf.advance(n);
        Poll::Ready(Ok(()))
    }
}
