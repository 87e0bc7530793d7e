//! `hyper`'s client on the runtime's sockets.

use std::convert::Infallible;
use std::net::SocketAddr;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::{Method, Request, Response, StatusCode};
use rt_facade::hyper::HyperExecutor;
use rt_facade::net::TcpStream;
use rt_facade::task::JoinHandle;
use rt_facade::time::{Duration, Instant};
use rustix::net::sockopt::set_socket_linger;

use crate::figures::Latencies;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Version {
    Http1,
    Http2,
}

impl Version {
    pub(crate) fn is_http1(self) -> bool {
        matches!(self, Self::Http1)
    }
}

pub(crate) const VERSIONS: [Version; 2] = [Version::Http1, Version::Http2];

type AnyBody = BoxBody<Bytes, Infallible>;

/// One connection, which ends when it is dropped; or a share of one, which ends with the last share.
pub(crate) struct Client {
    sender: Sender,
    /// The task that drives it, in the hands of the first share.
    connection: Option<JoinHandle<hyper::Result<()>>>,
    authority: String,
}

enum Sender {
    Http1(http1::SendRequest<AnyBody>),
    Http2(http2::SendRequest<AnyBody>),
}

impl Client {
    pub(crate) async fn http1(addr: SocketAddr) -> Self {
        Self::connect(Version::Http1, addr).await
    }

    pub(crate) async fn connect(version: Version, addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).await.expect("the server accepts");
        Self::over(stream, version, addr).await
    }

    /// A connection that can be [`reset`](Self::reset).
    pub(crate) async fn connect_to_reset(version: Version, addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).await.expect("the server accepts");
        set_socket_linger(&stream, Some(Duration::ZERO)).expect("a socket can be told so");
        Self::over(stream, version, addr).await
    }

    async fn over(stream: TcpStream, version: Version, addr: SocketAddr) -> Self {
        stream.set_nodelay(true).expect("a socket can be told so");
        let (sender, connection) = match version {
            Version::Http1 => {
                let (sender, connection) = http1::handshake(stream).await.expect("it shakes");
                (Sender::Http1(sender), rt_facade::spawn(connection))
            }
            Version::Http2 => {
                let handshake = http2::handshake(HyperExecutor::new(), stream);
                let (sender, connection) = handshake.await.expect("it shakes");
                (Sender::Http2(sender), rt_facade::spawn(connection))
            }
        };
        Self { sender, connection: Some(connection), authority: addr.to_string() }
    }

    /// Answers with what the server answers, its body not yet read.
    pub(crate) async fn send<B>(
        &mut self,
        method: Method,
        path: &str,
        body: B,
    ) -> Response<Incoming>
    where
        B: Body<Data = Bytes, Error = Infallible> + Send + Sync + 'static,
    {
        let request = Request::builder().method(method).body(body.boxed());
        let mut request = request.expect("a legal request");
        let answer = match &mut self.sender {
            Sender::Http1(sender) => {
                *request.uri_mut() = path.parse().expect("a legal path");
                let host = self.authority.parse().expect("a legal name");
                request.headers_mut().insert(hyper::header::HOST, host);
                sender.ready().await.expect("the connection goes on");
                sender.send_request(request).await
            }
            Sender::Http2(sender) => {
                let uri = format!("http://{}{path}", self.authority);
                *request.uri_mut() = uri.parse().expect("a legal address");
                sender.ready().await.expect("the connection goes on");
                sender.send_request(request).await
            }
        };
        answer.expect("the server answers")
    }

    /// The body of `path`.
    pub(crate) async fn get(&mut self, path: &str) -> Bytes {
        let response = self.send(Method::GET, path, Empty::new()).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.into_body().collect().await.expect("the body comes whole").to_bytes()
    }

    /// Asks for `/` as often as `more` says so, and measures each.
    pub(crate) async fn hello_while(&mut self, mut more: impl FnMut() -> bool) -> Latencies {
        let mut spans = Vec::new();
        while more() {
            let start = Instant::now();
            let body = self.get("/").await;
            spans.push(start.elapsed());
            assert_eq!(body, "Hello, World!");
        }
        let mut latencies = Latencies::default();
        latencies.extend(spans);
        latencies
    }

    /// The same, so often.
    pub(crate) async fn hellos(&mut self, count: usize) -> Latencies {
        let mut left = 0..count;
        self.hello_while(move || left.next().is_some()).await
    }

    /// Another sender on the same connection, which HTTP/2 can share.
    pub(crate) fn share(&self) -> Self {
        let Sender::Http2(sender) = &self.sender else {
            panic!("HTTP/1.1 has one request at a time");
        };
        Self {
            sender: Sender::Http2(sender.clone()),
            connection: None,
            authority: self.authority.clone(),
        }
    }

    /// Ends the connection as if the process had been killed: a reset, in the middle of whatever goes on.
    pub(crate) async fn reset(self) {
        let connection = self.connection.expect("the first share");
        connection.abort();
        let aborted = connection.await;
        assert!(aborted.is_err_and(|error| error.is_cancelled()), "it ended before it was reset");
    }
}
