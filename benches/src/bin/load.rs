//! The client of `serve`, the same for every subject: `load <address> <echo|http> <connections>
//! <requests>`. Threads and blocking sockets, no runtime.
#![allow(clippy::disallowed_methods, reason = "a client without a runtime has threads")]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::{env, thread};

use rt_benches::serve::{Protocol, RESPONSE};

/// Each with its share of the connections.
const THREADS: usize = 2;

const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nhost: localhost\r\nuser-agent: load\r\naccept: */*\r\n\r\n";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let Some((address, protocol, connections, requests)) = parse(&words) else {
        eprintln!("usage: load <address> <echo|http> <connections> <requests>");
        return ExitCode::FAILURE;
    };
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            thread::spawn(move || ask(address, protocol, connections / THREADS, requests / THREADS))
        })
        .collect();
    for thread in threads {
        if let Err(error) = thread.join().expect("a client does not panic") {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn parse(words: &[String]) -> Option<(SocketAddr, Protocol, usize, usize)> {
    let [address, protocol, connections, requests] = words else { return None };
    let numbers = (connections.parse().ok()?, requests.parse().ok()?);
    Some((address.parse().ok()?, Protocol::named(protocol)?, numbers.0, numbers.1))
}

/// Sends one request down every connection, then reads every answer, and so on.
fn ask(
    address: SocketAddr,
    protocol: Protocol,
    connections: usize,
    requests: usize,
) -> io::Result<()> {
    let (request, length) = match protocol {
        Protocol::Echo => (REQUEST, REQUEST.len()),
        Protocol::Http => (REQUEST, RESPONSE.len()),
    };
    let mut streams = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let mut answer = vec![0; length];
    for _ in 0..requests / connections {
        for stream in &mut streams {
            stream.write_all(request)?;
        }
        for stream in &mut streams {
            stream.read_exact(&mut answer)?;
        }
    }
    Ok(())
}
