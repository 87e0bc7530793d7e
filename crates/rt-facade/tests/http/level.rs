//! After the rush the server is where it was: no descriptor, no task and no memory more.

use http_body_util::Empty;
use hyper::Method;

use crate::client::{Client, VERSIONS};
use crate::pattern::{Pattern, assert_pattern};
use crate::server::{Server, for_each_flavor};
use crate::support::run;

/// The first make the allocator's peace. The least that is resident after the last ones is compared with
/// the most after the first ones.
const RUSHES: usize = 9;
const SETTLING: usize = 3;

/// What the allocator may keep for itself. A rush is 1,280 requests on 64 connections, 16 MB of bodies and
/// 64 resets; four of them lie between: a leak of 400 bytes per request, or 4 kB per connection, shows.
const SLACK_KB: usize = 2048;

const BODY: usize = 4 * 1024 * 1024;

#[test]
fn descriptors_tasks_and_memory_come_back_to_their_level() {
    for_each_flavor(|flavor| {
        let server = Server::start(flavor, &[]);
        let Some(process) = server.process() else { return };
        run(async {
            let level = server.level().await;
            let at_start = process.resident_kb();
            let mut resident = Vec::new();
            for _ in 0..RUSHES {
                rush(&server).await;
                server.assert_back_at(level).await;
                resident.push(process.resident_kb());
            }
            println!("{level:?}; resident {at_start} kB, after each rush {resident:?} kB");
            let settled = resident[..SETTLING].iter().max().expect("some");
            let last = resident[RUSHES - SETTLING..].iter().min().expect("some");
            assert!(*last <= settled + SLACK_KB, "memory grows: {resident:?} kB");
            server.end().await;
        });
    });
}

/// Many connections and requests at once, then long bodies, then resets.
async fn rush(server: &Server) {
    let addr = server.addr();
    let hellos = (0..64).map(|_| {
        rt_facade::spawn(async move { Client::http1(addr).await.hellos(20).await.count() })
    });
    for count in hellos.collect::<Vec<_>>() {
        assert_eq!(count.await.expect("every request is answered"), 20);
    }
    for version in VERSIONS {
        for _ in 0..2 {
            let mut client = Client::connect(version, addr).await;
            let answer = client.send(Method::POST, "/echo", Pattern::new(BODY)).await;
            assert_pattern(answer.into_body(), BODY).await;
        }
        for _ in 0..32 {
            let mut client = Client::connect_to_reset(version, addr).await;
            let _answer = client.send(Method::GET, "/bytes/1000000", Empty::new()).await;
            client.reset().await;
        }
    }
}
