//! More clients than the server has descriptors: those that are in go on, the rest wait, nothing spins.

use futures_util::future::join_all;
use rt_facade::net::TcpStream;
use rt_facade::time::{Duration, Instant};

use crate::client::Client;
use crate::process::tick;
use crate::server::{Server, for_each_flavor};
use crate::support::{equal, millis, run, until};

const DESCRIPTORS: u32 = 64;
const CLIENTS: usize = 200;

/// Of a second. A server that spins uses 100.
const TICKS_MAX: u64 = 10;

/// One request at a time: some hundred microseconds each.
const P99_MAX: Duration = Duration::from_millis(20);

/// All come in in four or five batches, and the server looks again after a second at most.
const RECOVERY_MAX: Duration = Duration::from_secs(8);

#[test]
fn a_server_out_of_descriptors_neither_spins_nor_forgets() {
    for_each_flavor(|flavor| {
        let server =
            Server::start_with_descriptors(flavor, DESCRIPTORS, &["--idle-timeout", "300"]);
        let Some(process) = server.process() else { return };
        run(async {
            let mut inside = Client::http1(server.addr()).await;
            assert_eq!(inside.get("/").await, "Hello, World!");

            // The system takes them in, in place of the server.
            let mut clients = Vec::new();
            for _ in 0..CLIENTS {
                let mut stream = TcpStream::connect(server.addr()).await.expect("there is a queue");
                stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("it is open");
                clients.push(stream);
            }
            let open = || process.descriptors_below(DESCRIPTORS);
            let full = async || equal("descriptors of the server", open(), DESCRIPTORS as usize);
            until(Duration::from_secs(2), full).await;

            let ticks = process.ticks_during(Duration::from_secs(1)).await;
            println!("starved for a second: {:?} of processor time", tick() * ticks as u32);
            assert!(ticks <= TICKS_MAX, "{ticks} ticks of {:?} while nothing can be done", tick());
            let starved = server.starved();
            let hellos = inside.hellos(50).await;
            println!("one that is in: {hellos}");
            hellos.assert_p99(P99_MAX, server.starved() - starved);

            // Whoever has its answer leaves, and makes room.
            let start = Instant::now();
            join_all(clients.into_iter().map(answered)).await;
            println!("{CLIENTS} served {:.0} ms after the first left", millis(start.elapsed()));
            assert!(start.elapsed() < RECOVERY_MAX, "{:?}", start.elapsed());

            assert_eq!(Client::http1(server.addr()).await.get("/").await, "Hello, World!");
            drop(inside);
            let ended = server.end().await;
            let told = ended.stderr.lines().count();
            println!(
                "told {told} times, first: {}",
                ended.stderr.lines().next().unwrap_or_default()
            );
            assert!(
                ended.stderr.lines().all(|line| line.starts_with("accept: ")),
                "{}",
                ended.stderr
            );
            assert!((1..=CLIENTS).contains(&told), "{}", ended.stderr);
        });
    });
}

/// Reads the begin of an answer, and leaves.
async fn answered(mut stream: TcpStream) {
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.expect("it is served in the end");
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
}
