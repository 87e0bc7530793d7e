//! A body whose every byte is known: byte `n` of it is `n % 251`, as the server's `/bytes/N`.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, ready};

use futures_channel::oneshot;
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming};

const PERIODS: usize = 251 * 512;

/// What a sender says, from any byte of the first period on.
static TABLE: LazyLock<Bytes> = LazyLock::new(|| (0..PERIODS).map(|n| (n % 251) as u8).collect());

fn bytes_from(at: usize, len: usize) -> Bytes {
    let start = at % 251;
    TABLE.slice(start..start + len)
}

/// Sends the pattern, in pieces of many sizes, and tells no length.
pub(crate) struct Pattern {
    sent: usize,
    len: usize,
    piece: usize,
    gate: Option<(usize, oneshot::Receiver<()>)>,
}

/// From one byte to what fills many frames of HTTP/2; the sum is no round number.
const PIECES: [usize; 7] = [1, 50_000, 17, 4096, 100_003, 16 * 1024, 333];

impl Pattern {
    pub(crate) fn new(len: usize) -> Self {
        Self { sent: 0, len, piece: 0, gate: None }
    }

    /// Waits for `gate` before byte `at`.
    pub(crate) fn held_at(self, at: usize, gate: oneshot::Receiver<()>) -> Self {
        Self { gate: Some((at, gate)), ..self }
    }
}

impl Body for Pattern {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let mut end = self.len;
        if let Pattern { sent, gate: Some((at, gate)), .. } = &mut *self {
            match sent < at {
                true => end = *at,
                false => drop(ready!(Pin::new(gate).poll(cx))),
            }
        }
        if self.sent == end {
            return Poll::Ready(None);
        }
        let len = PIECES[self.piece % PIECES.len()].min(end - self.sent);
        let piece = bytes_from(self.sent, len);
        self.sent += len;
        self.piece += 1;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

/// Reads `body` to its end, and asserts that it is the pattern, all of it.
pub(crate) async fn assert_pattern(mut body: Incoming, len: usize) {
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.expect("the body comes whole");
        for piece in frame.data_ref().expect("no trailers").chunks(PERIODS / 2) {
            let right = piece == bytes_from(seen, piece.len());
            assert!(right, "a wrong byte after byte {seen}");
            seen += piece.len();
        }
    }
    assert_eq!(seen, len);
}
