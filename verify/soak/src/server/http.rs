//! HTTP/1.1, by hyper.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use rt_facade::hyper::HyperTimer;
use rt_facade::net::TcpStream;
use rt_facade::sync::CancellationToken;
use rt_facade::time::{Duration, timeout};

use super::app::{Answer, App};
use crate::words::HELLO;

/// For the head of a request, and for its body.
const READ_MAX: Duration = Duration::from_secs(30);
/// No connection lives longer.
const LIFE_MAX: Duration = Duration::from_secs(60);
/// No body is longer.
const BODY_MAX: usize = 64 * 1_024;

type Reply = Response<Full<Bytes>>;

pub(super) async fn connection(stream: TcpStream, app: Arc<App>, closing: CancellationToken) {
    let service = service_fn(move |request| {
        let app = app.clone();
        async move { reply(request, &app).await }
    });
    let mut http = http1::Builder::new();
    http.timer(HyperTimer::new()).header_read_timeout(READ_MAX);
    let serve = async {
        let mut served = pin!(http.serve_connection(stream, service));
        rt_facade::select! {
            _ = served.as_mut() => return,
            () = closing.cancelled() => {}
        }
        served.as_mut().graceful_shutdown();
        _ = served.await;
    };
    // What a client does wrong is no news for a server.
    _ = timeout(LIFE_MAX, serve).await;
}

/// `/` greets, `/echo` sends the body back, and `/ask/WORD/REST` is the line `WORD REST`.
async fn reply(request: Request<Incoming>, app: &App) -> io::Result<Reply> {
    let (head, body) = request.into_parts();
    Ok(match (&head.method, head.uri.path()) {
        (&Method::GET, "/") => text(StatusCode::OK, HELLO.into()),
        (&Method::POST, "/echo") => {
            let body = timeout(READ_MAX, Limited::new(body, BODY_MAX).collect()).await?;
            text(StatusCode::OK, body.map_err(io::Error::other)?.to_bytes())
        }
        (&Method::GET, path) if path.starts_with("/ask/") => {
            match app.answer(&path["/ask/".len()..].replace('/', " ")).await {
                Answer::Text(answer) => text(StatusCode::OK, answer.into()),
                Answer::Subscribe => text(StatusCode::NOT_FOUND, Bytes::new()),
            }
        }
        _ => text(StatusCode::NOT_FOUND, Bytes::new()),
    })
}

fn text(status: StatusCode, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    reply
}
