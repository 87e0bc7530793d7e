//! Piece by piece.

use core::fmt;
use core::future::Future;
use core::mem;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;
use std::vec::Vec;

use pin_project_lite::pin_project;

use crate::AsyncBufRead;
use crate::ext::{Site, poll_read_until, reading};

pin_project! {
    /// The pieces of a reader, by [`AsyncBufReadExt::split`](crate::AsyncBufReadExt::split).
    #[derive(Debug)]
    #[must_use = "segments are read by next_segment"]
    pub struct Split<R> {
        #[pin]
        reader: R,
        // The start of a segment whose end has not come.
        segment: Vec<u8>,
        end: u8,
    }
}

impl<R> Split<R> {
    pub(crate) fn new(reader: R, end: u8) -> Self {
        Self { reader, segment: Vec::new(), end }
    }
}

impl<R: AsyncBufRead + Unpin> Split<R> {
    /// The next segment, without the byte that ends it; `None` at the end of the source. One
    /// allocation per segment.
    ///
    /// Cancel safe: the start of a segment is kept until its end comes.
    ///
    /// # Errors
    /// What the reader fails with, but `Interrupted`, which is tried again: the start of the
    /// segment is kept.
    #[track_caller]
    pub fn next_segment(&mut self) -> NextSegment<'_, R> {
        NextSegment { split: self, site: Location::caller() }
    }
}

impl<R: AsyncBufRead> Split<R> {
    /// Polls for the next segment, as [`next_segment`](Self::next_segment) does.
    ///
    /// # Errors
    /// As `next_segment`.
    pub fn poll_next_segment(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Vec<u8>>>> {
        let this = self.project();
        ready!(poll_read_until(this.reader, cx, *this.end, this.segment))?;
        if this.segment.is_empty() {
            return Poll::Ready(Ok(None));
        }
        let mut segment = mem::take(this.segment);
        if segment.last() == Some(this.end) {
            segment.pop();
        }
        Poll::Ready(Ok(Some(segment)))
    }
}

/// The future of [`Split::next_segment`].
#[must_use = "futures do nothing unless polled"]
pub struct NextSegment<'a, R> {
    split: &'a mut Split<R>,
    site: Site,
}

impl<R: AsyncBufRead + Unpin> Future for NextSegment<'_, R> {
    type Output = io::Result<Option<Vec<u8>>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { split, site } = &mut *self;
        reading(site, cx, |cx| Pin::new(&mut **split).poll_next_segment(cx))
    }
}

impl<R: fmt::Debug> fmt::Debug for NextSegment<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextSegment").field("split", &self.split).finish_non_exhaustive()
    }
}
