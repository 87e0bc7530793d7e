//! Streams: of lines, in memory, through sockets.

use super::super::scales::{LINES, MEBI, PIECES, STREAM, TURNS};
use super::family::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, io, net};
use crate::meter::{Cost, Meter};
use crate::op::{Operation, WARM_UP, in_task};
use crate::subject::Subject;
use crate::sync::measured;

#[rustfmt::skip] // A table: a line each.
pub(super) fn all<S: Subject>() -> Vec<Operation<S>> {
    vec![
        LINES.of("lines", "a line of 40 bytes out of memory, by `BufReader::lines`", lines),
        TURNS.of("duplex_ping_pong", "100 bytes to another task and back, over `duplex`", duplex_ping_pong),
        STREAM.of("tcp_copy", "1 MiB from one TCP connection to another, by `copy`", tcp_copy),
        PIECES.of("tcp_lines", "a line of 40 bytes from a TCP connection, by `read_line`", tcp_lines),
    ]
}

const LINE: &[u8; 40] = b"a line of forty bytes, its end included\n";

fn lines<S: Subject>(runtime: S, n: u64) -> Cost {
    let text = LINE.repeat(1000);
    in_task(runtime, async move {
        let mut read = 0;
        let meter = Meter::start();
        while read < n {
            let mut lines = io::BufReader::new(&text[..]).lines();
            while let Some(line) = lines.next_line().await.expect("it is text") {
                assert_eq!(line.len(), LINE.len() - 1);
                read += 1;
            }
        }
        meter.stop()
    })
}

fn duplex_ping_pong<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let (mut one, mut other) = io::duplex(1024);
        let echo = S::spawn(async move {
            let mut buf = [0; 100];
            while other.read_exact(&mut buf).await.is_ok() {
                other.write_all(&buf).await.expect("it is read");
            }
        });
        let mut buf = [7; 100];
        let cost = measured!(n, {
            one.write_all(&buf).await.expect("it is read");
            one.read_exact(&mut buf).await.expect("it comes back");
        });
        drop(one);
        echo.await.expect("the workload does not panic");
        cost
    })
}

/// Two ends of a connection.
async fn pair() -> (net::TcpStream, net::TcpStream) {
    let listener = net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let far = net::TcpStream::connect(address).await.expect("it listens");
    let (near, _) = listener.accept().await.expect("somebody connected");
    (near, far)
}

fn tcp_copy<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let (mut from, mut source) = pair().await;
        let (mut to, mut sink) = pair().await;
        let bytes = n as usize * MEBI;
        let sends = S::spawn(async move {
            let block = vec![7; MEBI / 16];
            for _ in 0..16 * n {
                source.write_all(&block).await.expect("it is read");
            }
        });
        let receives = S::spawn(async move {
            let (mut buf, mut got) = (vec![0; MEBI / 16], 0);
            while got < bytes {
                got += sink.read(&mut buf).await.expect("it is sent");
            }
        });
        let meter = Meter::start();
        let copied = io::copy(&mut from, &mut to).await.expect("both are open");
        receives.await.expect("the workload does not panic");
        let cost = meter.stop();
        sends.await.expect("the workload does not panic");
        assert_eq!(copied, bytes as u64);
        cost
    })
}

fn tcp_lines<S: Subject>(runtime: S, n: u64) -> Cost {
    in_task(runtime, async move {
        let (near, mut far) = pair().await;
        let sends = S::spawn(async move {
            let text = LINE.repeat(25);
            for _ in 0..(n + WARM_UP).div_ceil(25) {
                far.write_all(&text).await.expect("it is read");
            }
        });
        let mut near = io::BufReader::new(near);
        let mut line = String::new();
        let cost = measured!(n, {
            line.clear();
            assert_eq!(near.read_line(&mut line).await.expect("it is sent"), LINE.len());
        });
        sends.await.expect("the workload does not panic");
        cost
    })
}
