//! A client that is too slow is cut off: not before its time, and not long after; the others notice
//! nothing.

use std::io;

use futures_util::future::join_all;
use rt_facade::net::TcpStream;
use rt_facade::time::{Duration, Instant, interval, sleep};

use crate::client::Client;
use crate::server::{Server, for_each_flavor};
use crate::slower::SLOWER;
use crate::support::{equal, millis, run, until};

const HEADER: Duration = Duration::from_millis(700);
const IDLE: Duration = Duration::from_millis(1500);
/// A tick of the timer and a turn are 1 ms; the rest is for a machine that does something else.
const SLACK: Duration = Duration::from_millis(500 * SLOWER);

const TIMEOUTS: [&str; 4] = ["--header-timeout", "0.7", "--idle-timeout", "1.5"];

/// What each says before it falls silent, and how long it may be silent.
const SILENT: [(&str, &[u8], Duration); 10] = [
    ("nothing", b"", HEADER),
    ("one byte", b"G", HEADER),
    ("the begin of HTTP/2", b"PRI ", HEADER),
    ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HEADER),
    ("half a head", b"GET / HTTP/1.1\r\nhost: loc", HEADER),
    ("a head without its body", b"POST /count HTTP/1.1\r\ncontent-length: 5\r\n\r\n", HEADER),
    ("half a body", b"POST /echo HTTP/1.1\r\ncontent-length: 5\r\n\r\nabc", HEADER),
    ("a whole request", b"GET / HTTP/1.1\r\n\r\n", IDLE),
    ("one and a half", b"GET / HTTP/1.1\r\n\r\nGET / HT", IDLE),
    // Preface, settings, `GET /`; then the server asks, by a ping, and has no answer.
    (
        "a whole request of HTTP/2",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\
          \0\0\0\x04\0\0\0\0\0\
          \0\0\x03\x01\x05\0\0\0\x01\x82\x86\x84",
        Duration::from_millis(1500 + 700),
    ),
];

#[test]
fn who_falls_silent_is_cut_off_in_time_while_others_are_served() {
    for_each_flavor(|flavor| {
        let server = Server::start(flavor, &TIMEOUTS);
        run(async {
            let silent = SILENT.iter().map(async |(what, said, limit)| {
                let spent = silent_after(&server, said).await.expect("it is cut off");
                println!("{what}, then silent: cut off after {:.0} ms", millis(spent));
                (what, *limit, spent)
            });
            let busy = async {
                let (start, starved) = (Instant::now(), server.starved());
                let mut client = Client::http1(server.addr()).await;
                let hellos = client.hello_while(|| start.elapsed() < HEADER).await;
                println!("meanwhile, another: {hellos}");
                // As long as the silent ones wait: else they were waited for.
                hellos.assert_p99(HEADER / 10, server.starved() - starved);
            };
            let (ended, ()) = futures_util::future::join(join_all(silent), busy).await;
            for (what, limit, spent) in ended {
                let right = limit..limit + SLACK;
                assert!(right.contains(&spent), "{what}: cut off after {spent:?}, not {right:?}");
            }
            server.end().await;
        });
    });
}

/// How long the server keeps a connection whose client says this and no more.
async fn silent_after(server: &Server, said: &[u8]) -> io::Result<Duration> {
    let start = Instant::now();
    let mut stream = TcpStream::connect(server.addr()).await?;
    stream.write_all(said).await?;
    until_closed(&mut stream).await;
    Ok(start.elapsed())
}

/// Reads until the server ends the connection, one way or the other.
async fn until_closed(stream: &mut TcpStream) {
    let mut buf = [0; 1024];
    while let Ok(1..) = stream.read(&mut buf).await {}
}

#[test]
fn a_head_that_comes_in_drops_has_the_time_of_a_head() {
    for_each_flavor(|flavor| {
        let server = Server::start(flavor, &TIMEOUTS);
        run(async {
            let start = Instant::now();
            let mut stream = TcpStream::connect(server.addr()).await.expect("it accepts");
            let mut drops = interval(HEADER / 10);
            // The last write or two go nowhere: the server has closed by then.
            while stream.write_all(b"G").await.is_ok() {
                assert!(start.elapsed() < HEADER + SLACK, "still connected");
                drops.tick().await;
            }
            assert!(start.elapsed() >= HEADER, "cut off after {:?}", start.elapsed());
            server.end().await;
        });
    });
}

#[test]
fn a_body_that_comes_in_drops_has_all_the_time_it_needs() {
    for_each_flavor(|flavor| {
        let server = Server::start(flavor, &TIMEOUTS);
        run(async {
            let start = Instant::now();
            let mut stream = TcpStream::connect(server.addr()).await.expect("it accepts");
            let head = b"POST /count HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n";
            stream.write_all(head).await.expect("it reads");
            for _ in 0..5 {
                sleep(HEADER / 2).await; // slow is what this client is
                stream.write_all(b"x").await.expect("it reads");
            }
            assert!(start.elapsed() > 2 * HEADER);
            let mut answer = [0; 15];
            stream.read_exact(&mut answer).await.expect("it answers");
            assert_eq!(&answer, b"HTTP/1.1 200 OK");
            drop(stream);
            server.end().await;
        });
    });
}

#[test]
fn who_does_not_read_the_response_is_cut_off() {
    // The end of the connection is behind bytes that nobody reads: only the server knows of it.
    is_let_go("does not read", b"GET /bytes/1000000000 HTTP/1.1\r\n\r\n", HEADER);
}

#[test]
fn who_does_not_leave_when_all_is_said_is_let_go() {
    let linger = Duration::from_secs(1);
    is_let_go("does not leave", b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n", linger);
}

/// Asserts that the server closes its side so long after this was said, whatever the client does.
fn is_let_go(who: &str, said: &[u8], limit: Duration) {
    for_each_flavor(|flavor| {
        let server = Server::start(flavor, &TIMEOUTS);
        let Some(process) = server.process() else { return };
        run(async {
            let alone = process.descriptors();
            let start = Instant::now();
            let mut stream = TcpStream::connect(server.addr()).await.expect("it accepts");
            stream.write_all(said).await.expect("it reads");
            stream.readable().await.expect("it answers");
            assert_eq!(process.descriptors(), alone + 1);
            let open = async || equal("descriptors of the server", process.descriptors(), alone);
            until(limit + SLACK, open).await;
            let spent = start.elapsed();
            println!("a client that {who}: let go after {:.0} ms", millis(spent));
            assert!(spent >= limit, "after {spent:?}");
            drop(stream);
            server.end().await;
        });
    });
}
