//! Many requests, none lost, none late.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rt_facade::time::{Duration, Instant};

use crate::client::{Client, Version};
use crate::figures::Latencies;
use crate::server::{Server, for_each_flavor};
use crate::support::run;

const REQUESTS: usize = 10_000;

/// Client and server without optimisation, up to 128 requests in flight, on two cores: a tenth of it is
/// usual.
const P99_MAX: Duration = Duration::from_millis(250);

#[test]
fn ten_thousand_requests_over_64_connections() {
    for_each_flavor(|flavor| {
        let server = Server::start(flavor, &[]);
        run(async {
            let mut clients = Vec::new();
            for _ in 0..64 {
                clients.push(Client::http1(server.addr()).await);
            }
            drive(&server, "HTTP/1.1, 64 connections", clients).await;
            server.end().await;
        });
    });
}

#[test]
fn ten_thousand_requests_over_4_connections_of_http2() {
    for_each_flavor(|flavor| {
        let server = Server::start(flavor, &[]);
        run(async {
            let mut clients = Vec::new();
            for _ in 0..4 {
                let client = Client::connect(Version::Http2, server.addr()).await;
                clients.extend((1..32).map(|_| client.share()));
                clients.push(client);
            }
            drive(&server, "HTTP/2, 4 connections of 32 streams", clients).await;
            server.end().await;
        });
    });
}

/// Sends the requests through all `clients` at once, and asserts that each is answered, and soon.
async fn drive(server: &Server, what: &str, clients: Vec<Client>) {
    let left = Arc::new(AtomicUsize::new(REQUESTS));
    let (start, before) = (Instant::now(), server.starved());
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            let left = left.clone();
            let more = move || left.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1)).is_ok();
            rt_facade::spawn(async move { client.hello_while(more).await })
        })
        .collect();
    let mut all = Latencies::default();
    for task in tasks {
        all.extend(task.await.expect("every request is answered"));
    }
    let per_second = all.count() as f64 / start.elapsed().as_secs_f64();
    let starved = server.starved() - before;
    println!("{what}: {all}; {per_second:.0} requests/s, starved for {starved:.1?}");
    assert_eq!(all.count(), REQUESTS);
    all.assert_p99(P99_MAX, starved);
}
