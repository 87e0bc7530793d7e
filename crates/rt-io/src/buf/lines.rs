//! Line by line.

use core::fmt;
use core::future::Future;
use core::mem;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;
use std::string::String;
use std::vec::Vec;

use pin_project_lite::pin_project;

use crate::AsyncBufRead;
use crate::ext::{Site, poll_read_until, reading};

pin_project! {
    /// The lines of a reader, by [`AsyncBufReadExt::lines`](crate::AsyncBufReadExt::lines).
    #[derive(Debug)]
    #[must_use = "lines are read by next_line"]
    pub struct Lines<R> {
        #[pin]
        reader: R,
        // The start of a line whose end has not come.
        line: Vec<u8>,
    }
}

impl<R> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, line: Vec::new() }
    }

    /// The reader.
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// The reader. What is read from it directly is missing in the lines.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The reader, without the start of a line whose end has not come, which is lost.
    pub fn into_inner(self) -> R {
        self.reader
    }
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// The next line, without its end (`\n` or `\r\n`); `None` at the end of the source. One
    /// allocation per line.
    ///
    /// Cancel safe: the start of a line is kept until its end comes.
    ///
    /// # Errors
    /// `InvalidData` if the line is no UTF-8: it is gone then, and the next call goes on after it.
    /// What the reader fails with, but `Interrupted`, which is tried again: the start of the line
    /// is kept.
    #[track_caller]
    pub fn next_line(&mut self) -> NextLine<'_, R> {
        NextLine { lines: self, site: Location::caller() }
    }
}

impl<R: AsyncBufRead> Lines<R> {
    /// Polls for the next line, as [`next_line`](Self::next_line) does.
    ///
    /// # Errors
    /// As `next_line`.
    pub fn poll_next_line(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<String>>> {
        let this = self.project();
        ready!(poll_read_until(this.reader, cx, b'\n', this.line))?;
        if this.line.is_empty() {
            return Poll::Ready(Ok(None));
        }
        let mut line = mem::take(this.line);
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        }
        let text = String::from_utf8(line);
        Poll::Ready(
            text.map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
        )
    }
}

/// The future of [`Lines::next_line`].
#[must_use = "futures do nothing unless polled"]
pub struct NextLine<'a, R> {
    lines: &'a mut Lines<R>,
    site: Site,
}

impl<R: AsyncBufRead + Unpin> Future for NextLine<'_, R> {
    type Output = io::Result<Option<String>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { lines, site } = &mut *self;
        reading(site, cx, |cx| Pin::new(&mut **lines).poll_next_line(cx))
    }
}

impl<R: fmt::Debug> fmt::Debug for NextLine<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextLine").field("lines", &self.lines).finish_non_exhaustive()
    }
}
