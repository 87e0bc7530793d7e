//! What is no protocol ends that connection, with a reason, and no other.

use rt_facade::io::{AsyncReadExt, AsyncWriteExt};

use super::client::Raw;
use super::{end, for_each_flavor};
use crate::support::run;

#[test]
fn no_protocol_is_answered_with_what_is_wrong_and_the_end() {
    for_each_flavor(|server| {
        run(async {
            let mut other = Raw::connect(server.addr).await;
            let long = "x".repeat(70_000);
            let large = format!("*2\r\n$4\r\nECHO\r\n${}\r\n", 1024 * 1024 + 1);
            let many =
                format!("*1024\r\n{}", format!("$65536\r\n{}\r\n", "x".repeat(65_536)).repeat(20));
            for (bytes, what) in [
                ("*x\r\n", "invalid multibulk length"),
                ("*\r\n", "invalid multibulk length"),
                ("*9999999999999999999999\r\n", "invalid multibulk length"),
                ("*1025\r\n", "invalid multibulk length"),
                ("*1111111111111111111111111111111111111111", "invalid multibulk length"),
                ("*1\r\n+PING\r\n", "expected '$' before a word"),
                ("*1\r\n$-1\r\n", "invalid bulk length"),
                ("*1\r\n$1x\r\nP\r\n", "invalid bulk length"),
                ("*1\r\n$4\r\nPINGPONG", "expected CRLF behind a word"),
                (&large, "invalid bulk length"),
                (&many, "too big request"),
                (&long, "too big inline request"),
            ] {
                let mut client = Raw::connect(server.addr).await;
                // Answered before the end, and not after it; it may be closed before all is sent.
                _ = client.0.write_all(format!("PING\r\n{bytes}").as_bytes()).await;
                let replies = client.rest().await;
                let wanted = format!("+PONG\r\n-ERR Protocol error: {what}\r\n");
                assert_eq!(replies, wanted, "{}", &bytes[..bytes.len().min(60)]);
                other.ask("PING\r\n", "+PONG\r\n").await;
            }
            drop(other);
            end(server).await;
        });
    });
}

#[test]
fn pieces_of_any_size_are_one_request() {
    for_each_flavor(|server| {
        run(async {
            let request = b"*3\r\n$3\r\nSET\r\n$5\r\nk\r\n\r\n\r\n$0\r\n\r\n*2\r\n$3\r\nGET\r\n$5\r\nk\r\n\r\n\r\n\r\nPING\n*0\r\n";
            let mut client = Raw::connect(server.addr).await;
            for size in 1..request.len() {
                for piece in request.chunks(size) {
                    client.send(piece).await;
                }
                client.hear("+OK\r\n$0\r\n\r\n+PONG\r\n").await;
            }
            drop(client);
            end(server).await;
        });
    });
}

/// Noise from a fixed seed; some of it looks like the protocol.
#[test]
fn noise_harms_nobody() {
    for_each_flavor(|server| {
        run(async {
            let mut other = Raw::connect(server.addr).await;
            let mut state = 0x9E37_79B9_7F4A_7C15_u64;
            let mut next = |below: usize| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as usize % below
            };
            let signs = b"*$\r\n0123456789-+:PINGSETsubscribe \xff\0";
            for _ in 0..300 {
                let noise: Vec<u8> = (0..next(400)).map(|_| signs[next(signs.len())]).collect();
                let mut client = Raw::connect(server.addr).await;
                _ = client.0.write_all(&noise).await;
                // The end of what is said; the server answers what it can, and closes.
                _ = client.0.shutdown().await;
                let mut replies = Vec::new();
                _ = client.0.read_to_end(&mut replies).await;
                other.ask("PING\r\n", "+PONG\r\n").await;
            }
            drop(other);
            end(server).await;
        });
    });
}
