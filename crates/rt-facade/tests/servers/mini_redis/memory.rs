//! Clients that would make the server hold much.

use rt_facade::io::AsyncReadExt;

use super::client::{Raw, connect};
use super::{end, for_each_flavor};
use crate::support::run;

/// 200 MB of replies to a client that asks first and reads later.
#[test]
fn who_takes_no_replies_is_asked_for_no_requests() {
    const LEN: usize = 500_000;
    const REQUESTS: usize = 400;
    for_each_flavor(|server| {
        run(async {
            let mut client = Raw::connect(server.addr).await;
            client.send(format!("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n${LEN}\r\n")).await;
            client.send(vec![b'v'; LEN]).await;
            client.ask("\r\n", "+OK\r\n").await;
            client.send("GET key\r\n".repeat(REQUESTS)).await;
            // The server has others to serve meanwhile.
            let mut other = connect(server.addr).await;
            for _ in 0..500 {
                assert_eq!(
                    redis::cmd("PING").query_async::<String>(&mut other).await.unwrap(),
                    "PONG"
                );
            }
            let mut heard = vec![0; format!("${LEN}\r\n\r\n").len() + LEN];
            for _ in 0..REQUESTS {
                client.0.read_exact(&mut heard).await.expect("a reply");
                assert!(heard.starts_with(b"$500000\r\nv") && heard.ends_with(b"v\r\n"));
            }
            if let Some(peak) = server.peak_mb() {
                println!("{peak} MB at most, for 200 MB of replies");
                assert!(peak < 24, "{peak} MB");
            }
            drop((client, other));
            end(server).await;
        });
    });
}

/// A head that promises much, from many: memory comes with bytes, not with promises.
#[test]
fn promises_cost_nothing() {
    for_each_flavor(|server| {
        run(async {
            let mut clients = Vec::new();
            for _ in 0..200 {
                let mut client = Raw::connect(server.addr).await;
                client.send("PING\r\n*1024\r\n$1000000\r\nabc").await;
                client.hear("+PONG\r\n").await;
                clients.push(client);
            }
            if let Some(peak) = server.peak_mb() {
                println!("{peak} MB at most, for 200 MB promised");
                assert!(peak < 24, "{peak} MB");
            }
            drop(clients);
            end(server).await;
        });
    });
}

#[test]
fn memory_for_a_large_request_is_not_kept() {
    const LEN: usize = 1_000_000;
    for_each_flavor(|server| {
        run(async {
            let (mut clients, text) = (Vec::new(), vec![b't'; LEN]);
            let mut heard = vec![0; format!("${LEN}\r\n\r\n").len() + LEN];
            for _ in 0..100 {
                let mut client = Raw::connect(server.addr).await;
                client.send(format!("*2\r\n$4\r\nECHO\r\n${LEN}\r\n")).await;
                client.send(&text).await;
                client.send("\r\n").await;
                client.0.read_exact(&mut heard).await.expect("a reply");
                // It stays, and says no more.
                clients.push(client);
            }
            if let Some(peak) = server.peak_mb() {
                println!("{peak} MB at most, for 100 clients with a request of 1 MB each");
                assert!(peak < 24, "{peak} MB");
            }
            drop(clients);
            end(server).await;
        });
    });
}
