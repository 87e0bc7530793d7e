//! What you learn: an unmodified axum `Router` on the runtime, with the client's address in a handler, a limit on each
//! request, and a clean end.
//!
//! ```sh
//! cargo run --example axum_hello                                  # asks itself, and ends
//! cargo run --example axum_hello -- --serve 127.0.0.1:8080        # until ctrl-c
//! curl http://127.0.0.1:8080/                                     # Hello, 127.0.0.1!
//! curl http://127.0.0.1:8080/wait/9                               # 504 after two seconds
//! ```
//!
//! axum is built with its feature `tokio`, which `ConnectInfo` is behind; no runtime of tokio is started.
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::error_handling::HandleErrorLayer;
use axum::extract::{ConnectInfo, Path};
use axum::http::{Request, StatusCode};
use axum::routing::get;
use futures_channel::oneshot;
use hyper_util::client::legacy::Client;
use rt_facade::hyper::{HttpConnector, HyperExecutor, HyperTimer, serve};
use rt_facade::net::TcpListener;
use rt_facade::time::{Duration, Instant, sleep, timeout};
use rt_facade::tower::TimeoutLayer;
use tower::ServiceBuilder;

/// What a request may take.
const LIMIT: Duration = Duration::from_secs(2);
/// What requests in flight may take at the end.
const GRACE: Duration = Duration::from_secs(5);

#[rt_facade::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let addr = match args[..] {
        [] => "127.0.0.1:0",
        ["--serve", addr] => addr,
        _ => return Err("usage: axum_hello [--serve ADDRESS]".into()),
    };
    let listener = TcpListener::bind(addr.parse::<SocketAddr>()?).await?;
    let addr = listener.local_addr()?;
    println!("listening on http://{addr}");

    let (end, ends) = oneshot::channel::<()>();
    let served = serve(listener, app().into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async { _ = ends.await });
    let server = rt_facade::spawn(served.into_future());
    match args.is_empty() {
        true => ask(addr, end).await?,
        false => {
            let mut end = Some(end);
            ctrlc::set_handler(move || drop(end.take()))?;
        }
    }
    server.await??;
    println!("every request is answered");
    Ok(())
}

fn app() -> Router {
    let limits = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(async |error: tower::BoxError| {
            (StatusCode::GATEWAY_TIMEOUT, error.to_string())
        }))
        .layer(TimeoutLayer::new(LIMIT));
    Router::new().route("/", get(hello)).route("/wait/{seconds}", get(wait)).layer(limits)
}

async fn hello(ConnectInfo(peer): ConnectInfo<SocketAddr>) -> String {
    format!("Hello, {}!", peer.ip())
}

async fn wait(Path(seconds): Path<f64>) -> Result<&'static str, StatusCode> {
    let span = Duration::try_from_secs_f64(seconds).map_err(|_| StatusCode::BAD_REQUEST)?;
    sleep(span).await;
    Ok("well rested")
}

/// A client: a greeting, a request that takes too long, and one that is in flight when the server is told to end.
async fn ask(
    addr: SocketAddr,
    end: oneshot::Sender<()>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let client: Client<_, Body> = Client::builder(HyperExecutor::new())
        .pool_timer(HyperTimer::new())
        .build(HttpConnector::new());
    let get = async |path: &str| {
        let request = Request::get(format!("http://{addr}{path}")).body(Body::empty())?;
        let response = client.request(request).await?;
        let status = response.status();
        let body = to_bytes(Body::new(response.into_body()), 1 << 20).await?;
        println!("{path}: {status}: {}", String::from_utf8_lossy(&body));
        Ok::<_, Box<dyn Error + Send + Sync>>(status)
    };
    assert_eq!(get("/").await?, StatusCode::OK);
    let start = Instant::now();
    assert_eq!(get("/wait/60").await?, StatusCode::GATEWAY_TIMEOUT);
    assert!(start.elapsed() < Duration::from_secs(30));

    let told = async {
        sleep(Duration::from_millis(100)).await;
        println!("shutting down");
        drop(end);
        Ok(())
    };
    let (status, ()) =
        timeout(GRACE, async { rt_facade::try_join!(get("/wait/0.5"), told) }).await??;
    assert_eq!(status, StatusCode::OK);
    Ok(())
}
