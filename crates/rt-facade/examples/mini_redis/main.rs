//! What you learn: a server of the usual kind, whole: a task per connection, state that all share, one timer for
//! many deadlines, messages to clients who may not read them, limits on everything that a client can make large,
//! and an end on which what is in flight is answered.
//!
//! It speaks the protocol of Redis, of which it knows two dozen commands; `redis-cli` and `redis-benchmark` talk
//! to it, and so do client libraries.
//!
//! ```sh
//! cargo run --release --example mini_redis -- --addr 127.0.0.1:6379
//! redis-cli set greeting hello px 5000
//! redis-cli subscribe news                    # and elsewhere: redis-cli publish news "it rains"
//! redis-benchmark -q -t ping,set,get,incr -n 100000 -P 16
//! ```
//!
//! It ends on ctrl-c and on SIGTERM: nobody is accepted then, requests that have come are answered, and who is
//! still connected after `--grace` seconds is dropped.
//!
//! | file | has | of the runtime |
//! |---|---|---|
//! | `main.rs` | the server, its life and its end | `TcpListener`, `JoinSet`, `Semaphore`, `timeout` |
//! | `signals.rs` | when to end | `signal`, `CancellationToken` |
//! | `connection.rs` | one client, from request to reply | `select!`, `TcpStream`, `AsyncReadExt` |
//! | `channels.rs` | publishers and subscribers | `mpsc`, permits of a `Semaphore` as a measure of memory |
//! | `store.rs` | keys, values, expiry | `Notify`, `sleep_until` |
//! | `resp.rs`, `command.rs` | the protocol, and what it asks for | nothing |
//!
//! # What a client can make it hold
//! Of clients, `--clients`. Of each: a request of 1 MiB, and as much of replies; 4 MiB of messages that it does not
//! read, past which it is cut off; 1,024 names of channels, of 1 KiB. What is stored is not limited: that is what it
//! is for.
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

mod channels;
mod command;
mod connection;
mod resp;
mod signals;
mod store;

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use rt_facade::net::TcpListener;
use rt_facade::runtime::Builder;
use rt_facade::sync::{CancellationToken, Semaphore};
use rt_facade::task::{JoinError, JoinSet};
use rt_facade::time::{Duration, timeout};

use crate::channels::Channels;
use crate::command::Command;
use crate::connection::Connection;
use crate::resp::Reply;
use crate::store::{Left, Store};

const USAGE: &str = "\
usage: mini_redis [OPTION VALUE]...
  --addr ADDRESS   where to listen; 127.0.0.1:0, a free port, unless given
  --flavor FLAVOR  multi-thread or current-thread; the first unless given
  --clients N      how many at once; who comes then is turned away; 10,000 unless given
  --grace SECONDS  for clients that do not go at the end; 5 unless given";

fn main() -> Result<(), Box<dyn Error>> {
    let (mut addr, mut builder) =
        (SocketAddr::from(([127, 0, 0, 1], 0)), Builder::new_multi_thread());
    let (mut clients_max, mut grace) = (10_000, Duration::from_secs(5));
    let mut args = std::env::args().skip(1);
    while let Some(option) = args.next() {
        let value = args.next().ok_or(USAGE)?;
        match (option.as_str(), value.as_str()) {
            ("--addr", value) => addr = value.parse()?,
            ("--clients", value) => clients_max = value.parse()?,
            ("--grace", value) => grace = Duration::try_from_secs_f64(value.parse()?)?,
            ("--flavor", "multi-thread") => builder = Builder::new_multi_thread(),
            ("--flavor", "current-thread") => builder = Builder::new_current_thread(),
            _ => return Err(USAGE.into()),
        }
    }
    builder.enable_all().build()?.block_on(async {
        let listener = TcpListener::bind(addr).await?;
        let shutdown = signals::shutdown()?;
        println!("listening on {}", listener.local_addr()?);
        serve(listener, Server::new(clients_max), shutdown, grace).await;
        Ok(())
    })
}

/// What all connections share.
struct Server {
    store: Store,
    channels: Arc<Channels>,
    clients_max: usize,
    /// One for each client that may still come.
    seats: Arc<Semaphore>,
}

async fn serve(
    listener: TcpListener,
    server: Server,
    shutdown: CancellationToken,
    grace: Duration,
) {
    let server = Arc::new(server);
    let expiry = rt_facade::spawn({
        let server = Arc::clone(&server);
        async move { server.store.expire_keys().await }
    });
    let mut connections = JoinSet::new();
    loop {
        rt_facade::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _peer)) => match Arc::clone(&server.seats).try_acquire_owned() {
                    Ok(seat) => {
                        let connection = Connection::new(stream, Arc::clone(&server));
                        let shutdown = shutdown.clone();
                        connections.spawn(async move {
                            // A client that goes in the middle is no news for a server.
                            _ = connection.serve(&shutdown).await;
                            drop(seat);
                        });
                    }
                    // If it does not fit into the socket's buffer, the end tells as much.
                    Err(_) => _ = stream.try_write(b"-ERR max number of clients reached\r\n"),
                },
                // Out of descriptors, say: told once; `accept` waits by itself before it tries again.
                Err(error) => eprintln!("accept: {error}"),
            },
            Some(ended) = connections.join_next() => report(ended),
            () = shutdown.cancelled() => break,
        }
    }
    drop(listener);
    println!("shutting down");
    let every_end = async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    };
    match timeout(grace, every_end).await {
        Ok(()) => println!("every connection has ended"),
        Err(_) => println!("some connections were dropped after {grace:?}"),
    }
    expiry.abort();
}

/// A connection that panicked takes nobody along.
fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        eprintln!("connection: {error}");
    }
}

impl Server {
    fn new(clients_max: usize) -> Self {
        let seats = Arc::new(Semaphore::new(clients_max));
        Self { store: Store::default(), channels: Arc::default(), clients_max, seats }
    }

    /// What the store, or the channels, have to say to it.
    fn execute(&self, command: Command) -> Reply {
        let store = &self.store;
        match command {
            Command::Ping(None) => Reply::Simple("PONG"),
            Command::Ping(Some(text)) | Command::Echo(text) => Reply::Bulk(text),
            Command::Value(key) => store.value(&key).map_or(Reply::Null, Reply::Bulk),
            Command::Set { key, value, deadline, condition } => {
                match store.set(key, value, deadline, condition) {
                    true => Reply::Simple("OK"),
                    false => Reply::Null,
                }
            }
            Command::Remove(keys) => {
                Reply::count(keys.iter().filter(|key| store.remove(key)).count())
            }
            Command::Exists(keys) => {
                Reply::count(keys.iter().filter(|key| store.contains(key)).count())
            }
            Command::Expire { key, deadline } => Reply::count(store.expire(key, deadline).into()),
            Command::Left { key, unit } => Reply::Integer(match store.left(&key) {
                Left::NoKey => -2,
                Left::Forever => -1,
                Left::Span(span) => ((span + unit / 2).as_nanos() / unit.as_nanos()) as i64,
            }),
            Command::Increment(key) => match store.increment(key) {
                Some(sum) => Reply::Integer(sum),
                None => Reply::error(command::NO_INTEGER),
            },
            Command::Keys => Reply::count(store.len()),
            Command::Publish { channel, text } => {
                Reply::count(self.channels.publish(&channel, &text))
            }
            Command::Setting(name) => match &name.to_ascii_lowercase()[..] {
                b"save" => Reply::Map(vec![(Reply::Bulk(name), Reply::text(""))]),
                b"appendonly" => Reply::Map(vec![(Reply::Bulk(name), Reply::text("no"))]),
                _ => Reply::Map(Vec::new()),
            },
            Command::Commands => Reply::Array(Vec::new()),
            Command::Info => Reply::text(self.info()),
            Command::Noted => Reply::Simple("OK"),
            Command::Subscribe(_)
            | Command::Unsubscribe(..)
            | Command::Hello(_)
            | Command::Quit => {
                unreachable!("these are the connection's")
            }
        }
    }

    fn info(&self) -> String {
        let clients = self.clients_max - self.seats.available_permits();
        let (keys, expired) = (self.store.len(), self.store.expired());
        format!("connected_clients:{clients}\r\nkeys:{keys}\r\nexpired_keys:{expired}\r\n")
    }
}
