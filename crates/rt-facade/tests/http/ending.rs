//! A clean end: what is in flight is answered, what is idle is closed, the address is free.

use std::net::{SocketAddr, TcpListener};

use futures_channel::oneshot;
use futures_util::future::join_all;
use hyper::Method;
use rt_facade::net::TcpStream;
use rt_facade::time::{Duration, Instant, sleep};

use crate::client::{Client, VERSIONS};
use crate::pattern::{Pattern, assert_pattern};
use crate::server::{Server, for_each_flavor};
use crate::support::{millis, run};

#[test]
fn it_ends_by_itself_after_its_time() {
    for_each_flavor(|flavor| {
        let start = std::time::SystemTime::now();
        let server = Server::start(flavor, &["--for", "0.3"]);
        let addr = server.addr();
        run(async {
            let ended = server.ended(Duration::from_secs(3)).await;
            assert!(ended.status.success(), "{}", ended.status);
            assert_eq!(ended.stdout, "shutting down\nevery connection has ended\n");
            assert_eq!(ended.stderr, "");
            assert!(start.elapsed().expect("no clock goes back") >= Duration::from_millis(300));
            assert_is_free(addr).await;
        });
    });
}

#[test]
fn an_interrupt_answers_what_is_in_flight_and_closes_the_rest() {
    for_each_flavor(|flavor| {
        const HALF: usize = 500_000;
        let server = Server::start(flavor, &[]);
        let addr = server.addr();
        run(async {
            let mut idle = Client::http1(addr).await;
            assert_eq!(idle.get("/").await, "Hello, World!");
            let silent = TcpStream::connect(addr).await.expect("it accepts");

            let (mut in_flight, mut rest) = (Vec::new(), Vec::new());
            for version in VERSIONS {
                let mut client = Client::connect(version, addr).await;
                let (go, gone) = oneshot::channel();
                let body = Pattern::new(2 * HALF).held_at(HALF, gone);
                // The head of the answer comes before the body is whole: so the server has the request.
                let answer = client.send(Method::POST, "/echo", body).await;
                in_flight.push((client, answer));
                rest.push(go);
            }
            server.interrupt();
            let start = Instant::now();
            // Nobody is accepted any more; what is in flight goes on.
            until_refused(addr).await;
            for go in rest {
                go.send(()).expect("the body waits");
            }
            let whole = in_flight.into_iter().map(async |(client, answer)| {
                assert_pattern(answer.into_body(), 2 * HALF).await;
                drop(client);
            });
            join_all(whole).await;
            let ended = server.ended(Duration::from_secs(3)).await;
            println!("ended {:.0} ms after the interrupt", millis(start.elapsed()));
            assert!(ended.status.success(), "{}", ended.status);
            assert_eq!(ended.stdout, "shutting down\nevery connection has ended\n");
            assert_eq!(ended.stderr, "");
            assert_is_free(addr).await;
            drop((idle, silent));
        });
    });
}

#[test]
fn who_hangs_at_the_end_is_dropped_after_the_grace() {
    for_each_flavor(|flavor| {
        let server = Server::start(flavor, &["--grace", "0.3"]);
        let addr = server.addr();
        run(async {
            let mut client = Client::http1(addr).await;
            let (_never, gone) = oneshot::channel();
            let answer = client.send(Method::POST, "/echo", Pattern::new(2).held_at(1, gone)).await;
            server.interrupt();
            let start = Instant::now();
            let ended = server.ended(Duration::from_secs(3)).await;
            assert!(ended.status.success(), "{}", ended.status);
            assert_eq!(ended.stdout, "shutting down\nsome connections were dropped after 300ms\n");
            println!("ended {:.0} ms after the interrupt, of 300", millis(start.elapsed()));
            assert_is_free(addr).await;
            drop(answer);
        });
    });
}

#[test]
fn what_it_does_not_understand_it_says() {
    for_each_flavor(|flavor| {
        let refused = Server::refused(&["--addr", "nowhere"]);
        assert!(!refused.status.success());
        assert!(refused.stderr.starts_with("--addr nowhere: "), "{}", refused.stderr);
        assert!(refused.stderr.contains("usage: "));
        for (option, value) in
            [("--flavor", "sweet"), ("--workers", "many"), ("--workers", "100000")]
        {
            let refused = Server::refused(&[option, value]);
            assert!(!refused.status.success());
            assert!(
                refused.stderr.starts_with(&format!("{option} {value}: ")),
                "{}",
                refused.stderr
            );
        }

        let server = Server::start(flavor, &[]);
        let taken = server.addr().to_string();
        let refused = Server::refused(&["--addr", &taken, "--for", "1"]);
        assert!(!refused.status.success());
        assert!(refused.stderr.to_lowercase().contains("in use"), "{}", refused.stderr);
        run(server.end());
    });
}

/// Connects until that is refused.
async fn until_refused(addr: SocketAddr) {
    let start = Instant::now();
    while TcpStream::connect(addr).await.is_ok() {
        assert!(start.elapsed() < Duration::from_secs(2), "still listening");
        sleep(Duration::from_millis(1)).await;
    }
}

async fn assert_is_free(addr: SocketAddr) {
    assert!(TcpStream::connect(addr).await.is_err());
    TcpListener::bind(addr).expect("the address is free");
}
