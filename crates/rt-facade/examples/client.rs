//! What you learn: the pooled client of `hyper-util` on the runtime. Names are resolved off the workers, addresses are
//! tried side by side, and connections are used again.
//!
//! ```sh
//! cargo run --example client                                  # asks a server of its own
//! cargo run --example client -- http://example.com/           # or another
//! ```
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use rt_facade::hyper::{HttpConnector, HyperExecutor, HyperTimer, PeerAddr, serve};
use rt_facade::net::TcpListener;
use rt_facade::time::Duration;
use tower::service_fn;

/// In a row. Now and then one finds the connection of the last not back in the pool yet, and makes another.
const REQUESTS: usize = 8;

type Pooled = Client<HttpConnector, Empty<Bytes>>;

#[rt_facade::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(Duration::from_secs(10)));
    let client: Pooled = Client::builder(HyperExecutor::new())
        .pool_timer(HyperTimer::new())
        .pool_idle_timeout(Duration::from_secs(60))
        .build(connector);

    if let Some(uri) = std::env::args().nth(1) {
        return get(&client, uri.parse()?).await;
    }
    let connections = Arc::new(AtomicUsize::new(0));
    let port = server(connections.clone()).await?;
    // The name has an address of each family as a rule, and the server listens at one.
    for n in 1..=REQUESTS {
        get(&client, format!("http://localhost:{port}/{n}").parse()?).await?;
    }
    let made = connections.load(Relaxed);
    println!(
        "{}",
        if made < REQUESTS { "connections were used again" } else { "each had its own" }
    );

    // Nobody listens: each address says why.
    let error = client.get("http://127.0.0.1:1/".parse()?).await.unwrap_err();
    println!("failed: {}", error.source().expect("what the connector says"));
    Ok(())
}

async fn get(client: &Pooled, uri: Uri) -> Result<(), Box<dyn Error + Send + Sync>> {
    let response = client.get(uri).await?;
    let peer = response.extensions().get::<PeerAddr>().map(|peer| peer.0);
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    println!("{status} from {}: {}", peer.expect("connected").ip(), String::from_utf8_lossy(&body));
    Ok(())
}

/// Answers with the path, and counts connections.
async fn server(connections: Arc<AtomicUsize>) -> Result<u16, Box<dyn Error + Send + Sync>> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let port = listener.local_addr()?.port();
    let make_service = service_fn(move |_peer: SocketAddr| {
        connections.fetch_add(1, Relaxed);
        let answer = service_fn(async |request: Request<Incoming>| {
            Ok::<_, Infallible>(Response::new(request.uri().path().to_owned()))
        });
        async move { Ok::<_, Infallible>(answer) }
    });
    drop(rt_facade::spawn(serve(listener, make_service).into_future()));
    Ok(port)
}
