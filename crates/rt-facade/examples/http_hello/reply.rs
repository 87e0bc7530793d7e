//! The answers.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use rt_facade::runtime::Handle;

use crate::limits::{BoxError, Paced};

type Reply = Response<BoxBody<Bytes, BoxError>>;

/// Answers `request`; each next piece of its body must come within `limit`.
pub(crate) async fn reply(
    request: Request<Incoming>,
    limit: Duration,
) -> Result<Reply, Infallible> {
    let (head, body) = request.into_parts();
    let body = Paced::new(body, limit);
    Ok(match (&head.method, head.uri.path()) {
        (&Method::GET, "/") => text(StatusCode::OK, "Hello, World!"),
        (&Method::GET, "/metrics") => {
            text(StatusCode::OK, format!("{:#?}\n", Handle::current().metrics()))
        }
        (&Method::POST, "/echo") => Response::new(body.boxed()),
        (&Method::POST, "/count") => match count(body).await {
            Ok(bytes) => text(StatusCode::OK, bytes.to_string()),
            Err(error) => text(StatusCode::BAD_REQUEST, error.to_string()),
        },
        (&Method::GET, path) => match path.strip_prefix("/bytes/").map(str::parse) {
            Some(Ok(len)) => Response::new(Pattern { sent: 0, len }.boxed()),
            Some(Err(_)) => text(StatusCode::BAD_REQUEST, "not a number of bytes"),
            None => text(StatusCode::NOT_FOUND, "try /, /metrics, /echo, /count or /bytes/N"),
        },
        _ => text(StatusCode::METHOD_NOT_ALLOWED, "try GET / or POST /echo"),
    })
}

async fn count(mut body: Paced) -> Result<usize, BoxError> {
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame?.data_ref().map_or(0, Bytes::len);
    }
    Ok(bytes)
}

fn text(status: StatusCode, text: impl Into<Bytes>) -> Reply {
    let mut response = Response::new(Full::new(text.into()).map_err(Into::into).boxed());
    *response.status_mut() = status;
    response
}

/// A body of so many bytes, in chunks. Byte `n` of it is `n % 251`, so that a piece that is lost, or
/// comes twice, shows. Its length is not told: it goes out chunked.
struct Pattern {
    sent: usize,
    len: usize,
}

impl Body for Pattern {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let left = self.len - self.sent;
        let chunk = Bytes::from_static(&CHUNK[..left.min(CHUNK.len())]);
        self.sent += chunk.len();
        Poll::Ready((left > 0).then(|| Ok(Frame::data(chunk))))
    }
}

/// The pattern, a whole number of times.
static CHUNK: [u8; 251 * 64] = {
    let mut chunk = [0; 251 * 64];
    let mut n = 0;
    while n < chunk.len() {
        chunk[n] = (n % 251) as u8;
        n += 1;
    }
    chunk
};
