//! Clients that are killed in the middle: the server goes on, and keeps nothing of them.

use futures_channel::oneshot;
use http_body_util::{BodyExt, Empty};
use hyper::Method;
use rt_facade::net::TcpStream;
use rt_facade::time::{Duration, Instant};
use rustix::net::sockopt::set_socket_linger;

use crate::client::{Client, VERSIONS, Version};
use crate::pattern::Pattern;
use crate::server::{Server, for_each_flavor};
use crate::support::{millis, run};

const ROUNDS: usize = 40;

#[test]
fn two_hundred_resets_leave_nothing_behind() {
    for_each_flavor(|flavor| {
        let server = Server::start(flavor, &[]);
        run(async {
            let level = server.level().await;
            let start = Instant::now();
            for _ in 0..ROUNDS {
                in_half_a_head(&server).await;
                for version in VERSIONS {
                    in_half_a_request(&server, version).await;
                    in_half_a_response(&server, version).await;
                }
            }
            println!("{} resets in {:.0} ms", 5 * ROUNDS, millis(start.elapsed()));
            server.assert_back_at(level).await;
            let ended = server.end().await;
            assert_eq!(ended.stderr, "");
        });
    });
}

async fn in_half_a_head(server: &Server) {
    let mut stream = TcpStream::connect(server.addr()).await.expect("it accepts");
    set_socket_linger(&stream, Some(Duration::ZERO)).expect("a socket can be told so");
    stream.write_all(b"GET / HTTP/1.1\r\nho").await.expect("it is alive");
}

async fn in_half_a_request(server: &Server, version: Version) {
    let mut client = Client::connect_to_reset(version, server.addr()).await;
    // The server echoes the half that it has.
    let (_never, gate) = oneshot::channel();
    let half = Pattern::new(1000).held_at(500, gate);
    let mut answer = client.send(Method::POST, "/echo", half).await;
    answer.body_mut().frame().await.expect("half a body").expect("half a body");
    client.reset().await;
}

async fn in_half_a_response(server: &Server, version: Version) {
    let mut client = Client::connect_to_reset(version, server.addr()).await;
    let mut answer = client.send(Method::GET, "/bytes/10000000", Empty::new()).await;
    answer.body_mut().frame().await.expect("a first piece").expect("a first piece");
    client.reset().await;
}
