//! Long bodies in pieces, both ways, and every byte of them.

use http_body_util::{BodyExt, Empty};
use hyper::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use hyper::{Method, StatusCode};
use rt_facade::time::Instant;

use crate::client::{Client, VERSIONS, Version};
use crate::pattern::{Pattern, assert_pattern};
use crate::server::{Server, for_each_flavor};
use crate::support::{millis, run};

const LEN: usize = 10 * 1024 * 1024;

#[test]
fn ten_megabytes_go_up_and_down_at_once() {
    for_each_flavor(|flavor| {
        let server = Server::start(flavor, &[]);
        run(async {
            for version in VERSIONS {
                let mut client = Client::connect(version, server.addr()).await;
                let start = Instant::now();
                let answer = client.send(Method::POST, "/echo", Pattern::new(LEN)).await;
                assert_eq!(answer.status(), StatusCode::OK);
                assert!(!answer.headers().contains_key(CONTENT_LENGTH));
                let encoding = answer.headers().get(TRANSFER_ENCODING);
                assert_eq!(encoding.is_some_and(|e| e == "chunked"), version.is_http1());
                assert_pattern(answer.into_body(), LEN).await;
                println!("{version:?}: 10 MB echoed in {:.0} ms", millis(start.elapsed()));
            }
            server.end().await;
        });
    });
}

#[test]
fn ten_megabytes_go_up() {
    for_each_flavor(|flavor| {
        let server = Server::start(flavor, &[]);
        run(async {
            for version in VERSIONS {
                let mut client = Client::connect(version, server.addr()).await;
                // The connection is good for more than one.
                for len in [LEN, 0, 1] {
                    let answer = client.send(Method::POST, "/count", Pattern::new(len)).await;
                    assert_eq!(answer.status(), StatusCode::OK);
                    let counted = answer.into_body().collect().await.expect("a number").to_bytes();
                    assert_eq!(counted, len.to_string());
                }
            }
            server.end().await;
        });
    });
}

#[test]
fn ten_megabytes_go_down() {
    for_each_flavor(|flavor| {
        let server = Server::start(flavor, &[]);
        run(async {
            for version in VERSIONS {
                let mut client = Client::connect(version, server.addr()).await;
                for len in [LEN, 0, 1] {
                    let answer =
                        client.send(Method::GET, &format!("/bytes/{len}"), Empty::new()).await;
                    assert_eq!(answer.status(), StatusCode::OK);
                    assert_pattern(answer.into_body(), len).await;
                }
            }
            server.end().await;
        });
    });
}

#[test]
fn streams_of_one_connection_do_not_mix() {
    for_each_flavor(|flavor| {
        let server = Server::start(flavor, &[]);
        run(async {
            let client = Client::connect(Version::Http2, server.addr()).await;
            let streams: Vec<_> = (0..16)
                .map(|stream| {
                    let mut client = client.share();
                    let len = LEN / 16 + stream;
                    rt_facade::spawn(async move {
                        let answer = client.send(Method::POST, "/echo", Pattern::new(len)).await;
                        assert_pattern(answer.into_body(), len).await;
                    })
                })
                .collect();
            for stream in streams {
                stream.await.expect("every byte comes back");
            }
            drop(client);
            server.end().await;
        });
    });
}
