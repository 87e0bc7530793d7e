//! Thousands of connections, opened and closed in every way.

use rt_facade::io::AsyncWriteExt;
use rt_facade::time::Duration;

use super::client::Raw;
use super::{end, for_each_flavor};
use crate::server::Server;
use crate::support::{equal, run, until};

#[test]
fn thousands_of_connections_come_and_go() {
    const CLIENTS: usize = 20;
    const EACH: usize = 200;
    for_each_flavor(|server| {
        run(async {
            let addr = server.addr;
            let mut other = Raw::connect(addr).await;
            other.ask("PING\r\n", "+PONG\r\n").await;
            let level = server.descriptors();
            let clients = (0..CLIENTS).map(|_| {
                rt_facade::spawn(async move {
                    for n in 0..EACH {
                        let mut client = Raw::connect(addr).await;
                        match n % 5 {
                            0 => {}
                            1 => client.ask("PING\r\n", "+PONG\r\n").await,
                            2 => client.send("SUBSCRIBE a b c\r\n").await,
                            3 => {
                                client.send("*1\r\n$4\r\nPI").await;
                                client
                                    .0
                                    .get_ref()
                                    .set_zero_linger()
                                    .expect("a socket can be told so");
                            }
                            _ => {
                                client.ask("ECHO hi\r\n", "$2\r\nhi\r\n").await;
                                client.0.shutdown().await.expect("it is connected");
                                assert_eq!(client.rest().await, "");
                            }
                        }
                    }
                })
            });
            for client in clients.collect::<Vec<_>>() {
                client.await.expect("every client is served");
            }
            let soon = Duration::from_secs(20);
            until(soon, async || equal("descriptors", server.descriptors(), level)).await;
            let alone = async || {
                other.send("INFO\r\n").await;
                let (_len, clients) = (other.line().await, other.line().await);
                for _ in 0..3 {
                    other.line().await;
                }
                equal("clients", clients.trim(), "connected_clients:1")
            };
            until(soon, alone).await;
            other.ask("PUBLISH a x\r\n", ":0\r\n").await;
            drop(other);
            end(server).await;
        });
    });
}

#[test]
fn who_comes_when_all_seats_are_taken_is_told_so() {
    let server = Server::start("mini_redis", &["--clients", "2"]);
    run(async {
        let mut clients = Vec::new();
        for _ in 0..2 {
            let mut client = Raw::connect(server.addr).await;
            client.ask("PING\r\n", "+PONG\r\n").await;
            clients.push(client);
        }
        let mut third = Raw::connect(server.addr).await;
        assert_eq!(third.rest().await, "-ERR max number of clients reached\r\n");
        drop(clients.pop());
        let seated = async || {
            let mut client = Raw::connect(server.addr).await;
            _ = client.0.write_all(b"PING\r\n").await;
            equal("reply", client.line().await.as_str(), "+PONG\r\n")
        };
        until(Duration::from_secs(20), seated).await;
        drop(clients);
        end(server).await;
    });
}
