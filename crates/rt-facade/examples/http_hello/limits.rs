//! What a slow client may do: nothing for a while, then it is cut off.
//!
//! `hyper` has a limit for heads. A body that stops, and a response that nobody reads, are ours.

use std::error::Error;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use rt_facade::time::{Sleep, sleep};

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Fails what pends for longer than the limit.
struct Stall {
    limit: Duration,
    /// There while something pends.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Stall {
    fn new(limit: Duration) -> Self {
        Self { limit, sleep: None }
    }

    fn poll<T, E: From<io::Error>>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<Result<T, E>>,
    ) -> Poll<Result<T, E>> {
        if polled.is_ready() {
            self.sleep = None;
            return polled;
        }
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep(self.limit)));
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::from(io::ErrorKind::TimedOut).into()))
    }
}

/// A request's body whose next piece must come in time.
pub(crate) struct Paced {
    body: Incoming,
    stall: Stall,
}

impl Paced {
    pub(crate) fn new(body: Incoming, limit: Duration) -> Self {
        Self { body, stall: Stall::new(limit) }
    }
}

impl Body for Paced {
    type Data = <Incoming as Body>::Data;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, BoxError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let polled = polled.map(|frame| frame.transpose().map_err(Into::into));
        self.stall.poll(cx, polled).map(Result::transpose)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection whose peer must take what is written in time, and may hear it to the end.
///
/// To close a socket with bytes in it that nobody has read resets the connection, and then the peer may
/// lose the end of what was written, too. HTTP/2 clients always say something while they listen. So at the
/// end the peer hears that no more comes, and has [`LINGER_MAX`] to leave.
pub(crate) struct Hurried<S> {
    stream: S,
    stall: Stall,
    /// From the moment when no more is written.
    linger: Option<Stall>,
}

const LINGER_MAX: Duration = Duration::from_secs(1);

impl<S> Hurried<S> {
    pub(crate) fn new(stream: S, limit: Duration) -> Self {
        Self { stream, stall: Stall::new(limit), linger: None }
    }
}

impl<S: Read + Unpin> Read for Hurried<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: Read + Write + Unpin> Write for Hurried<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.stall.poll(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.stall.poll(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, linger, .. } = self.get_mut();
        let linger = match linger {
            Some(linger) => linger,
            None => {
                ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
                linger.insert(Stall::new(LINGER_MAX))
            }
        };
        let gone = poll_discard(stream, cx);
        linger.poll(cx, gone)
    }
}

/// Reads to the end, and forgets what.
fn poll_discard(stream: &mut (impl Read + Unpin), cx: &mut Context<'_>) -> Poll<io::Result<()>> {
    loop {
        let mut buf = [0; 1024];
        let mut buf = ReadBuf::new(&mut buf);
        ready!(Pin::new(&mut *stream).poll_read(cx, buf.unfilled()))?;
        if buf.filled().is_empty() {
            return Poll::Ready(Ok(()));
        }
    }
}
