//! What you learn: an unmodified `hyper` server on the runtime, HTTP/1.1 and HTTP/2 on one port, with
//! timeouts from the runtime's timer and a clean end.
//!
//! ```sh
//! cargo run --release --example http_hello -- --addr 127.0.0.1:8080
//! curl http://127.0.0.1:8080/                      # Hello, World!
//! curl --data-binary @file http://127.0.0.1:8080/echo
//! curl --http2-prior-knowledge http://127.0.0.1:8080/bytes/1000000
//! ```
//!
//! It ends on ctrl-c, or after `--for SECONDS`: no new connection is taken then, requests in flight are
//! answered, and what is left after five seconds is dropped.
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use rt_facade::hyper::{HyperExecutor, HyperTimer};
use rt_facade::net::{TcpListener, TcpStream};
use rt_facade::runtime::Runtime;
use rt_facade::time::{sleep, timeout};

type Reply = Response<BoxBody<Bytes, hyper::Error>>;

/// How long requests in flight may take once the server is told to end.
const GRACE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the runtime could not be built: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(serve(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind(options.addr).await?;
    println!("listening on http://{}", listener.local_addr()?);

    let mut http = auto::Builder::new(HyperExecutor::new());
    http.http1().timer(HyperTimer::new()).header_read_timeout(options.header_timeout);
    http.http2().timer(HyperTimer::new()).keep_alive_interval(options.header_timeout);

    let connections = GracefulShutdown::new();
    let mut end = pin!(end(options.run_for));
    loop {
        let accept = pin!(listener.accept());
        let accepted = match select(accept, end.as_mut()).await {
            Either::Left((accepted, _)) => accepted,
            Either::Right(_) => break,
        };
        match accepted {
            Ok((stream, _peer)) => connect(stream, &http, &connections, options.header_timeout),
            // Out of descriptors, say: told once; `accept` waits by itself before it tries again.
            Err(error) => eprintln!("accept: {error}"),
        }
    }
    drop(listener);
    println!("shutting down");
    match timeout(GRACE, connections.shutdown()).await {
        Ok(()) => println!("every connection has ended"),
        Err(_) => println!("some connections were dropped after {GRACE:?}"),
    }
    Ok(())
}

/// Serves one connection in a task of its own.
fn connect(
    stream: TcpStream,
    http: &auto::Builder<HyperExecutor>,
    connections: &GracefulShutdown,
    first_byte: Duration,
) {
    // A response is often several small writes.
    if let Err(error) = stream.set_nodelay(true) {
        return eprintln!("set_nodelay: {error}");
    }
    let http = http.clone();
    let watcher = connections.watcher();
    drop(rt_facade::spawn(async move {
        // Which version it speaks is known by the first bytes; `hyper` times what comes after.
        if timeout(first_byte, stream.readable()).await.is_err() {
            return;
        }
        let connection = http.serve_connection(stream, service_fn(reply)).into_owned();
        // A client that goes away, or is too slow, is no news for a server.
        let _ = watcher.watch(connection).await;
    }));
}

async fn reply(request: Request<Incoming>) -> Result<Reply, Infallible> {
    let response = match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => Response::new(text("Hello, World!")),
        (&Method::POST, "/echo") => Response::new(request.into_body().boxed()),
        (&Method::POST, "/count") => match count(request.into_body()).await {
            Ok(bytes) => Response::new(text(bytes.to_string())),
            Err(error) => status(StatusCode::BAD_REQUEST, error.to_string()),
        },
        (&Method::GET, path) => match path.strip_prefix("/bytes/").map(str::parse) {
            Some(Ok(left)) => Response::new(Zeros { left }.boxed()),
            Some(Err(_)) => status(StatusCode::BAD_REQUEST, "not a number of bytes"),
            None => status(StatusCode::NOT_FOUND, "try /, /echo, /count or /bytes/N"),
        },
        _ => status(StatusCode::METHOD_NOT_ALLOWED, "try GET / or POST /echo"),
    };
    Ok(response)
}

async fn count(mut body: Incoming) -> Result<usize, hyper::Error> {
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame?.data_ref().map_or(0, Bytes::len);
    }
    Ok(bytes)
}

fn text(text: impl Into<Bytes>) -> BoxBody<Bytes, hyper::Error> {
    Full::new(text.into()).map_err(|never| match never {}).boxed()
}

fn status(status: StatusCode, why: impl Into<Bytes>) -> Reply {
    let mut response = Response::new(text(why));
    *response.status_mut() = status;
    response
}

/// A body of so many zero bytes, in chunks.
struct Zeros {
    left: usize,
}

impl Body for Zeros {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        static CHUNK: [u8; 16 * 1024] = [0; 16 * 1024];
        let len = self.left.min(CHUNK.len());
        self.left -= len;
        Poll::Ready((len > 0).then(|| Ok(Frame::data(Bytes::from_static(&CHUNK[..len])))))
    }

    fn size_hint(&self) -> SizeHint {
        // Unknown on purpose: the body goes out chunked.
        SizeHint::default()
    }
}

/// Ready on ctrl-c, or after `run_for`.
async fn end(run_for: Option<Duration>) {
    let (sender, interrupted) = oneshot::channel();
    let mut sender = Some(sender);
    let handler = ctrlc::set_handler(move || {
        if let Some(sender) = sender.take() {
            let _ = sender.send(());
        }
    });
    if let Err(error) = handler {
        eprintln!("ctrl-c will end the server the hard way: {error}");
    }
    match run_for {
        Some(span) => drop(select(pin!(sleep(span)), interrupted).await),
        None => drop(interrupted.await),
    }
}

const USAGE: &str = "usage: http_hello [--addr ADDRESS] [--for SECONDS] [--header-timeout MILLISECONDS]";

struct Options {
    addr: SocketAddr,
    run_for: Option<Duration>,
    header_timeout: Duration,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            run_for: None,
            header_timeout: Duration::from_secs(30),
        };
        while let Some(flag) = args.next() {
            let value = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
            let wrong = |error: &dyn std::fmt::Display| format!("{flag} {value}: {error}");
            match flag.as_str() {
                "--addr" => options.addr = value.parse().map_err(|e| wrong(&e))?,
                "--for" => {
                    let seconds: f64 = value.parse().map_err(|e| wrong(&e))?;
                    let span = Duration::try_from_secs_f64(seconds).map_err(|e| wrong(&e))?;
                    options.run_for = Some(span);
                }
                "--header-timeout" => {
                    let millis = value.parse().map_err(|e| wrong(&e))?;
                    options.header_timeout = Duration::from_millis(millis);
                }
                _ => return Err(format!("unknown option {flag}")),
            }
        }
        Ok(options)
    }
}
