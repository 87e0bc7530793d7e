//! Five thousand connections that do nothing: they cost memory, and nothing else.

use rt_facade::net::TcpStream;
use rt_facade::time::{Duration, Instant};
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::client::Client;
use crate::process::tick;
use crate::server::{Server, for_each_flavor};
use crate::support::{equal, millis, run, until};

const CONNECTIONS: usize = 5000;
/// What the rest of either process needs.
const DESCRIPTORS_SPARE: u64 = 200;

/// One request at a time: some hundred microseconds each.
const P99_MAX: Duration = Duration::from_millis(20);

#[test]
fn five_thousand_idle_connections_cost_no_time() {
    for_each_flavor(|flavor| {
        if let Err(why) = raise_descriptor_limit(CONNECTIONS as u64 + DESCRIPTORS_SPARE) {
            return println!("skipped: {why}");
        }
        let server = Server::start(flavor, &["--idle-timeout", "300"]); // it inherits the limit
        let process = server.process();
        run(async {
            let before =
                process.as_ref().map(|process| (process.descriptors(), process.resident_kb()));
            let start = Instant::now();
            let mut idle = Vec::new();
            for _ in 0..CONNECTIONS {
                idle.push(Raw::connect(&server).await);
            }
            let spent = millis(start.elapsed());
            println!("{CONNECTIONS} connections, one request each, in {spent:.0} ms");

            if let (Some(process), Some((descriptors, kb))) = (&process, before) {
                assert_eq!(process.descriptors(), descriptors + CONNECTIONS);
                let each = (process.resident_kb() - kb) as f64 / CONNECTIONS as f64;
                println!("each takes {each:.1} kB of the server's memory");
                let ticks = process.ticks_during(Duration::from_secs(1)).await;
                println!(
                    "meanwhile idle for a second: {:?} of processor time",
                    tick() * ticks as u32
                );
                assert!(ticks <= 2, "{ticks} ticks of {:?} while nothing happens", tick());
            }
            let mut others = Client::http1(server.addr()).await;
            let starved = server.starved();
            let hellos = others.hellos(100).await;
            println!("beside them: {hellos}");
            hellos.assert_p99(P99_MAX, server.starved() - starved);
            drop(others);

            for connection in &mut idle {
                connection.hello().await; // still there
            }
            drop(idle);
            if let (Some(process), Some((descriptors, _))) = (&process, before) {
                let is = || process.descriptors();
                let level = async || equal("descriptors of the server", is(), descriptors);
                until(Duration::from_secs(5), level).await;
            }
            server.end().await;
        });
    });
}

/// A connection without a task or a buffer of its own.
struct Raw {
    stream: TcpStream,
}

impl Raw {
    /// Connects, and asks once: the connection is one between requests then.
    async fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.addr()).await.expect("the server accepts");
        let mut raw = Self { stream };
        raw.hello().await;
        raw
    }

    async fn hello(&mut self) {
        let request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        self.stream.write_all(request).await.expect("the connection is open");
        let (mut answer, mut len) = ([0; 512], 0);
        while !answer[..len].ends_with(b"Hello, World!") {
            let read = self.stream.read(&mut answer[len..]).await.expect("the connection is open");
            assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&answer[..len]));
            len += read;
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
}

/// Lets this process and its children have so many descriptors.
fn raise_descriptor_limit(wanted: u64) -> Result<(), String> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    if let Some(hard) = limit.maximum.filter(|hard| *hard < wanted) {
        return Err(format!("{wanted} descriptors are needed, and the hard limit is {hard}"));
    }
    limit.current = Some(wanted);
    setrlimit(Resource::Nofile, limit).map_err(|error| format!("setrlimit: {error}"))
}
