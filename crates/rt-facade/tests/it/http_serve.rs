//! Promises of `hyper::serve` and `hyper::HttpConnector`.

use std::convert::Infallible;
use std::net::SocketAddr;

use futures_channel::oneshot;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use rt_facade::hyper::{HttpConnector, HyperExecutor, HyperTimer, PeerAddr, serve};
use rt_facade::net::{TcpListener, TcpStream};
use rt_facade::task::JoinHandle;
use rt_facade::time::{Duration, Instant, timeout};
use tower::{ServiceExt, service_fn};

use crate::support::{Gate, LIMIT, flavors, for_each_flavor, for_each_flavor_paused, hold};

/// A server whose `/slow` waits for the gate; other paths answer with the client's address. Ends when the sender is
/// dropped.
async fn server(gate: Gate) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<std::io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let make_service = service_fn(move |peer: SocketAddr| {
        let gate = gate.clone();
        let answer = service_fn(move |request: Request<Incoming>| {
            let gate = gate.clone();
            async move {
                if request.uri().path() == "/slow" {
                    gate.passed().await;
                }
                Ok::<_, Infallible>(Response::new(peer.to_string()))
            }
        });
        async move { Ok::<_, Infallible>(answer) }
    });
    let (end, ends) = oneshot::channel();
    let server = serve(listener, make_service).with_graceful_shutdown(async { _ = ends.await });
    (addr, end, rt_facade::spawn(server.into_future()))
}

fn client() -> Client<HttpConnector, Empty<Bytes>> {
    let mut builder = Client::builder(HyperExecutor::new());
    builder.pool_timer(HyperTimer::new()).build(HttpConnector::new())
}

#[test]
fn the_service_is_made_for_the_address_of_its_client() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let (addr, _end, _server) = server(Gate::new()).await;
            let response = client().get(format!("http://{addr}/").parse().unwrap()).await.unwrap();
            assert_eq!(response.extensions().get(), Some(&PeerAddr(addr)));
            let said = response.into_body().collect().await.unwrap().to_bytes();
            let peer: SocketAddr = std::str::from_utf8(&said).unwrap().parse().unwrap();
            assert_eq!(peer.ip(), addr.ip());
            assert_ne!(peer.port(), addr.port());
        });
    });
}

#[test]
fn at_its_end_requests_in_flight_are_answered_and_idle_connections_let_go() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let gate = Gate::new();
            let (addr, end, server) = server(gate.clone()).await;
            let mut idle = TcpStream::connect(addr).await.unwrap();
            let slow =
                rt_facade::spawn(client().get(format!("http://{addr}/slow").parse().unwrap()));
            crate::support::until(|| gate.is_waited_for()).await;
            drop(end);
            // Idle connections hear that it ends; new ones are not taken.
            assert_eq!(timeout(LIMIT, idle.read(&mut [0])).await.unwrap().unwrap(), 0);
            crate::support::until(|| std::net::TcpStream::connect(addr).is_err()).await;
            assert!(!server.is_finished());
            gate.open();
            assert!(slow.await.unwrap().unwrap().status().is_success());
            timeout(LIMIT, server).await.unwrap().unwrap().unwrap();
        });
    });
}

#[test]
fn a_client_that_asks_nothing_is_let_go() {
    for_each_flavor_paused(|runtime| {
        runtime.block_on(async {
            let (addr, _end, _server) = server(Gate::new()).await;
            // Nothing; too little to tell the version; and half a head.
            for said in ["", "GE", "GET / HTTP/1.1\r\nhost:"] {
                let start = Instant::now();
                let mut stream = TcpStream::connect(addr).await.unwrap();
                stream.write_all(said.as_bytes()).await.unwrap();
                let mut heard = [0; 1024];
                while stream.read(&mut heard).await.unwrap() > 0 {}
                assert!((30..32).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
            }
        });
    });
}

#[test]
fn a_server_whose_services_cannot_be_made_goes_on() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            let refuses = service_fn(|_: SocketAddr| async {
                let answer = service_fn(async |_: Request<Incoming>| {
                    Ok::<_, Infallible>(Response::new(String::new()))
                });
                if true { Err("no") } else { Ok(answer) }
            });
            let server = rt_facade::spawn(serve(listener, refuses).into_future());
            for _ in 0..3 {
                assert!(client().get(format!("http://{addr}/").parse().unwrap()).await.is_err());
            }
            assert!(!server.is_finished());
        });
    });
}

#[test]
fn the_connector_says_what_is_wrong() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let ask = async |connector: &HttpConnector, uri: &str| {
                connector.clone().oneshot(uri.parse().unwrap()).await.unwrap_err()
            };
            let mut connector = HttpConnector::new();
            let said = ask(&connector, "https://127.0.0.1/").await.to_string();
            assert!(said.contains("the scheme is `https`"), "{said}");
            let said = ask(&connector, "/path").await.to_string();
            assert!(said.contains("the scheme is `none`"), "{said}");
            let refused = ask(&connector, "http://127.0.0.1:1/").await;
            let attempts: Vec<_> = refused.attempts().collect();
            assert_eq!(attempts.len(), 1);
            assert_eq!(attempts[0].0, ([127, 0, 0, 1], 1).into());
            assert_eq!(attempts[0].1.kind(), std::io::ErrorKind::ConnectionRefused);
            assert!(refused.to_string().contains("127.0.0.1:1: "), "{refused}");
            // Longer than a label may be: no server of names is asked.
            let name = "x".repeat(64);
            let said = ask(&connector, &format!("http://{name}/")).await.to_string();
            assert!(said.contains(&format!("`{name}` could not be resolved")), "{said}");
            connector.enforce_http(false);
            assert!(ask(&connector, "https://127.0.0.1:1/").await.attempts().next().is_some());
        });
    });
}

#[test]
fn the_limit_of_a_connect_counts_resolving_the_name() {
    for build in flavors() {
        let runtime = build().enable_all().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            // Names are resolved on the pool, whose one thread is held.
            let (let_go, held) = hold();
            let holds = rt_facade::task::spawn_blocking(|| held.stay());
            let mut connector = HttpConnector::new();
            connector.set_connect_timeout(Some(Duration::from_millis(1)));
            let uri = "http://localhost:1/".parse().unwrap();
            let refused = connector.oneshot(uri).await.unwrap_err();
            assert!(refused.is_timeout(), "{refused}");
            let_go.go();
            holds.await.unwrap();
        });
    }
}

#[test]
fn addresses_in_brackets_are_connected_to() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let Ok(listener) = TcpListener::bind("[::1]:0").await else {
                return; // no IPv6 here
            };
            let addr = listener.local_addr().unwrap();
            let connect = HttpConnector::new().oneshot(format!("http://{addr}/").parse().unwrap());
            let (stream, _accepted) = rt_facade::join!(connect, listener.accept());
            let stream = stream.unwrap().into_inner();
            assert_eq!(stream.peer_addr().unwrap(), addr);
            assert!(stream.nodelay().unwrap());
        });
    });
}

#[test]
fn a_server_that_is_dropped_leaves_its_connections_alone() {
    for_each_flavor(|runtime| {
        runtime.block_on(async {
            let gate = Gate::new();
            let (addr, _end, server) = server(gate.clone()).await;
            let slow =
                rt_facade::spawn(client().get(format!("http://{addr}/slow").parse().unwrap()));
            crate::support::until(|| gate.is_waited_for()).await;
            server.abort();
            assert!(server.await.unwrap_err().is_cancelled());
            gate.open();
            assert!(slow.await.unwrap().unwrap().status().is_success());
        });
    });
}
