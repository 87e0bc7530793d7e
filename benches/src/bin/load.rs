//! The client of `serve`, the same for every subject: `load <address> <echo|http> <connections>
//! <requests>`. Threads and blocking sockets, no runtime.
//!
//! Prints what it has cost, as `op` does; the connections are made before.
#![allow(clippy::print_stdout, reason = "the output of a program")]
#![allow(clippy::disallowed_methods, reason = "a client without a runtime has threads")]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::Barrier;
use std::{env, thread};

use rt_benches::meter::Meter;
use rt_benches::serve::{Protocol, RESPONSE};

/// Each with its share of the connections, if there are so many.
const THREADS_MAX: usize = 2;

const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nhost: localhost\r\nuser-agent: load\r\naccept: */*\r\n\r\n";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let Some((address, protocol, connections, requests)) = parse(&words) else {
        eprintln!("usage: load <address> <echo|http> <connections> <requests>");
        return ExitCode::FAILURE;
    };
    let threads = connections.clamp(1, THREADS_MAX);
    // The main thread meets them when all are connected.
    let barrier = Barrier::new(threads + 1);
    let result = thread::scope(|scope| {
        let share = || ask(address, protocol, connections / threads, requests / threads, &barrier);
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(share)).collect();
        barrier.wait();
        let meter = Meter::start();
        let results = running.into_iter().map(|thread| thread.join().expect("no client panics"));
        results.collect::<io::Result<()>>().map(|()| meter.stop())
    });
    match result {
        Ok(cost) => println!("{}", cost.print()),
        Err(error) => {
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
    barrier: &Barrier,
) -> io::Result<()> {
    let (request, length) = match protocol {
        Protocol::Echo => (REQUEST, REQUEST.len()),
        Protocol::Http => (REQUEST, RESPONSE.len()),
    };
    let connected: io::Result<Vec<TcpStream>> = (0..connections)
        .map(|_| {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            Ok(stream)
        })
        .collect();
    // Whoever fails must not leave the others waiting.
    barrier.wait();
    let mut streams = connected?;
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
