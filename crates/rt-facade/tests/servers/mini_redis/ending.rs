//! A clean end: what has come is answered, who is idle is told, who does not go is dropped after a while.

use std::net::TcpListener;

use rt_facade::io::AsyncReadExt;
use rt_facade::net::TcpStream;
use rt_facade::time::Duration;
use rustix::process::Signal;

use super::client::{Raw, connect};
use super::{LAST_WORDS, for_each_flavor};
use crate::server::Server;
use crate::support::{equal, run, until};

#[test]
fn what_has_come_is_answered_at_the_end() {
    const CLIENTS: usize = 20;
    // More than the server reads at once.
    const REQUESTS: usize = 4000;
    for signal in [Signal::TERM, Signal::INT] {
        for_each_flavor(|server| {
            run(async {
                let mut idle = Raw::connect(server.addr).await;
                idle.ask("PING\r\n", "+PONG\r\n").await;
                let mut half = Raw::connect(server.addr).await;
                half.ask("PING\r\n*1\r\n$4\r\nPI", "+PONG\r\n").await;
                let mut subscriber = Raw::connect(server.addr).await;
                subscriber
                    .ask("SUBSCRIBE a\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n")
                    .await;
                let mut library = connect(server.addr).await;
                redis::cmd("PING").query_async::<String>(&mut library).await.unwrap();
                let mut busy = Vec::new();
                for _ in 0..CLIENTS {
                    let mut client = Raw::connect(server.addr).await;
                    client.ask("PING\r\n", "+PONG\r\n").await;
                    busy.push(client);
                }
                // It wakes up to the signal and to the requests at once.
                server.signal(Signal::STOP);
                for (n, client) in busy.iter_mut().enumerate() {
                    client.send(format!("INCR {n}\r\n").repeat(REQUESTS)).await;
                }
                server.signal(signal);
                server.signal(Signal::CONT);
                let sums: String = (1..=REQUESTS).map(|sum| format!(":{sum}\r\n")).collect();
                for client in &mut busy {
                    assert_eq!(client.rest().await, sums);
                }
                for mut client in [idle, half, subscriber] {
                    assert_eq!(client.rest().await, "");
                }
                assert!(redis::cmd("PING").query_async::<String>(&mut library).await.is_err());
                drop((busy, library));
                let addr = server.addr;
                server.ended(LAST_WORDS).await;
                TcpListener::bind(addr).expect("the address is free");
            });
        });
    }
}

#[test]
fn nobody_is_accepted_any_more_and_who_hangs_is_dropped() {
    for flavor in ["current-thread", "multi-thread"] {
        let server = Server::start("mini_redis", &["--flavor", flavor, "--grace", "0.3"]);
        run(async {
            let mut client = Raw::connect(server.addr).await;
            // More replies than sockets hold, and nobody who reads them.
            client.send(format!("SET key {}\r\n", "x".repeat(60_000))).await;
            client.hear("+OK\r\n").await;
            client.send("GET key\r\n".repeat(1000)).await;
            let mut other = Raw::connect(server.addr).await;
            other.ask("PING\r\n", "+PONG\r\n").await;
            server.signal(Signal::TERM);
            until(Duration::from_secs(10), async || {
                equal("accepted", TcpStream::connect(server.addr).await.is_ok(), false)
            })
            .await;
            server.ended("shutting down\nsome connections were dropped after 300ms\n").await;
            let mut rest = Vec::new();
            _ = client.0.read_to_end(&mut rest).await;
            assert!(rest.len() < 1000 * 60_000);
        });
    }
}
